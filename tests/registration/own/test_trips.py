"""Learning trips on the registration form and on the delegate's own pages, through HTTP only."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.delegates.models import Registration
from dofc_events.registration import service
from dofc_events.registration.timers import lapse_offers
from dofc_events.registration.trips import service as seats
from tests.registration.conftest import FORM
from tests.registration.own.conftest import TRAVELLER, register, seats_on, trips_page, two_tabs, words_on
from tests.support.by_hand import take_off
from tests.support.databases import count_queries, dump
from tests.support.factories import DELEGATE, NOW, make_trip
from tests.support.letters import deliver_all, kinds, letters


def test_registering_gives_a_seat_and_a_position_with_the_place(client, edition, reading):
    own = register(client, trips=["bridges", "docks"])
    assert seats_on(own) == {"bridges": "confirmed", "cellars": "none", "docks": "waitlisted"}
    assert own.one("[data-registration-status]")["data-registration-status"] == "confirmed"
    assert "Position 2" in own.text
    with reading() as session:
        (message,) = letters(session, to="zoe@dofc.test")
    assert message.kind == "registration-confirmed"
    assert "You have a seat on “Bridges”." in message.text and "number 2 on its" in message.text
    assert "Docks" in message.html and "Seat confirmed" in message.html


def test_the_form_says_what_is_left_and_what_is_at_the_same_time(client, edition):
    page = client.get(FORM)
    bridges, docks = page.one("#trip-bridges-facts").text, page.one("#trip-docks-facts").text
    assert "At the same time as: Cellars" in bridges and "1 seat left" in bridges
    assert "At the same time" not in docks and "You can join the waiting list" in docks


def test_a_trip_without_seats_yet_is_nowhere_full_even_if_somebody_waits(client, edition, act, reading):
    act(seats.resize_trip, edition.id, "bridges", 0, COMMAND, NOW)
    assert "Seats to be announced. You can join" in client.get(FORM).one("#trip-bridges-facts").text
    register(client, trips=["bridges"])
    with reading() as session:
        (message,) = letters(session, to="zoe@dofc.test")
    assert "The number of seats on “Bridges” is to be announced: you are number 1" in message.text
    assert "Seats to be announced" in client.get("/editions/2027/").one("#trip-bridges").text


def test_two_trips_at_the_same_time_are_refused_and_nothing_is_lost(client, edition, database_url):
    before = dump(database_url)
    page = register(client, trips=["bridges", "cellars"])
    assert page.status == 422
    assert "“Bridges” and “Cellars” take place at the same time" in page.one("[data-error-summary]").text
    assert page.form().values["trips"] == ["bridges", "cellars"] and page.form().value("given_name") == "Zoë"
    assert dump(database_url) == before
    assert seats_on(page.form().fill(trips=["cellars"]).submit())["cellars"] == "confirmed"


def test_one_may_wait_for_two_trips_at_the_same_time(client, edition, act):
    for slug in ("bridges", "cellars"):
        act(seats.resize_trip, edition.id, slug, 0, COMMAND, NOW)
    own = register(client, trips=["bridges", "cellars"])
    assert seats_on(own) == {"bridges": "waitlisted", "cellars": "waitlisted", "docks": "none"}
    page = trips_page(client, own).form().fill(trips=["bridges", "cellars", "docks"]).submit()
    assert seats_on(page) == {"bridges": "waitlisted", "cellars": "waitlisted", "docks": "waitlisted"}


@pytest.mark.parametrize(("field", "value"), [("trips", "nowhere"), ("preference-docks", "1"), ("trips", "")])
def test_what_is_not_offered_is_refused(client, edition, database_url, field, value):
    before = dump(database_url)
    page = client.get(FORM).form().fill(TRAVELLER).forge({field: value}).submit()
    assert page.status == 422 and "no longer available" in page.text
    assert dump(database_url) == before


def test_changing_trips_gives_back_and_takes_in_one_step_and_in_one_message(client, edition, reading):
    own = register(client, trips=["bridges"])
    form = trips_page(client, own).form()
    assert form.values["trips"] == ["bridges"]
    own = form.fill(trips=["cellars"]).submit()
    assert seats_on(own) == {"bridges": "cancelled", "cellars": "confirmed", "docks": "none"}
    assert "Changes saved." in own.text
    with reading() as session:
        assert kinds(session, to="zoe@dofc.test") == ["registration-confirmed", "trip-confirmed"]
        message = letters(session, to="zoe@dofc.test")[-1]
    assert "You have given back “Bridges”." in message.text and "seat on “Cellars”" in message.text
    assert message.subject == "Your seat is confirmed: Cellars, Days of Clusters 2027"


def test_nothing_is_said_when_nothing_changes(client, edition, reading):
    own = register(client, trips=["bridges"])
    assert "Nothing has been changed." in trips_page(client, own).form().submit().text
    with reading() as session:
        assert kinds(session, to="zoe@dofc.test") == ["registration-confirmed"]


def test_a_seat_beside_the_one_that_is_held_is_refused_in_words(client, edition):
    own = register(client, trips=["bridges"])
    page = trips_page(client, own).form().fill(trips=["bridges", "cellars"]).submit()
    assert page.status == 422 and "take place at the same time" in page.one("#trips-error").text


def test_a_seat_beside_one_that_came_while_the_form_was_open_is_refused_in_words(client, edition, act, reading):
    act(seats.resize_trip, edition.id, "bridges", 0, COMMAND, NOW)
    act(seats.resize_trip, edition.id, "cellars", 0, COMMAND, NOW)
    own = register(client, trips=["bridges"])
    form = trips_page(client, own).form().fill(trips=["bridges", "cellars"])
    with reading() as session:
        zoe = letters(session, to="zoe@dofc.test")[0].about
    act(seats.resize_trip, edition.id, "bridges", 1, COMMAND, NOW)
    page = form.submit()
    assert zoe and page.status == 422 and "take place at the same time" in page.text


def test_an_offer_is_accepted_or_declined_with_its_own_button(client, edition, act, reading, writing):
    own = register(client, trips=["docks"])
    with writing() as session:
        for name in ("Ana", "Boris"):
            person = session.query(Registration).filter_by(given_name=name).one()
            seats.choose_trips(session, person.id, [], any_trip=False, actor=DELEGATE, now=NOW)
        deliver_all(session)
    own = client.get(own.url)
    page = client.get(own.url + "offer")
    for shown in (own, page):
        assert "Accept it before the end of Monday 2 November 2026. 10 hours left" in shown.text
        assert seats_on(shown)["docks"] == "offered"
    assert own.text.count("Sofia time") == 1
    assert "Sofia time" in own.one("section.offer").text, "where it is said first"
    # The first thing on the page, before all that is settled.
    assert own.all("main h2")[0].get_text() == "A seat is held for you: Docks"
    own = own.form("/offer").submit("Accept the seat")
    assert seats_on(own)["docks"] == "confirmed"
    assert "There is no open offer" in client.get(page.url).text
    late = page.form().submit("Decline")
    assert late.status == 403 and seats_on(client.get(own.url))["docks"] == "confirmed"
    with reading() as session:
        expected = ["registration-confirmed", "trip-offered", "trip-confirmed"]
        assert kinds(session, to="zoe@dofc.test") == expected


def test_a_seat_that_lapsed_stays_among_ones_own_trips_and_says_how_to_ask_again(client, edition, act, writing):
    own = register(client, trips=["docks"])
    act(seats.resize_trip, edition.id, "docks", 3, COMMAND, NOW)
    with writing() as session:
        deliver_all(session)
        zoe = session.scalars(select(Registration).filter_by(email="zoe@dofc.test")).one()
        lapse_offers(session, zoe.id, WORKER, NOW + timedelta(days=2))
    own = client.get(own.url)
    assert own.one("#trips > ul > [data-trip=docks]")["data-trip-status"] == "expired"
    assert "You have not chosen any trips" not in own.text and "You can choose this trip again" in own.text


def test_saving_trips_leaves_an_offer_as_it_is_and_does_not_show_it_as_taken(client, edition, act):
    own = register(client, trips=["docks"])
    act(seats.resize_trip, edition.id, "docks", 3, COMMAND, NOW)
    page = trips_page(client, own)
    assert [box["value"] for box in page.all("[name=trips][type=checkbox]")] == ["bridges", "cellars"]
    assert page.text.count("Sofia time") == 1
    docks = page.one("[data-trip=docks]")
    assert "Seat offered" in docks.get_text() and docks.select_one("a")["href"].endswith("/offer")
    saved = page.form().fill(trips=["cellars", page.one("[name=trips][type=hidden]")["value"]]).submit()
    assert seats_on(saved) == {"bridges": "none", "cellars": "confirmed", "docks": "offered"}


def test_what_came_of_saving_is_said_where_the_page_begins(client, edition):
    own = register(client, trips=["bridges"])
    saved = trips_page(client, own).form().fill(trips=["docks"]).submit(follow=False)
    assert "#" not in saved.headers["Location"]


def test_nobody_waits_for_a_trip_of_an_edition_that_is_over(client, edition, clock, writing):
    own = register(client, trips=["docks"])
    assert "Position 2" in own.text
    clock.move_to(edition.finishes_at())
    assert words_on(client.get(own.url))["docks"] == "No longer valid"


def test_a_declined_seat_ends_and_the_registration_stays(client, edition, act):
    own = register(client, trips=["docks"])
    act(seats.resize_trip, edition.id, "docks", 3, COMMAND, NOW)
    asked = client.get(own.url).form("/offer").submit("Decline")
    assert asked.h1 == "Decline the seat on “Docks”?" and seats_on(asked)["docks"] == "offered"
    assert seats_on(client.get(own.url))["docks"] == "offered"
    page = asked.form().submit("Decline the seat")
    assert seats_on(page)["docks"] == "cancelled" and words_on(page)["docks"] == "Given back"
    assert page.one("[data-registration-status]")["data-registration-status"] == "confirmed"


def test_without_a_place_a_trip_is_only_asked_for_until_there_is_one(client, edition, act, writing, reading):
    act(service.resize_edition, edition.id, 2, COMMAND, NOW)
    own = register(client, trips=["bridges", "cellars"])
    assert seats_on(own) == {"bridges": "requested", "cellars": "requested", "docks": "none"}
    assert "When your place is confirmed, you will get a seat" in own.text and "choice" not in own.text
    act(service.resize_edition, edition.id, 3, COMMAND, NOW)
    own = client.get(own.url).form("/offer").submit("Accept the place")
    assert seats_on(own) == {"bridges": "confirmed", "cellars": "cancelled", "docks": "none"}
    assert words_on(own)["cellars"] == "Not needed"
    with reading() as session:
        message = letters(session, to="zoe@dofc.test")[-1]
    assert message.kind == "registration-confirmed"
    assert "You have a seat on “Bridges”." in message.text
    assert "“Cellars” takes place while you are on another trip" in " ".join(message.text.split())


def test_sign_up_has_its_times(client, edition, act, clock, writing):
    with writing() as session:
        mine = session.get_one(type(edition), edition.id)
        mine.trips_open_at, mine.trips_close_at = NOW + timedelta(days=1), NOW + timedelta(days=2)
    page = client.get(FORM)
    assert "Sign-up for learning trips opens at 14:00, Tuesday 3 November 2026" in page.text
    assert "trips" not in page.form().names
    own = register(client)
    assert "opens at" in own.text and "Choose trips" not in own.text
    clock.shift(timedelta(days=1))
    own = trips_page(client, own).form().fill(trips=["bridges"]).submit()
    clock.shift(timedelta(days=1))
    page = trips_page(client, own)
    assert page.form().choices("trips") == ["bridges"] and "Sign-up for learning trips has closed." in page.text
    assert "You can join the waiting list" not in page.text and "seat left" not in page.text
    assert "You can still give back your seats." in page.text and "Untick a trip to give back your seat." in page.text
    assert seats_on(page.form().fill(trips=[]).submit())["bridges"] == "cancelled"


def test_who_only_waits_for_a_seat_is_not_told_to_give_one_back(client, edition, act, clock, writing, reading):
    with writing() as session:
        session.get_one(type(edition), edition.id).trips_close_at = NOW + timedelta(days=1)
    register(client.another(), email="first@dofc.test", trips=["bridges"])
    own = register(client, trips=["bridges"])
    assert seats_on(own)["bridges"] == "waitlisted"
    clock.shift(timedelta(days=1))
    page = client.get(own.url).follow("Leave a waiting list")
    assert "Untick a trip to leave its waiting list." in page.text
    assert "give back" not in page.text.casefold() and "give back" not in client.get(own.url).text.casefold()


def test_the_same_form_with_other_trips_opens_the_page_of_trips_filled_in(client, edition, database_url):
    form = client.get(FORM).form().fill(TRAVELLER | {"trips": ["bridges"]})
    own = form.submit()
    assert form.submit().url == own.url
    before = dump(database_url)
    page = form.fill(trips=["docks"]).submit()
    assert page.status == 422 and page.h1 == "Your learning trips" and "Nothing has been changed yet" in page.text
    assert dump(database_url) == before
    assert page.form().values["trips"] == ["docks"]
    assert seats_on(page.form().submit()) == {"bridges": "cancelled", "cellars": "none", "docks": "waitlisted"}


def test_cancelling_says_which_seats_go_and_frees_them(client, edition, reading):
    own = register(client, trips=["bridges"])
    page = client.get(own.url + "cancel")
    assert "Your seats will be free as well: Bridges." in page.text and seats_on(page) == {"bridges": "confirmed"}
    cancelled = page.form().submit()
    assert seats_on(cancelled)["bridges"] == "cancelled" and words_on(cancelled)["bridges"] == "No longer valid"
    with reading() as session:
        assert kinds(session, to="zoe@dofc.test")[-1] == "registration-cancelled"


def test_the_calendar_has_the_trips_that_are_held(client, edition):
    own = register(client, trips=["bridges", "docks"])
    events = Calendar.from_ical(client.get(own.url + "calendar.ics").data).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == [
        "Days of Clusters 2027, Sofia",
        "Days of Clusters 2027: Bridges",
    ]
    assert events[1].decoded("DTSTART") == edition.begins_at() + timedelta(hours=24)


def test_a_cancelled_trip_is_said_and_cannot_be_chosen(client, edition, act):
    own = register(client, trips=["bridges"])
    act(seats.cancel_trip, edition.id, "bridges", COMMAND, NOW)
    assert words_on(client.get(own.url))["bridges"] == "Cancelled"
    assert "This trip has been cancelled." in client.get(own.url).text
    assert trips_page(client, own).form().choices("trips") == ["cellars", "docks"]
    assert client.get(FORM).form().choices("trips") == ["cellars", "docks"]


@pytest.mark.parametrize("path", ["", "trips", "offer", "edit"])
def test_a_page_takes_the_same_number_of_queries_however_many_trips_there_are(client, edition, writing, app, path):
    own = register(client, trips=["bridges"]).url
    client.get(own + path)
    with count_queries() as few:
        client.get(own + path)
    with writing() as session:
        for _ in range(20):
            make_trip(session, session.get_one(type(edition), edition.id))
    with count_queries() as many:
        client.get(own + path)
    assert len(few) == len(many)


def test_a_link_of_somebody_else_opens_no_trips(client, edition, app, writing):
    own = register(client, trips=["bridges"]).url
    forged = own.replace("/registrations/", "/registrations/A")
    assert client.get(forged + "trips").status == 404


def test_two_tabs_add_up_where_each_ticked_something_else(client, edition):
    own = register(client, trips=["bridges"])
    one, other = two_tabs(client, own)
    one.fill(trips=["bridges", "docks"]).submit()
    assert seats_on(other.fill(trips=[]).submit()) == {"bridges": "cancelled", "cellars": "none", "docks": "waitlisted"}


def test_a_tab_that_changed_nothing_gives_nothing_back(client, edition):
    own = register(client)
    one, other = two_tabs(client, own)
    one.fill(trips=["bridges"]).submit()
    page = other.submit()
    assert seats_on(page)["bridges"] == "confirmed" and "Nothing has been changed." in page.text


def test_what_was_called_off_while_the_form_was_open_is_in_nobodys_way(client, edition, act):
    own = register(client, trips=["bridges"])
    form = trips_page(client, own).form()
    act(seats.cancel_trip, edition.id, "bridges", COMMAND, NOW)
    assert seats_on(form.fill(trips=["bridges", "docks"]).submit())["docks"] == "waitlisted"


def test_a_seat_that_organisers_took_is_not_called_given_back(client, edition, act, reading):
    own = register(client, trips=["bridges"])
    with reading() as session:
        person = session.scalars(select(Registration).where(Registration.email == "zoe@dofc.test")).one()
    act(take_off, person, "bridges", "The bus is smaller.", actor=COMMAND, now=NOW)
    assert "Taken off by the organisers" in words_on(client.get(own.url))["bridges"]
    act(seats.cancel_trip, edition.id, "docks", COMMAND, NOW)
    assert seats_on(client.get(own.url))["bridges"] == "cancelled", "not given again unasked"
