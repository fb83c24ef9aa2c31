"""Takes out of a text what gives away who somebody is, before it is kept for anybody to read."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from trialguide.content.files import VOCABULARY, load_yaml
from trialguide.text.personal_data import Mask, any_of, by_form

MASKING = VOCABULARY / "masking.yml"
PLACES = VOCABULARY / "places.yml"
# Words of a name after the first.
MORE_NAMES = 4
WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’.-](?=[^\W_])){0,40}")


class Masking:
    """Masks texts; `data/vocabulary/masking.yml` explains the words that it goes by."""

    def __init__(self, rows: Mapping[str, Any], no_names: Iterable[str]) -> None:
        """`no_names` are words that are no names, beside those of the rows. Raises re.error for a broken expression."""
        self._no_names = {word.casefold() for word in (*rows["no_names"], *no_names)}
        self._between = frozenset(rows["between"])
        self._public = re.compile(rf"\b(?:{any_of(rows['public'])})(?!\w)")
        self._passes = (
            *by_form(rows),
            self._names_after(rows["naming"], any_case=True),
            self._names_after(rows["presenting"]),
            self._names_after(rows["closing"], last=True),
        )

    def masked(self, text: str) -> str:
        """The text with a word in brackets for each thing that gives somebody away: `[name]`, `[phone]`, `[date]` and so on."""
        parts, last = [], 0
        for public in self._public.finditer(text):
            parts += [self._mask(text[last : public.start()]), public[0]]
            last = public.end()
        return "".join([*parts, self._mask(text[last:])])

    def _mask(self, text: str) -> str:
        for mask in self._passes:
            text = mask(text)
        return text

    def _names_after(self, cues: Sequence[str], any_case: bool = False, last: bool = False) -> Mask:
        """Masks the name after one of these words, in capitals or in any case, and with `last` only at the end of a text."""
        # An initial may have a full stop.
        words = rf"{WORD.pattern}(?:(?:(?<=\b[^\W\d_])\.)?[ ]{{1,2}}{WORD.pattern}){{0,{MORE_NAMES}}}"
        apart, end = (r"[\s:,.!-]{1,3}", r"(?=[\s.!,-]{0,3}$)") if last else (r"[\s:,\"“'-]{0,3}(?<![^\W_])", "")
        following = re.compile(rf"(?P<cue>\b(?:{any_of(cues)}){apart})(?P<words>{words}){end}", re.IGNORECASE)

        def mask(text: str) -> str:
            parts, kept, start = [], 0, 0
            while found := following.search(text, start):
                rest = self._without_name(found["words"], any_case)
                # Among words that are no name another cue may begin.
                start = found.start("words")
                if rest is not None and not (last and rest):
                    parts += [text[kept:start], "[name]"]
                    kept = start = found.end("words") - len(rest)
            return "".join([*parts, text[kept:]])

        return mask

    def _without_name(self, text: str, any_case: bool) -> str | None:
        """What follows the name that a text begins with, or None when it begins with none."""
        end = 0
        for word in WORD.finditer(text):
            if word[0].casefold() in self._between and (end or word[0][0].isupper()):
                continue
            # A name without capitals goes on without them.
            if not self._is_name(word[0], any_case and text[:end].islower() == bool(end), all_capitals=any_case):
                break
            end = word.end()
        return text[end:] if end else None

    def _is_name(self, word: str, any_case: bool, all_capitals: bool) -> bool:
        plain = re.sub(r"['’]s$", "", word)
        # In capitals alone are NET, PRRT and MEN1; after "my name is" nothing but a name.
        capital = word[0].isupper() and (all_capitals or len(word) == 1 or not plain.isupper())
        return (capital or any_case) and plain.casefold() not in self._no_names


def masked(text: str) -> str:
    """The text without what gives away who somebody is; see `Masking.masked`."""
    return _masking().masked(text)


@cache
def _masking() -> Masking:
    places = load_yaml(PLACES)
    nationalities = (name for names in places["nationalities"].values() for name in names)
    return Masking(load_yaml(MASKING), nationalities)
