"""The answers as a page to read and print: the same words that the assistant says, grouped as in the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date

from trialguide.content.answer_versions import version_of
from trialguide.content.catalogue import FAQ, load_catalogue
from trialguide.content.wording import load_pictures
from trialguide.storage.ratings import Average

# The mean of fewer says more about single people than about the answer.
FEWEST_RATINGS = 5


@dataclass(frozen=True)
class Question:
    """A topic with its answer; texts are paragraphs separated by blank lines, `more` may be empty."""

    id: str
    title: str
    text: str
    more: str
    sources: Sequence[Mapping[str, str]]
    reviewed: str
    reviewed_in_words: str
    related: Sequence[tuple[str, str]]
    picture: tuple[str, str] | None
    # What people thought of the answer as it is now; None as long as few have said so.
    rated: Average | None


@dataclass(frozen=True)
class Group:
    """The questions of a group of the catalogue."""

    id: str
    title: str
    questions: Sequence[Question]


def faq_groups(responses: Mapping[str, Sequence[Mapping[str, Any]]], averages: Iterable[Average]) -> list[Group]:
    """The groups with their questions, from the responses of the domain and the averages of all versions of answers."""
    catalogue = load_catalogue()
    shown = {(average.topic, average.version): average for average in averages if average.count >= FEWEST_RATINGS}
    groups = []
    for id, title in catalogue.groups.items():
        topics = [topic for topic in catalogue.topics.values() if topic.group == id]
        questions = [_question(topic.id, responses[f"utter_{FAQ}/{topic.id}"][0], shown) for topic in topics]
        groups.append(Group(id, title, questions))
    return groups


def _question(id: str, response: Mapping[str, Any], averages: Mapping[tuple[str, str], Average]) -> Question:
    catalogue, metadata = load_catalogue(), response["metadata"]
    picture = metadata.get("picture")
    return Question(
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
