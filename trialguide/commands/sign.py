"""Signing of a text: `python -m trialguide sign` records a clinician's review, or an editor's check against the sources.

The records lie in `data/reviews/`, with the hash of the text as it is now. Nothing is written without a final yes.
"""

import argparse
import difflib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from trialguide.commands.checking.content import Content, read_content
from trialguide.commands.checking.markup import faults_of_signs
from trialguide.commands.checking.reviews import Text, record_on, status_lines, texts_of
from trialguide.content.files import DATA
from trialguide.content.reviews import (
    LIVE,
    NOT_SEEN,
    STORED_COPY,
    Checked,
    Record,
    Reviewed,
    SeenLink,
    day_of,
    links_of,
    record_file,
    status_sentence,
    text_sha256,
    written_record,
)
from trialguide.content.wording import load_words

SEEN = {word: seen for seen in (LIVE, STORED_COPY, NOT_SEEN) for word in (seen, seen.replace("_", " "), seen[0])}
QUESTIONS = {
    "role": "Your role, such as “specialist nurse for NETs”: ",
    "organisation": "Your organisation: ",
    "next": "Day of the next review, year first (2027-11-30): ",
    "interests": "Interests that could play a part, such as fees from a company, or “none”: ",
    "funding": "Who pays for your reviews: ",
}
NOTHING_WRITTEN = "Nothing was written."

# Returns the value of an answer, or raises ValueError with a sentence on what is missing.
Parser = Callable[[str], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The topic, and what is to be done with it."""
    parser.add_argument("topic", nargs="?", help="such as placebo, or the name of a reply; without it, it is asked for")
    parser.add_argument("--list", action="store_true", help="list what is unsigned, due, or has changed since it was signed")
    parser.add_argument("--checked", action="store_true", help="record that you have read the sources again, link by link")


def main(arguments: argparse.Namespace, data: Path = DATA) -> int:
    """0 when the record is written or the list is printed, 1 otherwise."""
    content = read_content(data)
    texts = {text.name: text for text in texts_of(content)}
    if arguments.list:
        for line in (*_unsigned(content, texts), *status_lines(content)):
            print(line)
        return 0
    try:
        name = arguments.topic or _asked("Which topic? ")
        if name not in texts:
            near = difflib.get_close_matches(name, texts, n=3)
            told = f"Did you mean {', '.join(near)}?" if near else "If it has a file, `make check` says what is wrong with it."
            print(f"There is no answer “{name}” that can be read. {told}", file=sys.stderr)
            return 1
        return _sign(content, texts[name], _check if arguments.checked else _review)
    except (EOFError, KeyboardInterrupt):
        print(f"\n{NOTHING_WRITTEN}")
        return 1


def _sign(content: Content, text: Text, signed: Callable[[Text, Record], Record | None]) -> int:
    file = record_file(text.kind, text.name, content.data / "reviews")
    if file.exists() and file not in content.files:
        print(f"{content.name(file)} has mistakes; `make check` names them. {NOTHING_WRITTEN}", file=sys.stderr)
        return 1
    record, sha256 = record_on(content, text), text_sha256(text.variants)
    for line in _shown(content, text, record):
        print(line)
    after = signed(text, record)
    if after is None:
        return 1
    print(f"\nPatients will read: {status_sentence(after, sha256, load_words(), date.today())}")
    if input("Is all of this right, and shall it be written? Type “yes”: ").strip().lower() != "yes":
        print(NOTHING_WRITTEN)
        return 1
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written_record(after), encoding="utf-8")
    print(f"Written into {content.name(file)}. The assistant shows it when it has been started anew.")
    return 0


def _review(text: Text, record: Record) -> Record:
    """The record with a review of today, from the answers of the clinician."""
    print("\nYou sign that you have read all of this, and that it is right. Ctrl-D stops; nothing is written before the end.")
    parsers: dict[str, Parser] = {"next": _day_ahead}
    given = {name: _asked(question, parsers.get(name, str)) for name, question in QUESTIONS.items()}
    return replace(record, reviewed=Reviewed(on=date.today().isoformat(), text_sha256=text_sha256(text.variants), **given))


def _check(text: Text, record: Record) -> Record | None:
    """The record with a check of today, from the answers of the editor; None if no source was seen."""
    print("\nYou sign that the sources say what these texts say. How did you see each: live, in a stored copy, or not (no)?")
    links = [link for variant in text.variants for link in links_of(variant)]
    seen = {link: _asked(f"{link}: ", _seen) for link in dict.fromkeys(links)}
    if set(seen.values()) == {NOT_SEEN}:
        print(f"Without a source that was seen, the text was not checked. {NOTHING_WRITTEN}")
        return None
    by = _asked("Who has read them, such as “the editors of Example Clinic”: ")
    rows = tuple(SeenLink(link, seen[link]) for link in links)
    return replace(record, checked=Checked(by, date.today().isoformat(), text_sha256(text.variants), rows))


def _asked(question: str, parse: Parser = str) -> str:
    """The answer to a question, which is asked again until it can be taken. Raises EOFError at the end of the input."""
    while True:
        answer = " ".join("".join(sign if sign.isprintable() else " " for sign in input(question)).split())
        faults = [problem for problem, _ in faults_of_signs(answer)]
        if not answer:
            faults = ["An empty line cannot be signed: please write a few words, or press Ctrl-D to stop."]
        try:
            if not faults:
                return parse(answer)
        except ValueError as problem:
            faults = [str(problem)]
        print(faults[0])


def _day_ahead(answer: str) -> str:
    day = day_of(answer)
    if day is None or day <= date.today():
        raise ValueError("Please write a day that lies ahead, year first, such as 2027-11-30.")
    return answer


def _seen(answer: str) -> str:
    if answer.lower() not in SEEN:
        raise ValueError("Please write live, stored copy or no.")
    return SEEN[answer.lower()]


def _shown(content: Content, text: Text, record: Record) -> Iterator[str]:
    """The lines of a text, its sources and its record."""
    yield content.titles.get(text.name, text.name)
    for variant in text.variants:
        metadata = variant.get("metadata", {})
        yield f"\n{variant['text']}"
        for part, heading in (("simpler", "In simpler words"), ("more", "More")):
            if metadata.get(part):
                yield f"\n{heading}:\n{metadata[part]}"
        yield ""
        yield from (f"Source: {source['organisation']}, {source['link']}" for source in metadata.get("sources", ()))
    yield f"\nOn record: {_standing(record, text_sha256(text.variants), date.today()) or 'reviewed by a clinician'}"


def _unsigned(content: Content, texts: Mapping[str, Text]) -> Iterator[str]:
    """A line for each text without a review in force."""
    standing = partial(_standing, today=date.today())
    for name, text in texts.items():
        lacking = standing(record_on(content, text), text_sha256(text.variants))
        if lacking:
            yield f"{name}: {lacking}"


def _standing(record: Record, sha256: str, today: date) -> str:
    """What a text lacks, in words; empty for one whose review is in force."""
    checked, reviewed = record.checked, record.reviewed
    if reviewed and record.is_reviewed(sha256):
        return f"reviewed on {reviewed.on}, the next review was due on {reviewed.next}" if reviewed.is_due(today) else ""
    if checked and record.is_checked(sha256):
        standing = f"checked against its sources on {checked.on}"
    else:
        standing = f"draft, the text has changed since it was checked on {checked.on}" if checked else "draft, never checked"
    return f"{standing}, " + (f"changed since the review of {reviewed.on}" if reviewed else "never reviewed")
