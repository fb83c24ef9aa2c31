"""The inbox of the usage report, from which an editor works: groups of messages that were not understood."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trialguide.commands.reporting.clustering import Group
from trialguide.commands.reporting.missed_danger import MissedDanger
from trialguide.storage.turn_summary import NONE

MOST_SHOWN = 10
# As much as an editor can work through; a report on fewer days shows the rest.
MOST_GROUPS = 50
MOST_ALONE = 100
UNANSWERED = {"unsure": "topics were offered", "gave_up": "people who can help were named", "out_of_scope": "out of scope"}
# Masks as a person would write them: brackets mean something else in a file of examples.
MASK = re.compile(r"\[([a-z-]+)\]")


@dataclass(frozen=True)
class InboxSection:
    """The groups to show, the rows of messages like no other, and how many of both are not shown; the rows of missed danger."""

    groups: Sequence[Group]
    alone: Sequence[Sequence[str]]
    groups_left: int
    alone_left: int
    missed: Sequence[Sequence[str]]


def inbox_of(groups: Sequence[Group], missed: Sequence[MissedDanger], titles: Mapping[str, str]) -> InboxSection:
    """The inbox; `titles` are those of topics and look-ups. What may have been danger is shown in full."""
    several = [group for group in groups if len(group.messages) > 1]
    alone = [group for group in groups if len(group.messages) == 1]
    rows = [
        [group.typical, near(group, titles), file_of(group), example(group.typical), str(group.messages[0].number)]
        for group in alone[:MOST_ALONE]
    ]
    danger = [[one.message.text, one.why, example(one.message.text), str(one.message.number)] for one in missed]
    return InboxSection(several[:MOST_GROUPS], rows, len(several[MOST_GROUPS:]), len(alone[MOST_ALONE:]), danger)


def example(text: str) -> str:
    """A message as a line among the examples of a file."""
    return "- " + MASK.sub(r"\1", " ".join(text.split()))


def reasons(group: Group) -> list[list[str]]:
    """The different messages of a group, each with what was said instead of an answer and its number."""
    rows = {m.text: [m.text, UNANSWERED.get(m.reason, m.reason), str(m.number)] for m in group.messages}
    return list(rows.values())


def near(group: Group, titles: Mapping[str, str]) -> str:
    """The nearest topics with their probabilities, and those that were chosen afterwards."""
    nearest = [f"{titles.get(topic, topic)} {value:.0%}" for topic, value in group.nearest]
    chosen = [f"{titles.get(topic, topic)} was taken {times}×" for topic, times in group.chosen.most_common() if topic != NONE]
    return "; ".join([*nearest, *chosen])


def file_of(group: Group) -> str:
    """The file with the examples of the likeliest topic or look-up."""
    topic = group.likeliest
    if topic is None:
        return "data/nlu/out_of_scope.yml"
    return "data/nlu/lookups.yml" if topic.startswith("find_") else f"data/faq/{topic}.yml"
