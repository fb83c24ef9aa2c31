"""Trains the interpreter on the examples and loads a trained one."""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trialguide.content.catalogue import load_catalogue
from trialguide.content.files import load_yaml
from trialguide.nlu.decision import Thresholds
from trialguide.nlu.follow_up_examples import examples_behind_titles, follow_up_rows
from trialguide.nlu.harmless_messages import harmless_messages
from trialguide.nlu.interpreter import Interpreter
from trialguide.nlu.passages import Passages, passages_of_answers
from trialguide.nlu.preprocessing import load_abbreviations, load_courtesies
from trialguide.nlu.resources import Resources
from trialguide.nlu.safety_phrases import SAFETY_PHRASES, SafetyPhrases
from trialguide.nlu.sentence_encoder import ALL_CORES, PUBLISHED, SentenceEncoder
from trialguide.nlu.spelling import Speller, count_words
from trialguide.nlu.topic_model import Settings, TopicModel
from trialguide.places.entities import PlaceEntities
from trialguide.text.feedback import load_following_reader, load_rating_reader
from trialguide.text.meanings import load_meaning_reader
from trialguide.text.normalisation import normalised
from trialguide.text.terms import term_finder
from trialguide.text.words import ordinary_words

LEARNED = "learned.json"


def train(examples: Sequence[tuple[str, str]], about_others: Iterable[str], settings: Settings, folder: Path) -> None:
    """Trains on labelled sentences and writes the model into a folder; `about_others` are those about others than places."""
    cleaned = clean([sentence for sentence, _ in examples])
    labelled = list(zip(cleaned, (label for _, label in examples), strict=True))
    labelled += examples_behind_titles(list(follow_up_rows()), labelled, load_catalogue().titles)
    encoder = SentenceEncoder(cores=ALL_CORES)
    texts, labels = [text for text, _ in labelled], [label for _, label in labelled]
    model = TopicModel.fit(encoder, texts, labels, settings, harmless=clean(harmless_messages()))
    learned = {
        "known": {normalised(sentence): label for sentence, label in examples},
        "phrases": load_yaml(SAFETY_PHRASES),
        "words": count_words(cleaned),
        # Nobody misspells a place with a word that is used about other things.
        "ordinary": sorted(ordinary_words(about_others)),
    }
    model.save(folder)
    passages = passages_of_answers(list(load_catalogue().topics))
    vectors = encoder.encode([text for _, text in passages])[:, -PUBLISHED:]
    Passages([passage for passage, _ in passages], vectors).save(folder)
    (folder / LEARNED).write_text(json.dumps(learned, ensure_ascii=False), encoding="utf-8")


def clean(sentences: Iterable[str]) -> list[str]:
    """The sentences as the classifier learns them: abbreviations expanded, courtesies stripped."""
    courtesies, abbreviations = load_courtesies(), load_abbreviations()
    return [courtesies.strip(abbreviations.expand(sentence)) for sentence in sentences]


def load_interpreter(folder: Path, thresholds: Mapping[str, float]) -> Interpreter:
    """The interpreter that `train` wrote into a folder."""
    encoder = SentenceEncoder()
    learned = json.loads((folder / LEARNED).read_text(encoding="utf-8"))
    return Interpreter(
        Resources(
            classifier=TopicModel.load(encoder, folder),
            examples=learned["known"],
            speller=Speller(learned["words"], encoder.words()),
            abbreviations=load_abbreviations(),
            courtesies=load_courtesies(),
            phrases=SafetyPhrases(learned["phrases"]),
            places=PlaceEntities(learned["ordinary"]),
            ratings=load_rating_reader(),
            following=load_following_reader(),
            meanings=load_meaning_reader(),
            terms=term_finder(),
            catalogue=load_catalogue(),
            thresholds=Thresholds(**thresholds),
            executor=ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside-the-encoder"),
            passages=Passages.load(folder),
            vector=lambda text: encoder.encode([text])[0, -PUBLISHED:],
        )
    )
