"""What gives somebody away by its form, each with the word that stands for it: telephone numbers, dates and so on."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from phonenumbers import Leniency, PhoneNumberMatcher

# The countries whose own way to write telephone numbers is known.
REGIONS = ("GB", "US", "DE", "FR", "ES", "IT", "NL", "PL")
# Guesses at where a number ends; more would let a text full of digits take long.
MOST_TRIES = 100
# With fewer digits a number is a dose, an age, a year or a postcode.
FEWEST_DIGITS = 7
# After "patient number" and the like.
FEWEST_DIGITS_NUMBERED = 4

AT, DOT = r"(?: ?[\[({] ?at ?[\])}] ?|@)", r"(?: ?[\[({] ?(?:dot|punkt|point) ?[\])}] ?|\.)"
DOMAIN = r"(?:com|org|net|info|eu|co\.uk|uk|de|at|ch|fr|es|it|nl|pl|ie)"
SPOKEN = rf"(?:@ [\w-]{{1,40}}\.[a-z]{{2,6}}|at (?:[\w-]{{1,40}}\.{DOMAIN}|[\w-]{{1,40}} dot \w{{2,6}}(?: dot \w{{2,3}})?))\b"
MAIL = re.compile(rf"[\w.+%-]{{1,64}}(?:{AT}[\w-]{{1,63}}(?:{DOT}[\w-]{{1,63}}){{1,4}}| {SPOKEN})", re.IGNORECASE)
HANDLE = re.compile(r"(?<![\w@/.])@[A-Za-z_][\w.]{1,29}\w")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
# Groups of digits as people write long numbers.
DIGITS = re.compile(r"(?<![\w.,])\(?\+?\d{1,20}\)?(?:[ .\u00a0/\u2010-\u2015-]{1,3}\(?\d{1,20}\)?){0,12}(?![\w])")
# A number among letters, such as that of a passport.
MIXED = re.compile(r"(?<![\w-])[A-Z0-9]{1,40}(?:-[A-Z0-9]{1,40}){0,6}(?![\w-])", re.IGNORECASE)
NUMBER = r"(?:[A-Z]{1,3}[ ])?[\w/-]{0,20}\d[\w/-]{0,20}(?:[ ]\d{1,6}){0,5}(?:[ ][A-Z]\b)?"
YEAR = re.compile(r"(?:18|19|20)\d\d")
# 1 000 000 and 1.000.000 are amounts.
AMOUNT = re.compile(r"[1-9]\d{0,2}(?:[ .\u00a0]\d{3}){2,3}")

Mask = Callable[[str], str]


def by_form(rows: Mapping[str, Any]) -> tuple[Mask, ...]:
    """What masks the kinds one after another, with the words of `data/vocabulary/masking.yml`."""
    return (
        _to("[link]", _profile(rows["profiles"])),
        _to("[e-mail]", MAIL),
        _numbered(rows["numbered"]),
        lambda text: IBAN.sub(_account, text),
        _to(r"\1[date]", *_dates(rows["months"], rows["born"])),
        _phones,
        lambda text: DIGITS.sub(_number, text),
        lambda text: MIXED.sub(_mixed, text),
        _to("[address]", *_addresses(rows)),
        _to("[handle]", HANDLE),
    )


def any_of(expressions: Sequence[str]) -> str:
    """One expression for any of several, in which a blank stands for white space and an apostrophe for both kinds."""
    # The longest first: an alternative that another one begins with would never be tried.
    ordered = sorted(expressions, key=len, reverse=True)
    either = "|".join(f"(?:{expression})" for expression in ordered).replace("'", "['’]")
    return either.replace(" ", r"\s{1,3}").replace(r"\s{1,3}?", r"\s{0,3}")


def _to(token: str, *expressions: re.Pattern[str]) -> Mask:
    def mask(text: str) -> str:
        for expression in expressions:
            text = expression.sub(token, text)
        return text

    return mask


def _profile(sites: Sequence[str]) -> re.Pattern[str]:
    site = rf"(?:www\.|m\.|[a-z]{{2}}\.)?(?:{any_of(sites)})\.(?:com|de|net)/[^\s<>]{{2,200}}|(?:t|wa|fb)\.me/[^\s<>]{{2,200}}"
    return re.compile(rf"(?:https?://)?(?:{site})|\w{{2,8}}://[^\s/@]{{1,80}}@[^\s<>]{{1,200}}", re.IGNORECASE)


def _dates(months: Sequence[str], born: Sequence[str]) -> list[re.Pattern[str]]:
    """What stays before a date is the first group."""
    month, year = rf"(?:{any_of(months)})", r"(?:(?:18|19|20)\d\d|['’]?\d\d)"
    day = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|\.|º)?"
    apart = r"[ ]?[./\u2010-\u2015-][ ]?"
    short = rf"\d{{1,2}}{apart}\d{{1,2}}"
    numbers = rf"()(?<![\w./-])(?:{short}{apart}{year}|(?:18|19|20)\d\d{apart}{short})(?![\w/]|[.-]\d)"
    words = rf"()\b(?:{day}[ -]?(?:of |de |di )?{month}\.?,?[ -]?(?:de |del )?{year}|{month}\.?[ -]{day},?[ ]{year})\b"
    cue = rf"(\b(?:{any_of(born)})(?: is| was)?(?:[\s:,-]{{1,3}}(?:on |the |am |le |el )?))"
    birth = rf"(?:{day}[ ]?[./-][ ]?\d{{1,2}}\.?|{day}[ ]?(?:of |de )?{month}|{month}[ ]{day}|\d{{6}}|\d{{8}})(?![\w/])"
    return [re.compile(numbers), re.compile(words, re.IGNORECASE), re.compile(cue + birth, re.IGNORECASE)]


def _phones(text: str) -> str:
    if _digits(text) < FEWEST_DIGITS:
        return text
    for region in REGIONS:
        parts, last = [], 0
        for phone in PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=MOST_TRIES):
            if _is_long(phone.raw_string):
                parts += [text[last : phone.start], "[phone]"]
                last = phone.end
        text = "".join([*parts, text[last:]])
    return text


def _numbered(cues: Sequence[str]) -> Mask:
    numbered = re.compile(rf"(?P<cue>\b(?:{any_of(cues)})[\s:#.]{{1,3}})(?P<number>{NUMBER})", re.IGNORECASE)

    def mask(found: re.Match[str]) -> str:
        groups = re.findall(r"\d+", found["number"])
        short = sum(map(len, groups)) < FEWEST_DIGITS_NUMBERED or all(map(YEAR.fullmatch, groups))
        return found[0] if short else f"{found['cue']}[number]"

    return lambda text: numbered.sub(mask, text)


def _account(found: re.Match[str]) -> str:
    # A word with a few digits in it, such as 68Ga-DOTATATE, is no account.
    return "[number]" if _digits(found[0]) > FEWEST_DIGITS else found[0]


def _number(found: re.Match[str]) -> str:
    return "[number]" if _is_long(found[0]) else found[0]


def _is_long(digits: str) -> bool:
    """Whether groups of digits are too many for an amount, years or doses."""
    groups = re.findall(r"\d+", digits)
    if sum(map(len, groups)) < FEWEST_DIGITS or all(map(YEAR.fullmatch, groups)) or AMOUNT.fullmatch(digits.strip("()")):
        return False
    # 1000000 and 20000000 are amounts as well.
    return not (len(groups) == 1 and groups[0].rstrip("0")[1:] == "")


def _mixed(found: re.Match[str]) -> str:
    letters = sum(character.isalpha() for character in found[0])
    return "[number]" if letters and _digits(found[0]) >= FEWEST_DIGITS - 1 else found[0]


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _addresses(rows: Mapping[str, Any]) -> list[re.Pattern[str]]:
    number = r"\d{1,4}(?:[ ]?[a-zA-Z](?!\w))?(?:[/-]\d{1,4})?"
    town = r"(?:,?[ ](?:[A-Z]{1,2}-?)?\d{4,5}(?:[ ][A-Z]{2})?(?:[ ][A-ZÀ-Þ][\w-]{1,30}){0,2})?"
    name = r"[A-ZÀ-ÞŚŻŹŁ0-9][\w'’.-]{1,30}"
    of = r"(?:d[eu][ ]|des[ ]|la[ ]|l['’]){0,2}"
    after, joined, before = (rf"(?i:{any_of(rows[f'streets_{place}'])})" for place in ("after", "joined", "before"))
    # Every one begins where a word does, so that no text is looked through again and again.
    expressions = (
        rf"(?<![\w-]){number},?[ ](?:{name}[ ]){{1,3}}{after}\b\.?",
        rf"(?<![\w-])(?:{name}[ ]){{0,2}}(?:[\w-]{{3,30}}|{name}[ ]){joined}[ ]{number}\b{town}",
        rf"\b{number},?[ ](?:bis )?{before}[ ]{of}{name}(?:[ ]{name}){{0,2}}{town}",
        rf"\b{before}[ ](?:[\w'’.-]{{1,20}}[ ]){{0,3}}{name},?[ ](?:n[.º°]?[ ]?)?{number}\b{town}",
        r"(?i:\b(?:p\.?[ ]?o\.?[ ]?box|postfach|apartado|bp)[ ]\d{2,8}(?:[ ]\d{2,4}){0,2}\b)",
        # A British postcode tells a few houses.
        r"\b[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}\b",
    )
    return [re.compile(expression) for expression in expressions]
