"""Check of the operator's file: all of it is filled in, or nothing."""

from collections.abc import Iterator

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import faults_of_signs


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
    empty = [name for name, value in file.data.items() if not value.strip()]
    if len(empty) < len(file.data):
        for name in empty:
            remedy = "Fill it in: patients read “not stated”. Or leave all lines empty."
            yield content.at(file, (name,), f"“{name}:” is empty, while other lines are filled in.", remedy)
