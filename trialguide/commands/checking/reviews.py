"""Checks of what is on record about the answers, the replies and the directory, and the numbers of their statuses."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import faults_of_signs
from trialguide.commands.yaml_lines import ContentFile
from trialguide.content.reviews import (
    ANSWERS,
    CHECKED,
    DRAFT,
    NOT_SEEN,
    REPLIES,
    REVIEWED,
    Record,
    Variants,
    day_of,
    links_of,
    parse_record,
    record_file,
    text_sha256,
)
from trialguide.places.directory_files import file_names

STALE_AFTER_DAYS = 730
FOLDERS = {"faq": ANSWERS, "replies": REPLIES}
KINDS = {ANSWERS: "answers", REPLIES: "replies with sources"}
STATUS_NAMES = {DRAFT: "drafts", CHECKED: "checked against their sources", REVIEWED: "reviewed by a clinician"}
# What patients read of a review.
SHOWN = ("role", "organisation")


@dataclass(frozen=True)
class Text:
    """An answer or a reply with sources; `file` and `line` are where it stands. `name` is its topic or response."""

    kind: str
    name: str
    file: str
    line: int
    variants: Variants


def check_reviews(content: Content) -> Iterator[Finding]:
    """Mistakes in `data/reviews/`, and records that the texts no longer fit."""
    texts = {(text.kind, record_file(text.kind, text.name).stem): text for text in texts_of(content)}
    folder = content.data / "reviews"
    for (kind, stem), text in texts.items():
        if not (folder / kind / f"{stem}.yml").exists():
            problem = f"Nothing is on record about {text.name}, so it counts as a draft."
            remedy = f"Write data/reviews/{kind}/{stem}.yml with “drafted:”, as the files beside it."
            yield Finding(text.file, text.line, problem, remedy, warning=True)
    for kind in FOLDERS.values():
        for file in content.of_folder(f"reviews/{kind}"):
            if (kind, file.path.stem) in texts:
                yield from _check_record(content, file, texts[kind, file.path.stem])
            elif not _is_unreadable(content, kind, file.path.stem):
                problem = f"“{file.path.stem}” is no {'topic' if kind == ANSWERS else 'reply with sources'}."
                yield content.at(file, (), problem, "Correct the file's name, or delete the file.")
    yield from _check_directory(content)


def texts_of(content: Content) -> Iterator[Text]:
    """The answers, and the replies that have sources."""
    for folder, kind in FOLDERS.items():
        for file in content.of_folder(folder):
            for response, variants in file.data.get("responses", {}).items():
                name = file.path.stem if kind == ANSWERS else response
                if any(links_of(variant) for variant in variants):
                    yield Text(kind, name, content.name(file.path), file.line("responses", response), variants)


def status_lines(content: Content) -> Iterator[str]:
    """A line for each kind of text: how many there are, and how many have which status."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for text in texts_of(content):
        counts[text.kind][record_on(content, text).status(text_sha256(text.variants))] += 1
    for kind, numbers in counts.items():
        named = ", ".join(f"{numbers[status]} {name}" for status, name in STATUS_NAMES.items())
        yield f"{numbers.total()} {KINDS[kind]}: {named}."


def record_on(content: Content, text: Text) -> Record:
    """What is on record about a text."""
    file = content.files.get(record_file(text.kind, text.name, content.data / "reviews"))
    return parse_record(file.data if file else None)


def _is_unreadable(content: Content, kind: str, stem: str) -> bool:
    """Whether the topic's own file is there, but has mistakes that are told elsewhere; of replies any file may be it."""
    if kind == ANSWERS:
        return (content.data / "faq" / f"{stem}.yml").exists()
    return any(path not in content.files for path in (content.data / "replies").glob("*.yml"))


def _check_record(content: Content, file: ContentFile, text: Text) -> Iterator[Finding]:
    for entry, values in file.data.items():
        for key in ("on", "next"):
            if key in values:
                yield from _check_day(content, file, entry, key, values[key])
    for key in SHOWN:
        for problem, remedy in faults_of_signs(file.data.get("reviewed", {}).get(key, "")):
            yield content.at(file, ("reviewed", key), problem, remedy)
    record, sha256 = parse_record(file.data), text_sha256(text.variants)
    if record.checked:
        yield from _check_links(content, file, text, record.is_checked(sha256))
        if not record.is_checked(sha256):
            problem = f"The text of {text.name} has changed since it was checked on {record.checked.on}: that counts no more."
            remedy = f"Read its sources again and run: python -m trialguide sign --checked {text.name}"
            yield content.at(file, ("checked", "text_sha256"), problem, remedy, warning=True)
        elif _age(record.checked.on) > STALE_AFTER_DAYS:
            problem = f"The last check, {record.checked.on}, is more than two years ago."
            remedy = f"Read the sources again and run: python -m trialguide sign --checked {text.name}"
            yield content.at(file, ("checked", "on"), problem, remedy, warning=True)
    if record.reviewed:
        remedy = f"Have it reviewed again, and run: python -m trialguide sign {text.name}"
        if not record.is_reviewed(sha256):
            problem = f"The text of {text.name} has changed since it was reviewed on {record.reviewed.on}: that counts no more."
            yield content.at(file, ("reviewed", "text_sha256"), problem, remedy, warning=True)
        elif record.reviewed.is_due(date.today()):
            problem = f"The next review of {text.name} was due on {record.reviewed.next}."
            yield content.at(file, ("reviewed", "next"), problem, remedy, warning=True)


def _check_day(content: Content, file: ContentFile, entry: str, key: str, written: str) -> Iterator[Finding]:
    day = day_of(written)
    if day is None:
        yield content.at(file, (entry, key), f"There is no day {written}.", 'Write the day, year first: "2026-11-30".')
    elif key == "on" and day > date.today():
        yield content.at(file, (entry, key), f"The day {written} lies ahead.", "Write the day on which it was done.")


def _check_links(content: Content, file: ContentFile, text: Text, fits: bool) -> Iterator[Finding]:
    rows: list[Mapping[str, Any]] = file.data["checked"]["links"]
    links = [link for variant in text.variants for link in links_of(variant)]
    if [row["link"] for row in rows] != links:
        problem = f"The links are not those of {text.name}: " + ", ".join(links) + "."
        remedy = f"Run: python -m trialguide sign --checked {text.name}"
        yield content.at(file, ("checked", "links"), problem, remedy, warning=not fits)
    if all(row["seen"] == NOT_SEEN for row in rows):
        yield content.at(file, ("checked", "links"), "None of the links was seen.", "Take “checked:” out: it was not checked.")


def _check_directory(content: Content) -> Iterator[Finding]:
    path = content.data / "reviews" / "directory.yml"
    file = content.files.get(path)
    if file is None:
        if not path.exists():
            yield Finding(content.name(path), 1, "The file is missing.", "Bring it back.")
        return
    for name in file.data.keys() - set(file_names()):
        yield content.at(file, (name,), f"“{name}” is no file of the directory.", f"Known are: {', '.join(file_names())}.")
    for name in sorted(set(file_names()) - file.data.keys()):
        yield content.at(file, (), f"It does not say how the rows of {name} were checked.", f"Write “{name}:” and its lines.")


def _age(day: str) -> int:
    return (date.today() - date.fromisoformat(day)).days
