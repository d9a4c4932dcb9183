"""Which links are hidden, what needs attention."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.memory.figures.rules import days_between, growth, weeks
from dofc_events.organise.overview.rules import Deadline, coming_deadlines
from dofc_events.organise.registrations.export.rules import Need, grouped
from dofc_events.organise.rules import is_moment, masked, masked_html
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.rules import is_nearly_full, still_needed
from tests.support.factories import NOW


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ("http://dofc.test/registrations/7KX9-Q2MB.1.abc_-d/", "http://dofc.test/registrations/…/"),
        ("http://dofc.test/registrations/7KX9.1.abc/offer now", "http://dofc.test/registrations/…/offer now"),
        ("(https://dofc.test/dofc/sign-in/s3cr-t_9)", "(https://dofc.test/dofc/sign-in/…)"),
        ("https://dofc.test/hosting/vote/abc.", "https://dofc.test/hosting/vote/…"),
        ("https://dofc.test/hosting/proposals/abc/edit", "https://dofc.test/hosting/proposals/…/edit"),
        ("https://dofc.test/editions/2027/", "https://dofc.test/editions/2027/"),
        ("http://127.0.0.1:8000/groups/abc.1.x/invite", "http://127.0.0.1:8000/groups/…/invite"),
        ("https://dofc.test/groups/join/5.1.x", "https://dofc.test/groups/join/…"),
        ("https://dofc.test/groups/with/abc.1.x", "https://dofc.test/groups/with/…"),
        (
            "https://dofc.test/organise/editions/2027/groups/AB-CD/",
            "https://dofc.test/organise/editions/2027/groups/AB-CD/",
        ),
        ("https://dofc.test/sign-in", "https://dofc.test/sign-in"),
        ("two /registrations/a/ and /registrations/b/", "two /registrations/…/ and /registrations/…/"),
    ],
)
def test_links_that_act_for_a_person_lose_their_secret(shown, hidden):
    assert masked(shown) == hidden


@pytest.mark.parametrize(
    "link",
    [
        '<a class="b" href="http://dofc.test/registrations/SECRET/" style="color: red">Go</a>',
        "<a style='x' HREF = 'http://dofc.test/sign-in/SECRET'>Go</a>",
        "<a href=http://dofc.test/hosting/vote/SECRET>Go</a>",
        '<a href="http://dofc.test/registrations&#47;SECRET/">Go</a>',
        '<form action="/registrations/SECRET/cancel"></form>',
        "<p>http://dofc.test/hosting/proposals/SECRET/</p>",
    ],
)
def test_html_neither_shows_nor_follows_them(link):
    hidden = masked_html(f"<p>{link}</p>")
    assert "SECRET" not in hidden
    assert "href" not in hidden.lower()


def test_html_keeps_other_links():
    html = '<p><a href="http://dofc.test/editions/2027/" style="color: teal">The edition</a></p>'
    assert masked_html(html) == html


@given(st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="-_."), min_size=4))
def test_no_token_survives(token):
    text = f"Your page:\nhttps://dofc.test/registrations/{token}/edit\n"
    assert masked(text) == "Your page:\nhttps://dofc.test/registrations/…/edit\n"


# What needs attention, and growth

OPENS, CLOSES = Deadline.REGISTRATION_OPENS, Deadline.REGISTRATION_CLOSES
FREEZE, BEGINS = Deadline.DETAILS_FREEZE, Deadline.EDITION_BEGINS


def test_coming_deadlines_are_those_of_two_weeks_soonest_first():
    soon, last = NOW + timedelta(seconds=1), NOW + timedelta(days=14)
    dates = {OPENS: NOW, CLOSES: last, FREEZE: soon, BEGINS: last + timedelta(seconds=1)}
    assert coming_deadlines(dates, NOW) == [(FREEZE, soon), (CLOSES, last)]
    assert coming_deadlines({Deadline.SIGN_UP_OPENS: None}, NOW) == []


def test_two_deadlines_at_the_same_moment_are_one_line():
    dates = {FREEZE: NOW + timedelta(days=1), CLOSES: NOW + timedelta(days=1)}
    assert coming_deadlines(dates, NOW) == [(CLOSES, NOW + timedelta(days=1))]


@pytest.mark.parametrize(
    ("minimum", "collects_wishes", "needed"), [(0, False, 0), (5, False, 3), (2, False, 0), (8, True, 2), (6, True, 0)]
)
def test_wishes_count_towards_a_minimum_only_while_they_are_collected(minimum, collects_wishes, needed):
    counts = {ClaimStatus.CONFIRMED: 2, ClaimStatus.REQUESTED: 4, ClaimStatus.WAITLISTED: 7}
    assert still_needed(minimum, counts, collects_wishes) == needed


@pytest.mark.parametrize(
    ("capacity", "taken", "nearly"),
    [(20, 17, False), (20, 18, True), (20, 19, True), (20, 20, False), (9, 8, False), (10, 9, True), (0, 0, False)],
)
def test_trip_is_nearly_full_when_a_tenth_of_its_seats_is_left(capacity, taken, nearly):
    assert is_nearly_full(capacity, taken) is nearly


@pytest.mark.parametrize(("hours", "day"), [(-30, 0), (0, 0), (23.9, 0), (24, 1), (49, 2)])
def test_days_are_counted_from_the_opening_moment(hours, day):
    assert days_between(NOW, NOW + timedelta(hours=hours)) == day


@pytest.mark.parametrize(
    ("per_day", "last_day", "numbers"), [({}, -1, ()), ({}, 1, (0, 0)), ({0: 2, 3: 1}, 4, (2, 2, 2, 3, 3))]
)
def test_growth_adds_up(per_day, last_day, numbers):
    assert growth(per_day, last_day) == numbers


@pytest.mark.parametrize(("length", "rows"), [(0, []), (1, [0]), (7, [0, 6]), (8, [0, 7]), (16, [0, 7, 14, 15])])
def test_table_of_days_has_each_week_and_the_last_day(length, rows):
    assert weeks(length) == rows


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2026-11-02T12:00:00+00:00", True),
        ("2026-11-02T12:00:00Z", True),
        ("2026-11-02T12:00:00", False),
        ("x", False),
        # There is no such moment by another clock.
        ("0001-01-01T00:00:00+14:00", False),
        ("9999-12-31T23:59:59-12:00", False),
    ],
)
def test_moment_has_an_offset(text, is_one):
    assert is_moment(text) is is_one


@pytest.mark.parametrize(
    ("said", "needs"),
    [
        ([], []),
        ([("", 7), (" \n", 2)], []),
        ([("Vegan", 1), ("vegan ", 3), ("VEGAN", 1)], [("vegan", 5)]),
        ([("Halal", 2), ("vegan", 2), ("No nuts", 3)], [("No nuts", 3), ("Halal", 2), ("vegan", 2)]),
        ([("Ζωή", 1), ("ΖΩΉ", 1), ("Straße", 1), ("STRASSE", 1)], [("Straße", 2), ("Ζωή", 2)]),
        ([("no nuts", 1), ("no  nuts", 1)], [("no  nuts", 1), ("no nuts", 1)]),
    ],
)
def test_needs_that_differ_in_capitals_alone_are_one(said, needs):
    assert grouped(said) == [Need(*need) for need in needs]
