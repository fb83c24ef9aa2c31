"""Splits a message into sentences, and a sentence with two questions into these."""

import re

# A new question after a joining word: "what is a placebo and can I leave early"
ASKING = (
    "what|what's|whats|how|how's|who|who's|why|when|where|where's|wheres|which|whose|can|could|do|does|did|is|are|was|will|would|should|"
    "may|must|am|have|has"
)
BORDER = re.compile(
    rf"(?<=[.!?;])\s+|\n+|(?:,|,?\s+(?:and|but|also|plus|&))\s+(?:also\s+|then\s+|please\s+)?(?=(?:{ASKING})\b)",
    re.IGNORECASE,
)
OPENING = r"(?:(?:and|but|so|also|then|please|hi|hello|ok|okay)\W+)*"
QUESTION = re.compile(rf"{OPENING}(?:{ASKING})\b|.*\?\s*$", re.IGNORECASE | re.DOTALL)
MOST_PARTS = 8
# Where a question begins inside of a sentence: "so what I want to know is how many times would we have to go".
INNER_QUESTION = re.compile(
    r"\b(?:(?:what|how|who|why|when|where|which|whether|if)\b|(?:can|could|do|does|did|is|are|was|will|would|should|may|must|have|has)"
    r"\s+(?:i|we|you|he|she|they|it|there|the|that|this|my|our|his|her|their|any\w*|some\w*)\b)",
    re.IGNORECASE,
)
CLAUSE_WORDS = 14
MOST_CLAUSES = 6


def parts(text: str) -> list[str]:
    """The sentences and joined questions of a message, in order; of a very long one the last few."""
    found = [part.strip() for part in BORDER.split(text)]
    return [part for part in found if any(character.isalnum() for character in part)][-MOST_PARTS:]


def asking_clauses(text: str) -> list[str]:
    """The questions inside of a dictated message without punctuation: some words from where each of the last few begins."""
    starts = [match.start() for match in INNER_QUESTION.finditer(text)]
    return [" ".join(text[start:].split()[:CLAUSE_WORDS]) for start in starts][-MOST_CLAUSES:]


def is_question(part: str) -> bool:
    """Whether a part of a message asks something, with or without a question mark."""
    return QUESTION.match(part) is not None


def without_questions(text: str) -> str:
    """The text without the questions in it."""
    return " ".join(part for part in parts(text) if not is_question(part))
