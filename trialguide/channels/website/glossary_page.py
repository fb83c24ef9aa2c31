"""Glossary page: the words that the assistant explains, by their first letter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from trialguide.content.catalogue import load_catalogue
from trialguide.content.glossary import Term
from trialguide.text.words import simplified

FIGURES = "figures"


@dataclass(frozen=True)
class GlossaryEntry:
    """A term, its other forms without mere plurals, and the title of the topic that says more."""

    term: Term
    forms: Sequence[str]
    topic: str | None


@dataclass(frozen=True)
class Letter:
    """A letter with its entries; those that begin with a figure have no title."""

    id: str
    title: str
    entries: Sequence[GlossaryEntry]


def glossary_letters(terms: Iterable[Term]) -> list[Letter]:
    """The letters with their entries, in the order of the alphabet."""
    in_order = sorted(terms, key=lambda term: simplified(term.name))
    return [
        Letter(letter, "" if letter == FIGURES else letter.upper(), [_entry(term) for term in group])
        for letter, group in groupby(in_order, key=_letter)
    ]


def _entry(term: Term) -> GlossaryEntry:
    topic = load_catalogue().topics.get(term.topic or "")
    forms = [form for form in term.forms if _singular(form) != _singular(term.name)]
    return GlossaryEntry(term, forms, topic.title if topic else None)


def _letter(term: Term) -> str:
    first = simplified(term.name)[0]
    return first if first.isalpha() else FIGURES


def _singular(name: str) -> str:
    return simplified(name).removesuffix("s")
