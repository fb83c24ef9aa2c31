"""Reports of tables and pictures: one HTML page that loads nothing, or Markdown with pictures beside it."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; the first cell of a row names it, figures are aligned to the right."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A picture in SVG. `name` is its file name without extension, `says` its text alternative."""

    name: str
    caption: str
    says: str
    svg: str


Part = Table | Figure


@dataclass(frozen=True)
class Section:
    """A heading, paragraphs, and the parts below them."""

    heading: str
    paragraphs: Sequence[str]
    parts: Sequence[Part] = ()


def as_html(title: str, sections: Sequence[Section]) -> str:
    """Sections as one page that loads nothing."""
    return render("sections.html", {"title": title, "sections": sections})


def as_markdown(title: str, sections: Sequence[Section], pictures: Path, most_rows: int) -> str:
    """Sections in Markdown, of each table the first `most_rows`. `pictures` is the folder of the pictures, as linked."""
    values = {"title": title, "sections": sections, "pictures": pictures.as_posix(), "most_rows": most_rows}
    text = render("sections.md", values | {"markdown_table": markdown_table})
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template of this package with its values."""
    return _environment().get_template(template).render(values)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its columns aligned in the source too."""
    cells = [[_markdown_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def percent(share: float) -> str:
    """A share as per cent with one decimal."""
    return f"{100 * share:.1f} %"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
    )
    environment.filters["base64"] = lambda text: base64.b64encode(text.encode()).decode()
    return environment


def _markdown_cell(cell: str) -> str:
    return " ".join(cell.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
