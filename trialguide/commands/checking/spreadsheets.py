"""Format errors of a CSV file: most of them come from a spreadsheet program that has saved it in its own way."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from trialguide.commands.checking.findings import Mistake
from trialguide.commands.checking.markup import HTML, MOJIBAKE

OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
FORMULA = re.compile(r"[=@].*|[+-][^\d\s(].*|#(?:REF|NAME|VALUE|N/A|DIV/0)[!?]?.*")
NOT_CLOSED = "A quotation mark is opened in this line and not closed.", 'Close it with " at the end of the cell.'
BRING_BACK = "Bring the earlier version of the file back and edit it as CONTRIBUTING.md says."


def separator_mistake(text: str) -> Mistake | None:
    """The mistake of a file whose columns are not separated by commas: everything else would follow from it."""
    first = text.partition("\n")[0]
    for sign, name in OTHER_SEPARATORS.items():
        if first.startswith("sep=") or first.count(sign) > first.count(","):
            remedy = f"Save it with commas between the columns. {BRING_BACK}"
            return 1, f"The columns are separated by {name}, not by commas.", remedy
    return None


def mistakes_in_rows(text: str) -> Iterator[Mistake]:
    """Rows with too few or too many cells, quotes that are not closed, and cells that a program has changed."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(io.StringIO(text, newline=""))
    heading = next(reader, [])
    broken: list[tuple[int, str]] = []
    start = reader.line_num + 1
    for row in reader:
        if reader.line_num > start:
            yield start, *NOT_CLOSED
            return
        if lines[start - 1].count('"') % 2:
            yield start, *NOT_CLOSED
        elif row and not any(row):
            yield start, "The row is empty.", "Delete the line."
        elif row and len(row) != len(heading):
            yield start, *_fault_of_count(len(row), len(heading))
        else:
            yield from _mistakes_in_cells(start, heading, row)
            broken += [(start, match[0]) for cell in row if (match := MOJIBAKE.search(cell))][:1]
        start = reader.line_num + 1
    if broken:
        first, word = broken[0]
        others = f", and those of {len(broken) - 1} other rows" if len(broken) > 1 else ""
        yield (
            first,
            f"The letters of “{word}”{others} are broken.",
            f"A program has read the file as another than UTF-8. {BRING_BACK}",
        )


def _fault_of_count(cells: int, columns: int) -> tuple[str, str]:
    if cells > columns:
        return f"The row has not {columns} cells but {cells}.", "Put text that holds a comma into double quotes."
    remedy = "Each column needs its comma, also where the cell is empty."
    return f"The row has not {columns} cells but {cells}.", remedy


def _mistakes_in_cells(line: int, heading: Sequence[str], row: Iterable[str]) -> Iterator[Mistake]:
    for column, cell in zip(heading, row, strict=True):
        if FORMULA.fullmatch(cell):
            yield line, f"Column {column} holds a formula: “{cell}”.", "Write the text itself."
        elif HTML.search(cell):
            yield line, f"Column {column} holds HTML: “{cell}”.", "Take it out: it is shown as it stands."
