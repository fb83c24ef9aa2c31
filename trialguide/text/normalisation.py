"""Finds messages that hold no question that could be read, before anything is spent on them."""

import re
import unicodedata

MAX_CHARACTERS = 1000
NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def unreadable_reason(text: str) -> str | None:
    """Why a message cannot be read, or None when it can.

    One of `too_long`, `empty` (nothing visible), `no_words` (no letter or digit: emoji, punctuation) and `other_script`
    (most letters are not Latin).
    """
    if len(text) > MAX_CHARACTERS:
        return "too_long"
    visible = printable(text)
    if not visible:
        return "empty"
    letters = [character for character in visible if character.isalpha()]
    if not letters:
        return None if any(character.isdigit() for character in visible) else "no_words"
    latin = sum(letter.isascii() or unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return None if latin * 2 >= len(letters) else "other_script"


def printable(text: str) -> str:
    """The text with control characters and lone surrogates as spaces, white space folded."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(character) in ("Cc", "Cf", "Cs") else character for character in text)
    return " ".join(text.split())


def normalised(text: str) -> str:
    """The words of a text in one form, for comparing: lower case, no punctuation, white space folded."""
    return " ".join(NO_LETTER_OR_DIGIT.sub(" ", printable(text).casefold()).split())
