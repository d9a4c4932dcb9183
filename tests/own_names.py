"""The names of countries in their official languages, taken out of CLDR: `python -m tests.own_names` writes them anew.

The site reads what is written: of each language it would need one word, and load all.
"""

import json

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from dofc_events.core.countries import OWN_NAMES, country_codes


def own_names() -> dict[str, list[str]]:
    """Each country's names, as the CLDR that is installed has them; of those whose language it has."""
    found = {
        code: [name for language in _languages(code) if (name := _name_in(code, language))] for code in country_codes()
    }
    return {code: list(dict.fromkeys(names)) for code, names in sorted(found.items()) if names}


def _languages(code: str) -> tuple[str, ...]:
    return get_official_languages(code, de_facto=True)


def _name_in(code: str, language: str) -> str | None:
    try:
        return Locale.parse(language).territories.get(code)
    except UnknownLocaleError:
        # CLDR names languages whose words it does not have.
        return None


if __name__ == "__main__":
    lines = (f' "{code}": {json.dumps(names, ensure_ascii=False)}' for code, names in own_names().items())
    OWN_NAMES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
