"""Countries: all of ISO 3166-1 and Kosovo, with their names from CLDR and their continents."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global

from dofc_events.core.order import sort_key

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

# What countryinfo lacks. XK: in Europe (European Commission). HM: in Oceania, AQ: in none but itself (UN M49).
# What CLDR lacks: Kosovo has the time of Belgrade (the tz database, zone1970.tab).
ZONE_GAPS = {"XK": ("Europe/Belgrade",)}
CONTINENT_GAPS = {"XK": "Europe", "HM": "Oceania", "AQ": "Antarctica"}

# Where the family name comes first: Hungarian, Japanese, Khmer, Korean, Mongolian, Sinhala, Vietnamese and Chinese, the
# likely languages of these countries, write their own names so (CLDR's "nameOrderLocales", to which tests hold this
# table; Babel does not have them).
FAMILY_NAME_FIRST = frozenset("CN HK HU JP KH KP KR LK MN MO TW VN".split())

# Of each country its names in its official languages, from CLDR, and its continent, from countryinfo. The libraries
# would load all words of 125 languages for the one, and what else is known of a country for the other.
# `python -m tests.country_facts` writes the file.
FACTS = Path(__file__).with_name("countries.json")

# What people also type and CLDR does not have: former names, colloquial ones, long ones, other spellings. Our own list.
OTHER_NAMES = {
    "AE": ("UAE", "Emirates"),
    "AL": ("Shqipëria",),
    "AM": ("Hayastan",),
    "BA": ("BiH", "Bosnia", "Босна"),
    "BG": ("Bulgariya", "Balgariya"),
    "BN": ("Brunei Darussalam",),
    "BY": ("Byelorussia", "Belorussia"),
    "CD": ("DRC", "DR Congo", "Democratic Republic of the Congo", "Zaire"),
    "CG": ("Republic of the Congo", "Congo Republic"),
    "CI": ("Ivory Coast",),
    "CN": ("PRC", "People’s Republic of China"),
    "CV": ("Cabo Verde",),
    "CY": ("Kypros",),
    "CZ": ("Czech Republic", "Česká republika"),
    "DE": ("Federal Republic of Germany", "BRD"),
    "GB": ("UK", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "GE": ("Sakartvelo", "Gruzia"),
    "GR": ("Hellas", "Ellada", "Hellenic Republic"),
    "HK": ("Hong Kong",),
    "IE": ("Republic of Ireland",),
    "IR": ("Persia", "Islamic Republic of Iran"),
    "KG": ("Kirghizia", "Kyrgyz Republic"),
    "KP": ("DPRK", "Democratic People’s Republic of Korea"),
    "KR": ("Republic of Korea", "Hanguk", "한국"),
    "LA": ("Lao PDR",),
    "MD": ("Republic of Moldova", "Moldavia"),
    "ME": ("Црна Гора",),
    "MK": ("FYROM", "Macedonia", "Makedonija", "Македонија", "Severna Makedonija", "Republic of North Macedonia"),
    "MM": ("Burma", "Myanmar"),
    "MO": ("Macao", "Macau"),
    "NL": ("Holland",),
    "PS": ("Palestine", "State of Palestine"),
    "RO": ("Rumania", "Roumania"),
    "RS": ("Republic of Serbia",),
    "RU": ("Russian Federation", "Rossiya"),
    "SA": ("KSA",),
    "SK": ("Slovak Republic",),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "UA": ("Ukraina", "Ukrayina"),
    "US": ("USA", "United States of America", "America"),
    "VA": ("Holy See",),
    "VN": ("Viet Nam",),
    "XK": ("Kosova", "XKX"),
}


@cache
def country_codes() -> frozenset[str]:
    """All country codes that forms accept."""
    territories = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in territories if len(code) == 2 and code.isalpha()) - NOT_COUNTRIES


@cache
def country_names(language: str) -> dict[str, str]:
    """Code to present name in `language`, in that language's alphabetical order."""
    names = Locale.parse(language).territories
    return dict(sorted(((c, names[c]) for c in country_codes()), key=lambda item: sort_key(item[1])))


def country_name(code: str, language: str) -> str:
    """The present name of a country in `language`; text that is not a country code is returned unchanged."""
    return country_names(language).get(code, code)


@cache
def search_names(code: str, language: str) -> tuple[str, ...]:
    """Other names under which people look for a country.

    These are its names in its own official languages (CLDR), its English name, and former and colloquial ones; the name
    shown in `language` is left out.
    """
    names = (*_facts()[code]["names"], country_name(code, "en"), *OTHER_NAMES.get(code, ()))
    shown = country_name(code, language)
    return tuple(name for name in dict.fromkeys(names) if name != shown)


@cache
def three_letter_codes(code: str) -> tuple[str, ...]:
    """The country's three-letter codes: that of ISO 3166-1 alpha-3, and former ones that CLDR lists."""
    aliases = get_global("territory_aliases").items()
    return tuple(alias for alias, meant in aliases if meant == [code] and len(alias) == 3 and alias.isalpha())


@cache
def zones_of(code: str) -> tuple[str, ...]:
    """The IANA zones of a country, from CLDR; empty where CLDR lists none."""
    known = (zone for zone, country in get_global("zone_territories").items() if country == code)
    return tuple(sorted(known)) or ZONE_GAPS.get(code, ())


@cache
def continent_of(code: str) -> str:
    """The CLDR code (one of CONTINENT_CODES) of the continent under which statistics count a country."""
    return CONTINENT_CODES[CONTINENT_GAPS.get(code) or _facts()[code]["continent"]]


@cache
def countries_on(continent: str) -> frozenset[str]:
    """The countries of a continent, given its CLDR code; empty for any other code."""
    return frozenset(code for code in country_codes() if continent_of(code) == continent)


@cache
def _facts() -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = json.loads(FACTS.read_text(encoding="utf-8"))
    return facts
