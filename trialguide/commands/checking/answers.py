"""Checks of the answers: their names, lengths, reading grades, sources and dates."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import textstat

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import faults_of_signs
from trialguide.commands.yaml_lines import ContentFile, Location, examples
from trialguide.places.directory_files import LINK

MOST_WORDS = 90
MOST_WORDS_SIMPLER = 60
HIGHEST_GRADE = 8.0
HIGHEST_GRADE_SIMPLER = 6.0
FEWEST_EXAMPLES = 40
STALE_AFTER_DAYS = 730
PARTS = (("simpler", MOST_WORDS_SIMPLER, HIGHEST_GRADE_SIMPLER), ("more", MOST_WORDS, HIGHEST_GRADE))


def check_answers(content: Content) -> Iterator[Finding]:
    """Mistakes in `data/faq/`."""
    for path in sorted((content.data / "faq").glob("*")):
        if path.suffix != ".yml" and not path.name.startswith("."):
            problem, remedy = f"“{path.name}” is not read.", "Give it a name that ends in .yml, or delete it."
            yield Finding(content.name(path), 1, problem, remedy)
    for file in content.of_folder("faq"):
        topic = file.path.stem
        if content.catalogue is not None and topic not in content.catalogue["answers"]:
            remedy = "Add it to data/topics.yml or correct the file's name."
            yield content.at(file, (), f"“{topic}” is not in the catalogue.", remedy)
        else:
            yield from _check_answer(content, file, topic)


def _check_answer(content: Content, file: ContentFile, topic: str) -> Iterator[Finding]:
    (name,) = file.data["responses"]
    if name != f"utter_faq/{topic}":
        yield content.at(file, ("responses", name), f"The answer is named “{name}”.", f"Write “utter_faq/{topic}:”.")
        return
    for position, block in enumerate(file.data["nlu"]):
        if block["intent"] != f"faq/{topic}":
            yield content.at(file, ("nlu", position, "intent"), f"The intent is “{block['intent']}”.", f"Write “faq/{topic}”.")
    where: Location = ("responses", name, 0)
    answer = file.data["responses"][name][0]
    metadata = answer["metadata"]
    beside = _words_of_source_line(metadata)
    yield from _check_text(content, file, (*where, "text"), answer["text"], MOST_WORDS, HIGHEST_GRADE, beside)
    for part, words, grade in PARTS:
        if part in metadata:
            yield from _check_text(content, file, (*where, "metadata", part), metadata[part], words, grade, beside)
    yield from check_sources(content, file, (*where, "metadata"), metadata)
    number = sum(len(examples(block["examples"])) for block in file.data["nlu"])
    if number < FEWEST_EXAMPLES:
        problem = f"There are {number} examples, fewer than {FEWEST_EXAMPLES}."
        yield content.at(file, ("nlu", 0, "examples"), problem, "Add ways in which people ask this.")


def _check_text(
    content: Content, file: ContentFile, where: Location, text: str, most_words: int, highest_grade: float, beside: int
) -> Iterator[Finding]:
    for problem, remedy in faults_of_signs(text):
        yield content.at(file, where, problem, remedy)
    words, grade = words_and_grade(text)
    if words > most_words:
        yield content.at(file, where, f"The text has {words} words; at most {most_words} are allowed.", "Shorten it.")
    elif words + beside > MOST_WORDS:
        problem = f"The text has {words} words and its source line {beside} more, together at most {MOST_WORDS} are allowed."
        yield content.at(file, where, problem, "Shorten the text or the names of the sources.")
    if grade > highest_grade:
        problem = f"The text has reading grade {grade:.1f}, above {highest_grade:.0f}."
        yield content.at(file, where, problem, "Use shorter sentences and shorter words.")


def words_and_grade(text: str) -> tuple[int, float]:
    """The number of words of a text without its links, and its Flesch-Kincaid grade (Kincaid et al. 1975)."""
    plain = re.sub(r"https?://\S+", "", text)
    return len(plain.split()), float(textstat.flesch_kincaid_grade(plain))


def _words_of_source_line(metadata: dict[str, Any]) -> int:
    """The number of words that the line below an answer adds to it, its links not counted."""
    organisations = [str(source.get("organisation", "")) for source in metadata["sources"] if isinstance(source, dict)]
    # "Source:" and "Checked November 2026."
    return sum(len(organisation.split()) for organisation in organisations) + 4


def check_sources(content: Content, file: ContentFile, where: Location, metadata: dict[str, Any]) -> Iterator[Finding]:
    """Mistakes in the sources and dates of an answer or a reply."""
    for position, source in enumerate(metadata["sources"]):
        fault = _fault_of_source(source)
        if fault:
            yield content.at(file, (*where, "sources", position), *fault)
    reviewed = metadata.get("reviewed")
    age = _days_since(reviewed)
    if age is None:
        remedy = 'Write it in straight quotes, year first: "2026-11-22".'
        yield content.at(file, (*where, "reviewed"), "The review date cannot be read.", remedy)
        return
    if age < 0:
        problem = f"The review date {reviewed} lies ahead."
        yield content.at(file, (*where, "reviewed"), problem, "Write the day of the review.")
    if age > STALE_AFTER_DAYS:
        problem = f"The last review, {reviewed}, is more than two years ago."
        yield content.at(file, (*where, "reviewed"), problem, "Review the answer and write today's date.", warning=True)
    if "review_by" in metadata:
        yield from _check_review_by(content, file, (*where, "review_by"), metadata["review_by"])


def _fault_of_source(source: Any) -> tuple[str, str] | None:
    remedy = "Write “organisation:” and “link:” with an address that starts with https://."
    if not isinstance(source, dict) or not source.get("organisation") or not source.get("link"):
        return "This source is not complete.", remedy
    link = str(source["link"])
    if re.search(r"\s", link):
        return f"The link “{link}” holds a blank.", "Write the address without blanks, as the browser shows it."
    if not LINK.fullmatch(link):
        return f"This source is not complete: “{link}” is no address.", remedy
    return None


def _check_review_by(content: Content, file: ContentFile, where: Location, day: Any) -> Iterator[Finding]:
    overdue = _days_since(day)
    if overdue is None:
        problem = "The day of the next review cannot be read."
        yield content.at(file, where, problem, 'Write it in quotes: "2027-11-22".')
    elif overdue > 0:
        problem = f"The next review was due by {day}."
        yield content.at(file, where, problem, "Review the answer and write a later day, or none.", warning=True)


def _days_since(day: Any) -> int | None:
    """Days from a day such as "2026-11-22" until today, or None when it is none."""
    try:
        return (date.today() - date.fromisoformat(day if isinstance(day, str) else "")).days
    except ValueError:
        return None
