"""Dates and times as people read them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from dofc_events.web.dates import day, day_range, deadline, duration, moment, moment_range, time_left, zone_name

SIX = datetime(2027, 6, 3, 16, tzinfo=UTC)
PRAGUE = "Europe/Prague"


@pytest.fixture(autouse=True)
def _babel():
    """The filters need a locale and nothing else of the application."""
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        yield


def test_moment_names_the_zone():
    assert moment(SIX, PRAGUE) == "18:00, Thursday 3 June 2027 (Prague time)"
    assert moment(SIX, "UTC") == "16:00, Thursday 3 June 2027 (UTC)"
    assert moment(SIX, "Asia/Tokyo") == "01:00, Friday 4 June 2027 (Tokyo time)"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2027, 5, 16, 22, tzinfo=UTC), "the end of Sunday 16 May 2027 (Prague time)"),
        (datetime(2027, 5, 16, 21, 59, tzinfo=UTC), "23:59, Sunday 16 May 2027 (Prague time)"),
        (datetime(2027, 5, 16, 22, 1, tzinfo=UTC), "00:01, Monday 17 May 2027 (Prague time)"),
    ],
)
def test_deadline_says_which_day_ends_when_it_is_midnight(at, words):
    assert deadline(at, PRAGUE) == words


def test_a_zone_is_not_named_where_the_page_has_said_it():
    assert moment(SIX, PRAGUE, named=False) == "18:00, Thursday 3 June 2027"
    assert deadline(SIX.replace(hour=22), PRAGUE, named=False) == "the end of Thursday 3 June 2027"
    assert moment_range(SIX, SIX.replace(hour=18), PRAGUE, named=False) == "18:00–20:00, Thursday 3 June 2027"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=59, milliseconds=900), "59 seconds"),
        (timedelta(minutes=1, seconds=59), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(hours=72), "3 days"),
        (timedelta(hours=95), "3 days"),
    ],
)
def test_time_left_is_never_more_than_there_is(left, words):
    assert time_left(SIX + left, SIX) == words


def test_moment_range_says_a_day_once():
    evening = moment_range(SIX, SIX.replace(hour=18, minute=30), PRAGUE)
    assert evening == "18:00–20:30, Thursday 3 June 2027 (Prague time)"
    assert moment_range(SIX, SIX.replace(hour=23), PRAGUE) == (
        "18:00, Thursday 3 June 2027 – 01:00, Friday 4 June 2027 (Prague time)"
    )


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (None, "3 June 2027"),
        (date(2027, 6, 3), "3 June 2027"),
        (date(2027, 6, 5), "3–5 June 2027"),
        (date(2027, 7, 1), "3 June\u2009–\u20091 July 2027"),
        (date(2028, 1, 2), "3 June 2027\u2009–\u20092 January 2028"),
    ],
)
def test_day_range_says_nothing_twice(end, words):
    assert day_range(date(2027, 6, 3), end) == words


def test_dates_follow_the_language():
    with force_locale("de"):
        assert day(date(2027, 6, 3)) == "Donnerstag, 3. Juni 2027"
        assert day_range(date(2027, 6, 3), date(2027, 6, 5)) == "3.–5. Juni 2027"
    with force_locale("tr"):
        assert moment(SIX, "Europe/Skopje").startswith("18:00, 3 Haziran 2027 Perşembe")
        assert zone_name("Europe/Skopje").startswith("Üsküp")


@pytest.mark.parametrize(("seconds", "words"), [(5, "5 seconds"), (180, "3 minutes"), (7200, "2 hours")])
def test_duration_is_said_roughly(seconds, words):
    assert duration(seconds) == words
