"""Says in words, with file and line, what is wrong in the content, so that a nurse or writer can mend it."""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import textstat
import yaml

from trialguide.commands.yaml_lines import ContentFile, examples
from trialguide.content.files import ROOT
from trialguide.places.directory_files import LINK, file_names, repeated_rows, validated_rows
from trialguide.text.normalisation import normalised

MOST_WORDS = 90
MOST_WORDS_SIMPLER = 60
HIGHEST_GRADE = 8.0
HIGHEST_GRADE_SIMPLER = 6.0
FEWEST_EXAMPLES = 40
RELATED = range(2, 5)
STALE_AFTER_DAYS = 730


@dataclass(frozen=True, order=True)
class Finding:
    """Something to mend: where it is, what is wrong, and what to do. A warning does not stop anything."""

    file: str
    line: int
    problem: str
    remedy: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'Please look: ' if self.warning else ''}{self.problem} {self.remedy}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def main(arguments: argparse.Namespace) -> int:
    """Prints what is wrong; 1 when something has to be mended, 0 otherwise."""
    findings = check_content(ROOT / "data")
    for finding in findings:
        print(finding)
    errors = sum(not finding.warning for finding in findings)
    print(f"{errors} to mend, {len(findings) - errors} to look at." if findings else "The content is in order.")
    return 1 if errors else 0


def errors_in_content(data: Path = ROOT / "data") -> list[Finding]:
    """What has to be mended before the assistant can start."""
    return [finding for finding in check_content(data) if not finding.warning]


def check_content(data: Path) -> list[Finding]:
    """Everything that is wrong in a data folder, file by file."""
    return sorted(_Check(data).run())


class _Check:
    def __init__(self, data: Path) -> None:
        self._data = data
        self._titles: dict[str, str] = {}

    def run(self) -> Iterator[Finding]:
        files: dict[Path, ContentFile] = {}
        for path in sorted(self._data.rglob("*.yml")):
            try:
                files[path] = ContentFile(path)
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                yield self._unreadable(path, error)
        catalogue = files.get(self._data / "topics.yml")
        if catalogue is None:
            if not (self._data / "topics.yml").exists():
                yield Finding("data/topics.yml", 1, "The catalogue is missing.", "Bring the file back.")
            return
        try:
            self._titles = self._read_titles(catalogue.data)
        except (KeyError, TypeError, AttributeError) as error:
            yield self._at(catalogue, (), f"The catalogue lacks {error}.", "Compare it with an earlier version of the file.")
            return
        yield from self._check_catalogue(catalogue)
        for path, file in files.items():
            if path.parent.name == "faq":
                yield from self._check_topic(file, catalogue.data["answers"])
        for topic in catalogue.data["answers"]:
            if self._data / "faq" / f"{topic}.yml" not in files and not (self._data / "faq" / f"{topic}.yml").exists():
                yield self._at(catalogue, ("answers", topic), f"Topic “{topic}” has no file data/faq/{topic}.yml.", "Write it.")
        yield from self._check_examples(files.values())
        yield from self._check_buttons(files.values())
        yield from self._check_phrases(files.get(self._data / "vocabulary" / "safety_phrases.yml"))
        for name in file_names():
            yield from self._check_directory(self._data / "directory" / name)

    def _at(self, file: ContentFile, location: tuple[str | int, ...], problem: str, remedy: str, **kind: bool) -> Finding:
        return Finding(self._shown(file.path), file.line(*location), problem, remedy, **kind)

    def _shown(self, path: Path) -> str:
        return path.relative_to(self._data.parent).as_posix()

    def _unreadable(self, path: Path, error: yaml.YAMLError | UnicodeDecodeError) -> Finding:
        if isinstance(error, UnicodeDecodeError):
            return Finding(self._shown(path), 1, "The file is not in UTF-8.", "Save it as UTF-8 in your editor.")
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "the form is broken"
        remedy = "Look at this line and the one above: indentation, a missing quote or a stray colon are the usual causes."
        return Finding(self._shown(path), mark.line + 1 if mark else 1, f"This is not valid YAML ({reason}).", remedy)

    @staticmethod
    def _read_titles(catalogue: dict[str, Any]) -> dict[str, str]:
        titled = {**catalogue["answers"], **catalogue["lookups"]}
        for section in ("groups", "conversation", "safety"):
            catalogue[section].keys()
        return {id: str(row["title"]) for id, row in titled.items()}

    def _check_catalogue(self, file: ContentFile) -> Iterator[Finding]:
        seen: dict[str, str] = {}
        for id, title in self._titles.items():
            section = "answers" if id in file.data["answers"] else "lookups"
            other = seen.setdefault(normalised(title), id)
            if other != id:
                yield self._at(
                    file, (section, id, "title"), f"Title “{title}” is also that of {other}.", "Give it another one."
                )
        for id, row in file.data["answers"].items():
            for key in ("group", "source", "must", "related"):
                if not row.get(key):
                    yield self._at(file, ("answers", id), f"Topic “{id}” has no {key}.", f"Add a line “{key}:”.")
            if row.get("group") and row["group"] not in file.data["groups"]:
                groups = ", ".join(file.data["groups"])
                yield self._at(
                    file, ("answers", id, "group"), f"There is no group “{row['group']}”.", f"Take one of: {groups}."
                )
            related = row.get("related") or []
            if related and len(related) not in RELATED:
                yield self._at(
                    file, ("answers", id, "related"), f"{len(related)} related topics are given.", "Give two to four."
                )
            for other in related:
                if other not in self._titles or other == id:
                    problem = f"Related topic “{other}” is not another topic or look-up."
                    yield self._at(file, ("answers", id, "related"), problem, "Correct its id.")

    def _check_topic(self, file: ContentFile, topics: dict[str, Any]) -> Iterator[Finding]:
        topic = file.path.stem
        if topic not in topics:
            yield self._at(
                file, (), f"“{topic}” is not in the catalogue.", "Add it to data/topics.yml or correct the file's name."
            )
            return
        where: tuple[str | int, ...] = ("responses", f"utter_faq/{topic}", 0)
        try:
            answer = file.data["responses"][f"utter_faq/{topic}"][0]
            text, metadata = str(answer["text"]), dict(answer["metadata"])
            intent, block = file.data["nlu"][0]["intent"], file.data["nlu"][0]["examples"]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            problem = f"The file does not have the form of an answer: {error} is missing or misplaced."
            yield self._at(file, (), problem, "Compare it with another file in data/faq/.")
            return
        if intent != f"faq/{topic}":
            yield self._at(file, ("nlu", 0, "intent"), f"The intent is “{intent}”.", f"Write “faq/{topic}”.")
        beside = _words_of_source_line(metadata)
        yield from self._check_text(file, (*where, "text"), text, MOST_WORDS, HIGHEST_GRADE, beside)
        for part, words, grade in (("simpler", MOST_WORDS_SIMPLER, HIGHEST_GRADE_SIMPLER), ("more", MOST_WORDS, HIGHEST_GRADE)):
            if part in metadata:
                yield from self._check_text(file, (*where, "metadata", part), str(metadata[part]), words, grade, beside)
        if not metadata.get("simpler"):
            yield self._at(file, (*where, "metadata"), "There are no simpler words.", "Add “simpler:” with the plainest form.")
        yield from self._check_sources(file, (*where, "metadata"), metadata)
        number = len(examples(block))
        if number < FEWEST_EXAMPLES:
            problem = f"There are {number} examples, fewer than {FEWEST_EXAMPLES}."
            yield self._at(file, ("nlu", 0, "examples"), problem, "Add ways in which people ask this.")

    def _check_text(
        self, file: ContentFile, where: tuple[str | int, ...], text: str, most_words: int, highest_grade: float, beside: int
    ) -> Iterator[Finding]:
        words, grade = words_and_grade(text)
        if words > most_words or words + beside > MOST_WORDS:
            problem = (
                f"The text has {words} words and its source line {beside}; at most {most_words}, and {MOST_WORDS} together."
            )
            yield self._at(file, where, problem, "Shorten it.")
        if grade > highest_grade:
            problem = f"The text has reading grade {grade:.1f}, above {highest_grade:.0f}."
            yield self._at(file, where, problem, "Use shorter sentences and shorter words.")

    def _check_sources(self, file: ContentFile, where: tuple[str | int, ...], metadata: dict[str, Any]) -> Iterator[Finding]:
        sources = metadata.get("sources") or []
        if not sources:
            yield self._at(file, where, "The answer names no source.", "Add “sources:” with an organisation and its link.")
        for position, source in enumerate(sources):
            if (
                not isinstance(source, dict)
                or not source.get("organisation")
                or not LINK.fullmatch(str(source.get("link", "")))
            ):
                remedy = "Write “organisation:” and “link:” with an address that starts with https://."
                yield self._at(file, (*where, "sources", position), "This source is not complete.", remedy)
        reviewed = metadata.get("reviewed")
        try:
            age = (date.today() - date.fromisoformat(str(reviewed) if isinstance(reviewed, str) else "")).days
        except ValueError:
            remedy = 'Write it in quotes, year first: "2026-11-22".'
            yield self._at(file, (*where, "reviewed"), "The review date cannot be read.", remedy)
            return
        if age < 0:
            yield self._at(
                file, (*where, "reviewed"), f"The review date {reviewed} lies ahead.", "Write the day of the review."
            )
        if age > STALE_AFTER_DAYS:
            problem = f"The last review, {reviewed}, is more than two years ago."
            yield self._at(file, (*where, "reviewed"), problem, "Review the answer and write today's date.", warning=True)
        yield from self._check_review_by(file, (*where, "review_by"), metadata.get("review_by"))

    def _check_review_by(self, file: ContentFile, where: tuple[str | int, ...], day: Any) -> Iterator[Finding]:
        if day is None:
            return
        try:
            is_past = date.fromisoformat(day if isinstance(day, str) else "") < date.today()
        except ValueError:
            yield self._at(file, where, "The day of the next review cannot be read.", 'Write it in quotes: "2027-11-22".')
            return
        if is_past:
            problem = f"The next review was due by {day}."
            yield self._at(file, where, problem, "Review the answer and write a later day, or none.", warning=True)

    def _check_examples(self, files: Any) -> Iterator[Finding]:
        first: dict[str, tuple[str, str]] = {}
        for file in files:
            for position, block in enumerate((file.data or {}).get("nlu", []) if isinstance(file.data, dict) else []):
                if not isinstance(block, dict) or "intent" not in block or "examples" not in block:
                    problem = "This entry lacks “intent:” or “examples:”."
                    yield self._at(file, ("nlu", position), problem, "Compare it with the entry above.")
                    continue
                intent = block["intent"]
                # Examples stand in a block of their own, which begins on the line after its key.
                start = file.line("nlu", position, "examples") + 1
                for number, example in examples(block["examples"]):
                    known = first.setdefault(normalised(example), (intent, f"{self._shown(file.path)}:{start + number}"))
                    if known != (intent, f"{self._shown(file.path)}:{start + number}") and normalised(example):
                        problem = f"Example “{example}” stands also in {known[1]} ({known[0]})."
                        yield Finding(self._shown(file.path), start + number, problem, "Keep one of them.")

    def _check_buttons(self, files: Any) -> Iterator[Finding]:
        for file in files:
            if not isinstance(file.data, dict):
                continue
            replies = {("words", name): words for name, words in (file.data.get("words") or {}).items()}
            for name, variants in (file.data.get("responses") or {}).items():
                replies[("responses", name)] = (variants[0].get("metadata") or {}) if variants else {}
            for where, reply in replies.items():
                for button in reply.get("buttons", []):
                    if button not in self._titles:
                        problem = f"Button “{button}” is no topic or look-up."
                        yield self._at(file, where, problem, "Use an id of data/topics.yml.")

    def _check_phrases(self, file: ContentFile | None) -> Iterator[Finding]:
        if file is None:
            return
        for label, rows in file.data.items():
            if not isinstance(rows, dict) or not rows.get("phrases"):
                yield self._at(file, (label,), f"“{label}” has no phrases.", "Bring its list back.")
                continue
            for part in ("phrases", "unless"):
                for position, phrase in enumerate(rows.get(part) or []):
                    try:
                        re.compile(phrase)
                    except re.error as error:
                        problem = f"The phrase cannot be read ({error})."
                        yield self._at(file, (label, part, position), problem, "Mend its brackets or ask an engineer.")

    def _check_directory(self, path: Path) -> Iterator[Finding]:
        if not path.exists():
            yield Finding(self._shown(path), 1, "The file is missing.", "Bring it back.")
            return
        try:
            faults = [*(fault for checked in validated_rows(path) for fault in checked.faults), *repeated_rows(path)]
        except UnicodeDecodeError as error:
            yield self._unreadable(path, error)
            return
        for fault in faults:
            yield Finding(self._shown(path), fault.line, fault.problem, fault.remedy, fault.warning)


def words_and_grade(text: str) -> tuple[int, float]:
    """The number of words of a text without its links, and its Flesch-Kincaid grade (Kincaid et al. 1975)."""
    plain = re.sub(r"https?://\S+", "", text)
    return len(plain.split()), float(textstat.flesch_kincaid_grade(plain))


def _words_of_source_line(metadata: dict[str, Any]) -> int:
    """How many words the line below an answer adds to it, its links not counted."""
    organisations = [
        str(source.get("organisation", "")) for source in metadata.get("sources") or [] if isinstance(source, dict)
    ]
    # "Source:" and "Reviewed November 2026."
    return sum(len(organisation.split()) for organisation in organisations) + 4
