"""NLU component: decides which topic, look-up or other intent a message is about.

A pretrained sentence encoder sees what is meant, character n-grams see the words themselves, misspelt or not; one small
network over flat topics weighs both. What the classifier finds is then held against the safety phrases and the
thresholds. Topics are written as a retrieval intent, in the form that Rasa's own ResponseSelector uses, so that the one
action `utter_faq` answers them all.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.catalogue import CATALOGUE_FILE, FAQ, ROOT, load_catalogue
from components.courtesies import COURTESIES, load_courtesies
from components.decision import UNSURE, Decision, Thresholds, decide, decide_look_up, decide_together, two_topics
from components.following import FOLLOWING, load_following_reader
from components.message_kind import normalised, unreadable_kind
from components.message_parts import is_question, parts
from components.ratings import load_rating_reader
from components.safety_phrases import SafetyPhrases
from components.sentence_encoder import ALL_CORES, SentenceEncoder
from components.short_forms import SHORT_FORMS, load_short_forms
from components.spelling import Spelling, count_words
from components.topic_model import Settings, TopicModel

UNREADABLE = "unreadable"
INFORM_PLACE = "inform_place"
TWO_TOPICS = "two_topics"
RATE_ANSWER, RATE_AND_ASK = "rate_answer", "rate_and_ask"
# Decided by rules alone; their examples are there because Rasa wants one.
NOT_LEARNED = (UNREADABLE, TWO_TOPICS, RATE_AND_ASK)
SAFETY_PHRASES = ROOT / "data" / "safety_phrases.yml"
DANGERS = ("self_harm", "emergency")
PERSONAL = ("medical_advice", "report_side_effect")
RANKING_LENGTH = 10
# Letters beside the places in a message that says nothing else: "in Oslo", "Paris or Lyon".
BESIDE_PLACES = 4


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent, IntentClassifier):
    """Sets the intent, its ranking and, for a topic, which answer belongs to it."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings, as explained in config.yml."""
        return {
            "model": {
                "networks": 3,
                "hidden": 384,
                "ngram_dimensions": 400,
                "ngram_share": 1.5,
                "ngram_fewest": 4,
                "temperature": 0.7,
            },
            "thresholds": {
                "answer": 0.6,
                "personal": 0.35,
                "danger": 0.18,
                "danger_in_part": 0.9,
                "part": 0.7,
                "look_up": 0.3,
            },
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """A hash of what training reads beside the training data, so that Rasa's cache notices when it changes."""
        read = [CATALOGUE_FILE, COURTESIES, SHORT_FORMS, SAFETY_PHRASES, *sorted(Path(__file__).parent.glob("*.py"))]
        return hashlib.sha256(b"".join(file.read_bytes() for file in read)).hexdigest()

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "TopicClassifier":
        return cls(config, model_storage, resource)

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._thresholds = Thresholds(**config["thresholds"])
        self._model: TopicModel | None = None
        self._known: dict[str, str] = {}
        self._courtesies = load_courtesies()
        self._short_forms = load_short_forms()
        self._phrases = SafetyPhrases({})
        self._spelling = Spelling({})
        self._catalogue = load_catalogue()
        self._ratings = load_rating_reader()
        self._following = load_following_reader()

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the examples of all intents and from the titles of the topics."""
        examples = [
            (message.get(TEXT), _topic_id(message.get("intent_response_key") or message.get(INTENT)))
            for message in training_data.intent_examples
            if message.get(INTENT) not in NOT_LEARNED
        ]
        examples += [(title, id) for id, title in self._catalogue.titles.items()]
        plain = [self._courtesies.without(self._short_forms.written_out(sentence)) for sentence, _ in examples]
        labels = [label for _, label in examples]
        model = TopicModel.fit(SentenceEncoder(cores=ALL_CORES), plain, labels, Settings(**self._config["model"]))
        phrases = yaml.safe_load(SAFETY_PHRASES.read_text(encoding="utf-8"))
        known = {normalised(sentence): label for sentence, label in examples}
        with self._model_storage.write_to(self._resource) as folder:
            model.save(folder)
            (folder / "known.json").write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
            (folder / "phrases.json").write_text(json.dumps(phrases, ensure_ascii=False), encoding="utf-8")
            (folder / "words.json").write_text(json.dumps(count_words(plain), ensure_ascii=False), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TopicClassifier":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            encoder = SentenceEncoder()
            component._model = TopicModel.load(encoder, folder)
            words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            component._spelling = Spelling(words, encoder.words())
            component._known = json.loads((folder / "known.json").read_text(encoding="utf-8"))
            component._phrases = SafetyPhrases(json.loads((folder / "phrases.json").read_text(encoding="utf-8")))
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Writes `intent`, `intent_ranking`, `offers` and `response_selector` into each message."""
        for message in messages:
            # The encoder takes no lone surrogates.
            text = (message.get(TEXT) or "").encode(errors="replace").decode()
            kind = unreadable_kind(text)
            # Mended words could hide what was written, so danger is looked for in both.
            mended = text if kind else self._spelling.mended(self._short_forms.written_out(text))
            written = dict.fromkeys((text, *_sentences(text), mended, *_sentences(mended)))
            danger = next(filter(None, map(self._phrases.label, written)), None)
            if danger:
                self._write(message, Decision(danger, 1.0), {danger: 1.0})
            elif kind == "no_words" and self._ratings.read(text):
                self._write(message, Decision(RATE_ANSWER, 1.0), {RATE_ANSWER: 1.0})
            elif kind and not (kind in ("other_script", "no_words") and message.get("entities")):
                self._write(message, Decision(f"{UNREADABLE}/{kind}", 1.0), {})
            elif kind:
                # The place is all that can be read.
                self._write(message, Decision(INFORM_PLACE, 1.0), {INFORM_PLACE: 1.0})
            else:
                self._understand(message, text, mended)
                self._name_what_is_followed(message, text)
        return messages

    def _understand(self, message: Message, text: str, mended: str) -> None:
        places = message.get("entities") or []
        if places and len(normalised(text)) <= sum(place["end"] - place["start"] for place in places) + BESIDE_PLACES:
            return self._write(message, Decision(INFORM_PLACE, 1.0), {INFORM_PLACE: 1.0})
        known = self._known.get(normalised(text)) or self._known.get(normalised(mended))
        if known:
            return self._write(message, Decision(known, 1.0), {known: 1.0})
        assert self._model is not None, "process is called on a loaded component only"
        plain = self._courtesies.without(mended)
        sentences = _sentences(plain)
        # Each text by itself: the encoder's 8-bit numbers depend a little on what else is encoded with them.
        (whole,) = self._model.probabilities([plain])
        single = self._model.probabilities(sentences) if sentences else []
        written = [(plain, whole)]
        if text != plain:
            written.append((text, self._model.probabilities([text])[0]))
        decision = (
            self._danger(written, self._thresholds.danger)
            or self._danger(list(zip(sentences, single, strict=True)), self._thresholds.danger_in_part)
            or decide_together(whole, self._thresholds.personal, PERSONAL)
        )
        rating = self._ratings.read(text)
        if decision is None and rating and rating.clear:
            decision = self._rated(message, rating.comment)
        command = self._following.command(text)
        if decision is None and command and self._topic_of(command[1], self._thresholds.answer):
            decision = Decision(command[0], 1.0)
        if decision is None:
            look_up = decide_look_up(whole, self._thresholds.look_up, self._catalogue.lookups) if places else None
            decision = look_up or decide(whole, self._thresholds.answer, self._catalogue.titles)
            if decision.label == UNSURE:
                # What was left out may be all that is meant: "hello, it's Marta".
                as_written = decide(written[-1][1], self._thresholds.answer, self._catalogue.titles)
                decision = as_written if as_written.label in self._catalogue.conversation else decision
            asked = [part for part, sentence in zip(single, sentences, strict=True) if is_question(sentence)]
            topics = two_topics(asked, self._thresholds.part, self._catalogue.topics)
            if topics and decision.label not in self._catalogue.safety:
                message.set("topics", list(topics), add_to_output=True)
                decision = Decision(TWO_TOPICS, decision.confidence)
        return self._write(message, decision, whole)

    def _rated(self, message: Message, comment: str) -> Decision:
        """The decision for a rating: that alone, or also the topic that is asked about behind it."""
        asked = (self._topic_of(part, self._thresholds.part) for part in parts(comment) if is_question(part))
        topic = next(filter(None, asked), None)
        if topic:
            message.set("topics", [topic], add_to_output=True)
        return Decision(RATE_AND_ASK if topic else RATE_ANSWER, 1.0)

    def _name_what_is_followed(self, message: Message, text: str) -> None:
        """Writes which topic a message names that somebody wants to follow or stop following, or whether it means all."""
        if message.get("intent")["name"] in FOLLOWING:
            command = self._following.command(text)
            named = filter(None, (command[1] if command else None, self._following.topic_words(text)))
            topic = next(filter(None, (self._topic_of(words, self._thresholds.answer) for words in named)), None)
            message.set("topics", [topic] if topic else [], add_to_output=True)
            message.set("everything", not topic and self._following.means_everything(text), add_to_output=True)

    def _topic_of(self, text: str, threshold: float) -> str | None:
        """The topic that a text is about, if that is as sure as the threshold asks for."""
        assert self._model is not None, "process is called on a loaded component only"
        likely = {self._known[normalised(text)]: 1.0} if normalised(text) in self._known else None
        likely = likely or self._model.probabilities([self._courtesies.without(text)])[0]
        best = max(likely, key=lambda label: likely[label])
        return best if best in self._catalogue.topics and likely[best] >= threshold else None

    def _danger(self, said: list[tuple[str, dict[str, float]]], threshold: float) -> Decision | None:
        """The danger that the classifier sees in one of these texts, harmless look-alikes left out."""
        assert self._model is not None, "process is called on a loaded component only"
        for text, probabilities in said:
            found = decide_together(probabilities, threshold, DANGERS)
            rest = self._phrases.without_harmless(text, DANGERS) if found else text
            if rest is not text:
                found = decide_together(self._model.probabilities([rest])[0], threshold, DANGERS)
            if found:
                return found
        return None

    def _write(self, message: Message, decision: Decision, probabilities: dict[str, float]) -> None:
        ranked = sorted(probabilities.items(), key=lambda item: -item[1])[:RANKING_LENGTH]
        full_intent = self._catalogue.intent(decision.label)
        intent, _, key = full_intent.partition("/")
        ranking = [{"name": self._catalogue.intent(label), "confidence": value} for label, value in ranked]
        message.set("intent", {"name": intent, "confidence": decision.confidence}, add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)
        message.set("offers", list(decision.offers), add_to_output=True)
        answered = full_intent if key else None
        if decision.label in (TWO_TOPICS, RATE_AND_ASK):
            answered = self._catalogue.intent(message.get("topics")[0])
        if answered:
            answer = {"intent_response_key": answered, "utter_action": f"utter_{answered}", "confidence": decision.confidence}
            retrieval = answered.partition("/")[0]
            selector = {"all_retrieval_intents": [FAQ, UNREADABLE], retrieval: {"response": answer, "ranking": []}}
            message.set("response_selector", selector, add_to_output=True)


def _sentences(text: str) -> list[str]:
    """The parts of a message that has several."""
    found = parts(text)
    return found if len(found) > 1 else []


def _topic_id(full_intent: str) -> str:
    return full_intent.removeprefix(f"{FAQ}/")
