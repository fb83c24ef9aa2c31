"""Parses questions for the meaning of a word: "what does PFS mean", "what is a docking point"."""

import re
from collections.abc import Iterator, Mapping, Sequence

from trialguide.content.files import VOCABULARY, load_yaml

MEANINGS = VOCABULARY / "meanings.yml"
SEPARATOR = r"[\s,;:.!?()\u2013\u2014\"“”„‘’'-]+"
# A question for a word is short.
LONGEST = 160
# At most so long is a name of a term.
ASKED = r"(?P<word>[^\n]{1,60}?)"
AROUND = r"[\s.,;:!\"“”„‘’'()…-]*"
END = r"[\s.,;:!?\"“”„‘’'()…-]*"


class MeaningReader:
    """Reader of questions for a word; `data/vocabulary/meanings.yml` explains the expressions."""

    def __init__(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Compiles the expressions. Raises re.error if one of them is broken."""
        self._asking = [
            re.compile(f"{AROUND}{row.replace(' ', SEPARATOR).replace('{word}', ASKED)}{END}", re.IGNORECASE)
            for row in rows["asking"]
        ]

    def asked_words(self, text: str) -> Iterator[str]:
        """What each expression that fits the whole text takes for the asked word."""
        found = (asking.fullmatch(text) for asking in self._asking if len(text) <= LONGEST)
        return (match["word"] for match in found if match)


def load_meaning_reader() -> MeaningReader:
    """The reader with the expressions of `data/vocabulary/meanings.yml`."""
    return MeaningReader(load_yaml(MEANINGS))
