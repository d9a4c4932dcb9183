"""When a letter is sent, and what can be filled in."""

import time
from datetime import UTC, date, datetime

import pytest

from dofc_events.letters.rules import (
    SENT_AT,
    Anchor,
    due_at,
    filled,
    is_reminder,
    last_day,
    misplaced_placeholders,
    unknown_placeholders,
)


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        (date(2027, 6, 3), -7, datetime(2027, 5, 27, 6, tzinfo=UTC)),
        # Clocks went forward in between: it is still nine in the morning.
        (date(2027, 3, 30), -7, datetime(2027, 3, 23, 7, tzinfo=UTC)),
        (date(2027, 6, 5), 1, datetime(2027, 6, 6, 6, tzinfo=UTC)),
        (None, 1, None),
    ],
)
def test_a_letter_is_due_at_nine_in_the_editions_zone(day, days, expected):
    assert due_at(day, days, SENT_AT, "Europe/Sofia") == expected


def test_what_closes_at_midnight_closes_on_the_day_before():
    assert last_day(datetime(2027, 5, 15, 21, tzinfo=UTC), "Europe/Sofia") == date(2027, 5, 15)
    assert last_day(datetime(2027, 5, 15, 21, 1, tzinfo=UTC), "Europe/Sofia") == date(2027, 5, 16)


@pytest.mark.parametrize(
    ("anchor", "days", "expected"),
    [
        (Anchor.BEGINS, -7, True),
        (Anchor.CLOSES, -1, True),
        (Anchor.BEGINS, 0, False),
        (Anchor.ENDS, 1, False),
        (Anchor.ENDS, -1, False),
        (Anchor.AT_ONCE, 0, False),
    ],
)
def test_a_reminder_is_what_is_tied_to_a_date_before_the_edition(anchor, days, expected):
    assert is_reminder(anchor, days) is expected


def test_what_cannot_be_filled_in_is_named_once_in_the_texts_order():
    text = "Dear {given_name}, {naem} of {} and {naem}, { city }"
    assert unknown_placeholders(text) == ["naem", "", " city "]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[you]({own_page}) and [you]( {own_page} )", []),
        ("[{given_name}](https://dofc.test/)", []),
        ("[you]({given_name})", ["given_name"]),
        ("[you](https://dofc.test/{reference}?{city})", ["reference", "city"]),
        ("[you]({own_page}edit)", ["own_page"]),
    ],
)
def test_only_the_own_page_is_an_address(text, expected):
    assert misplaced_placeholders(text) == expected


def test_what_is_filled_in_is_not_filled_in_again():
    assert filled("{given_name} in {city}", {"given_name": "{city}", "city": "Sofia"}) == "{city} in Sofia"


@pytest.mark.parametrize("text", ["](" + " " * 200_000, "](" * 100_000, "](" * 100_000 + ")", "{" * 200_000])
def test_what_is_asked_of_a_text_takes_no_longer_than_it_is_long(text):
    begun = time.process_time()
    assert not misplaced_placeholders(text) and not unknown_placeholders(text)
    assert time.process_time() - begun < 2
