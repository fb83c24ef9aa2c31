"""YAML files with the line number of each value, so that the content check can name file and line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from trialguide.content.files import TEXT_LOADER, YAML_LOADER

Location = tuple[str | int, ...]


class ContentFile:
    """A YAML file with the line of each of its values.

    `data` is the content, `lines` the line (from 1) of each value by its path of keys and positions, `repeated` the paths and
    lines of keys that occur twice in one mapping.
    """

    def __init__(self, path: Path, text: str | None = None, texts_only: bool = False) -> None:
        """With `texts_only` every key and value is a text, whatever it looks like.

        Raises yaml.YAMLError, ValueError (a date that does not exist) or UnicodeDecodeError.
        """
        self.path = path
        self.text = path.read_text(encoding="utf-8") if text is None else text
        try:
            loader: Any = (TEXT_LOADER if texts_only else YAML_LOADER)(self.text)
            node = loader.get_single_node()
        except yaml.YAMLError:
            # The parser in Python says more exactly where it gives up.
            loader = (yaml.BaseLoader if texts_only else yaml.SafeLoader)(self.text)
            node = loader.get_single_node()
        self.data: Any = None
        self.lines: dict[Location, int] = {(): 1}
        self.repeated: list[tuple[Location, int]] = []
        if node is not None:
            for location, line in _lines(node, ()):
                within = {location[:length] for length in range(len(location))}
                if location in self.lines and within.isdisjoint(outer for outer, _ in self.repeated):
                    self.repeated.append((location, line))
                self.lines[location] = line
            self.data = loader.construct_document(node)

    def line(self, *location: str | int) -> int:
        """The line of a value, or of the nearest enclosing value when it is missing."""
        while location not in self.lines:
            location = location[:-1]
        return self.lines[location]


def _lines(node: yaml.Node, location: Location) -> Iterator[tuple[Location, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            # Keys that are lists or mappings themselves have no name.
            name = key.value if isinstance(key.value, str) else str(key.start_mark.line)
            yield (*location, name), key.start_mark.line + 1
            yield from _lines(value, (*location, name))
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield (*location, position), item.start_mark.line + 1
            yield from _lines(item, (*location, position))


def examples(block: Any) -> list[tuple[int, str]]:
    """The examples of an intent (a text of lines that start with `- `), each with its position among the lines."""
    lines = str(block or "").splitlines()
    return [(number, line[2:].strip()) for number, line in enumerate(lines) if line.startswith("- ")]
