"""Checks of the follow-ups: the topics and the targets exist, and no message is learned twice behind one topic."""

from collections.abc import Iterator

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.nlu.decision import NO_ANSWER
from trialguide.nlu.follow_up_examples import FOLLOW_UPS
from trialguide.text.normalisation import normalised


def check_follow_ups(content: Content) -> Iterator[Finding]:
    """Mistakes in `follow_ups.yml`."""
    file = content.files.get(content.data / FOLLOW_UPS.name)
    if file is None or content.catalogue is None:
        return
    for topic, targets in file.data.items():
        if topic not in content.titles:
            yield content.at(
                file, (topic,), f"There is no topic “{topic}”.", "Write the id of a topic or look-up of data/topics.yml."
            )
        learned: dict[str, str] = {}
        for target, messages in targets.items():
            if target not in content.titles and target != NO_ANSWER:
                problem = f"“{target}” is no topic and no look-up."
                yield content.at(file, (topic, target), problem, f"Write the id of one, or {NO_ANSWER}.")
            for number, message in enumerate(messages):
                other = learned.setdefault(normalised(message), target)
                if other != target or message in messages[:number]:
                    problem = f"“{message}” stands below “{other}” already."
                    yield content.at(file, (topic, target, number), problem, "Keep it where its answer is.")
