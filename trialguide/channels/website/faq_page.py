"""FAQ page: the assistant's answers as a page to read and print, grouped as in the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date

from trialguide.content.answer_versions import version_of
from trialguide.content.catalogue import FAQ, load_catalogue
from trialguide.content.wording import load_pictures
from trialguide.storage.ratings import MIN_RATINGS, Average


@dataclass(frozen=True)
class FaqEntry:
    """A topic with its answer. Texts are paragraphs separated by blank lines; `more` may be empty."""

    id: str
    title: str
    text: str
    more: str
    sources: Sequence[Mapping[str, str]]
    reviewed: str
    reviewed_in_words: str
    related: Sequence[tuple[str, str]]
    picture: tuple[str, str] | None
    # Average of the ratings of the current answer, None below MIN_RATINGS.
    rated: Average | None


@dataclass(frozen=True)
class FaqGroup:
    """A group of the catalogue with its entries."""

    id: str
    title: str
    questions: Sequence[FaqEntry]


def faq_groups(responses: Mapping[str, Sequence[Mapping[str, Any]]], averages: Iterable[Average]) -> list[FaqGroup]:
    """The groups with their entries, from the responses of the domain and the average ratings of all answer versions."""
    catalogue = load_catalogue()
    shown = {(average.topic, average.version): average for average in averages if average.count >= MIN_RATINGS}
    groups = []
    for id, title in catalogue.groups.items():
        topics = [topic for topic in catalogue.topics.values() if topic.group == id]
        questions = [_faq_entry(topic.id, responses[f"utter_{FAQ}/{topic.id}"][0], shown) for topic in topics]
        groups.append(FaqGroup(id, title, questions))
    return groups


def _faq_entry(id: str, response: Mapping[str, Any], averages: Mapping[tuple[str, str], Average]) -> FaqEntry:
    catalogue, metadata = load_catalogue(), response["metadata"]
    picture = metadata.get("picture")
    return FaqEntry(
        id=id,
        title=catalogue.titles[id],
        text=response["text"],
        more=metadata.get("more") or "",
        sources=metadata["sources"],
        reviewed=metadata["reviewed"],
        reviewed_in_words=format_date(date.fromisoformat(metadata["reviewed"]), "MMMM yyyy", locale="en"),
        related=[(topic, catalogue.topics[topic].title) for topic in catalogue.topics[id].related if topic in catalogue.topics],
        picture=(picture, load_pictures()[picture]) if picture else None,
        rated=averages.get((id, version_of(response["text"]))),
    )
