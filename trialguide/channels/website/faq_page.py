"""FAQ page: the assistant's answers as a page to read and print, grouped as in the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from trialguide.content.answer_versions import version_of
from trialguide.content.catalogue import FAQ, load_catalogue
from trialguide.content.reviews import ANSWERS, Reviewed, is_served, record_of, status_sentence, text_sha256
from trialguide.content.wording import load_pictures, load_words
from trialguide.storage.ratings import MIN_RATINGS, Average


@dataclass(frozen=True)
class FaqEntry:
    """A topic with its answer. Texts are paragraphs separated by blank lines; `more` may be empty."""

    id: str
    title: str
    text: str
    more: str
    sources: Sequence[Mapping[str, str]]
    # The sentence on what stands behind the answer, and the review if it is in force.
    status: str
    review: Reviewed | None
    # False where SERVE keeps the answer back: its title and sources alone are shown.
    served: bool
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


def faq_groups(responses: Mapping[str, Sequence[Mapping[str, Any]]], averages: Iterable[Average], serve: str) -> list[FaqGroup]:
    """The groups with their entries, from the responses of the domain and the average ratings of all answer versions.

    `serve` as in `Settings`.
    """
    catalogue = load_catalogue()
    shown = {(average.topic, average.version): average for average in averages if average.count >= MIN_RATINGS}
    groups = []
    for id, title in catalogue.groups.items():
        topics = [topic for topic in catalogue.topics.values() if topic.group == id]
        questions = [_faq_entry(topic.id, responses[f"utter_{FAQ}/{topic.id}"][0], shown, serve) for topic in topics]
        groups.append(FaqGroup(id, title, questions))
    return groups


def _faq_entry(id: str, response: Mapping[str, Any], averages: Mapping[tuple[str, str], Average], serve: str) -> FaqEntry:
    catalogue, metadata = load_catalogue(), response["metadata"]
    record, sha256 = record_of(ANSWERS, id), text_sha256([response])
    picture = metadata.get("picture")
    return FaqEntry(
        id=id,
        title=catalogue.titles[id],
        text=response["text"],
        more=metadata.get("more") or "",
        sources=metadata["sources"],
        status=status_sentence(record, sha256, load_words(), date.today()),
        review=record.reviewed if record.is_reviewed(sha256) else None,
        served=is_served(record.status(sha256), serve),
        related=[(topic, catalogue.topics[topic].title) for topic in catalogue.topics[id].related if topic in catalogue.topics],
        picture=(picture, load_pictures()[picture]) if picture else None,
        rated=averages.get((id, version_of(response["text"]))),
    )
