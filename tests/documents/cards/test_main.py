"""What is drawn on a card: always the same size, and never a box where a letter should be."""

from io import BytesIO

import pytest
from PIL import Image

from dofc_events.documents.cards.__main__ import TITLE_SIZES, _font, _title, draw, legible
from dofc_events.documents.cards.rules import HEIGHT, WIDTH, Card

CARD = Card("Days of Clusters 2014", "Tekirdağ, Türkiye", "30–31 October 2014")


@pytest.mark.parametrize(
    "card",
    [CARD, Card("x"), Card("계명대학교 " * 40), Card("W" * 300, "W" * 300, "W" * 300), Card("\U0010ffff")],
)
def test_a_card_has_the_size_that_messengers_ask_for(card):
    with Image.open(BytesIO(draw(card))) as picture:
        assert picture.size == (WIDTH, HEIGHT) and picture.format == "PNG"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tekirdağ, Brașov, Niš", "Tekirdağ, Brașov, Niš"),
        ("Балкански кластер", "Балкански кластер"),
        ("Ελλάδα", "Ελλάδα"),
        ("Daegu 대구", "Daegu DaeGu"),
        ("2016 ☂", "2016"),
    ],
)
def test_what_the_font_has_no_letter_for_is_written_in_latin_letters(text, shown):
    assert legible(text, _font("Bold", 40)) == shown


def test_a_long_title_is_smaller_and_one_that_never_fits_ends_in_dots():
    assert _title("Days of Clusters 2014")[0] == TITLE_SIZES[0]
    size, lines = _title("Multilateral memorandum of understanding on innovation and competitiveness through clusters")
    assert size < TITLE_SIZES[0] and not lines[-1].endswith("…")
    size, lines = _title("innovation and competitiveness " * 20)
    assert size == TITLE_SIZES[-1] and lines[-1].endswith("…")


def test_cards_that_say_the_same_have_one_name():
    assert CARD.name == Card("Days of Clusters 2014", "Tekirdağ, Türkiye", "30–31 October 2014").name
    assert len({CARD.name, Card("Days of Clusters 2014").name, Card("", "Days of Clusters 2014").name}) == 3
