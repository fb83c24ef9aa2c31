"""Measures understanding by kind of message, on messages written without sight of the examples: `python -m tools kinds`.

tests/questions/open/ may be read; of tests/questions/sealed/ only the figures are looked at. Six writers, each with a cast of
their own, wrote both; tests/questions/README.md tells how.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tools.evaluation.measures import Measure
from tools.evaluation.questions import QUESTIONS
from trialguide.content.catalogue import Catalogue, load_catalogue
from trialguide.content.files import load_yaml
from trialguide.nlu.decision import CHECK_INS, DANGERS, NO_ANSWER, OUT_OF_SCOPE, STATEMENT, UNSURE
from trialguide.nlu.follow_up import FOLLOW_UP
from trialguide.nlu.interpreter import Interpreter
from trialguide.nlu.message import Context
from trialguide.nlu.stages import ABOUT_BOT, EXPLAIN_WORD, INFORM_PLACE

SETS = ("open", "sealed")
# What a writer calls something told without a question, and what has no answer among ours.
TOLD, NO_TOPIC, NONSENSE = "statement", "none", "nonsense"
NOT_ANSWERED = frozenset({TOLD, NO_TOPIC, NONSENSE, OUT_OF_SCOPE})
DIRECT = "danger_direct"
PLAIN = "institution"
# What the assistant says about itself serves for these as well.
SAME_THING = {"bot_challenge": ABOUT_BOT, "about_service": ABOUT_BOT, "my_data": ABOUT_BOT, "capabilities": ABOUT_BOT}


@dataclass(frozen=True)
class BlindMessage:
    """A message with the topic that serves it best, others that serve, and the alarm that is due: a danger, `ask` or `none`."""

    kind: str
    text: str
    topic: str
    also: tuple[str, ...]
    alarm: str

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset({self.topic, *self.also})


@dataclass(frozen=True)
class Result:
    """A message with the label acted on, the topics of a message with two or of a word that is explained, and those offered."""

    message: BlindMessage
    label: str
    topics: tuple[str, ...]
    offers: tuple[str, ...]

    @property
    def alarm(self) -> bool:
        return self.label in DANGERS

    @property
    def right(self) -> bool:
        return any(_serves(label, self.message.wanted) for label in (self.label, *self.topics))

    @property
    def offered(self) -> bool:
        return self.right or any(offer in self.message.wanted for offer in self.offers)


@dataclass(frozen=True)
class LastTurn:
    """A short conversation with the labels of its last turn, and whether one of them serves."""

    piece: dict[str, Any]
    labels: frozenset[str]
    acceptable: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", choices=SETS, default="open", help="which messages; of the sealed ones only figures are shown")
    parser.add_argument("--wrong", action="store_true", help="list the open messages that were not understood")


def main(arguments: argparse.Namespace) -> int:
    """Prints the figures by kind and for each measure; 1 when there is no model."""
    from tools.evaluation.trained_model import load_trained_model
    from tools.evaluation.training_examples import configured
    from trialguide.commands.setup import prepare

    archive = prepare()
    if archive is None:
        return 1
    interpreter = load_trained_model(archive, configured()[1]).interpreter
    results = interpret_all(interpreter, read_messages(arguments.set))
    by_kind: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_kind[result.message.kind].append(result)
    for kind, group in by_kind.items():
        print(kind, *(f"{measure.name} {measure.share:.1%} of {measure.total}" for measure in measures_of(group)), sep="; ")
    print()
    catalogue = load_catalogue()
    last_turns = play_pieces(interpreter, catalogue, read_pieces(arguments.set))
    for measure in (*measures_of(results), *follow_up_measures(last_turns)):
        print(f"{measure.name:45} {measure.share:6.1%}  ({measure.hits} of {measure.total})")
    if arguments.wrong and arguments.set == "open":
        _print_wrong(results, last_turns)
    return 0


def _print_wrong(results: Iterable[Result], last_turns: Iterable[LastTurn]) -> None:
    for result in results:
        if not result.right:
            message = result.message
            print(f"{message.kind}: {message.topic} -> {result.label} {list(result.offers) or ''}: {message.text}")
    for turn in last_turns:
        if not turn.acceptable:
            print(f"{turn.piece['what']}: {turn.piece['topic']} -> {sorted(turn.labels)}: {' / '.join(turn.piece['turns'])}")


def read_messages(name: str) -> list[BlindMessage]:
    """The messages of a set."""
    rows = (row for file in sorted((QUESTIONS / name).glob("*_messages.yml")) for row in load_yaml(file))
    return [BlindMessage(row["kind"], row["text"], row["topic"], tuple(row.get("also") or ()), row["alarm"]) for row in rows]


def interpret_all(interpreter: Interpreter, messages: Iterable[BlindMessage]) -> list[Result]:
    """The results of messages, each as the first of a conversation."""
    results = []
    for message in messages:
        found = interpreter.interpret(message.text)
        results.append(Result(message, found.decision.label, found.topics, found.decision.offers))
    return results


def measures_of(results: Sequence[Result]) -> list[Measure]:
    """The measures of the bar; those without a message are left out."""
    danger = [result for result in results if result.message.alarm in DANGERS]
    direct = [result for result in danger if result.message.kind == DIRECT]
    hinted = [result for result in danger if result.message.kind != DIRECT]
    calm = [result for result in results if result.message.alarm == "none"]
    alike = [result for result in calm if result.message.kind == "look_alike"]
    ordinary = [result for result in calm if result.message.kind != "look_alike"]
    told = [result for result in calm if result.message.topic == TOLD]
    asked = [result for result in calm if result.message.topic not in NOT_ANSWERED]
    plain = [result for result in asked if result.message.kind == PLAIN]
    patient = [result for result in asked if result.message.kind != PLAIN]
    outside = [result for result in calm if result.message.topic == OUT_OF_SCOPE]
    rows = (
        ("danger recognised, direct", direct, lambda result: result.alarm),
        ("danger recognised, hints and for others", hinted, lambda result: result.alarm),
        ("danger recognised or asked about", danger, lambda result: result.alarm or result.label in CHECK_INS),
        ("ordinary messages that raise an alarm", ordinary, lambda result: result.alarm),
        ("statements that raise an alarm", told, lambda result: result.alarm),
        ("look-alikes of danger that raise an alarm", alike, lambda result: result.alarm),
        ("a check-in where nothing was due", calm, lambda result: result.label in CHECK_INS),
        ("statements answered as statements", told, lambda result: result.right),
        ("plain questions: right at once", plain, lambda result: result.right),
        ("plain questions: right or offered", plain, lambda result: result.offered),
        ("plain questions: wrong", plain, _is_wrong),
        ("patients' questions: right at once", patient, lambda result: result.right),
        ("patients' questions: right or offered", patient, lambda result: result.offered),
        ("patients' questions: wrong", patient, _is_wrong),
        ("out of scope, answered", outside, lambda result: not result.right and result.label != UNSURE),
    )
    return [Measure(name, sum(map(hits, group)), len(group)) for name, group, hits in rows if group]


def read_pieces(name: str) -> list[dict[str, Any]]:
    """The short conversations of a set."""
    return [piece for file in sorted((QUESTIONS / name).glob("*_pieces.yml")) for piece in load_yaml(file)]


def play_pieces(interpreter: Interpreter, catalogue: Catalogue, pieces: Iterable[dict[str, Any]]) -> list[LastTurn]:
    """The last turns of short conversations, the turns before them being played."""
    return [LastTurn(piece, *_last_turn(piece, interpreter, catalogue)) for piece in pieces]


def follow_up_measures(last_turns: Iterable[LastTurn]) -> list[Measure]:
    """The shares of last turns that are read acceptably, by what they do."""
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for turn in last_turns:
        groups[turn.piece["what"]].append(turn.acceptable)
    return [Measure(f"last turns: {what}", sum(group), len(group)) for what, group in sorted(groups.items())]


def _last_turn(piece: dict[str, Any], interpreter: Interpreter, catalogue: Catalogue) -> tuple[frozenset[str], bool]:
    """The labels of the last turn, the turns before it being played, and whether they are acceptable."""
    alarm, topic, look_up = None, None, None
    for turn in piece["turns"][:-1]:
        found = interpreter.interpret(turn, Context(alarm, topic))
        label = found.decision.label
        alarm = _alarm_after(label, alarm)
        topic = label if label in catalogue.titles else topic
        if label == EXPLAIN_WORD:
            topic = topic or next(iter(found.topics), None)
        look_up = label if label in catalogue.lookups else look_up
    found = interpreter.interpret(piece["turns"][-1], Context(alarm, topic))
    wanted = {piece["topic"], *(piece.get("also") or ())}
    labels = {found.decision.label, *found.topics}
    if found.decision.label == FOLLOW_UP and topic:
        labels.add(topic)
    # A place after a look-up is looked up there (data/rules/lookups.yml).
    if found.decision.label == INFORM_PLACE and look_up:
        labels.add(look_up)
    if found.decision.label == NO_ANSWER:
        labels.add(NO_TOPIC)
    if "same_topic" in wanted:
        wanted |= {topic, "repeat_simpler", "tell_more"}
    if "about_alarm" in wanted:
        about = found.decision.label.startswith(("alarm_", "check_")) or found.decision.label.endswith("_over")
        return frozenset(labels), about or found.decision.label in DANGERS
    return frozenset(labels), any(_serves(label, frozenset(wanted)) for label in labels if label)


def _alarm_after(label: str, alarm: str | None) -> str | None:
    if label in DANGERS:
        return label
    if label.startswith("check_") and not label.endswith("_over"):
        return f"check_{label.removeprefix('check_in_').removeprefix('check_again_')}"
    return alarm if label.startswith("alarm_") and label != "alarm_help_here" else None


def _serves(label: str, wanted: frozenset[str]) -> bool:
    if label in wanted or (label.startswith(STATEMENT) and TOLD in wanted):
        return True
    return label.startswith(ABOUT_BOT) and any(SAME_THING.get(name) == ABOUT_BOT for name in wanted)


def _is_wrong(result: Result) -> bool:
    return not result.right and result.label != UNSURE
