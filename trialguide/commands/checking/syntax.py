"""Syntax errors of a YAML file, found line by line: a parser names the line where it gives up, often a later one."""

import re
from collections.abc import Iterator
from datetime import date

import yaml

from trialguide.commands.checking.findings import Mistake

TEXT_KEYS = ("text", "simpler", "more")
# The keys of the content files, to tell a key without its colon from a line of text.
KEYS = frozenset(
    "version responses metadata text simpler more picture sources organisation link reviewed nlu intent examples "
    "buttons words labels continues groups answers lookups conversation safety title group source must related does "
    "drafted checked by on next text_sha256 links role interests funding checked_how note name contact"
    " terms term forms only_asked meaning topic".split()
)
KEY = re.compile(r"(?P<indent>\s*(?:- +)*)(?P<key>\"[^\"]+\"|[^\s\"'#\[{-][^:#]*?)\s*:(?:\s+(?P<value>.*))?$")
# Below a dash only the keys that begin an entry: a list may hold any words.
WITHOUT_COLON = re.compile(r"\s*(?:(?:- +)+(?=(?:text|intent|organisation)\b))?(?P<key>\w+)(?:\s+(?!:)|$)")
WITHOUT_SPACE = re.compile(r"\s*(?:- +)*(?P<key>[\w/]+):(?!//)\S")
# A value without quotes, and a comment behind it.
BEHIND_COMMENT = re.compile(r"[^\s\"'#|>\[{][^#]*\s#")
CONFLICT = re.compile(r"<{7} |={7}$|>{7} ")
UNQUOTED_DATE = re.compile(r":\s*(\d{4}-\d\d?-\d\d?)\s*(?:#.*)?$")
NEEDS_QUOTES = tuple("*&!%@`")


def mistakes_in_form(text: str) -> Iterator[Mistake]:
    """Mistakes in a file that may still be readable, but says something else than its editor meant."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            yield number, "This line is indented with a tab.", "Use spaces, as many as in the lines around it."
    for number, line in _structural_lines(lines):
        if "\t" in line.strip():
            yield number, "There is a tab in this line.", "Use a space instead."
        match = KEY.match(line)
        if match and BEHIND_COMMENT.match(match["value"] or ""):
            remedy = "Put the whole text into double quotes, or the comment on a line of its own."
            yield number, "What stands behind “#” in this line is left out.", remedy
        following = next((later for later in lines[number:] if later.strip()), "")
        deeper = len(following) - len(following.lstrip()) > len(line) - len(line.lstrip())
        if match is None or not deeper:
            continue
        key, value = match["key"], match["value"] or ""
        if key in TEXT_KEYS and (not value or value.startswith(">")):
            remedy = f"Write “{key}: |-”; without these signs the paragraphs run together."
            yield number, f"The signs “|-” are missing after “{key}:”.", remedy
        elif key == "examples" and not value:
            yield number, "The sign “|” is missing after “examples:”.", "Write “examples: |”."
        elif key == "intent" and following.lstrip().startswith("- "):
            yield number + 1, "The line “examples: |” is missing above this one.", "Bring it back, right below “intent:”."


def mistake_that_stops(text: str, error: yaml.YAMLError | ValueError | RecursionError) -> Mistake:
    """The mistake for which a file cannot be parsed, found by its lines and else by the parser's error."""
    lines = text.split("\n")
    mistake = next(_mistakes_of_lines(lines), None)
    if mistake:
        return mistake
    if isinstance(error, yaml.reader.ReaderError):
        line = text[: error.position].count("\n") + 1
        return line, "This line holds a character that no editor shows.", "Delete the line and type it anew."
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context", None) or ""
    if context.startswith(("while scanning a simple key", "while scanning a quoted scalar")):
        mark = error.context_mark  # type: ignore[union-attr]
    remedy = (
        "Compare the spaces at its beginning with the lines around it. Look also for a line above that was deleted, a missing "
        "dash, colon or quotation mark."
    )
    return (mark.line + 1 if mark else 1), "This line does not fit the ones around it.", remedy


def _structural_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines, numbered from 1, that are neither empty nor comments nor part of a text below `|` or `>`."""
    block: int | None = None
    for number, line in enumerate(lines, start=1):
        stripped = line.lstrip()
        if not stripped:
            continue
        if block is not None and len(line) - len(stripped) > block:
            continue
        block = None
        if stripped.startswith("#"):
            continue
        match = KEY.match(line)
        if match and (match["value"] or "").startswith(("|", ">")):
            block = len(match["indent"])
        yield number, line


def _mistakes_of_lines(lines: list[str]) -> Iterator[Mistake]:
    for number, line in _structural_lines(lines):
        match = KEY.match(line)
        if CONFLICT.match(line):
            yield number, "This line marks two versions that Git could not join.", "Keep one version and delete the marks."
        elif match is None:
            yield from _mistake_without_key(number, line)
        if match is None:
            continue
        key, value = match["key"], (match["value"] or "").strip()
        day = UNQUOTED_DATE.search(line)
        if value.startswith(("“", "”", "„")):
            yield number, "The quotation marks are curly ones.", 'Type straight ones: ".'
        elif value.startswith(('"', "'")):
            if not _is_closed(value):
                yield number, "The quotation mark that opens here is not closed.", f"Close it at the end of “{key}”."
        elif value.startswith(NEEDS_QUOTES):
            yield number, f"A text cannot begin with “{value[0]}”.", "Put the whole text into double quotes."
        elif ": " in value and not value.startswith(("|", ">", "{", "[", "#")):
            yield number, "The text holds a colon followed by a space.", "Put the whole text into double quotes."
        elif day and not _is_day(day[1]):
            yield number, f"There is no day {day[1]}.", 'Write it in quotes, year first: "2026-11-22".'


def _mistake_without_key(number: int, line: str) -> Iterator[Mistake]:
    spaceless, colonless = WITHOUT_SPACE.match(line), WITHOUT_COLON.match(line)
    if spaceless:
        key = spaceless["key"]
        yield number, f"There is no space after the colon of “{key}”.", f"Write a space after “{key}:”."
    elif colonless and colonless["key"] in KEYS:
        key = colonless["key"]
        yield number, f"The colon after “{key}” is missing.", f"Write “{key}:”."


def _is_closed(value: str) -> bool:
    quote = value[0]
    inner = value[1:].replace("\\\\", "").replace('\\"', "").replace("''", "")
    return quote in inner


def _is_day(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True
