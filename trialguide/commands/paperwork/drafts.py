"""Drafts of the papers in Markdown and HTML, from the templates in `data/papers/`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown import markdown

from trialguide.content.files import DATA
from trialguide.content.operator_details import Operator
from trialguide.text.masking import masked

TEMPLATES = DATA / "papers"
PAPERS = (
    *("accessibility_statement", "privacy_notice", "intended_purpose"),
    *("record_of_processing", "impact_assessment", "ai_act_sheet"),
)
# What shows that something is missing: in data/operator.yml, or that only people can say.
TO_FILL_IN, TO_DECIDE = "[to be filled in: {name}]", re.compile(r"\[to be decided: [^\]]*\]")
MARK = re.compile(r"\[to be (?:filled in|decided): [^\]]*\]")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Draft:
    """A draft of a paper. `name` is its file name without extension, `undecided` the places that only people can fill."""

    name: str
    text: str
    page: str

    @property
    def undecided(self) -> list[str]:
        return TO_DECIDE.findall(self.text)


def drafts(operator: Operator, facts: Mapping[str, Any], templates: Path = TEMPLATES) -> Iterator[Draft]:
    """The drafts of all papers."""
    environment = Environment(  # noqa: S701 - Markdown; the page below escapes its own values.
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["masked"] = masked
    values = {**facts, "operator": _shown(operator)}
    for name in PAPERS:
        text = BLANK_LINES.sub("\n\n", environment.get_template(f"{name}.md").render(values)).strip() + "\n"
        title = TITLE.findall(text)[0]
        content = MARK.sub(lambda mark: f"<mark>{mark[0]}</mark>", markdown(text, extensions=["tables", "sane_lists"]))
        page = environment.get_template("page.html").render(title=title, content=content)
        yield Draft(name, text, page)


def missing_lines(operator: Operator) -> list[str]:
    """The lines of `data/operator.yml` that are empty, by name."""
    return [name for name, value in asdict(operator).items() if not value]


def _shown(operator: Operator) -> dict[str, str]:
    # A vertical bar would end the cell of a table, and an angle bracket begin mark-up.
    signs = str.maketrans({"|": "\\|", "<": "&lt;", ">": "&gt;"})
    shown = {name: value.translate(signs) for name, value in asdict(operator).items()}
    return {name: value or TO_FILL_IN.format(name=name.replace("_", " ")) for name, value in shown.items()}
