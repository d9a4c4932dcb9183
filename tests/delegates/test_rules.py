"""Text as the search compares it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.delegates.rules import folded


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
