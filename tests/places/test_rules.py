"""What "full" means, and until when a place is held."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.places.rules import Availability, availability, free_for_anybody, is_late, offer_deadline, reminder_at

ZONES = ("Europe/Belgrade", "Europe/Istanbul", "America/St_Johns", "Asia/Kathmandu", "UTC")
FROM = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 4 * 365 * 86400).map(lambda seconds: FROM + timedelta(seconds=seconds))


def at(text: str, zone: str = "UTC") -> datetime:
    """The UTC moment at which clocks in `zone` show `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("capacity", "taken", "expected"),
    [
        (0, 0, Availability.WAITING_LIST),
        (1, 1, Availability.WAITING_LIST),
        (1, 0, Availability.FEW),
        (200, 180, Availability.FEW),
        (200, 179, Availability.PLACES),
    ],
)
def test_availability_says_what_somebody_who_comes_now_gets(capacity, taken, expected):
    assert availability(capacity - taken) is expected


@pytest.mark.parametrize(
    ("free", "categories", "expected"),
    [
        (40, [], 40),
        (40, [3, None], 40),
        (40, [3, 0, 5], 8),
        (4, [3, 0, 5], 4),
        (40, [0, 0], 0),
        (40, [-2, 1], 1),
    ],
)
def test_free_for_anybody_is_what_open_categories_have_left(free, categories, expected):
    assert free_for_anybody(free, categories) == expected


@pytest.mark.parametrize(
    ("now", "hours", "zone", "expected"),
    [
        # Exactly 18:00 is an end already; a minute later runs on to the next evening.
        ("2027-01-11 18:00", 24, "Europe/Belgrade", "2027-01-12 18:00"),
        ("2027-01-11 18:01", 24, "Europe/Belgrade", "2027-01-13 18:00"),
        ("2027-01-11 09:00", 72, "Europe/Belgrade", "2027-01-14 18:00"),
        # Summer time begins on 28 March 2027: the day has 23 hours, and its evening is still at 18:00.
        ("2027-03-27 17:30", 24, "Europe/Belgrade", "2027-03-29 18:00"),
        ("2027-03-27 16:59", 24, "Europe/Belgrade", "2027-03-28 18:00"),
        # It ends on 31 October 2027: the day has 25 hours.
        ("2027-10-30 18:30", 24, "Europe/Belgrade", "2027-10-31 18:00"),
        ("2027-10-30 19:01", 24, "Europe/Belgrade", "2027-11-01 18:00"),
        # Istanbul stays at UTC+3 all year.
        ("2027-03-27 18:00", 24, "Europe/Istanbul", "2027-03-28 18:00"),
        ("2027-03-27 18:01", 24, "Europe/Istanbul", "2027-03-29 18:00"),
        # Less than a day is held to the second.
        ("2027-01-11 09:00", 0.5, "Europe/Belgrade", "2027-01-11 09:30"),
        ("2027-01-11 09:00", 23.99, "Europe/Belgrade", "2027-01-12 08:59:24"),
        ("2027-03-28 01:30", 2, "Europe/Belgrade", "2027-03-28 04:30"),
    ],
)
def test_offer_deadline_is_a_time_that_people_know(now, hours, zone, expected):
    assert offer_deadline(at(now, zone), hours, zone, None) == at(expected, zone)


def test_offer_deadline_of_a_fraction_of_an_hour_is_exact():
    now = datetime(2027, 1, 11, 9, tzinfo=UTC)
    assert offer_deadline(now, 0.001, "Europe/Belgrade", None) == now + timedelta(seconds=3.6)


@pytest.mark.parametrize("hours", [1, 72])
def test_offer_deadline_is_never_past_the_beginning(hours):
    begins_at = at("2027-06-03 09:30", "Europe/Istanbul")
    assert offer_deadline(begins_at - timedelta(minutes=5), hours, "Europe/Istanbul", begins_at) == begins_at


@pytest.mark.parametrize(("lasts", "left"), [(72, 18), (9, 2.25), (8, 2), (3, 2), (2, None), (0.001, None)])
def test_an_offer_is_reminded_of_with_a_quarter_of_its_time_left_and_at_least_two_hours(lasts, left):
    now = datetime(2027, 1, 11, 9, tzinfo=UTC)
    until = now + timedelta(hours=lasts)
    assert reminder_at(now, until) == (None if left is None else until - timedelta(hours=left))


@given(MOMENTS, st.floats(24, 400), st.sampled_from(ZONES))
def test_offer_deadline_of_a_day_or_more_ends_at_18_and_lasts_at_least_its_hours(now, hours, zone):
    deadline = offer_deadline(now, hours, zone, None)
    assert deadline.astimezone(ZoneInfo(zone)).time() == time(18)
    assert timedelta(hours=hours) <= deadline - now < timedelta(hours=hours + 25, seconds=1)
    assert deadline.utcoffset() == timedelta(0)


@given(MOMENTS, st.floats(0, 400), st.sampled_from(ZONES), MOMENTS)
def test_offer_deadline_never_passes_the_beginning(now, hours, zone, begins_at):
    free = offer_deadline(now, hours, zone, None)
    assert offer_deadline(now, hours, zone, begins_at) == min(free, begins_at)


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (6, False), (6.01, True), (90, True)])
def test_an_offer_is_late_when_more_than_a_tenth_of_its_time_has_passed(minutes, late):
    offered_at = datetime(2027, 1, 11, 9, tzinfo=UTC)
    assert is_late(offered_at, offered_at + timedelta(hours=1), offered_at + timedelta(minutes=minutes)) is late
