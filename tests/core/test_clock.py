"""Time: an edition's zone, on the two nights a year on which an hour is missing or occurs twice."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.core.clock import end_of_day, from_zone, in_zone, now, zones


@pytest.mark.parametrize(
    ("day", "hour", "zone", "expected"),
    [
        (date(2026, 11, 2), time(9, 30), "Europe/Sofia", datetime(2026, 11, 2, 7, 30, tzinfo=UTC)),
        (date(2026, 7, 2), time(9, 30), "Europe/Sofia", datetime(2026, 7, 2, 6, 30, tzinfo=UTC)),
        # Clocks go from 3:00 to 4:00: 3:30 does not exist, and means the moment an hour later.
        (date(2026, 3, 29), time(3, 30), "Europe/Sofia", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 29), time(4, 30), "Europe/Sofia", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # Clocks go from 4:00 back to 3:00: 3:30 occurs twice, and means the first time.
        (date(2026, 10, 25), time(3, 30), "Europe/Sofia", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 1, 1), time(0), "Asia/Kathmandu", datetime(2025, 12, 31, 18, 15, tzinfo=UTC)),
        (date(2026, 6, 1), time(18), "UTC", datetime(2026, 6, 1, 18, tzinfo=UTC)),
    ],
)
def test_from_zone_gives_the_moment_that_clocks_show(day, hour, zone, expected):
    assert from_zone(day, hour, zone) == expected
    assert from_zone(day, hour, zone).tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2026, 9, 30), "Europe/Prague", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        (date(2026, 12, 31), "Europe/Prague", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        # Days of 23 and 25 hours.
        (date(2026, 3, 29), "Europe/Prague", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), "Europe/Prague", datetime(2026, 10, 25, 23, tzinfo=UTC)),
        # Clocks went from midnight to 1:00: the day before ends when there is no midnight.
        (date(2022, 9, 10), "America/Santiago", datetime(2022, 9, 11, 4, tzinfo=UTC)),
    ],
)
def test_end_of_day_is_the_next_midnight_of_the_zone(day, zone, expected):
    assert end_of_day(day, zone) == expected


@given(st.integers(0, 30 * 366 * 24 * 60), st.sampled_from(zones()))
def test_in_zone_and_from_zone_are_each_others_inverse_unless_an_hour_occurs_twice(minutes, zone):
    moment = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = in_zone(moment, zone)
    assert from_zone(local.date(), local.time(), zone) == moment or local.fold


@given(st.dates(date(2010, 1, 1), date(2040, 1, 1)), st.sampled_from(zones()))
def test_a_day_ends_where_the_next_begins(day, zone):
    assert end_of_day(day, zone) == from_zone(day + timedelta(days=1), time(0), zone)
    assert in_zone(end_of_day(day, zone), zone).date() == day + timedelta(days=1)


def test_now_is_aware_and_in_utc():
    assert now().utcoffset() == timedelta(0)
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_zones_are_those_that_people_know():
    assert {"Europe/Sofia", "Asia/Seoul", "America/Argentina/Buenos_Aires", "UTC"} <= set(zones())
    assert not {"EST", "Etc/GMT+3", "posixrules", "localtime"} & set(zones())
    assert len(set(zones())) == len(zones())
    for name in zones():
        ZoneInfo(name)
