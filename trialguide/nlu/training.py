"""What a reader learns from the examples, and a reader made of what was learned."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from trialguide.content.catalogue import load_catalogue
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.interpreter import Interpreter
from trialguide.nlu.preprocessing import load_abbreviations, load_courtesies
from trialguide.nlu.safety_phrases import SAFETY_PHRASES, SafetyPhrases
from trialguide.nlu.sentence_encoder import ALL_CORES, SentenceEncoder
from trialguide.nlu.spelling import Speller, count_words
from trialguide.nlu.topic_model import Settings, TopicModel
from trialguide.places.entities import PlaceEntities
from trialguide.text.normalisation import normalised
from trialguide.text.words import ordinary_words

LEARNED = "learned.json"


def train(examples: Sequence[tuple[str, str]], about_others: Iterable[str], settings: Settings, folder: Path) -> None:
    """Learns from sentences with their labels, and writes it into a folder; some of them are `about_others` than places."""
    courtesies, short_forms = load_courtesies(), load_abbreviations()
    plain = [courtesies.strip(short_forms.expand(sentence)) for sentence, _ in examples]
    model = TopicModel.fit(SentenceEncoder(cores=ALL_CORES), plain, [label for _, label in examples], settings)
    learned = {
        "known": {normalised(sentence): label for sentence, label in examples},
        "phrases": yaml.safe_load(SAFETY_PHRASES.read_text(encoding="utf-8")),
        "words": count_words(plain),
        # Nobody misspells a place with a word that is used about other things.
        "ordinary": sorted(ordinary_words(about_others)),
    }
    model.save(folder)
    (folder / LEARNED).write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")


def load_interpreter(folder: Path, thresholds: Mapping[str, float]) -> Interpreter:
    """A reader of what `learn` wrote."""
    encoder = SentenceEncoder()
    learned = json.loads((folder / LEARNED).read_text(encoding="utf-8"))
    return Interpreter(
        TopicModel.load(encoder, folder),
        learned["known"],
        Speller(learned["words"], encoder.words()),
        SafetyPhrases(learned["phrases"]),
        PlaceEntities(learned["ordinary"]),
        Thresholds(**thresholds),
        load_catalogue(),
    )
