"""The part of the report on usage from which an editor works: messages that were not understood, and where they could go."""

import re
from collections.abc import Mapping, Sequence

from trialguide.commands.reporting.clustering import Group
from trialguide.commands.reporting.documents import Lines, Section, Table
from trialguide.storage.turn_summary import NONE

MOST_SHOWN = 10
# What somebody can work through; fewer days show the rest.
MOST_GROUPS = 50
MOST_ALONE = 100
UNANSWERED = {"unsure": "topics were offered", "gave_up": "people who can help were named", "out_of_scope": "out of scope"}
# What masking leaves, as a person would write it: brackets mean something else in a file of examples.
MASK = re.compile(r"\[([a-z-]+)\]")
ABOUT = (
    "Messages that were not understood, with those that are like them, the largest group first. What could give somebody away "
    "has been taken out as well as a program can; please do not pass these words on.",
    "If a group is about a topic, paste the line into the file of that topic, write more examples of the kind in words of your "
    "own, and run `make check` and `make run`. If it is about no topic, leave it, or write a new answer.",
)


def inbox_section(inbox: Sequence[Group], titles: Mapping[str, str]) -> Section:
    """The groups, each with its nearest topics and a line to paste; `titles` are those of topics and look-ups."""
    if not inbox:
        return Section("Inbox", ["No message that was not understood is kept from these days."])
    parts: list[Table | Lines] = []
    several = [group for group in inbox if len(group.messages) > 1]
    for number, group in enumerate(several[:MOST_GROUPS], start=1):
        parts += _group(number, group, titles)
    alone = [group for group in inbox if len(group.messages) == 1]
    single = [[group.typical, _near(group, titles), _file(group), example(group.typical)] for group in alone[:MOST_ALONE]]
    if single:
        parts.append(Table("Messages that are like no other", ["message", "nearest topics", "file", "line to paste"], single))
    groups, messages = len(several[MOST_GROUPS:]), len(alone[MOST_ALONE:])
    left = f"Not shown: {groups} smaller groups and {messages} messages like no other. A report on fewer days has them."
    return Section("Inbox", [*ABOUT, left] if groups or messages else ABOUT, parts)


def example(text: str) -> str:
    """A message as a line among the examples of a file."""
    return "- " + MASK.sub(r"\1", " ".join(text.split()))


def _group(number: int, group: Group, titles: Mapping[str, str]) -> list[Table | Lines]:
    reasons = {message.text: UNANSWERED.get(message.reason, message.reason) for message in group.messages}
    more = f", {MOST_SHOWN} of them shown" if len(reasons) > MOST_SHOWN else ""
    rows = [[text, reason] for text, reason in reasons.items()][:MOST_SHOWN]
    table = Table(f"Group {number}: {len(group.messages)} messages{more}", ["message", "what was said instead"], rows)
    says = f"Nearest: {_near(group, titles) or 'no topic'}. Line for `{_file(group)}`:"
    return [table, Lines(says, f"      {example(group.typical)}")]


def _near(group: Group, titles: Mapping[str, str]) -> str:
    """The nearest topics with their probabilities, and those that were taken afterwards."""
    near = [f"{titles.get(topic, topic)} {value:.0%}" for topic, value in group.nearest]
    taken = [f"{titles.get(topic, topic)} was taken {times}×" for topic, times in group.chosen.most_common() if topic != NONE]
    return "; ".join([*near, *taken])


def _file(group: Group) -> str:
    """The file with the examples of the likeliest topic or look-up."""
    topic = group.likeliest
    if topic is None:
        return "data/nlu/out_of_scope.yml"
    return "data/nlu/lookups.yml" if topic.startswith("find_") else f"data/faq/{topic}.yml"
