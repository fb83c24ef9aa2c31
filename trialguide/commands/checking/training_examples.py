"""Checks of the examples from which the assistant learns."""

import re
from collections.abc import Iterator

import yaml

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import MOJIBAKE
from trialguide.commands.yaml_lines import ContentFile, examples
from trialguide.nlu.decision import DANGERS, OUT_OF_SCOPE
from trialguide.nlu.safety_phrases import SafetyPhrases, load_safety_phrases
from trialguide.text.normalisation import normalised

# Rasa takes these for an entity: [Berlin](city), [Berlin]{"entity": "city"}.
ENTITY = re.compile(r"\[[^\]]*\]\s*[({\[]")
# Learned for the dialogue alone: beside what the catalogue has.
OTHER_INTENTS = frozenset({"several_topics", "rate_and_ask"})


def check_examples(content: Content) -> Iterator[Finding]:
    """Mistakes in the examples of all files, and examples that occur twice."""
    first: dict[str, tuple[str, str]] = {}
    phrases = _safety_phrases()
    for file in content.files.values():
        if not isinstance(file.data, dict) or not isinstance(file.data.get("nlu"), list):
            continue
        for position, block in enumerate(file.data["nlu"]):
            yield from _check_intent(content, file, position, block["intent"])
            # Examples are a block of lines that begins on the line after its key.
            start = file.line("nlu", position, "examples") + 1
            yield from _check_lines(content, file, start, block["examples"])
            for number, example in examples(block["examples"]):
                here = (block["intent"], f"{content.name(file.path)}:{start + number}")
                if block["intent"] == OUT_OF_SCOPE and phrases and phrases.label(example) in DANGERS:
                    problem = f"“{example}” sounds like danger, and stands in {OUT_OF_SCOPE}."
                    yield Finding(content.name(file.path), start + number, problem, "Move it to data/nlu/safety.yml.")
                known = first.setdefault(normalised(example), here)
                if known != here and normalised(example):
                    problem = f"Example “{example}” stands also in {known[1]} ({known[0]})."
                    yield Finding(content.name(file.path), start + number, problem, "Keep one of them.")


def _safety_phrases() -> SafetyPhrases | None:
    """The safety phrases; None when one is broken, which another check tells."""
    try:
        return load_safety_phrases()
    except (re.error, OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return None


def _check_intent(content: Content, file: ContentFile, position: int, intent: str) -> Iterator[Finding]:
    if content.catalogue is None or "/" in intent or intent in OTHER_INTENTS:
        return
    if not any(intent in content.catalogue[section] for section in ("lookups", "conversation", "safety")):
        remedy = "Correct its id, or add it to data/topics.yml."
        yield content.at(file, ("nlu", position, "intent"), f"“{intent}” is not in the catalogue.", remedy)


def _check_lines(content: Content, file: ContentFile, start: int, block: str) -> Iterator[Finding]:
    for number, line in enumerate(block.splitlines(), start=start):
        fault = None
        if line.strip() and (not line.startswith("- ") or not line[2:].strip()):
            fault = "This line is no example.", "Begin it with “- ”, right below the line above, and write a sentence."
        elif ENTITY.search(line):
            fault = "The example holds square brackets with others behind them.", "Write it without brackets."
        elif MOJIBAKE.search(line):
            fault = "The example holds broken letters.", "Type them anew and save the file as UTF-8."
        if fault:
            yield Finding(content.name(file.path), number, *fault)
