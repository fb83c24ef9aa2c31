"""Masks for personal data that has a form: e-mail addresses, telephone numbers, dates, identifiers, street addresses."""

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
# After "patient number" and the like; with fewer among letters it is a passport of eight characters or more.
FEWEST_DIGITS_NUMBERED = 4
FEWEST_DIGITS_MIXED = 2
SHORTEST_MIXED = 8
UPPER = "A-ZÀ-ÞĀ-ŽΆ-ΫЀ-Я"

# Spaces and invisible characters as they get into an address that is copied or dictated.
GAP = r"[ \u00ad\u200b-\u200f\u2060\ufeff]{0,2}"
AT = r"(?: ?[\[({] ?(?:@|at|arobase) ?[\])}] ?|@)"
DOT = r"(?: ?[\[({] ?(?:dot|punkt|point) ?[\])}] ?|\.)"
TOP = r"(?:com|org|net|info|eu|uk|de|at|ch|fr|es|it|nl|pl|ie|be|dk|se|no|fi|cz|hu|pt|gr|ro|ru|ua|tr|in|au|nz|us|ca)"
PROVIDER = (
    "gmail|googlemail|hotmail|outlook|live|yahoo|icloud|aol|gmx|web|proton|protonmail|t-online|orange|libero|laposte|btinternet"
)
LABEL = r"[\w-]{1,40}"
SPOKEN = (
    rf"at (?:{LABEL}\.(?:co\.)?{TOP}|{LABEL} dot \w{{2,6}}(?: dot \w{{2,3}})?|{LABEL} (?:punkt|punto|punt|kropka) {TOP})"
    rf"|(?:arobase|chiocciola|arroba|małpa|ät) {LABEL}(?: (?:dot|punkt|point|punto|ponto|punt|kropka) |\.){TOP}"
)
MAIL = re.compile(
    r"[\w.+%\u00ad\u200b-\u200f\u2060\ufeff-]{1,64}(?:"
    rf"{AT}[\w-]{{1,63}}(?:{DOT}[\w-]{{1,63}}){{1,4}}"
    # With gaps only where a known ending shows that it is an address.
    rf"|{GAP}{AT}{GAP}[\w-]{{1,63}}{GAP}{DOT}{GAP}(?:[\w-]{{1,63}}{GAP}{DOT}{GAP})?{TOP}\b"
    # The ending of a large provider goes without saying.
    rf"|{AT}(?:{PROVIDER})\b"
    rf"| @ [\w-]{{1,40}}\.[a-z]{{2,6}}\b"
    rf"| (?:{SPOKEN})\b)",
    re.IGNORECASE,
)
HANDLE = re.compile(r"(?<![\w@/.])@[A-Za-z_][\w.]{1,29}\w")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
# Groups of digits as people write long numbers.
DIGITS = re.compile(r"(?<![\w.,])\(?\+?\d{1,20}\)?(?:[ .\u00a0/\u2010-\u2015-]{1,3}\(?\d{1,20}\)?){0,12}(?![\w])")
# A number among letters, such as that of a passport.
MIXED = re.compile(r"(?<![\w-])[A-Z0-9]{1,40}(?:-[A-Z0-9]{1,40}){0,6}(?![\w-])", re.IGNORECASE)
PLATE = r"(?=[A-Z -]{0,8}\d)(?=[\d -]{0,8}[A-Z])[A-Z0-9]{1,7}(?:[ -][A-Z0-9]{1,5}){0,3}\b(?:-[A-Z]{2}\b)?"
NUMBER = r"(?:[A-Z]{1,3}[ ])?[\w/-]{0,20}\d[\w/-]{0,20}(?:[ ]\d{1,6}){0,8}(?:[ ][A-Z]\b)?"
# phonenumbers leaves out a country's code before "(0)".
DIALLING_CODE = re.compile(r"\+\d{1,3}[ ]?(?:\(0?\)[ ]?)?\[phone\]")
# From ninety on an age tells a few people; an editor needs to know no more than this.
OLD_AGE = r"\1[ninety or older]\2"
YEAR_IN_WORDS = r"nineteen[ -](?:\w{2,6}teen|\w{3,4}ty(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)"
YEAR = re.compile(r"(?:18|19|20)\d\d")
# 1 000 000 and 1.000.000 are amounts.
AMOUNT = re.compile(r"[1-9]\d{0,2}(?:[ .\u00a0]\d{3}){2,3}")

# Streets and houses in Chinese, Japanese and Korean, such as 建国路88号, without the words before them for “is” and “in”.
HAN, HANGUL = "(?![在是])[\u4e00-\u9fff]", "\uac00-\ud7a3"
HAN_OR_KANA = "(?![は是])[\u4e00-\u9fff\u3040-\u30ff]"
EAST_ASIAN_ADDRESSES = (
    rf"(?:{HAN}){{2,20}}(?:路|街|道|巷|弄|胡同)\d{{1,5}}(?:号|號|弄)?(?:\d{{1,4}}(?:室|楼|樓|层|栋|单元)){{0,3}}",
    rf"(?:{HAN_OR_KANA}){{1,15}}[都道府県市区町村](?:{HAN_OR_KANA}){{0,12}}\d{{1,4}}(?:(?:-|丁目|番地?|号)\d{{0,4}}){{1,4}}",
    rf"(?:[{HANGUL}]{{1,8}}[시도군구읍면동] ){{1,3}}[{HANGUL}]{{1,10}}(?:로|길) ?\d{{1,4}}(?:-\d{{1,3}})?",
)

HOUSE = r"\d{1,4}(?:[ ]?[a-zA-Z](?!\w))?(?:[/-](?:\d{1,4}|[a-zA-Z]\b))?"
TOWN = r"(?:,?[ ](?:[A-Z]{1,2}-?)?\d{4,5}(?:[ ][A-Z]{2})?(?:[ ][A-ZÀ-Þ][\w-]{1,30}){0,2})?"
# The rest of an address up to its postcode, in words with capitals.
TO_POSTCODE = rf"(?:,?[ ]#?[{UPPER}\d][\w-]{{0,20}}){{0,7}}?,?[ ](?:\d{{4,6}}|\d{{3}} \d{{3}})\b"
UNIT = r"(?i:(?:unit|flat|apt|apartment|suite|block|blk)\.? \w{0,4}[ ,]{0,2})"
# A number before one of these is no house.
NO_HOUSE = "km|min|euro?s?\\b|€|pounds|dollars|hours?|years?|kids?|people|jahre|ans|años|anni|%"

Mask = Callable[[str], str]


def by_form(rows: Mapping[str, Any]) -> tuple[Mask, ...]:
    """The masks in the order of their use, with the words of `data/vocabulary/masking.yml`."""
    return (
        _to("[link]", _profile(rows["profiles"])),
        _to("[e-mail]", MAIL),
        _numbered(rows["numbered"]),
        lambda text: IBAN.sub(_account, text),
        _to(r"\1[date]", *_dates(rows["months"], rows["ordinals"], rows["born"])),
        _to("[phone]", _spoken_phone(rows["digits"])),
        _to(r"\g<cue>[number]", _plate(rows["plates"])),
        _to(OLD_AGE, *_old_ages(rows["ages_after"], rows["ages_before"])),
        _phones,
        lambda text: DIGITS.sub(_number, text),
        lambda text: MIXED.sub(_mixed, text),
        _to("[address]", *_addresses(rows)),
        _to(r"\g<cue>[address]", _announced_addresses(rows["addresses"])),
        _to("[address]", re.compile(rf"\[address\](?:{TO_POSTCODE})+")),
        _to("[handle]", HANDLE),
        _to(r"\g<cue>[handle]", _account_names(rows["accounts"], rows["no_accounts"])),
    )


def any_of(expressions: Sequence[str]) -> str:
    """One expression for any of several, in which a blank matches white space and an apostrophe both kinds."""
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


def _account_names(cues: Sequence[str], no_accounts: Sequence[str]) -> re.Pattern[str]:
    name = rf"(?!(?:{any_of(no_accounts)})\b)(?:u/)?@?[\w.-]{{2,29}}\w"
    return re.compile(rf"(?P<cue>\b(?:{any_of(cues)})[:,]?[ ]){name}(?![\w/@])", re.IGNORECASE)


def _dates(months: Sequence[str], ordinals: Sequence[str], born: Sequence[str]) -> list[re.Pattern[str]]:
    """The first group is what stays before a date."""
    month, year = rf"(?:{any_of(months)})", rf"(?:(?:18|19|20)\d\d|['’]?\d\d|{YEAR_IN_WORDS})"
    day = rf"(?:(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|\.|º)?|(?:{any_of(ordinals)}))"
    apart = r"[ ]?[./\u2010-\u2015-][ ]?"
    short = rf"\d{{1,2}}{apart}\d{{1,2}}"
    numbers = rf"()(?<![\w./-])(?:{short}{apart}{year}|(?:18|19|20)\d\d{apart}{short})(?![\w/]|[.-]\d)"
    dated = rf"{day}[ -]?(?:day )?(?:of |de |di )?{month}\.?,?[ -]?(?:de |del )?{year}|{month}\.?[ -](?:the )?{day},?[ ]{year}"
    cue = rf"(\b(?:{any_of(born)})(?: is| was)?(?:[\s:,-]{{1,3}}(?:on |in |the |am |im |le |el |il |em |en ){{0,2}}))"
    birth = (
        rf"(?:{day}[ ]?[./-][ ]?\d{{1,2}}\.?|{day}[ ]?(?:of |de )?{month}|{month}[ ](?:the )?{day}|\d{{6}}|\d{{8}}"
        rf"|{month}(?:,| of| de| del)?[ ]{year}|\d{{1,2}}[/.](?:18|19|20)\d\d)(?![\w/])"
    )
    words = rf"()\b(?:{dated})\b"
    return [re.compile(numbers), re.compile(words, re.IGNORECASE), re.compile(cue + birth, re.IGNORECASE)]


def _spoken_phone(digits: Sequence[str]) -> re.Pattern[str]:
    digit = rf"(?:{any_of(digits)})"
    return re.compile(rf"\b{digit}(?:[ ,.-]{{1,3}}{digit}){{{FEWEST_DIGITS - 1},30}}\b", re.IGNORECASE)


def _plate(cues: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?P<cue>(?i:\b(?:{any_of(cues)}))[ ]){PLATE}")


def _old_ages(after: Sequence[str], before: Sequence[str]) -> list[re.Pattern[str]]:
    """The first group is what stays before an age, the second what stays behind it."""
    age, no_unit = (
        r"(?:9\d|1[01]\d)",
        r"(?![\w.,]?\d|[ -]?(?:%|mg|kg|cm|mm|mcg|days?|weeks?|months?|percent|pounds|lbs?|minutes|hours)\b|[%-])",
    )
    return [
        re.compile(rf"(\b(?:{any_of(after)})[ :]{{1,2}}){age}()\b{no_unit}", re.IGNORECASE),
        re.compile(rf"()(?<![\w.,-]){age}((?:{'|'.join(before)}))", re.IGNORECASE),
    ]


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
    return DIALLING_CODE.sub("[phone]", text)


def _numbered(cues: Sequence[str]) -> Mask:
    numbered = re.compile(rf"(?P<cue>\b(?:{any_of(cues)})[\s:#.]{{1,3}})(?P<number>{NUMBER})", re.IGNORECASE)

    def mask(found: re.Match[str]) -> str:
        groups = re.findall(r"\d+", found["number"])
        digits, mixed = sum(map(len, groups)), len(found["number"].split(" ")[0]) >= SHORTEST_MIXED
        short = digits < (FEWEST_DIGITS_MIXED if mixed else FEWEST_DIGITS_NUMBERED) or all(map(YEAR.fullmatch, groups))
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


def _announced_addresses(cues: Sequence[str]) -> re.Pattern[str]:
    """A house number and words in capitals, in either order, after "I live at" and the like."""
    capital = rf"[{UPPER}][\w'’.-]{{0,30}}"
    first = rf"\d{{0,2}}{HOUSE},?[ ]{capital}(?:[ ]{capital}){{0,3}}"
    last = rf"(?:(?:[^\W\d_]{{1,5}}\.?[ ]){{0,2}}{capital},?[ ]){{1,4}}{HOUSE}\b(?![ ]?(?:{NO_HOUSE})){TOWN}"
    return re.compile(rf"(?P<cue>(?i:\b(?:{any_of(cues)}))[ ]?:?[ ])(?:{first}|{last})")


def _addresses(rows: Mapping[str, Any]) -> list[re.Pattern[str]]:
    name = rf"[{UPPER}0-9][\w'’.-]{{1,30}}"
    of = r"(?:d[eu][ ]|des[ ]|la[ ]|l['’]){0,2}"
    after, joined, before = (rf"(?i:{any_of(rows[f'streets_{place}'])})" for place in ("after", "joined", "before"))
    # Every one begins where a word does, so that no text is looked through again and again.
    expressions = (
        rf"\b(?i:h\.? ?no|house no|plot no|door no|flat no)\.?[ ](?:\[number\]|[\d/-]{{1,12}}){TO_POSTCODE}",
        rf"(?:\b{UNIT})?(?<![\w-]){HOUSE},?[ ](?:{name}[ ]){{1,3}}{after}\b\.?",
        rf"(?<![\w-])(?:{name}[ ]){{0,2}}(?:[\w-]{{3,30}}|{name}[ ]){joined}[ ]{HOUSE}\b(?![ ]?(?:{NO_HOUSE})){TOWN}",
        rf"\b{HOUSE},?[ ](?:bis )?{before}[ ]{of}{name}(?:[ ]{name}){{0,2}}{TOWN}",
        rf"\b{before}[ ](?:[\w'’.-]{{1,20}}[ ]){{0,3}}{name},?[ ](?:n[.º°]?[ ]?)?{HOUSE}\b{TOWN}",
        r"(?i:\b(?:p\.?[ ]?o\.?[ ]?box|postfach|apartado|bp)[ ]\d{2,8}(?:[ ]\d{2,4}){0,2}\b)",
        *EAST_ASIAN_ADDRESSES,
        # A British or Canadian postcode tells a few houses; T3N1M0 is a stage.
        r"\b[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}\b",
        r"\b(?!T\dN)[A-Z]\d[A-Z][ ]?\d[A-Z]\d\b",
    )
    return [re.compile(expression) for expression in expressions]
