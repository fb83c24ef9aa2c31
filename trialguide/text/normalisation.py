"""Normal forms of a text, and the reason why a message cannot be read, before anything is spent on it."""

import re
import unicodedata

MAX_CHARACTERS = 1000
NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
# Accents that stand alone: people type them as apostrophes ("can´t"), and NFKC puts a space before them. Trademark signs: NFKC
# adds letters to the name before them.
LONE_ACCENTS = "\u00a8\u00af\u00b4\u00b8\u02d8-\u02dd"
LONE_GREEK_ACCENTS = "\u0384\u0385\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd\u1ffe"
TRADEMARKS = "\u2120\u2122"
NOT_COMPATIBLE = re.compile(f"([{LONE_ACCENTS}{LONE_GREEK_ACCENTS}{TRADEMARKS}]+)")


def unreadable_reason(text: str) -> str | None:
    """The reason why a message cannot be read, or None when it can.

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


def compatible(text: str) -> str:
    """The text in compatibility form (Unicode's NFKC): full-width and mathematical letters and ligatures become plain ones.

    Offsets into it are not those of the original. A text that would grow to more than twice its length stays as it is.
    """
    if text.isascii():
        return text
    # Every second part is one that stays.
    parts = NOT_COMPATIBLE.split(text)
    parts[::2] = (unicodedata.normalize("NFKC", part) for part in parts[::2])
    form = "".join(parts)
    return form if len(form) <= 2 * len(text) else text


def printable(text: str) -> str:
    """The text with control characters and lone surrogates as spaces, white space folded."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(character) in ("Cc", "Cf", "Cs") else character for character in text)
    return " ".join(text.split())


def normalised(text: str) -> str:
    """The text in lower case without punctuation and with white space folded, for comparing."""
    return " ".join(NO_LETTER_OR_DIGIT.sub(" ", printable(text).casefold()).split())
