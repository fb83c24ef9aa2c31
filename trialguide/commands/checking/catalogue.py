"""Checks of the catalogue: titles, groups, related topics, and the file and the facts of each topic."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.yaml_lines import ContentFile
from trialguide.content.files import load_yaml
from trialguide.text.normalisation import normalised

RELATED = range(2, 5)
# Beside the data folder: the facts of each topic, with the patterns that find them.
FACTS = Path("tests") / "content" / "facts"


def check_catalogue(content: Content) -> Iterator[Finding]:
    """Mistakes in `topics.yml`."""
    file = content.files.get(content.data / "topics.yml")
    if file is None:
        return
    yield from _repeated_titles(content, file)
    facts = _facts(content.data.parent / FACTS)
    for id, row in file.data["answers"].items():
        path = content.data / "faq" / f"{id}.yml"
        if not path.exists():
            yield content.at(file, ("answers", id), f"Topic “{id}” has no file data/faq/{id}.yml.", "Write it.")
        if row["group"] not in file.data["groups"]:
            remedy = f"Take one of: {', '.join(file.data['groups'])}."
            yield content.at(file, ("answers", id, "group"), f"There is no group “{row['group']}”.", remedy)
        yield from _check_related(content, file, id, row["related"])
        for fact in facts.get(id, set(row["must"])) - set(row["must"]):
            problem = f"The fact “{fact}” of topic “{id}” is missing or has changed."
            remedy = f"Write it as in {FACTS.as_posix()}/, or change it there as well."
            yield content.at(file, ("answers", id, "must"), problem, remedy)


def _repeated_titles(content: Content, file: ContentFile) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for id, title in content.titles.items():
        section = "answers" if id in file.data["answers"] else "lookups"
        other = seen.setdefault(normalised(title), id)
        if other != id:
            yield content.at(file, (section, id, "title"), f"Title “{title}” is also that of {other}.", "Give it another one.")


def _check_related(content: Content, file: ContentFile, id: str, related: list[str]) -> Iterator[Finding]:
    where = ("answers", id, "related")
    if len(related) not in RELATED:
        yield content.at(file, where, f"{len(related)} related topics are given.", "Give two to four.")
    for other in related:
        if other not in content.titles or other == id:
            yield content.at(file, where, f"Related topic “{other}” is not another topic or look-up.", "Correct its id.")


def _facts(folder: Path) -> dict[str, set[str]]:
    """The facts by topic; none where the tables are missing, as in a container, or cannot be read."""
    facts: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            table: Any = load_yaml(path)
            facts |= {topic: set(patterns) for topic, patterns in table.items()}
        except (yaml.YAMLError, ValueError, AttributeError, TypeError):
            continue
    return facts
