"""Reviews: what is on record about a text, and the status that follows from it.

A status is computed, never written: an entry counts only as long as its hash is that of the text. Records lie in
`data/reviews/`, one file a text, apart from the texts themselves.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from trialguide.content.files import REVIEWS, load_texts
from trialguide.content.wording import fill, month_in_words

# From the lowest to the highest.
STATUSES = DRAFT, CHECKED, REVIEWED = "draft", "source_checked", "clinically_reviewed"
# The lowest status that patients get, by the value of SERVE.
LOWEST_SERVED = {"all": DRAFT, "checked": CHECKED, "reviewed": REVIEWED}
ANSWERS, REPLIES = "answers", "replies"
# How a link was seen when its text was checked.
LIVE, STORED_COPY, NOT_SEEN = "live", "stored_copy", "no"
DAY = re.compile(r"\d{4}-\d\d-\d\d")

Variants = Sequence[Mapping[str, Any]]
Words = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Drafted:
    """The writing of a text: by whom, and the day."""

    by: str
    on: str


@dataclass(frozen=True)
class SeenLink:
    """A source's link, and whether it was seen live, in a stored copy, or not at all."""

    link: str
    seen: str


@dataclass(frozen=True)
class Checked:
    """A check of a text against its sources."""

    by: str
    on: str
    text_sha256: str
    links: tuple[SeenLink, ...]


@dataclass(frozen=True)
class Reviewed:
    """A review of a text by a clinician of the operator; `on` and `next` are days."""

    role: str
    organisation: str
    on: str
    next: str
    interests: str
    funding: str
    text_sha256: str

    def is_due(self, today: date) -> bool:
        """Whether the next review has passed."""
        return (day_of(self.next) or today) < today


@dataclass(frozen=True)
class Record:
    """What is on record about a text. Nothing, for one without a file."""

    drafted: Drafted | None = None
    checked: Checked | None = None
    reviewed: Reviewed | None = None

    def is_checked(self, sha256: str) -> bool:
        """Whether a text with this hash was checked."""
        return self.checked is not None and self.checked.text_sha256 == sha256

    def is_reviewed(self, sha256: str) -> bool:
        """Whether a text with this hash was reviewed."""
        return self.reviewed is not None and self.reviewed.text_sha256 == sha256

    def status(self, sha256: str) -> str:
        """The status of a text with this hash."""
        return REVIEWED if self.is_reviewed(sha256) else CHECKED if self.is_checked(sha256) else DRAFT


NOTHING = Record()
Entry = TypeVar("Entry", Drafted, Checked, Reviewed)


def text_sha256(variants: Variants) -> str:
    """The hash of a response as it was loaded: its texts, simpler and longer forms, and its sources' links."""
    hashed = []
    for variant in variants:
        metadata = variant.get("metadata") or {}
        texts = [str(variant["text"]), *(str(metadata.get(part) or "") for part in ("simpler", "more"))]
        hashed.append([*texts, links_of(variant)])
    return hashlib.sha256(json.dumps(hashed, ensure_ascii=False).encode()).hexdigest()


def links_of(variant: Mapping[str, Any]) -> list[str]:
    """The links of the sources of an answer or reply."""
    return [str(source["link"]) for source in (variant.get("metadata") or {}).get("sources", ())]


def day_of(written: str) -> date | None:
    """The day that is written year first, or None for another text."""
    try:
        return date.fromisoformat(written) if DAY.fullmatch(written) else None
    except ValueError:
        return None


def is_served(status: str, serve: str) -> bool:
    """Whether patients get a text of this status under this value of SERVE."""
    return STATUSES.index(status) >= STATUSES.index(LOWEST_SERVED[serve])


def status_sentence(record: Record, sha256: str, words: Words, today: date) -> str:
    """The sentence under an answer that says what stands behind it, from `data/words/answers.yml`."""
    status = record.status(sha256)
    if status == REVIEWED and record.reviewed:
        review = record.reviewed
        name = "status_review_due" if review.is_due(today) else "status_reviewed"
        months = {"month": _month(review.on), "next": _month(review.next)}
        return fill(words[name]["text"], {"role": review.role, "organisation": review.organisation} | months)
    if status == CHECKED and record.checked:
        return fill(words["status_checked"]["text"], {"month": _month(record.checked.on)})
    return str(words["status_draft"]["text"])


def record_file(kind: str, name: str, folder: Path = REVIEWS) -> Path:
    """The file of a record: of an answer by its topic, of a reply by its response."""
    return folder / kind / f"{name.replace('/', '.')}.yml"


def parse_record(content: Any) -> Record:
    """The record that a file holds. An entry that is not complete counts as missing; `trialguide check` names it."""
    written = content if isinstance(content, Mapping) else {}
    checked = _entry(Checked, written.get("checked"), links=_links)
    return Record(_entry(Drafted, written.get("drafted")), checked, _entry(Reviewed, written.get("reviewed")))


def read_record(file: Path) -> Record:
    """The record of a file; nothing for one that is missing or cannot be read."""
    try:
        return parse_record(load_texts(file))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        return NOTHING


@cache
def load_records(kind: str, folder: Path = REVIEWS) -> Mapping[str, Record]:
    """The records of all answers or replies by the names of their files, read once per process."""
    return {file.stem: read_record(file) for file in sorted((folder / kind).glob("*.yml"))}


def record_of(kind: str, name: str) -> Record:
    """The record of an answer or a reply."""
    return load_records(kind).get(record_file(kind, name).stem, NOTHING)


def written_record(record: Record) -> str:
    """The record as YAML, in the order of its fields."""
    lines: list[str] = []
    for name, entry in asdict(record).items():
        if entry is not None:
            lines += [f"{name}:", *(line for key, value in entry.items() for line in _written(key, value))]
    return "\n".join(lines) + "\n"


def _written(key: str, value: Any) -> list[str]:
    if isinstance(value, str):
        return [f"  {key}: {_quoted(value)}"]
    return [f"  {key}:", *(f"    - {{link: {_quoted(row['link'])}, seen: {row['seen']}}}" for row in value)]


def _quoted(text: str) -> str:
    # A JSON string is a YAML string in double quotes.
    return json.dumps(text, ensure_ascii=False)


def _month(day: str) -> str:
    return month_in_words(date.fromisoformat(day))


def _entry(kind: type[Entry], written: Any, **parsers: Any) -> Entry | None:
    if not isinstance(written, Mapping):
        return None
    values: dict[str, Any] = {field.name: written.get(field.name) for field in fields(kind)}
    values |= {name: parse(values[name]) for name, parse in parsers.items()}
    days = [values[name] for name in ("on", "next") if name in values]
    complete = all(value and isinstance(value, (str, tuple)) for value in values.values())
    return kind(**values) if complete and all(day_of(day) for day in days) else None


def _links(written: Any) -> tuple[SeenLink, ...]:
    rows = [row for row in written if isinstance(row, Mapping)] if isinstance(written, list) else []
    return tuple(SeenLink(str(row.get("link", "")), str(row.get("seen", ""))) for row in rows)
