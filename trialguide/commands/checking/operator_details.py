"""Check of the operator's file: all that patients read is filled in, or nothing; and so is what the papers need."""

from collections.abc import Iterator, Mapping, Sequence

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import faults_of_signs
from trialguide.content.operator_details import FOR_PAPERS, SHOWN
from trialguide.content.reviews import day_of

# It has a setting in its place.
NOT_NEEDED = frozenset({"public_address"})
NEEDED = tuple(name for name in FOR_PAPERS if name not in NOT_NEEDED)


def check_operator(content: Content) -> Iterator[Finding]:
    """Lines that are missing in `data/operator.yml`."""
    path = content.data / "operator.yml"
    file = content.files.get(path)
    if file is None:
        if not path.exists():
            yield Finding(content.name(path), 1, "The file is missing.", "Bring it back; its lines may be empty.")
        return
    for name, value in file.data.items():
        for problem, remedy in faults_of_signs(value):
            yield content.at(file, (name,), problem, remedy)
    for name in _empty(file.data, SHOWN):
        remedy = "Fill it in: patients read “not stated”. Or leave all lines empty."
        yield content.at(file, (name,), f"“{name}:” is empty, while other lines are filled in.", remedy)
    for name in _empty(file.data, NEEDED):
        problem = f"“{name}:” is {'empty' if name in file.data else 'missing'}, while other lines for the papers are filled in."
        remedy = "Fill it in: the papers show “[to be filled in: ...]” in its place. Write “none” where there is none."
        yield content.at(file, (name,) if name in file.data else (), problem, remedy, warning=True)
    written = file.data.get("papers_date", "").strip()
    if written and day_of(written) is None:
        remedy = 'Write the day, year first: "2026-11-30".'
        yield content.at(file, ("papers_date",), f"There is no day {written}.", remedy, warning=True)


def _empty(written: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """The names without a value, unless none of them has one."""
    empty = [name for name in names if not written.get(name, "").strip()]
    return empty if len(empty) < len(names) else []
