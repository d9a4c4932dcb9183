"""Countries: all of them, under their present names, each on one continent."""

import json

import pytest
from babel import Locale

from dofc_events.core.countries import (
    CONTINENT_CODES,
    FACTS,
    continent_of,
    country_codes,
    country_name,
    country_names,
    search_names,
    three_letter_codes,
    zones_of,
)
from dofc_events.imports.rules import COUNTRY_NAMES
from tests.country_facts import country_facts, country_names_in_lists


def test_country_codes_are_the_249_of_iso_3166_and_kosovo():
    assert len(country_codes()) == 250
    assert "XK" in country_codes()


@pytest.mark.parametrize("code", ["AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
def test_country_codes_leave_out_what_is_no_country(code):
    assert code not in country_codes()


@pytest.mark.parametrize("code", ["AX", "BQ", "CW", "PS", "SS", "SX", "TL", "TW", "VA", "XK"])
def test_country_codes_have_the_young_and_the_small(code):
    assert code in country_codes()


@pytest.mark.parametrize(
    ("code", "name"),
    [("TR", "Türkiye"), ("MK", "North Macedonia"), ("CZ", "Czechia"), ("SZ", "Eswatini"), ("CV", "Cape Verde")],
)
def test_country_name_is_the_present_one(code, name):
    assert country_name(code, "en") == name


def test_country_names_follow_the_language():
    assert country_name("MK", "de") == "Nordmazedonien"
    assert country_name("RS", "sr") == "Србија"


def test_country_names_are_sorted_as_a_reader_looks_for_them():
    names = list(country_names("en").values())
    assert names.index("Åland Islands") < names.index("Albania") < names.index("Czechia") < names.index("Zimbabwe")
    assert names.index("Togo") < names.index("Türkiye") < names.index("Uganda")


def test_every_country_is_on_exactly_one_continent():
    continents = {code: continent_of(code) for code in country_codes()}
    assert set(continents.values()) == set(CONTINENT_CODES.values())


@pytest.mark.parametrize(
    ("code", "continent"),
    [
        ("RS", "150"),
        ("XK", "150"),
        ("TR", "142"),
        ("CY", "142"),
        ("MW", "002"),
        ("US", "019"),
        ("NZ", "009"),
        ("AQ", "AQ"),
    ],
)
def test_continent_of_is_that_of_the_united_nations(code, continent):
    assert continent_of(code) == continent


@pytest.mark.parametrize("language", ["en", "de", "sr", "tr"])
def test_every_continent_has_a_name(language):
    territories = Locale.parse(language).territories
    assert all(territories[code] for code in CONTINENT_CODES.values())


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *[("GB", "UK"), ("US", "USA"), ("TR", "Turkey"), ("CZ", "Czech Republic"), ("NL", "Holland"), ("MK", "FYROM")],
        *[("HR", "Hrvatska"), ("RS", "Srbija"), ("RS", "Србија"), ("BG", "България"), ("GR", "Ελλάδα")],
        *[("XK", "Kosova"), ("AL", "Shqipëria"), ("RO", "România"), ("HU", "Magyarország"), ("ES", "España")],
        *[("BE", "Belgique"), ("BE", "België"), ("CH", "Suisse"), ("AT", "Österreich"), ("KR", "대한민국")],
    ],
)
def test_search_names_are_what_people_type_at_home(code, name):
    assert name in search_names(code, "en")


def test_facts_are_those_of_the_libraries_that_are_installed():
    written = json.loads(FACTS.read_text(encoding="utf-8"))
    assert written == country_facts(), "write them anew: python -m tests.country_facts"
    written = json.loads(COUNTRY_NAMES.read_text(encoding="utf-8"))
    assert written == country_names_in_lists(), "write them anew: python -m tests.country_facts"


def test_search_names_have_the_english_one_in_other_languages():
    assert "Germany" in search_names("DE", "sr")
    assert "Germany" not in search_names("DE", "en")


def test_search_names_lead_to_one_country_each():
    """Two countries with one name would both go untaken; nobody's name is another's other name."""
    leads: dict[str, set[str]] = {}
    for code, shown in country_names("en").items():
        for name in (shown, *search_names(code, "en")):
            leads.setdefault(name.casefold(), set()).add(code)
    assert {name: codes for name, codes in leads.items() if len(codes) > 1} == {}


def test_every_country_has_a_code_of_three_letters():
    assert all(three_letter_codes(code) for code in country_codes())
    assert three_letter_codes("RS") == ("SRB",)


def test_kosovo_has_the_clocks_of_belgrade():
    assert zones_of("XK") == ("Europe/Belgrade",)
