"""Text as the search compares it, and until when details can be changed."""

import unicodedata
from datetime import timedelta

import icu
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.core.countries import FAMILY_NAME_FIRST, country_codes
from dofc_events.delegates.rules import details_are_frozen, folded, full_name, greeted_as
from tests.support.factories import NOW

SOON = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("given_name", "family_name", "country", "full", "greeted"),
    [
        ("Ana", "Kovač", "RS", "Ana Kovač", "Ana"),
        ("János", "Kovács", "HU", "Kovács János", "Kovács János"),
        ("Min-jun", "Kim", "KR", "Kim Min-jun", "Kim Min-jun"),
        ("민준", "김", "KR", "김민준", "김민준"),
        ("太郎", "山田", "JP", "山田太郎", "山田太郎"),
        ("Taro", "山田", "JP", "山田 Taro", "山田 Taro"),
        ("Madonna", "", "HU", "Madonna", "Madonna"),
        ("Madonna", "", "RS", "Madonna", "Madonna"),
        ("민준", "김", "DE", "민준 김", "민준"),
    ],
)
def test_a_name_is_written_as_the_persons_country_writes_it(given_name, family_name, country, full, greeted):
    assert full_name(given_name, family_name, country) == full
    assert greeted_as(given_name, family_name, country) == greeted


def test_family_names_come_first_in_countries_that_there_are():
    assert country_codes() > FAMILY_NAME_FIRST


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ŽOFIA", "žofia"),
        ("STRASSE", "Straße"),
        ("e\u0301lodie", "Élodie"),
        ("ΓΙΏΡΓΟΣ", "γιώργος"),
        ("ЉУБИЦА", "Љубица"),
        ("ﬁrma", "Firma"),
        ("ＡＢＣ", "abc"),
        ("ΝΙΚΟΛΑΟΥ", "Νικολάου"),
        ("dordevic", "Đorđević"),
        ("LODZ", "Łódź"),
        ("istanbul", "İSTANBUL"),
        ("Isik", "Işık"),
        ("soren", "Søren"),
        ("aegir thor", "Ægir Þór"),
        ("Йордан", "йордан"),
    ],
)
def test_folded_finds_the_same_word_however_it_is_typed(typed, stored):
    assert folded(typed) == folded(stored)


@given(st.text())
def test_folded_is_the_same_when_folded_again(text):
    assert folded(folded(text)) == folded(text)
    assert unicodedata.is_normalized("NFKC", folded(text))


def _write_family_names_first(language: str) -> bool:
    """Whether CLDR, as ICU has it, says that a language writes names of its own so."""
    try:
        order = icu.ResourceBundle("", icu.Locale(language)).get("personNames").get("nameOrderLocales")
        names = order.get("surnameFirst")
    except icu.ICUError:
        return False
    return icu.Locale(language).getLanguage() in {names.getStringEx(i) for i in range(names.getSize())}


def test_family_names_come_first_where_cldr_says_so():
    languages = {country: icu.Locale.addLikelySubtags(icu.Locale(f"und_{country}")) for country in country_codes()}
    # Of Chinese in simplified characters ICU has it in another file.
    names = {
        country: "zh_Hant" if found.getLanguage() == "zh" else found.getName() for country, found in languages.items()
    }
    assert {country for country, language in names.items() if _write_family_names_first(language)} == FAMILY_NAME_FIRST


@pytest.mark.parametrize(
    ("freezes_at", "is_over", "has_ended", "frozen"),
    [
        (None, False, False, False),
        (SOON, False, False, False),
        (NOW, False, False, True),
        (SOON, True, False, True),
        (SOON, False, True, True),
        (None, True, False, True),
    ],
)
def test_details_are_frozen_from_the_freeze_date_on(freezes_at, is_over, has_ended, frozen):
    assert details_are_frozen(freezes_at, is_over, has_ended, NOW) is frozen
