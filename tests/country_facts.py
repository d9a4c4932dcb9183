"""What the site knows of countries, taken out of two libraries: `python -m tests.country_facts` rewrites both files."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from countryinfo import CountryInfo, CountryNotFoundError

from dofc_events.core.countries import FACTS, country_codes
from dofc_events.imports.rules import COUNTRY_NAMES

# In which organisers of the region, and their guests, keep their lists.
LANGUAGES = "az bg bs cs de el es fr hr hu hy it ka mk pl ro ru sk sl sq sr sr_Latn tr uk".split()


def country_facts() -> dict[str, dict[str, Any]]:
    """Of each country what the CLDR and the countryinfo that are installed have."""
    return {code: {"continent": _continent_of(code), "names": _names_of(code)} for code in sorted(country_codes())}


def country_names_in_lists() -> dict[str, list[str]]:
    """Of each country its names in these languages, without those that mean another one in another of them."""
    codes = defaultdict(set)
    for language in LANGUAGES:
        for code in country_codes():
            codes[_name_in(code, language)].add(code)
    found = defaultdict(list)
    for name, (code, *others) in codes.items():
        if name and not others:
            found[code].append(name)
    return {code: sorted(names) for code, names in sorted(found.items())}


def _write(file: Path, facts: dict[str, Any]) -> None:
    lines = (f' "{code}": {json.dumps(said, ensure_ascii=False)}' for code, said in facts.items())
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


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
    _write(FACTS, country_facts())
    _write(COUNTRY_NAMES, country_names_in_lists())
