"""Glossary: words of trials and of NETs with what they mean, read from `data/glossary.yml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trialguide.content.files import GLOSSARY, load_texts


@dataclass(frozen=True)
class Term:
    """A term: its name, its other forms, its meaning, the source of it, and the topic that says more.

    Names of `only_asked` are ordinary words as well, or known to everybody here: they are explained to somebody who asks, and
    are not marked where they stand in a text.
    """

    id: str
    name: str
    forms: tuple[str, ...]
    meaning: str
    organisation: str
    link: str
    topic: str | None = None
    only_asked: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """The name and the other forms."""
        return (self.name, *self.forms)

    @property
    def source(self) -> dict[str, str]:
        """The source as below an answer."""
        return {"organisation": self.organisation, "link": self.link}


@cache
def load_glossary(file: Path = GLOSSARY) -> Mapping[str, Term]:
    """The terms by id, read once per process. Raises OSError, yaml.YAMLError or KeyError; `trialguide check` explains these."""
    return {
        id: Term(
            id=id,
            name=row["term"],
            forms=tuple(row["forms"]),
            meaning=row["meaning"],
            organisation=row["source"]["organisation"],
            link=row["source"]["link"],
            topic=row.get("topic"),
            only_asked=frozenset(row.get("only_asked", ())),
        )
        for id, row in load_texts(file)["terms"].items()
    }
