"""Masks for the names of people, by the words around them: `data/vocabulary/masking.yml` explains the lists."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from trialguide.text.patterns import alternation
from trialguide.text.personal_data import any_of

# Masks the names in a text, and adds to those found.
NameMask = Callable[[str, set[str]], str]

# Words of a name after the first.
MORE_NAMES = 4
LONGEST_CASELESS = 4
SHORTEST_REPEATED = 3
WORD = re.compile(r"(?:[dDlL]['’](?=[^\W\d_]))?[^\W\d_](?:[^\W_]|['’.-](?=[^\W_])){0,40}")
# An initial may have a full stop.
WORDS = rf"{WORD.pattern}(?:(?:(?<=\b[^\W\d_])\.)?[ ]{{1,2}}{WORD.pattern}){{0,{MORE_NAMES}}}"
FILED = rf"{WORD.pattern}(?:,?[ ]{{1,2}}{WORD.pattern}){{1,{MORE_NAMES}}}"
# After the name at the end: kisses, or those who sign with it.
SIGNED_WITH = re.compile(r"(?:[ ](?:x{1,5}|(?:and|und|et|y|e|i|en|och|og)(?:[ ][^\W\d_]{1,20}){1,2}))?", re.IGNORECASE)
LINE_END = r"(?=[^\w\n]{0,6}(?:\n|$))"
# An age right after the name, and no dose.
AGE = r"(?=,?[ ]\(?(?:1[01]|[1-9])\d\)?(?:[,.;:]|[ ]?(?:y\.?/?o\b|years?|yrs?|jahre|ans|años|anni|lat|jaar)|[ ]and\b|$))"
# A town after the name, and nothing more.
TOWN = r"(?=,[ ](?-i:[^\W\d_a-z])[^\W\d_]+(?:[ -][^\W\d_]+)?[.!]?\s*$)"
# What an age in brackets behind a name without capitals looks like.
BRACKETED_AGE = r"(?=,?[ ]\((?:aged? )?\d{1,2}\))"
HERE = r"(?=[ ](?:speaking|writing|writes)\b|[ ]here(?:[ ](?:again|too|with|asking|writing|from)\b|[ ]?[,.;:!–—-]|\s*$))"


class PersonNames:
    """Recognises names by cues before and after them."""

    def __init__(self, rows: Mapping[str, Any], no_names: Iterable[str]) -> None:
        """`no_names` are words that are no names, beside those of the rows. Raises re.error for a broken expression."""
        self._no_names = {word.casefold() for word in (*rows["no_names"], *no_names)}
        self._surnames = frozenset(rows["surnames"])
        self._first_names = frozenset(rows["first_names"])
        self._between = frozenset(rows["between"])
        title = rf"(?:{any_of(rows['titles'])})"
        soon = rf"[\s:,\"“'-]{{0,3}}(?:{title}\.[ ]){{0,3}}(?<![^\W_])"
        apart = rf"[\s:,.!*~\u2013\u2014-]{{1,4}}(?:{title}\.?[ ]){{0,3}}"
        opening = rf"(?:^|\n|[.!?][ ]|\b(?:{any_of(rows['greeting'])})[,!.]?[ ])(?:{title}\.?[ ])?"
        relatives = rf"\b(?:{any_of(rows['relatives'])}){soon}"
        identified = rf"(?=,?[ ](?:{any_of((*rows['born'], *rows['numbered'], 'tel', 'phone', 'mobile'))})[.:]?[ ]{{1,2}}\[)"
        self._masks: tuple[NameMask, ...] = (
            self._unspaced(rows["unspaced"]),
            self._mask(rf"\b(?:{any_of(rows['filed'])})[ ]?[:.-][ ]?", FILED, filed=True),
            self._mask(
                r"(?:^|\n)(?:(?:pt|patient)[ ])?(?=(?-i:[^\W\da-z_][^\W\da-z_'-]{3,},))",
                FILED + r"(?=[:;.])",
                filed=True,
                whole=True,
            ),
            self._mask(r"^", rf"{WORD.pattern}[ ]{WORD.pattern}" + identified, whole=True),
            self._mask(relatives, WORD.pattern + BRACKETED_AGE, any_case=True),
            self._mask(relatives, WORDS, person=True),
            self._mask(rf"\b(?:{any_of(rows['naming'])}){soon}", WORDS, any_case=True),
            self._mask(rf"\b(?:{any_of(rows['presenting'])}){soon}", WORDS),
            self._mask(rf"\b(?:{any_of(rows['closing'])}){apart}", WORDS + LINE_END, closing=True),
            # A dash behind a sentence.
            self._mask(r"(?<=[.?!])[ ]?(?:--?|[–—])[ ]?", WORDS + LINE_END, closing=True),
            self._mask(opening, WORDS + HERE, whole=True),
            self._mask(r"(?:^|\n)", WORDS + AGE, whole=True),
            self._mask(rf"^(?:{any_of(rows['greeting'])})[ ]", WORDS + r"(?=[,!])", whole=True),
            self._mask(rf"^(?!(?:{any_of(rows['no_first_names'])})\b)", rf"{WORD.pattern}[ ]{WORD.pattern}" + TOWN, whole=True),
            # The same name in other letters; a single word may be a country.
            self._mask(r"\[name\][ ]?\((?=[^()\s]+[ ])", WORDS + r"(?=\))", whole=True),
        )

    def masked(self, text: str) -> str:
        """The text with `[name]` for each name, and for its first word wherever else it stands."""
        names: set[str] = set()
        for mask in self._masks:
            text = mask(text, names)
        return self._without(names, text) if names else text

    def _without(self, names: Iterable[str], text: str) -> str:
        again = re.compile(rf"(?<![\w\[-])(?:{alternation(names)})(?![\w-])(?:[ ]{WORD.pattern}){{0,{MORE_NAMES}}}")

        def mask(found: re.Match[str]) -> str:
            rest = self._after_name(found[0], any_case=False, all_capitals=False, person=False)
            return found[0] if rest is None else f"[name]{rest}"

        return again.sub(mask, text)

    def _mask(
        self,
        cue: str,
        words: str,
        any_case: bool = False,
        filed: bool = False,
        closing: bool = False,
        whole: bool = False,
        person: bool = False,
    ) -> NameMask:
        """Masks the name in `words` after a cue.

        The name is in capitals, or with `any_case` in any; with `filed` the surname comes first, before a comma; with `closing`
        nothing but co-signers follow, with `whole` nothing at all. With `person` the cue lets a word such as
        Hope be a first name.
        """
        expression = re.compile(rf"(?P<cue>{cue})(?P<words>{words})", re.IGNORECASE)

        def fits(text: str, rest: str) -> bool:
            if filed:
                return "," in text.removesuffix(rest) and not (whole and rest)
            return not rest if whole else SIGNED_WITH.fullmatch(rest) is not None if closing else True

        def mask(text: str, names: set[str]) -> str:
            parts, copied, start = [], 0, 0
            while found := expression.search(text, start):
                rest = self._after_name(found["words"], any_case, all_capitals=any_case or filed, person=person)
                # Among words that are no name another cue may begin.
                start = max(found.start("words"), start + 1)
                if rest is not None and fits(found["words"], rest):
                    parts += [text[copied : found.start("words")], "[name]"]
                    first = found["words"].split()[0].rstrip(",")
                    # May and Hope stand for something else as well.
                    if len(first) >= SHORTEST_REPEATED and first.istitle() and first.casefold() not in self._no_names:
                        names.add(first)
                    copied = start = found.end("words") - len(rest)
            return "".join([*parts, text[copied:]])

        return mask

    def _after_name(self, text: str, any_case: bool, all_capitals: bool, person: bool) -> str | None:
        """The rest of a text behind the name that it begins with, or None when it begins with none."""
        end, shouted = 0, text.partition(",")[0].isupper()
        for word in WORD.finditer(text):
            if word[0].casefold() in self._between and (end or word[0][0].isupper()):
                continue
            # A name without capitals goes on without them, and one in capitals with them.
            small = any_case and text[:end].islower() == bool(end)
            initial = len(word[0]) == 1 and word[0].isupper() and text[word.end() :].startswith(".")
            first_name = not end and word[0].istitle() and word[0].lower() in self._first_names
            first_name = first_name and (person or self._begins_with_name(text[word.end() :]))
            surname = end > 0 and word[0].istitle() and word[0].lower() in self._surnames
            if not (initial or first_name or surname or self._is_name(word[0], small, all_capitals)) or (
                shouted and not word[0].isupper() and "," not in text[: word.start()]
            ):
                break
            end = word.end()
        return text[end:] if end else None

    def _begins_with_name(self, text: str) -> bool:
        following = WORD.match(text.removeprefix(" "))
        return following is not None and self._is_name(following[0], any_case=False, all_capitals=False)

    def _is_name(self, word: str, any_case: bool, all_capitals: bool) -> bool:
        plain = re.sub(r"['’]s$", "", word)
        # In capitals alone are NET, PRRT and MEN1; after "my name is" nothing but a name.
        capital = plain.removeprefix(word[:2] if word[1:2] in ("'", "’") else "")[:1].isupper()
        capital = capital and (all_capitals or len(word) == 1 or not plain.isupper())
        # Scripts without capitals, and often without spaces between words.
        caseless = len(word) <= LONGEST_CASELESS and word.lower() == word.upper()
        described = plain.casefold().partition("-")[0] in self._no_names and plain.partition("-")[2].islower()
        return (capital or caseless or any_case) and not described and plain.casefold() not in self._no_names

    @staticmethod
    def _unspaced(expressions: Sequence[str]) -> NameMask:
        """Masks the first group of expressions, for scripts without spaces between words."""
        compiled = [re.compile(expression) for expression in expressions]

        def mask(text: str, names: set[str]) -> str:
            for expression in compiled:
                text = expression.sub(lambda found: found[0].replace(found[1], "[name]", 1), text)
            return text

        return mask
