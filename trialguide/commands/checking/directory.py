"""Checks of the directory: the form of its CSV files, their cells, telephone numbers and coordinates."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from trialguide.commands.checking.content import Content, not_utf8
from trialguide.commands.checking.coordinates import Towns
from trialguide.commands.checking.findings import Finding, Mistake
from trialguide.commands.checking.spreadsheets import BRING_BACK, NOT_CLOSED, mistakes_in_rows, separator_mistake
from trialguide.places.directory_files import RowError, file_names, repeated_rows, validated_rows

# Numbers of services that are dialled without a country code: 0800, Australia's 13, 1300 and 1800.
NATIONAL_SERVICE = re.compile(r"0?800 .*|1[38]00 .*|13 \d\d \d\d")
# More rows with the same mistake in one column are told as one: a program has changed the column.
MOST_ALIKE = 3


def check_directory(content: Content) -> Iterator[Finding]:
    """Mistakes in `data/directory/`."""
    for name in file_names():
        path = content.data / "directory" / name
        if not path.exists():
            yield Finding(content.name(path), 1, "The file is missing.", "Bring it back.")
            continue
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            yield not_utf8(content.name(path))
            continue
        separator = separator_mistake(text)
        mistakes = [(*separator, False)] if separator else _mistakes(path, text)
        for line, problem, remedy, warning in mistakes:
            yield Finding(content.name(path), line, problem, remedy, warning)


def _mistakes(path: Path, text: str) -> Iterator[tuple[int, str, str, bool]]:
    form = list(mistakes_in_rows(text))
    broken = {line for line, _, _ in form}
    yield from ((*mistake, False) for mistake in form)
    if any(mistake[1:] == NOT_CLOSED for mistake in form):
        return
    errors = [error for row in validated_rows(path) for error in row.faults if error.line not in broken]
    yield from ((error.line, error.problem, error.remedy, error.warning) for error in _together(errors))
    yield from ((error.line, error.problem, error.remedy, False) for error in repeated_rows(path) if error.line not in broken)
    if any(error.line == 1 for error in errors):
        return
    wrong = broken | {error.line for error in errors if not error.warning}
    yield from ((*mistake, False) for mistake in _mistakes_of_places(path, text, wrong))


def _together(errors: list[RowError]) -> Iterator[RowError]:
    """The errors, where many rows have the same one in a column as a single error."""
    alike: dict[tuple[str, str], list[RowError]] = defaultdict(list)
    for error in errors:
        column = error.problem.partition(" of “")[0]
        alike[column, error.remedy].append(error)
    for (column, remedy), rows in alike.items():
        if len(rows) <= MOST_ALIKE or rows[0].warning:
            yield from rows
            continue
        problem = f"{column} cannot be read in {len(rows)} rows. {rows[0].problem}"
        yield RowError(rows[0].line, problem, f"{remedy} A spreadsheet program may have changed them. {BRING_BACK}")


def _mistakes_of_places(path: Path, text: str, wrong: set[int]) -> Iterator[Mistake]:
    """Telephone numbers without a country code and coordinates that are elsewhere, of the rows that can be read."""
    # One record is one line: a cell with a line break has been told before.
    records = zip(_lines_of_rows(text), validated_rows(path), strict=True)
    rows = {line: checked.row for line, checked in records if checked.row and line not in wrong}
    yield from _mistakes_of_numbers({line: row["phone"] for line, row in rows.items() if row.get("phone")})
    if any("latitude" in row for row in rows.values()):
        towns = Towns(list(rows.values()))
        for line, row in rows.items():
            fault = towns.fault(row)
            if fault:
                yield line, *fault


def _mistakes_of_numbers(phones: Mapping[int, str]) -> Iterator[Mistake]:
    numbers = {line: phone for line, phone in phones.items() if phone[0] != "+" and not NATIONAL_SERVICE.fullmatch(phone)}
    remedy = "Write it with + and the country code: +49 30 450-50."
    if len(numbers) > MOST_ALIKE:
        first = min(numbers)
        problem = f"The telephone numbers of {len(numbers)} rows have no country code, here “{numbers[first]}”."
        yield first, problem, f"{remedy} A spreadsheet program may have taken the signs away. {BRING_BACK}"
        return
    for line, phone in numbers.items():
        yield line, f"The telephone number “{phone}” has no country code.", remedy


def _lines_of_rows(text: str) -> list[int]:
    """The numbers of the lines below the heading that hold a row."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if number > 1 and line.strip()]
