"""Response generator: answers with source and related topics, follow-ups, offers and the notice at the start."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import takewhile
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from trialguide.content.answer_versions import version_of
from trialguide.content.catalogue import FAQ, load_catalogue
from trialguide.content.emergency_numbers import emergency_numbers
from trialguide.content.glossary import load_glossary
from trialguide.content.operator_details import load_operator
from trialguide.content.reviews import ANSWERS, REPLIES, is_served, record_of, status_sentence, text_sha256
from trialguide.content.wording import buttons, fill, load_pictures, load_words, source_line
from trialguide.dialogue.context import asked_before_alarm, last_answer, other_readings
from trialguide.nlu.passages import BREAK
from trialguide.places.cities import place_in_sentence, place_name
from trialguide.places.countries import country_name
from trialguide.places.place import Place, parse_candidates
from trialguide.runtime.settings import process_settings

Reply = dict[str, Any]

ANSWER = f"utter_{FAQ}/"
STATEMENT = "utter_statement/"
# These come without the notice, which then stands above the next reply.
URGENT = frozenset(
    {
        *("utter_emergency", "utter_self_harm", "utter_emergency_over", "utter_self_harm_over", "utter_alarm_help_here"),
        *("utter_alarm_number", "utter_alarm_what_to_do", "utter_alarm_still_call", "utter_alarm_who_are_they"),
        *("utter_alarm_no_call", "utter_check_again_emergency", "utter_check_again_self_harm", "utter_check_in_over"),
        *("utter_check_in_emergency", "utter_check_in_self_harm", "utter_emergency_number", "utter_helpline"),
    }
)
# Replies about one's own case.
GENERALLY = frozenset({"utter_medical_advice", "utter_report_side_effect"})
# No danger after all.
OVER = frozenset({"utter_emergency_over", "utter_self_harm_over", "utter_check_in_over"})
# After this many offers in a row the assistant names people who can help.
MOST_OFFERS = 2


class ResponseGenerator(TemplatedNaturalLanguageGenerator):
    """Generates replies (`nlg` in endpoints.yml): words from the content files, chosen by the state of the tracker.

    Overrides `generate`: Rasa fills slots into one response by its name. Ours has sources, parts, a picture and a notice.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        # Rasa gives every templated generator the responses of a model that it loads later.
        super().__init__(domain.responses if domain else {})
        self._words = load_words()
        self._pictures = load_pictures()
        self._address = process_settings().public_address or "http://127.0.0.1:5005"
        days = process_settings().conversation_days
        self._days = fill(self._words["one_day" if days == 1 else "days"]["text"], {"number": days})
        self._serve = process_settings().serve
        self._operator = load_operator().fields(self._words["not_stated"]["text"])
        self._catalogue = load_catalogue()

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> Reply | None:
        """The reply for an utterance, or None for one that is unknown."""
        if utter_action not in self.responses and utter_action not in self._words:
            return None
        values = tracker.current_slot_values() | kwargs | self._operator
        values |= {"days": self._days, "privacy": self._privacy_page(tracker)}
        if utter_action == "utter_about_bot/reviewed":
            values |= self._numbers_of_answers()
        places = parse_candidates(values.get("place") or "")
        if utter_action == "utter_ask_lookup" and not places:
            utter_action = "place_unknown"
        reply = self._follow_up(utter_action, tracker) or self._plain(utter_action, tracker)
        last = next(_replies(tracker), None)
        if utter_action.startswith(STATEMENT) and last and reply["text"] in (last.text or ""):
            reply = self._plain("said_already")
        if utter_action == "utter_ask_place" and values.get("choices"):
            choices = map(Place.parse, values["choices"])
            reply = {"text": self._words["which_place"]["text"], "buttons": buttons(map(place_name, choices))}
        if places:
            values.setdefault("place_name", " / ".join(map(place_in_sentence, places)))
        if utter_action in URGENT:
            reply["kind"] = "safety"
            self._name_the_number(reply, tracker)
        reply["text"] = fill(reply["text"], values | reply)
        if utter_action not in URGENT and not reply.get("continues") and not _notice_given(tracker):
            reply["notice"] = fill(self._words["notice"]["text"], values)
            reply["text"] = f"{reply['notice']}\n\n{reply['text']}"
        return reply

    def _privacy_page(self, tracker: DialogueStateTracker) -> str:
        """The address of the privacy page, or its name where the address works on this machine alone."""
        on_website = tracker.get_latest_input_channel() == "website"
        reached = on_website or self._address.startswith("https://")
        return f"{self._address}/chat/privacy" if reached else str(self._words["privacy_page"]["text"])

    def _follow_up(self, utter_action: str, tracker: DialogueStateTracker) -> Reply | None:
        if utter_action == "utter_did_you_mean":
            return self._offer(utter_action, _parsed(tracker).get("offers") or [], tracker)
        if utter_action == "utter_correction":
            others = other_readings(tracker, self._catalogue)
            return self._offer(utter_action, others, tracker) if others else self._plain("utter_none_of_these")
        if utter_action in GENERALLY:
            return self._generally(utter_action, tracker)
        if utter_action in OVER and (asked := asked_before_alarm(tracker, self._catalogue)):
            return self._finished({"text": self.responses[utter_action][0]["text"]}, {}, asked)
        if utter_action == "utter_other_topics":
            return self._other_answers(tracker)
        if utter_action == "utter_follow_up":
            return self._passage(tracker)
        if utter_action == "utter_explain_word":
            return self._meaning(tracker)
        last = last_answer(tracker)
        if last is None:
            return None
        topic, part = last
        if utter_action == "utter_no_answer":
            return self._finished({"text": self.responses[utter_action][0]["text"]}, {}, self._catalogue.topics[topic].related)
        if utter_action == "utter_tell_more":
            return self._part(topic, "more", otherwise="nothing_more", said=part == "more")
        if utter_action == "utter_repeat_simpler":
            return self._part(topic, "simpler", otherwise="no_simpler", said=part == "simpler")
        if utter_action == "utter_ask_source":
            return self._source_of(topic)
        return None

    def _plain(self, utter_action: str, tracker: DialogueStateTracker | None = None) -> Reply:
        reply: Reply
        if utter_action in self._words:
            words = self._words[utter_action]
            reply = {"text": words["text"], "continues": words.get("continues", False)}
            if "warning" in words:
                reply["warning"] = words["warning"]
            if "choice" in words:
                reply["buttons"] = [words["choice"]]
            return self._finished(reply, words, words.get("buttons", []))
        topic = utter_action.removeprefix(ANSWER) if utter_action.startswith(ANSWER) else None
        if topic and not self._is_served(topic):
            return self._withheld(topic)
        response = _variant(self.responses[utter_action], tracker)
        metadata = response.get("metadata", {})
        reply = {"text": response["text"]}
        choices = metadata.get("buttons", [])
        if "picture" in metadata:
            # Channels without pictures show the alternative.
            reply |= {
                "image": f"{self._address}/chat/pictures/{metadata['picture']}",
                "image_text": self._pictures[metadata["picture"]],
            }
        if topic:
            reply |= self._about(topic, "text")
            choices = self._catalogue.topics[topic].related
        return self._finished(reply, metadata, choices, self._status(utter_action))

    def _part(self, topic: str, part: str, otherwise: str, said: bool) -> Reply:
        if not self._is_served(topic):
            return self._withheld(topic)
        metadata = self.responses[ANSWER + topic][0]["metadata"]
        text = None if said else metadata.get(part)
        reply = {"text": text or self._words[otherwise]["text"], **self._about(topic, part)}
        return self._finished(reply, metadata, self._catalogue.topics[topic].related, self._status(ANSWER + topic))

    def _passage(self, tracker: DialogueStateTracker) -> Reply | None:
        """The paragraph of an answer that a follow-up asks for."""
        passage = _parsed(tracker).get("passage")
        if passage is None:
            return None
        if not self._is_served(passage["topic"]):
            return self._withheld(passage["topic"])
        response = self.responses[ANSWER + passage["topic"]][0]
        whole = response["text"] if passage["part"] == "text" else response["metadata"][passage["part"]]
        text = whole.strip().split(BREAK)[passage["number"]]
        about = self._about(passage["topic"], passage["part"]) | {"paragraph": passage["number"]}
        related = self._catalogue.topics[passage["topic"]].related
        last = next(_replies(tracker), None)
        # Once is enough: who asks on did not find it there.
        if last and about.items() <= last.metadata.items():
            return self._finished({"text": self.responses["utter_no_answer"][0]["text"]}, {}, related)
        status = self._status(ANSWER + passage["topic"])
        return self._finished({"text": text, **about}, response["metadata"], related, status)

    def _meaning(self, tracker: DialogueStateTracker) -> Reply | None:
        """What a word means, with its source and the topic that says more. None where the glossary has changed meanwhile."""
        asked = _parsed(tracker).get("term") or {}
        term = load_glossary().get(asked.get("id", ""))
        if term is None:
            return None
        words = self._words["word_meaning" if asked["name"] == term.name else "word_meaning_of_form"]["text"]
        text = fill(words, {"form": asked["name"], "term": term.name, "meaning": term.meaning})
        reply = {"text": text, "topic_of_word": term.topic}
        return self._finished(reply, {"sources": [term.source]}, [term.topic] if term.topic else [])

    def _source_of(self, topic: str) -> Reply:
        text = fill(self._words["source_of_answer"]["text"], {"title": self._catalogue.titles[topic]})
        metadata = self.responses[ANSWER + topic][0]["metadata"]
        reply = {"text": text, **self._about(topic, "source")}
        return self._finished(reply, metadata, self._catalogue.topics[topic].related, self._status(ANSWER + topic))

    def _withheld(self, topic: str) -> Reply:
        """The reply in place of an answer that SERVE keeps back: its sources."""
        text = fill(self._words[f"not_served_{self._serve}"]["text"], {"title": self._catalogue.titles[topic]})
        metadata = self.responses[ANSWER + topic][0]["metadata"]
        related = self._catalogue.topics[topic].related
        return self._finished({"text": text, **self._about(topic, "source")}, {"sources": metadata["sources"]}, related)

    def _is_served(self, topic: str) -> bool:
        sha256 = text_sha256(self.responses[ANSWER + topic])
        return is_served(record_of(ANSWERS, topic).status(sha256), self._serve)

    def _status(self, utter_action: str) -> str:
        """The sentence on what stands behind a response with sources; none in an alarm, where it would hold somebody up."""
        if utter_action in URGENT:
            return ""
        is_answer = utter_action.startswith(ANSWER)
        record = record_of(ANSWERS, utter_action.removeprefix(ANSWER)) if is_answer else record_of(REPLIES, utter_action)
        return status_sentence(record, text_sha256(self.responses[utter_action]), self._words, date.today())

    def _numbers_of_answers(self) -> dict[str, int]:
        """How many answers there are, and how many of them have been checked and reviewed as they are."""
        hashes = {topic: text_sha256(self.responses[ANSWER + topic]) for topic in self._catalogue.topics}
        checked = sum(record_of(ANSWERS, topic).is_checked(sha256) for topic, sha256 in hashes.items())
        reviewed = sum(record_of(ANSWERS, topic).is_reviewed(sha256) for topic, sha256 in hashes.items())
        return {"all_answers": len(hashes), "checked_answers": checked, "reviewed_answers": reviewed}

    def _about(self, topic: str, part: str) -> Reply:
        """The metadata of an answer: topic, part, and the version that is rated, unless the answer is kept back."""
        version = {"version": version_of(self.responses[ANSWER + topic][0]["text"])} if self._is_served(topic) else {}
        return {"topic": topic, "part": part, **version}

    def _other_answers(self, tracker: DialogueStateTracker) -> Reply | None:
        """The answers to the further questions of a message, and the questions that are left over."""
        parsed = _parsed(tracker)
        answers = [self._plain(ANSWER + topic) for topic in (parsed.get("topics") or [])[1:]]
        texts = [f"{self.responses['utter_other_topics'][0]['text']}\n\n{answer['text']}" for answer in answers]
        if left_over := parsed.get("left_over"):
            texts.append(fill(self._words["left_over"]["text"], {"questions": " ".join(f"“{part}”" for part in left_over)}))
        return ({**answers[-1]} if answers else {}) | {"text": "\n\n".join(texts)} if texts else None

    def _generally(self, utter_action: str, tracker: DialogueStateTracker) -> Reply | None:
        """The reply to a question about one's own case, with what is generally known below it."""
        topics = _parsed(tracker).get("topics")
        if not topics:
            return None
        answer = self._part(topics[0], "simpler", otherwise="no_simpler", said=False)
        between = [self._words["in_general"]["text"]] if self._is_served(topics[0]) else []
        return answer | {"text": "\n\n".join((self._plain(utter_action)["text"], *between, answer["text"]))}

    def _name_the_number(self, reply: Reply, tracker: DialogueStateTracker) -> None:
        """Fills in the emergency number of the conversation's country, or words for any country."""
        country = _country(tracker)
        row = emergency_numbers().get(country or "")
        words = self._words["call_number" if row else "call_any_number"]["text"]
        reply["text"] = fill(reply["text"], {"call": fill(words, {"country": country_name(country or ""), **(row or {})})})

    def _offer(self, utter_action: str, offers: Sequence[str], tracker: DialogueStateTracker) -> Reply:
        """Topics and look-ups to choose from, below the words of an utterance."""
        if _offers_in_a_row(tracker) >= MOST_OFFERS:
            return self._plain("no_more_offers")
        titles = [self._catalogue.titles[offer] for offer in offers]
        choices = buttons([*titles, self._words["none_of_these"]["text"]])
        return {"text": self.responses[utter_action][0]["text"], "buttons": choices, "offer": True}

    def _finished(
        self, reply: Reply, metadata: dict[str, Any], choices: list[str] | tuple[str, ...], status: str = ""
    ) -> Reply:
        if "sources" in metadata:
            line = source_line(self._words["source_line"]["text"], metadata["sources"], status)
            reply["text"] = f"{reply['text']}\n\n{line}"
            reply |= {"source_line": line, "sources": metadata["sources"], "status": status}
        offered = [self._catalogue.titles[choice] for choice in choices]
        offered += [self._words[name]["text"] for name in metadata.get("replies", ())]
        if offered:
            reply["buttons"] = buttons(offered)
        return reply


def _variant(variants: list[dict[str, Any]], tracker: DialogueStateTracker | None) -> dict[str, Any]:
    """The first variant of a response whose conditions on slots hold, as in Rasa's conditional responses."""
    slots = tracker.current_slot_values() if tracker else {}
    for variant in variants:
        if all(slots.get(condition["name"]) == condition["value"] for condition in variant.get("condition") or ()):
            return variant
    return variants[-1]


def _offers_in_a_row(tracker: DialogueStateTracker) -> int:
    """The number of consecutive last replies that offered topics."""
    return sum(1 for _ in takewhile(lambda reply: reply.metadata.get("offer"), _replies(tracker)))


def _country(tracker: DialogueStateTracker) -> str | None:
    """The country named in the last message, or else that of the last look-up."""
    heard = tracker.latest_message
    entities = heard.entities if isinstance(heard, UserUttered) else []
    named = [entity["value"] for entity in entities if entity["entity"] in ("city", "country")]
    places = parse_candidates(named[0] if named else tracker.current_slot_values().get("place") or "")
    return places[0].country if len(places) == 1 else None


def _replies(tracker: DialogueStateTracker) -> Iterator[BotUttered]:
    """The replies so far, the last one first."""
    return (event for event in reversed(tracker.events) if isinstance(event, BotUttered))


def _parsed(tracker: DialogueStateTracker) -> dict[str, Any]:
    """The parse data of the last message."""
    return tracker.latest_message.parse_data if tracker.latest_message else {}


def _notice_given(tracker: DialogueStateTracker) -> bool:
    """Whether the notice was given in this session."""
    for event in reversed(tracker.events):
        if isinstance(event, SessionStarted):
            return False
        if isinstance(event, BotUttered) and event.metadata.get("notice"):
            return True
    return False
