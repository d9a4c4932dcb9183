"""How seats are given, and what of it the pages about registrations show."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import TripMode
from dofc_events.delegates.models import Registration
from tests.organise.trips.conftest import add, change, problems
from tests.support.factories import NOW


def sign_up(page, **values):
    return page("/sign-up").form().fill(values).submit()


def test_sign_up_is_saved_as_times_in_the_editions_zone(page, reading, year):
    shown = sign_up(page, opens_at="2026-12-01T09:00", closes_at="2027-05-01T00:00")
    assert "Saved." in shown.text and "Sign-up opens at 09:00, Tuesday 1 December 2026 (Sofia time)." in shown.text
    with reading() as session:
        edition = edition_by_year(session, year)
        assert edition.trips_open_at == datetime(2026, 12, 1, 7, tzinfo=UTC)
        assert edition.trips_close_at == datetime(2027, 4, 30, 21, tzinfo=UTC)
    assert page("/sign-up").form().value("opens_at") == "2026-12-01T09:00"


def test_sign_up_says_what_empty_times_mean(page):
    text = page("/sign-up").text
    assert "the opening of registration, at 15:00, Saturday 3 October 2026 (Sofia time)" in text
    assert "the start of the conference, at 09:30, Friday 21 May 2027 (Sofia time)" in text


def test_mode_of_sign_up_turns_waits_into_wishes_and_back(page, add_trip, register, seats_of, kinds, with_mail_server):
    with_mail_server()
    add_trip("steel", capacity=1)
    first, second, third = register("steel"), register("steel"), register("steel")
    assert "2 people would be told by email." in page("/sign-up").text
    asked = sign_up(page, mode="draw")
    assert asked.status == 422 and "2 people who are waiting for a seat" in asked.one(".notice-warning").text
    assert [len(kinds(who)) for who in (first, second, third)] == [2, 2, 2]
    shown = asked.form().submit("Yes, save")
    assert "Saved. 2 people will be told by email." in shown.text
    assert "Seats are drawn" in shown.text
    assert [seats_of(who)["steel"] for who in (first, second, third)] == ["confirmed", "requested", "requested"]
    assert [len(kinds(who)) for who in (first, second, third)] == [2, 3, 3]
    assert "2 people would be told by email." in page("/sign-up").text
    sign_up(page, mode="first-come").form().submit("Yes, save")
    assert [seats_of(who)["steel"] for who in (first, second, third)] == ["confirmed", "waitlisted", "waitlisted"]


def test_nobody_is_told_when_the_mode_stays(page, add_trip, register):
    add_trip("steel", capacity=0)
    register("steel")
    shown = sign_up(page, closes_at="2027-05-01T00:00")
    assert "told" not in shown.one(".notice-success").text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"opens_at": "2027-02-01T09:00", "closes_at": "2027-02-01T09:00"}, "closes_at"),
        ({"closes_at": "2026-10-01T00:00"}, "closes_at"),
        ({"opens_at": "2027-05-21T09:30"}, "opens_at"),
        ({"mode": "draw", "opens_at": "2027-05-20T09:30"}, "opens_at"),
    ],
    ids=str,
)
def test_sign_up_that_closes_before_it_opens_is_refused(page, values, field):
    shown = sign_up(page, **values)
    assert (shown.status, problems(shown)) == (422, ["Sign-up must close after it opens."])
    assert shown.all(f"#{field}-error")
    for name, value in values.items():
        assert (
            shown.one("[name=mode][checked]")["value"] == value if name == "mode" else shown.form().value(name) == value
        )


def test_a_close_that_has_passed_is_asked_about(page, reading, year):
    asked = sign_up(page, closes_at="2026-05-01T12:00", opens_at="2026-04-01T12:00")
    assert asked.status == 422 and "“Sign-up closes” is in the past." in asked.one(".notice-warning").text
    assert "Saved." in asked.form().submit("Yes, save").text
    with reading() as session:
        assert edition_by_year(session, year).trips_close_at == datetime(2026, 5, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("values", [{}, {"mode": "draw", "opens_at": "2062-01-01T09:00"}], ids=str)
def test_sign_up_that_closes_after_the_edition_is_refused(page, reading, year, values):
    shown = sign_up(page, closes_at="2082-01-01T00:00", **values)
    assert (shown.status, problems(shown)) == (422, ["Sign-up must close before the edition ends."])
    assert shown.all("#closes_at-error")
    with reading() as session:
        assert edition_by_year(session, year).trips_close_at is None


@pytest.mark.parametrize("mode", ["first-come", "draw"])
def test_sign_up_that_closes_after_a_trip_begins_is_asked_about(page, add_trip, reading, year, mode):
    """The trips begin at 09:30 and 14:30; nobody can join a trip that has begun or is cancelled."""
    add_trip("wine", later=True), add_trip("steel"), add_trip("mill", cancelled_at=NOW)
    asked = sign_up(page, mode=mode, closes_at="2027-05-22T09:31")
    assert asked.status == 422
    said = [item.text for item in asked.all(".notice-warning li")]
    assert said == ["Sign-up would close only after “The steel trip” has begun."]
    assert "Saved." in asked.form().submit("Yes, save").text
    with reading() as session:
        assert edition_by_year(session, year).trips_close_at == datetime(2027, 5, 22, 6, 31, tzinfo=UTC)
    assert "Saved." in sign_up(page, opens_at="2027-01-01T09:00").text
    assert "Saved." in sign_up(page, closes_at="2027-05-22T09:30").text


def test_a_draw_after_a_trip_has_begun_is_asked_about_whatever_closes_sign_up(page, add_trip, change_edition):
    add_trip("steel")
    change_edition(registration_closes_at=datetime(2027, 5, 22, 12, tzinfo=UTC))
    asked = sign_up(page, mode="draw")
    assert "after “The steel trip” has begun" in asked.one(".notice-warning").text
    assert "Saved." in asked.form().submit("Yes, save").text


def test_mode_stays_once_the_draw_is_published(page, change_edition):
    change_edition(trip_mode=TripMode.DRAW)
    form = page("/sign-up").form().fill(mode="first-come")
    change_edition(trips_drawn_at=NOW)
    shown = form.submit()
    assert shown.status == 422
    assert problems(shown) == ["The draw has been published, so how seats are given can no longer change."]
    shown = page("/sign-up")
    assert "The draw was published at" in shown.text
    assert not shown.all("main form")


def test_registrations_show_and_filter_by_trips(organiser, page, add_trip, register, year):
    add_trip("steel", capacity=1)
    add_trip("wine", later=True)
    first, second, none = register("steel", "wine"), register("steel"), register()
    address = f"/organise/editions/{year}/registrations"
    shown = organiser.get(address)
    first_row = shown.one(f"tr[data-registration='{first}']").get_text(" ", strip=True)
    assert "The steel trip · Seat confirmed" in first_row and "The wine trip · Seat confirmed" in first_row
    assert "The steel trip · On the waiting list" in shown.one(f"tr[data-registration='{second}']").get_text(
        " ", strip=True
    )
    assert "trip" not in shown.one(f"tr[data-registration='{none}']").get_text(" ")

    change(page, register("steel"), "-")
    shown = shown.form(".filters").fill(trip="steel").submit()
    assert [row["data-registration"] for row in shown.all("tr[data-registration]")] == [second, first]
    assert shown.one("[data-total]")["data-total"] == "2"
    assert shown.form(".filters").value("trip") == "steel"
    assert organiser.get(f"{address}?trip=nothing").one("[data-total]")["data-total"] == "0"


def test_registrations_show_no_trips_where_there_are_none(organiser, register, year):
    register()
    shown = organiser.get(f"/organise/editions/{year}/registrations")
    assert "Learning trip" not in shown.one("main").text


def test_registration_shows_every_trip_and_what_happened(organiser, page, add_trip, register, change_edition, year):
    add_trip("steel", capacity=1)
    add_trip("wine")
    add_trip("museum", later=True)
    reference = register("steel")
    waiting = register("steel")
    change(page, reference, "wine", "Swapped with Ana")
    shown = organiser.get(f"/organise/editions/{year}/registrations/{reference}")
    assert {row["data-trip"]: row["data-trip-status"] for row in shown.all("[data-trip]")} == {
        "steel": "cancelled",
        "wine": "confirmed",
        "museum": "none",
    }
    story = [item.get_text(" ", strip=True).partition("dofc.test ")[2] for item in shown.all(".timeline li")]
    assert story[2:] == ["Moved from “The steel trip” to “The wine trip” by hand: Swapped with Ana"]
    assert "Asked for a seat on “The steel trip”" in shown.text
    shown = organiser.get(f"/organise/editions/{year}/registrations/{waiting}")
    assert shown.one("[data-trip=steel]")["data-trip-status"] == "offered"
    assert "The seat is held until" in shown.one("[data-trip=steel]").text
    change(page, waiting, "-", "Fell ill")
    shown = organiser.get(f"/organise/editions/{year}/registrations/{waiting}")
    assert "Taken off “The steel trip” by hand: Fell ill" in shown.text
    add(page, waiting, "Is well again")
    shown = organiser.get(f"/organise/editions/{year}/registrations/{waiting}")
    assert "Put on “The steel trip” by hand: Is well again" in shown.text


def test_registration_says_that_any_other_trip_is_fine_in_a_draw(
    organiser, add_trip, register, writing, year, change_edition
):
    add_trip("steel")
    change_edition(trip_mode=TripMode.DRAW)
    reference = register("steel")
    address = f"/organise/editions/{year}/registrations/{reference}"
    assert "1st choice" in organiser.get(address).one("[data-trip=steel]").text
    assert "Any other trip" not in organiser.get(address).text
    with writing() as session:
        session.scalars(select(Registration).where(Registration.reference == reference)).one().any_trip = True
    assert "Any other trip is fine" in organiser.get(address).text
