"""Transcript: the channel-neutral model of a conversation, which every channel renders in its own way.

Entries are derived from the events of the conversation, so a live turn and a reload show the same entries with the same ids.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache, partial
from typing import Any

from trialguide.channels.front_door.tokens import choice_token, feedback_token
from trialguide.content.catalogue import load_catalogue
from trialguide.content.wording import fill, load_words
from trialguide.text.terms import term_finder

PATIENT, ASSISTANT = "patient", "assistant"
ANSWER = "answer"
ENTRY, SAID, SHOWN, ABOUT, KIND = "entry", "said", "shown", "about", "kind"
STARS = range(1, 6)
KINDS = {
    "utter_emergency": "urgent",
    "utter_self_harm": "urgent",
    "utter_did_you_mean": "offer",
    "utter_correction": "offer",
    "erased": "erased",
    "my_data": "my_data",
    "clinic": "clinic",
    "clinic_unconfirmed": "clinic",
    "support_group": "group",
    "registry": "registry",
}
# Fields of a card, and the fields of an action's response that fill them.
CARD = {
    "name": "name",
    "department": "department",
    "distance": "distance_km",
    "website": "website",
    "map": "map",
    "accreditation": "accreditation",
    "accreditation_detail": "accreditation_detail",
    "languages": "languages",
    "offers": "offers",
    "email": "email",
    "search": "link",
    "coverage": "coverage",
    "scope": "scope",
    "source": "source",
    "checked_on": "checked_on",
    "warning": "warning",
}


@dataclass(frozen=True)
class Picture:
    """A picture file in `web/pictures/` and its text alternative."""

    file: str
    alternative: str


@dataclass(frozen=True)
class Choice:
    """A button: its title, the token that a press sends back, and the payload that the assistant then reads.

    `shown` is what the patient sees as their own words, None for the title. `stars` is the rating that the choice gives,
    `followed` whether it follows or unfollows a topic.
    """

    title: str
    token: str
    payload: str
    shown: str | None = None
    stars: int | None = None
    followed: bool | None = None


@dataclass(frozen=True)
class Entry:
    """A line of a conversation. `number` is its time in microseconds since the epoch, increasing within a conversation."""

    number: int
    author: str
    kind: str
    text: str
    message_id: str | None = None
    topic: str | None = None
    # Hash of the answer's text.
    version: str | None = None
    sources: tuple[Mapping[str, str], ...] = ()
    # The sentence on what stands behind the text.
    status: str | None = None
    picture: Picture | None = None
    card: Mapping[str, Any] | None = None
    # Stored feedback: the stars for a topic, or whether it is followed from now on; without a topic, all of them.
    receipt: Mapping[str, Any] | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def id(self) -> str:
        return f"e-{self.number}"

    @property
    def time(self) -> str:
        """The time in UTC, ISO 8601."""
        return datetime.fromtimestamp(self.number // 1_000_000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def feedback(self) -> tuple[Choice, ...]:
        """The choices that rate an answer and follow its topic; empty for other entries."""
        if not self.topic or not self.version:
            return ()
        words, title = _feedback_words(), load_catalogue().titles.get(self.topic, "")
        ratings = ((fill(words["rate"], {"stars": stars}), stars) for stars in STARS)
        follow, unfollow = (fill(words[name], {"title": title}) for name in ("follow_named", "unfollow_named"))
        token = partial(feedback_token, self.number)
        return (
            *(Choice(text, token(place), text, f"{text}: {title}", stars=stars) for place, (text, stars) in enumerate(ratings)),
            Choice(words["follow"], token(len(STARS)), follow, follow, followed=True),
            Choice(unfollow, token(len(STARS) + 1), unfollow, unfollow, followed=False),
        )


def number_of(id: object) -> int | None:
    """The number in an entry's id, or None for anything else."""
    digits = id[2:] if isinstance(id, str) and id.startswith("e-") and len(id) <= 20 else ""
    return int(digits) if digits.isascii() and digits.isdecimal() else None


def microseconds(timestamp: float) -> int:
    """The entry number of a time in seconds."""
    return round(timestamp * 1_000_000)


def patient_entry(text: str, timestamp: float, metadata: Mapping[str, Any]) -> Entry:
    """The entry of a patient's message, from its text, its time and the metadata that the front door stored with it."""
    number = metadata.get(ENTRY) or microseconds(timestamp)
    return Entry(number, PATIENT, "text", metadata.get(SHOWN) or text, message_id=metadata.get(SAID))


def assistant_entries(message: Mapping[str, Any], last: int = 0) -> list[Entry]:
    """The entries of a reply, given as Rasa's `BotUttered.message()`; a privacy notice before the text is an entry of its own.

    `last` is the number of the entry before: replies of one turn can have the same time.
    """
    number = max(microseconds(message["timestamp"]), last + 1)
    text, notice = message.get("text") or "", message.get("notice")
    entries = []
    if isinstance(notice, str) and text.startswith(notice):
        entries.append(Entry(number - 1, ASSISTANT, "notice", notice))
        text = text.removeprefix(notice).lstrip()
    kind = _kind(message)
    buttons = message.get("buttons") or ()
    entries.append(
        Entry(
            number,
            ASSISTANT,
            kind,
            text.removesuffix(message.get("source_line") or "").rstrip(),
            topic=message.get("topic"),
            version=message.get("version"),
            sources=tuple(message.get("sources") or ()),
            status=message.get("status"),
            picture=_picture(message),
            receipt=message.get("kept"),
            card=_card(message) if kind in ("clinic", "group", "registry") else None,
            choices=tuple(
                Choice(row["title"], choice_token(number, place), row["payload"]) for place, row in enumerate(buttons)
            ),
        )
    )
    return entries


def conversation_entries(events: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The entries of stored events, in order."""
    entries: list[Entry] = []
    for event in events:
        metadata = event.get("metadata") or {}
        if event["event"] == "user" and event.get("text"):
            entries.append(patient_entry(event["text"], event["timestamp"], metadata))
        if event["event"] == "bot":
            uttered = {"text": event.get("text"), "timestamp": event["timestamp"]}
            last = entries[-1].number if entries else 0
            entries += assistant_entries((event.get("data") or {}) | uttered | metadata, last)
    return entries


def entries_of_turn(history: list[Entry], message_id: str) -> list[Entry]:
    """The entries of the turn of a message, that message first; empty if the history does not contain it."""
    since = list(itertools.dropwhile(lambda entry: entry.message_id != message_id, history))
    return since[:1] + list(itertools.takewhile(lambda entry: entry.author != PATIENT, since[1:]))


def as_json(entry: Entry) -> dict[str, Any]:
    """The entry in the widget's wire format, without empty fields."""
    titles = load_catalogue().titles
    optional = {
        "said": entry.message_id,
        "topic": entry.topic and {"id": entry.topic, "title": titles.get(entry.topic, "")},
        "terms": _terms(entry) if entry.kind == ANSWER else [],
        "sources": [dict(source) for source in entry.sources],
        "status": entry.status,
        "picture": entry.picture and {"link": f"/chat/pictures/{entry.picture.file}", "alternative": entry.picture.alternative},
        "card": entry.card,
        "kept": entry.receipt,
        "choices": [{"title": choice.title, "token": choice.token} for choice in entry.choices],
        "feedback": [
            {"title": choice.title, "token": choice.token, "shown": choice.shown}
            | ({"followed": choice.followed} if choice.stars is None else {"stars": choice.stars})
            for choice in entry.feedback
        ],
    }
    required = {"id": entry.id, "from": entry.author, "time": entry.time, "kind": entry.kind, "text": entry.text}
    return required | {name: value for name, value in optional.items() if value}


def _terms(entry: Entry) -> list[dict[str, str]]:
    """The words of an answer that the glossary explains, but for those of its title, which the answer itself explains."""
    finder = term_finder()
    explained = {named.term.id for named in finder.in_text(load_catalogue().titles.get(entry.topic or "", ""))}
    marked = (named for named in finder.in_text(entry.text) if named.term.id not in explained)
    return [{"name": named.name, "meaning": named.term.meaning} for named in marked]


@cache
def _feedback_words() -> dict[str, str]:
    words = load_words()
    return {name: words[f"{name}_choice"]["text"] for name in ("rate", "follow", "follow_named", "unfollow_named")}


def _kind(message: Mapping[str, Any]) -> str:
    known = KINDS.get(message.get("utter_action") or "")
    return known or message.get(KIND) or (ANSWER if message.get("topic") else "text")


def _picture(message: Mapping[str, Any]) -> Picture | None:
    if not message.get("image"):
        return None
    return Picture(str(message["image"]).rpartition("/")[2], message.get("image_text") or "")


def _card(message: Mapping[str, Any]) -> dict[str, Any]:
    card = {shown: message[name] for name, shown in CARD.items() if message.get(name)}
    town = " ".join(filter(None, (message.get("postcode"), message.get("city"))))
    place = ", ".join(filter(None, (town, message.get("country"))))
    address = "\n".join(filter(None, (message.get("street_address"), place)))
    phone = message.get("phone") or message.get("switchboard")
    if address:
        card["address"] = address
    if phone:
        card |= {"phone": phone, "phone_is_switchboard": not message.get("phone")}
    return card
