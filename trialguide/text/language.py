"""Language identification by function words: good enough for statistics."""

import unicodedata
from collections import Counter
from functools import cache

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.text.normalisation import printable
from trialguide.text.words import WORD

LANGUAGES = VOCABULARY / "languages.yml"
UNCLEAR = "unclear"


def language_of(text: str) -> str:
    """The language code of most function words in a message, its script if that is not Latin, or `UNCLEAR`."""
    visible = printable(text)
    if not visible.isascii():
        letters = (unicodedata.name(character, "") for character in visible if character.isalpha())
        scripts = Counter(name.partition(" ")[0].lower() for name in letters).most_common(1)
        if scripts and scripts[0][0] != "latin":
            return scripts[0][0]
    words = [word.casefold() for word in WORD.findall(visible)]
    ranked = Counter(language for word in words for language in _languages().get(word, ())).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return UNCLEAR
    return ranked[0][0]


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    """The languages of each function word."""
    rows = load_yaml(LANGUAGES)
    words = {str(word) for row in rows.values() for word in row}
    return {word: tuple(language for language, row in rows.items() if word in row) for word in words}
