"""What the site knows of countries, taken out of two libraries: `python -m tests.country_facts` rewrites it."""

import json
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from countryinfo import CountryInfo, CountryNotFoundError

from dofc_events.core.countries import FACTS, country_codes


def country_facts() -> dict[str, dict[str, Any]]:
    """Of each country what the CLDR and the countryinfo that are installed have."""
    return {code: {"continent": _continent_of(code), "names": _names_of(code)} for code in sorted(country_codes())}


def _continent_of(code: str) -> str:
    try:
        return str(CountryInfo(code).region())
    except CountryNotFoundError:
        return ""


def _names_of(code: str) -> list[str]:
    names = (_name_in(code, language) for language in get_official_languages(code, de_facto=True))
    return list(dict.fromkeys(name for name in names if name))


def _name_in(code: str, language: str) -> str | None:
    try:
        return Locale.parse(language).territories.get(code)
    except UnknownLocaleError:
        # CLDR names languages whose words it does not have.
        return None


if __name__ == "__main__":
    lines = (f' "{code}": {json.dumps(facts, ensure_ascii=False)}' for code, facts in country_facts().items())
    FACTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
