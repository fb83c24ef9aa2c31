"""The content files of a data folder, read for the check."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.structure import TEXTS_ONLY, kind_of, mistakes_in_structure
from trialguide.commands.checking.syntax import mistake_that_stops, mistakes_in_form
from trialguide.commands.yaml_lines import ContentFile, Location


@dataclass
class Content:
    """The files of a data folder that can be read and have the right form, and the mistakes in all others."""

    data: Path
    files: dict[Path, ContentFile] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def catalogue(self) -> Mapping[str, Any] | None:
        """The content of `topics.yml`, or None when it is missing or broken."""
        file = self.files.get(self.data / "topics.yml")
        return file.data if file else None

    @property
    def titles(self) -> dict[str, str]:
        """The titles of all topics and look-ups by id."""
        catalogue = self.catalogue or {"answers": {}, "lookups": {}}
        return {id: str(row["title"]) for id, row in (catalogue["answers"] | catalogue["lookups"]).items()}

    def of_folder(self, folder: str) -> Iterator[ContentFile]:
        """The files of a folder of the data folder, in order of their names."""
        return (file for path, file in sorted(self.files.items()) if path.parent == self.data / folder)

    def name(self, path: Path) -> str:
        """A path as an editor knows it: `data/faq/placebo.yml`."""
        return path.relative_to(self.data.parent).as_posix()

    def at(self, file: ContentFile, location: Location, problem: str, remedy: str, warning: bool = False) -> Finding:
        """A finding at the line of a value."""
        return Finding(self.name(file.path), file.line(*location), problem, remedy, warning)


def read_content(data: Path) -> Content:
    """Reads the YAML files of a data folder."""
    content = Content(data)
    for path in sorted(data.rglob("*.yml")):
        file = _read(content, path)
        if file is not None:
            mistakes = [*mistakes_in_form(file.text), *mistakes_in_structure(file)]
            content.findings += [Finding(content.name(path), *mistake) for mistake in mistakes]
            if not mistakes:
                content.files[path] = file
    if not (data / "topics.yml").exists():
        content.findings.append(Finding("data/topics.yml", 1, "The catalogue is missing.", "Bring the file back."))
    return content


def _read(content: Content, path: Path) -> ContentFile | None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        content.findings.append(not_utf8(content.name(path)))
        return None
    try:
        return ContentFile(path, text, texts_only=kind_of(path) in TEXTS_ONLY)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mistake = next(mistakes_in_form(text), None) or mistake_that_stops(text, error)
        content.findings.append(Finding(content.name(path), *mistake))
        return None


def not_utf8(name: str) -> Finding:
    """The finding for a file in another encoding."""
    return Finding(name, 1, "The file is not in UTF-8.", "Save it as UTF-8 in your editor.")
