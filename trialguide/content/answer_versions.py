"""Versions of answers: a digest of the text, stored with ratings and followers."""

import hashlib
from collections.abc import Mapping
from functools import cache

from trialguide.content.catalogue import FAQ, load_catalogue
from trialguide.content.files import ROOT, load_yaml

CHARACTERS = 12


def version_of(text: str) -> str:
    """The version of an answer with this text."""
    return hashlib.sha256(text.encode()).hexdigest()[:CHARACTERS]


@cache
def answer_versions() -> Mapping[str, str]:
    """The version of each topic's answer in `data/faq/`, read once per process."""
    return {topic: version_of(_text(topic)) for topic in load_catalogue().topics}


def _text(topic: str) -> str:
    file = load_yaml(ROOT / "data" / "faq" / f"{topic}.yml")
    return str(file["responses"][f"utter_{FAQ}/{topic}"][0]["text"])
