"""Whether one can register, what a deadline means, where a date goes when an edition is copied."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.conference.rules import (
    EditionStatus,
    Window,
    days_to_same_weekday,
    parse_deadline,
    registration_window,
)

OPENS = datetime(2027, 3, 1, 8, tzinfo=UTC)
CLOSES = datetime(2027, 5, 1, 22, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (OPENS - SECOND, Window.NOT_YET),
        (OPENS, Window.OPEN),
        (CLOSES - SECOND, Window.OPEN),
        (CLOSES, Window.CLOSED),
        (CLOSES + timedelta(days=400), Window.CLOSED),
    ],
)
def test_window_follows_the_dates_when_published(at, expected):
    assert registration_window(EditionStatus.PUBLISHED, OPENS, CLOSES, at) is expected


@pytest.mark.parametrize("status", ["draft", EditionStatus.DRAFT])
def test_window_is_not_yet_when_draft(status):
    assert registration_window(status, OPENS, CLOSES, OPENS) is Window.NOT_YET


@pytest.mark.parametrize("status", ["archived", EditionStatus.ARCHIVED])
def test_window_is_closed_when_archived(status):
    assert registration_window(status, OPENS, CLOSES, OPENS) is Window.CLOSED
    assert registration_window(status, None, None, OPENS) is Window.CLOSED


@pytest.mark.parametrize(("opens_at", "closes_at"), [(None, None), (OPENS, None), (None, CLOSES)])
def test_window_is_not_yet_when_a_date_is_missing(opens_at, closes_at):
    assert registration_window(EditionStatus.PUBLISHED, opens_at, closes_at, OPENS) is Window.NOT_YET


@pytest.mark.parametrize(
    ("text", "closing", "expected"),
    [
        ("2027-05-31", True, datetime(2027, 5, 31, 22, tzinfo=UTC)),
        ("2027-05-31", False, datetime(2027, 5, 30, 22, tzinfo=UTC)),
        ("20270531", True, datetime(2027, 5, 31, 22, tzinfo=UTC)),
        ("2027-05-31T18:00", True, datetime(2027, 5, 31, 16, tzinfo=UTC)),
        ("2027-01-31T18:00", True, datetime(2027, 1, 31, 17, tzinfo=UTC)),
        ("2027-05-31T18:00Z", True, datetime(2027, 5, 31, 18, tzinfo=UTC)),
        ("2027-05-31 18:00:30+05:30", False, datetime(2027, 5, 31, 12, 30, 30, tzinfo=UTC)),
    ],
)
def test_parse_deadline_reads_the_zone_when_there_is_no_offset(text, closing, expected):
    moment = parse_deadline(text, "Europe/Prague", closing=closing)
    assert (moment, moment.utcoffset()) == (expected, timedelta(0))


@pytest.mark.parametrize("text", ["", "tomorrow", "31/05/2027", "2027-02-30", "2027-05-31T25:00"])
def test_parse_deadline_refuses_what_is_no_date(text):
    with pytest.raises(ValueError):
        parse_deadline(text, "Europe/Prague", closing=True)


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2027, 6, 3), 1, date(2028, 6, 1)),
        (date(2027, 6, 3), 0, date(2027, 6, 3)),
        (date(2027, 6, 3), 6, date(2033, 6, 2)),
        (date(2028, 2, 29), 1, date(2029, 2, 27)),
        (date(2016, 9, 22), 11, date(2027, 9, 23)),
    ],
)
def test_days_to_same_weekday_lead_near_the_same_date(day, years, expected):
    assert day + timedelta(days=days_to_same_weekday(day, years)) == expected


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(0, 40))
def test_days_to_same_weekday_are_whole_weeks_and_the_nearest(day, years):
    days = days_to_same_weekday(day, years)
    assert days % 7 == 0
    assert abs(day.toordinal() + days - date(day.year + years, 1, 1).toordinal() - _day_of_year(day)) <= 4


def _day_of_year(day: date) -> int:
    return day.toordinal() - date(day.year, 1, 1).toordinal()
