"""Splits a message into sentences, and a sentence with two questions into these."""

import re

# A new question after a joining word: "what is a placebo and can I leave early"
ASKING = (
    "what|what's|whats|how|how's|who|who's|why|when|where|where's|wheres|which|whose|can|could|do|does|did|is|are|was|will|would|should|"
    "may|must|am|have|has"
)
BORDER = re.compile(
    rf"(?<=[.!?;])\s+|\n+|,?\s+(?:and|but|also|plus|&)\s+(?:also\s+|then\s+|please\s+)?(?=(?:{ASKING})\b)", re.IGNORECASE
)
OPENING = r"(?:(?:and|but|so|also|then|please|hi|hello|ok|okay)\W+)*"
QUESTION = re.compile(rf"{OPENING}(?:{ASKING})\b|.*\?\s*$", re.IGNORECASE | re.DOTALL)
MOST_PARTS = 8


def parts(text: str) -> list[str]:
    """The sentences and joined questions of a message, in order; of a very long one the last few."""
    found = [part.strip() for part in BORDER.split(text)]
    return [part for part in found if any(character.isalnum() for character in part)][-MOST_PARTS:]


def is_question(part: str) -> bool:
    """Whether a part of a message asks something, with or without a question mark."""
    return QUESTION.match(part) is not None


def without_questions(text: str) -> str:
    """The text without the questions in it."""
    return " ".join(part for part in parts(text) if not is_question(part))
