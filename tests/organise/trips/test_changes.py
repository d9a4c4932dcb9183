"""A trip is changed, moved, called off."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.organise.trips.conftest import problems
from tests.support.factories import NOW

YES = "Yes, save"


def test_trip_that_nobody_touches_stays_as_it_is(page, add_trip, trip_now, trail):
    # 3:30 comes twice in Sofia on 31 October 2027; this is the second.
    twice = datetime(2027, 10, 31, 1, 30, 7, tzinfo=UTC)
    add_trip("steel", starts_at=twice, ends_at=twice + timedelta(hours=3))
    page("/steel/").form().submit()
    assert trip_now("steel")[0].starts_at == twice
    assert trail("trip_changed") == []


def test_trip_changes_and_tells_those_who_are_on_it_when_it_moves(
    page, add_trip, register, trip_now, kinds, with_mail_server
):
    with_mail_server()
    add_trip("steel", capacity=1)
    first, second, other = register("steel"), register("steel"), register()
    shown = page("/steel/")
    assert "2 people will be told by email" in shown.text
    assert not shown.all("[name=slug]")
    shown = shown.form().fill(starts="09:15", meeting_point="Gate 2").submit()
    assert "Saved. 2 people will be told by email." in shown.text
    assert shown.form().value("starts") == "09:15"
    assert trip_now("steel")[0].starts_at == datetime(2027, 5, 22, 6, 15, tzinfo=UTC)
    for reference in (first, second):
        assert kinds(reference)[-1] == "trip-changed"
    assert "trip-changed" not in kinds(other)


def test_trip_changes_without_a_message_when_only_words_change(page, add_trip, register, kinds):
    add_trip("steel")
    reference = register("steel")
    shown = page("/steel/").form().fill(description="New words").submit()
    assert "Saved." in shown.text and "told" not in shown.one(".notice-success").text
    assert "trip-changed" not in kinds(reference)


def test_seats_that_are_added_are_offered_at_once(page, add_trip, register, seats_of):
    add_trip("steel", capacity=1)
    _first, second = register("steel"), register("steel")
    asked = page("/steel/").form().fill(capacity=2, bring="Shoes").submit()
    assert asked.status == 422
    assert "1 person on the waiting list will be offered a seat by email." in asked.one(".notice-warning").text
    assert seats_of(second) == {"steel": "waitlisted"}
    assert asked.form().submit(YES).form().value("bring") == "Shoes"
    assert seats_of(second) == {"steel": "offered"}


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2028-05-22", "“The steel trip” would be 365 days away from the edition."),
        ("2027-05-31", "“The steel trip” would be 8 days away from the edition."),
        ("2026-05-22", "“Day” is in the past."),
    ],
)
def test_a_day_that_may_be_a_slip_is_asked_about(page, add_trip, register, kinds, trip_now, day, words):
    add_trip("steel")
    reference = register("steel")
    before = trip_now("steel")[0].starts_at
    asked = page("/steel/").form().fill(day=day).submit()
    assert words in asked.one(".notice-warning").text
    assert (trip_now("steel")[0].starts_at, kinds(reference)[-1]) == (before, "trip-confirmed")
    assert "Saved." in asked.form().submit(YES).text
    assert trip_now("steel")[0].starts_at != before


@pytest.mark.parametrize("day", ["2027-05-14", "2027-05-30"])
def test_a_day_within_a_week_of_the_edition_is_not_asked_about(page, add_trip, day):
    add_trip("steel")
    assert "Saved." in page("/steel/").form().fill(day=day).submit().text


def test_a_new_trip_far_away_is_asked_about(page, trip_now):
    new = page("/new").form().fill(title="Harbour", day="2026-05-22", starts="09:00", ends="12:00", capacity=4)
    asked = new.submit()
    assert "“Harbour” would be 364 days away from the edition." in asked.one(".notice-warning").text
    assert page("").all("[href$='/trips/harbour/']") == []
    asked.form().submit(YES)
    assert trip_now("harbour")[1].capacity == 4


def test_seats_never_fall_below_what_is_taken(page, add_trip, register, trip_now):
    add_trip("steel", capacity=3)
    register("steel"), register("steel")
    shown = page("/steel/").form().fill(capacity=1, title="Not kept either").submit()
    assert shown.status == 422
    assert problems(shown) == ["Enter at least 2: that many seats are taken (confirmed or offered)."]
    assert shown.form().value("capacity") == "1"
    assert (trip_now("steel")[1].capacity, trip_now("steel")[0].title) == (3, "The steel trip")


def test_trip_that_ends_before_it_starts_is_refused(page, add_trip, trip_now):
    add_trip("steel")
    shown = page("/steel/").form().fill(ends="08:00").submit()
    assert shown.status == 422
    assert (shown.form().value("starts"), shown.form().value("ends")) == ("09:30", "08:00")
    assert trip_now("steel")[0].revision == 0


@pytest.fixture
def both(add_trip, register):
    """Somebody with a seat on a trip in the morning and one in the afternoon, and somebody with one of them."""
    add_trip("steel")
    add_trip("wine", later=True)
    return register("steel", "wine", given_name="Ana", family_name="Kovač"), register("steel")


def test_moving_a_trip_onto_another_one_warns_and_names_who_loses_a_seat(page, both, seats_of, trip_now):
    shown = page("/steel/").form().fill(starts="15:00", ends="19:00", bring="Shoes").submit()
    assert shown.status == 422
    warning = shown.one(".notice-warning")
    assert [item.get_text(" ", strip=True) for item in warning.select("li")] == [
        "Ana Kovač keeps the seat on “The wine trip” and loses the one on “The steel trip”."
    ]
    assert "2 people will be told the new time by email." in warning.text
    assert shown.form().value("bring") == "Shoes"
    assert seats_of(both[0]) == {"steel": "confirmed", "wine": "confirmed"}
    assert trip_now("steel")[0].bring == ""

    saved = shown.form().submit(YES)
    assert "Saved. No mail server is set up" in saved.text
    assert seats_of(both[0]) == {"wine": "confirmed"}
    assert seats_of(both[1]) == {"steel": "confirmed"}
    assert trip_now("steel")[0].bring == "Shoes"


def test_moving_a_trip_warns_again_when_somebody_else_would_lose_a_seat(page, both, register, seats_of):
    shown = page("/steel/").form().fill(starts="15:00", ends="19:00").submit()
    late = register("steel", "wine", given_name="Bojan", family_name="Late")
    again = shown.form().submit(YES)
    assert again.status == 422
    assert "Bojan Late" in again.one(".notice-warning").text
    assert seats_of(late) == {"steel": "confirmed", "wine": "confirmed"}
    assert again.form().submit(YES).status == 200
    assert seats_of(late) == {"wine": "confirmed"}


def test_moving_a_trip_warns_again_when_it_is_saved_by_the_other_button(page, both, seats_of):
    shown = page("/steel/").form().fill(starts="15:00", ends="19:00").submit()
    assert shown.form().submit("Save the trip").status == 422
    assert seats_of(both[0]) == {"steel": "confirmed", "wine": "confirmed"}
    assert shown.form().fill(starts="08:00", ends="10:00").submit("Save the trip").status == 200
    assert seats_of(both[0]) == {"steel": "confirmed", "wine": "confirmed"}


def test_cancelling_asks_first_and_says_who_is_affected(page, add_trip, register, seats_of, trip_now, kinds):
    add_trip("steel", capacity=1)
    first, second = register("steel", family_name="Kovač"), register("steel", family_name="Şahin")
    shown = page("/steel/").follow("Cancel this trip")
    assert "2 people will be told by email that it has been cancelled." in shown.text
    facts = {
        row.select_one("dt").text: row.select_one("dd").get_text(strip=True) for row in shown.all("dl.facts > div")
    }
    assert facts == {"1 with a seat": "Łucja Kovač", "1 waiting": "Łucja Şahin"}
    assert trip_now("steel")[0].cancelled_at is None

    shown = shown.form().submit()
    assert "“The steel trip” has been cancelled." in shown.text
    assert trip_now("steel")[0].cancelled_at == NOW
    assert (seats_of(first), seats_of(second)) == ({}, {})
    assert kinds(first)[-1] != kinds(first)[0]
    assert "already been cancelled" in page("/steel/cancel").text
    assert "was cancelled at" in page("/steel/").text
    assert "nobody is on it" in page("/steel/people").text


def test_cancelling_names_five_people_and_counts_the_others(page, add_trip, register):
    add_trip("steel")
    for _number in range(7):
        register("steel")
    row = page("/steel/cancel").one("dl.facts dd")
    assert len(row.select("a")) == 5
    assert "and 2 more" in row.text


def test_cancelling_a_trip_that_nobody_wants_says_so(page, add_trip):
    add_trip("steel")
    assert "Nobody has asked for a seat." in page("/steel/cancel").text


def test_a_trip_of_a_draft_that_nobody_asked_for_is_deleted(page, add_trip, register, change_edition, trip_now, trail):
    add_trip("steel"), add_trip("wine")
    register("wine")
    change_edition(status="draft")
    shown = page("/steel/").follow("Delete this trip").form().submit("Delete the trip")
    assert "“The steel trip” has been deleted." in shown.text and trip_now("steel") is None
    assert trail("trip_deleted") == [{"trip": "steel"}]
    page("/wine/cancel").form().submit("Cancel the trip")
    assert trip_now("wine")[0].cancelled_at == NOW
