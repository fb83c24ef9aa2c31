"""Checks of the answers: their names, lengths, reading grades and sources."""

import re
from collections.abc import Iterator
from typing import Any

import textstat

from trialguide.commands.checking.content import Content
from trialguide.commands.checking.findings import Finding
from trialguide.commands.checking.markup import faults_of_signs
from trialguide.commands.yaml_lines import ContentFile, Location, examples
from trialguide.places.directory_files import LINK

MOST_WORDS = 90
# With the names of the sources, which stand below in small print: those of public bodies are long.
MOST_WORDS_WITH_SOURCES = 100
MOST_WORDS_SIMPLER = 60
HIGHEST_GRADE = 8.0
HIGHEST_GRADE_SIMPLER = 6.0
FEWEST_EXAMPLES = 40
# Keys of earlier versions.
LEFT_BEHIND = frozenset({"reviewed", "review_by"})
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
    elif words + beside > MOST_WORDS_WITH_SOURCES:
        together = f"together at most {MOST_WORDS_WITH_SOURCES} are allowed"
        problem = f"The text has {words} words, and the names of its sources {beside} more; {together}."
        yield content.at(file, where, problem, "Shorten the text or the names of the sources.")
    if grade > highest_grade:
        problem = f"The text has reading grade {grade:.1f}, above {highest_grade:.0f}."
        yield content.at(file, where, problem, "Use shorter sentences and shorter words.")


def words_and_grade(text: str) -> tuple[int, float]:
    """The number of words of a text without its links, and its Flesch-Kincaid grade (Kincaid et al. 1975)."""
    plain = re.sub(r"https?://\S+", "", text)
    return len(plain.split()), float(textstat.flesch_kincaid_grade(plain))


def _words_of_source_line(metadata: dict[str, Any]) -> int:
    """The number of words that the names of the sources add to an answer.

    The sentence behind them, on what stands behind the answer, is the same below all: no editor can shorten it.
    """
    organisations = [str(source.get("organisation", "")) for source in metadata["sources"] if isinstance(source, dict)]
    return sum(len(organisation.split()) for organisation in organisations) + len(["Source:"])


def check_sources(content: Content, file: ContentFile, where: Location, metadata: dict[str, Any]) -> Iterator[Finding]:
    """Mistakes in the sources of an answer or a reply."""
    for position, source in enumerate(metadata["sources"]):
        fault = _fault_of_source(source)
        if fault:
            yield content.at(file, (*where, "sources", position), *fault)
    for key in LEFT_BEHIND & metadata.keys():
        remedy = "Delete the line: the day and the status come from data/reviews/."
        yield content.at(file, (*where, key), f"“{key}” is not read any more.", remedy, warning=True)


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
