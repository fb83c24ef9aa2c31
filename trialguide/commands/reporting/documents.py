"""A report of tables and pictures, as one HTML page that needs nothing else, or as Markdown with pictures beside it."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

# What stands in backticks is code, in HTML as in Markdown.
CODE = re.compile("`([^`]+)`")
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; color: #111; background: #fff; }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { border-bottom: 1px solid #888; padding: .2rem .7rem; text-align: left; vertical-align: top; }
thead th { background: #eee; }
tbody th { font-weight: normal; }
td.number { text-align: right; white-space: nowrap; }
figure { margin: 1rem 0; break-inside: avoid; }
img { max-width: 100%; }
div.wide { overflow-x: auto; }
pre { background: #f3f3f3; border-left: 3px solid #555; padding: .4rem .7rem; white-space: pre-wrap; break-inside: avoid; }
@media print {
  main { max-width: none; margin: 0; }
  tr { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  nav { display: none; }
}
"""


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; the first cell of a row names it, figures stand to the right."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A picture in SVG. `name` is its file name without ending, `says` what it shows, for those who cannot see it."""

    name: str
    caption: str
    says: str
    svg: str


@dataclass(frozen=True)
class Lines:
    """Lines to copy as they stand; `says` tells where they go."""

    says: str
    text: str


Part = Table | Picture | Lines


@dataclass(frozen=True)
class Section:
    """A heading, paragraphs, and what stands below them."""

    heading: str
    paragraphs: Sequence[str]
    parts: Sequence[Part] = ()


def as_html(title: str, sections: Sequence[Section]) -> str:
    """One page with everything in it."""
    contents = "".join(f'<li><a href="#part-{number}">{escape(one.heading)}</a></li>' for number, one in enumerate(sections))
    body = []
    for number, section in enumerate(sections):
        body.append(f'<section id="part-{number}">\n<h2>{escape(section.heading)}</h2>')
        body += [CODE.sub(r"<code>\1</code>", f"<p>{escape(paragraph)}</p>") for paragraph in section.paragraphs]
        body += map(_html_part, section.parts)
        body.append("</section>")
    head = f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>'
    text = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n'
        f'<h1>{escape(title)}</h1>\n<nav aria-label="Contents"><ol>{contents}</ol></nav>\n{text}\n</main>\n</body>\n</html>\n'
    )


def as_markdown(title: str, sections: Sequence[Section], pictures: Path, most_rows: int) -> str:
    """The same in Markdown, of each table the first `most_rows`. `pictures` is the folder of the pictures, as linked."""
    blocks = [f"# {title}"]
    for section in sections:
        blocks.append(f"## {section.heading}")
        blocks += section.paragraphs
        for part in section.parts:
            if isinstance(part, Table):
                blocks += [f"**{part.caption}**", markdown_table(part.head, part.rows[:most_rows])]
                if len(part.rows) > most_rows:
                    blocks.append(f"The report that the command writes has {len(part.rows) - most_rows} rows more.")
            elif isinstance(part, Lines):
                blocks += [part.says, f"```\n{part.text}\n```"]
            else:
                blocks.append(f"![{part.says}]({(pictures / part.name).as_posix()}.svg)")
                blocks.append(f"*{part.caption}*")
    return "\n\n".join(blocks) + "\n"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its columns aligned in the source too."""
    cells = [[_markdown_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _markdown_cell(cell: str) -> str:
    return " ".join(cell.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _html_part(part: Part) -> str:
    if isinstance(part, Table):
        return _html_table(part)
    if isinstance(part, Lines):
        return CODE.sub(r"<code>\1</code>", f"<p>{escape(part.says)}</p>") + f"\n<pre>{escape(part.text)}</pre>"
    return _html_picture(part)


def _html_table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(map(_html_cell, rest))}</tr>' for first, *rest in table.rows
    )
    return (
        f'<div class="wide"><table>\n<caption>{escape(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _html_cell(cell: str) -> str:
    return (
        f'<td class="number">{escape(cell)}</td>'
        if cell[:1].isdigit() or cell.startswith("under ")
        else f"<td>{escape(cell)}</td>"
    )


def _html_picture(picture: Picture) -> str:
    data = base64.b64encode(picture.svg.encode()).decode()
    return (
        f'<figure>\n<img src="data:image/svg+xml;base64,{data}" alt="{escape(picture.says)}">\n'
        f"<figcaption>{escape(picture.caption)}</figcaption>\n</figure>"
    )


def percent(share: float) -> str:
    """A share as per cent with one decimal."""
    return f"{100 * share:.1f} %"
