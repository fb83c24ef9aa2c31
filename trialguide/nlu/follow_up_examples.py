"""Training examples of messages after an answer: the follow-ups of data/follow_ups.yml, and ordinary messages."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

from trialguide.content.files import DATA, load_yaml

FOLLOW_UPS = DATA / "follow_ups.yml"
# Among the targets of follow-ups: no text of ours answers it.
NO_ANSWER = "no_answer"
# One in so many of the ordinary examples is learned behind a title as well.
ORDINARY = 10


def behind_title(title: str, text: str) -> str:
    """A message as it is classified after the answer to a topic: behind the title of that topic."""
    return f"{title} {text}"


def follow_up_rows() -> Iterator[tuple[str, str, str]]:
    """The topic answered before, the message and its target for each follow-up of data/follow_ups.yml."""
    for topic, targets in load_yaml(FOLLOW_UPS).items():
        for target, messages in targets.items():
            for message in messages:
                yield topic, str(message), target


def examples_behind_titles(
    rows: Sequence[tuple[str, str, str]], ordinary: Sequence[tuple[str, str]], titles: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The examples that teach what comes after an answer, as texts with labels.

    A follow-up depends on the title before it. An ordinary message, behind whatever title, keeps its meaning.
    """
    follow_ups = [(behind_title(titles[topic], text), target) for topic, text, target in rows]
    every = zip(cycle(titles.values()), ordinary[::ORDINARY])
    return follow_ups + [(behind_title(title, text), label) for title, (text, label) in every]
