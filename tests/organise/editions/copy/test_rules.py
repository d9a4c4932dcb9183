"""What a copied text still says of the edition before."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.organise.editions.copy.rules import MAX_FOUND, former, mentions

DAYS = [date(2027, 5, day) for day in (20, 21, 22)]
ONCE = former(
    (2027, "Niš", "Old Mill (Hall 2)", None, "ana@dofc.test"),
    (2028, "Sofia", None, "ana@dofc.test"),
    DAYS,
    [date(2028, 5, day) for day in (18, 19, 20)],
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Days of Clusters 2027 in Niš", ("2027", "Niš")),
        ("NIŠ, niš, and Nišava", ("NIŠ", "niš")),
        ("at the Old Mill (Hall 2).", ("Old Mill (Hall 2)",)),
        ("12027 or 20271", ()),
        ("write to ana@dofc.test", ()),
        ("from 21 May on", ("21 May",)),
        ("21–23 May", ("21–23 May",)),
        ("19 to 21st of May", ("19 to 21st of May",)),
        ("May 21, and Sept. 21", ("May 21",)),
        ("on 21.5. or 22/05 or 2031-05-22", ("21.5", "22/05", "2031-05-22")),
        ("20 May is a day of both", ()),
        ("21 maybe", ()),
        ("99.99 and 21 June", ()),
        ("", ()),
    ],
)
def test_old_words_and_days_are_found_as_they_stand_and_no_others(text, found):
    assert mentions(text, ONCE) == found


def test_what_is_said_ten_times_is_found_once_and_of_much_the_first():
    assert mentions("2027 " * 10, ONCE) == ("2027",)
    many = former(range(1000, 1020), (), (), ())
    assert mentions(" ".join(map(str, range(1000, 1020))), many) == ("1000", "1001", "1002", "1003", "1004")
    assert MAX_FOUND == 5


@given(st.text(alphabet="0123456789 .-/–MayJune\n"), st.text(alphabet="1234567890 .-", max_size=5))
def test_no_text_is_too_odd(before, after):
    assert "Niš" in mentions(f"Niš {before} {after}", ONCE)
