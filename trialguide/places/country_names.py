"""The names of countries in many languages: from `data/vocabulary/places.yml`, Unicode CLDR (Babel) and regions within them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from babel import Locale

from trialguide.places.countries import NO_COUNTRIES
from trialguide.text.words import simplified

# Country codes by simplified name, see `words.simplified`; a name such as "Congo" has several.
CodesByName = dict[str, tuple[str, ...]]


def country_names(rows: Mapping[str, Any], nationalities: Collection[str], cities: Collection[str]) -> CodesByName:
    """Country codes by name: short names in `rows` first, then those of CLDR, then regions within countries.

    A name that only another language has for a country gives way to one of `cities`, the large ones: Granada is no Grenada.
    """
    names = by_name({code: [name for name in short if not is_code(name)] for code, short in rows["abbreviations"].items()})
    for language in rows["languages"]:
        for code, name in Locale.parse(language).territories.items():
            plain = simplified(name)
            # An English nationality names the country only beside a clinic or the like, and "ao" is mostly no Áo (Austria).
            short = plain.isascii() and len(plain) <= 3
            other = language != "en" and (plain in cities or plain in nationalities or short)
            if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES and not other:
                names.setdefault(plain, (code,))
    return by_name(rows["regions"]) | names


def by_name(rows: Mapping[str, Iterable[str]]) -> CodesByName:
    """Codes by simplified name, from rows of names by code."""
    names: CodesByName = {}
    for code, written in rows.items():
        for name in written:
            plain = simplified(name)
            names[plain] = tuple(dict.fromkeys((*names.get(plain, ()), code)))
    return names


def is_code(name: str) -> bool:
    """Whether a name is an abbreviation in capitals, such as `UK`, that is read only as it is written."""
    return name.isascii() and len(name) <= 3 and name.isupper()
