"""Countries: the whole of ISO 3166-1 and Kosovo, named by CLDR, and the continent of each."""

import unicodedata
from functools import cache

from babel import Locale
from countryinfo import CountryInfo

# Two-letter codes in CLDR that ISO 3166-1 assigns to no country: groupings, dependencies, test and private codes.
# XK stays: CLDR's and the European Commission's code for Kosovo, which ISO 3166-1 has not assigned.
NOT_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())

# CLDR's codes of the United Nations' continental regions (M49); their names come from CLDR too.
CONTINENT_CODES = {
    "Africa": "002",
    "Americas": "019",
    "Antarctica": "AQ",
    "Asia": "142",
    "Europe": "150",
    "Oceania": "009",
}

# What countryinfo does not know. XK: in Europe (European Commission). HM: in Oceania, AQ: in none but itself (UN M49).
CONTINENT_GAPS = {"XK": "Europe", "HM": "Oceania", "AQ": "Antarctica"}


@cache
def country_codes() -> frozenset[str]:
    """All codes that a form accepts."""
    territories = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in territories if len(code) == 2 and code.isalpha()) - NOT_COUNTRIES


@cache
def country_names(language: str) -> dict[str, str]:
    """Code to present name in `language`, in the order in which a reader looks for them."""
    names = Locale.parse(language).territories
    return dict(sorted(((c, names[c]) for c in country_codes()), key=lambda item: _without_marks(item[1])))


def country_name(code: str, language: str) -> str:
    """The present name of one country."""
    return country_names(language)[code]


@cache
def continent_of(code: str) -> str:
    """The CLDR code of the continent on which statistics count a country: one of CONTINENT_CODES."""
    return CONTINENT_CODES[CONTINENT_GAPS.get(code) or str(CountryInfo(code).region())]


def _without_marks(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
