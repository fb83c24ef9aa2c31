"""Reads content files so that every value knows its line: what `tools check` needs to name file and line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Location = tuple[str | int, ...]


class ContentFile:
    """A YAML file with the line of each of its values.

    `data` is what the file says, `lines` the line (from 1) of each value by its path of keys and positions.
    """

    def __init__(self, path: Path) -> None:
        """Raises yaml.YAMLError or UnicodeDecodeError when the file cannot be read."""
        self.path = path
        text = path.read_text(encoding="utf-8")
        self.data: Any = yaml.safe_load(text)
        self.lines: dict[Location, int] = {(): 1}
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            self.lines |= dict(_lines(node, ()))

    def line(self, *location: str | int) -> int:
        """The line of a value, or of the nearest value around it when it is missing."""
        while location not in self.lines:
            location = location[:-1]
        return self.lines[location]


def _lines(node: yaml.Node, location: Location) -> Iterator[tuple[Location, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*location, key.value), key.start_mark.line + 1
            yield from _lines(value, (*location, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield (*location, position), item.start_mark.line + 1
            yield from _lines(item, (*location, position))


def examples(block: Any) -> list[tuple[int, str]]:
    """The examples of an intent (a text of lines that start with `- `), each with its position among the lines."""
    lines = str(block or "").splitlines()
    return [(number, line[2:].strip()) for number, line in enumerate(lines) if line.startswith("- ")]
