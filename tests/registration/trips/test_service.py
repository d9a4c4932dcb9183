"""Acts on learning trips: what may be done when, and that everybody concerned is told, once an act."""

from dataclasses import replace

import pytest

from dofc_events.conference.rules import Window
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.rules import BATCH
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import NoOpenOffer
from dofc_events.registration import service, timers
from dofc_events.registration.offers import service as offers
from dofc_events.registration.service import RegistrationOver, SignUpNotOpen
from dofc_events.registration.trips import service as seats
from dofc_events.trips.service import details_of
from dofc_events.trips.sign_ups.service import SeatsOverlap, TripOver
from tests.registration.trips.conftest import HOUR, choose, told
from tests.support.crowd import make_crowd
from tests.support.factories import (
    DELEGATE,
    NOW,
    seat_of,
    seats_left,
    seats_of,
)
from tests.support.letters import deliver_all, kinds, letters, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

# The delegate's own acts


def test_registering_says_in_one_message_what_became_of_the_trips(session, person):
    first, second = person("wine"), person("wine", "port")
    assert kinds(session, to=first.email) == kinds(session, to=second.email) == ["registration-confirmed"]
    text = letters(session, to=second.email)[0].text
    assert "you are number 1 on its" in text and "You have a seat on “Port”." in text


@pytest.mark.parametrize(
    ("hours", "status", "kind"), [(0.0, "confirmed", "trip-confirmed"), (10.0, "offered", "trip-offered")]
)
def test_choose_trips_offers_what_was_given_back_to_the_next(session, edition, person, hours, status, kind):
    edition.offer_hours = hours
    holder, waiting, last = person("wine"), person("wine"), person("wine")
    assert choose(session, holder)
    assert [seats_of(session, p)["wine"] for p in (holder, waiting, last)] == ["cancelled", status, "waitlisted"]
    assert told(session, holder, waiting, last) == [["trip-cancelled"], [kind], []]


def test_choose_trips_tells_nobody_when_nothing_changed(session, person):
    who = person("wine", "port")
    assert not choose(session, who, "wine", "port")
    assert told(session, who) == [[]]


def test_choose_trips_notes_that_any_other_trip_is_fine_without_a_message(session, person):
    who = person("wine")
    assert choose(session, who, "wine", any_trip=True) and who.any_trip
    assert not choose(session, who, "wine", any_trip=True)
    assert told(session, who) == [[]]


@pytest.mark.parametrize("window", [Window.NOT_YET, Window.CLOSED])
def test_choose_trips_only_gives_back_when_sign_up_is_not_open(session, edition, person, window):
    who = person("wine", "port")
    if window is Window.NOT_YET:
        edition.trips_open_at = NOW + HOUR
    else:
        edition.trips_close_at = NOW - HOUR
    for slugs, any_trip in ((("wine", "port", "mill"), False), (("port", "wine"), False), (("wine",), True)):
        with pytest.raises(SignUpNotOpen) as refused:
            choose(session, who, *slugs, any_trip=any_trip)
        assert refused.value.window is window
    assert choose(session, who, "port")
    assert seats_of(session, who) == {"wine": "cancelled", "port": "confirmed"}


def test_choose_trips_gives_back_after_the_edition_has_begun_and_nobody_moves_up(session, edition, person, trips):
    holder, waiting = person("port"), person("port")
    choose(session, holder, now=edition.begins_at())
    assert seats_of(session, waiting) == {"port": "waitlisted"}
    assert seats_left(session, trips[2]) == 1
    edition.starts_on = (NOW - 24 * HOUR).date()
    session.flush()


@pytest.mark.parametrize("ended", ["cancelled", "over"])
def test_choose_trips_is_refused_when_the_registration_is_over(session, edition, person, ended):
    who = person("wine")
    if ended == "cancelled":
        service.cancel_registration(session, who.id, DELEGATE, NOW)
    with pytest.raises(RegistrationOver):
        choose(session, who, "port", now=edition.finishes_at() if ended == "over" else NOW)


def test_choose_trips_is_refused_when_the_offer_of_the_place_has_lapsed(session, edition, placed_and_not):
    leaving, waiting = placed_and_not
    edition.offer_hours = 1.0
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    deliver_all(session)
    timers.lapse_offers(session, waiting.id, WORKER, NOW + HOUR)
    with pytest.raises(RegistrationOver):
        choose(session, waiting, "wine", now=NOW + HOUR)


def test_choose_trips_refuses_what_overlaps_and_what_is_over(session, edition, person):
    who = person("wine")
    with pytest.raises(SeatsOverlap):
        choose(session, who, "wine", "mill")
    seats.cancel_trip(session, edition.id, "port", COMMAND, NOW)
    with pytest.raises(TripOver):
        choose(session, who, "wine", "port")
    assert seats_of(session, who) == {"wine": "confirmed"}


def test_accept_seat_gives_it_and_tells_only_who_accepts(session, offered):
    who, waiting = offered
    seats.accept_seat(session, who.id, "wine", DELEGATE, NOW + HOUR)
    assert (seats_of(session, who)["wine"], seats_of(session, waiting)["wine"]) == ("confirmed", "waitlisted")
    assert told(session, who, waiting) == [["trip-confirmed"], []]


def test_accept_seat_says_in_the_same_message_what_ends_with_it(session, edition, offered, person):
    who, _ = offered
    person("mill")
    choose(session, who, "wine", "mill")
    deliver_all(session)
    assert seats_of(session, who)["mill"] == "waitlisted"
    seats.accept_seat(session, who.id, "wine", DELEGATE, NOW + HOUR)
    (message,) = unsent(session, to=who.email)
    assert message.kind == "trip-confirmed"
    text = " ".join(message.text.split())
    assert "“Mill” takes place while you are on another trip" in text and "You have a seat on “Wine”." in text


def test_decline_seat_passes_it_on_and_tells_both(session, offered):
    who, waiting = offered
    seats.decline_seat(session, who.id, "wine", DELEGATE, NOW + HOUR)
    assert (seats_of(session, who)["wine"], seats_of(session, waiting)["wine"]) == ("cancelled", "offered")
    assert told(session, who, waiting) == [["trip-cancelled"], ["trip-offered"]]


@pytest.mark.parametrize("answer", [seats.accept_seat, seats.decline_seat])
def test_an_answer_is_refused_when_the_offer_does_not_stand(session, offered, answer):
    who, waiting = offered
    for person, slug, now in (
        (who, "wine", NOW + 10 * HOUR),
        (who, "mill", NOW),
        (who, "sea", NOW),
        (waiting, "wine", NOW),
    ):
        with pytest.raises(NoOpenOffer):
            answer(session, person.id, slug, DELEGATE, now)
    service.cancel_registration(session, who.id, DELEGATE, NOW)
    with pytest.raises(RegistrationOver):
        answer(session, who.id, "wine", DELEGATE, NOW)


# Without a place at the edition


@pytest.mark.databases("sqlite", "postgresql")
def test_somebody_without_a_place_takes_no_seat_from_anybody(session, placed_and_not, trips):
    _, waiting = placed_and_not
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    assert seats_left(session, trips[2]) == 1
    assert kinds(session, to=waiting.email) == ["registration-waitlisted"]
    assert "When your place is confirmed, you will get a seat" in " ".join(
        letters(session, to=waiting.email)[0].text.split()
    )


def test_moving_up_at_the_edition_and_on_two_trips_at_once_is_one_message(session, placed_and_not):
    leaving, waiting = placed_and_not
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    assert seats_of(session, waiting) == {"wine": "confirmed", "port": "confirmed"}
    assert told(session, leaving, waiting) == [["registration-cancelled"], ["registration-confirmed"]]
    text = unsent(session, to=waiting.email)[0].text
    assert "You have a seat on “Wine”." in text and "You have a seat on “Port”." in text


def test_accepting_the_place_turns_what_was_requested_into_seats(session, edition, placed_and_not):
    edition.offer_hours = 10.0
    leaving, waiting = placed_and_not
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    deliver_all(session)
    offers.accept_offer(session, waiting.id, DELEGATE, NOW + HOUR)
    assert seats_of(session, waiting) == {"wine": "confirmed", "port": "confirmed"}
    assert told(session, waiting) == [["registration-confirmed"]]


def test_who_gets_a_place_stands_behind_those_who_waited_for_a_seat_before(session, edition, person, trips):
    edition_pool(session, edition.id).capacity = 2
    _, before, late = person("wine"), person(), person("wine", "port")
    choose(session, before, "wine")
    deliver_all(session)
    service.resize_edition(session, edition.id, 3, COMMAND, NOW)
    assert seats_of(session, late) == {"wine": "waitlisted", "port": "confirmed"}
    assert seat_of(session, before, trips[0]).position < seat_of(session, late, trips[0]).position
    assert told(session, before, late) == [[], ["registration-confirmed"]]


def test_rejoining_with_a_free_place_gives_the_seats_that_were_asked_for(session, edition, placed_and_not):
    leaving, waiting = placed_and_not
    edition.offer_hours = 1.0
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    deliver_all(session)
    timers.lapse_offers(session, waiting.id, WORKER, NOW + 2 * HOUR)
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    offers.rejoin_list(session, waiting.id, DELEGATE, NOW + 3 * HOUR)
    assert seats_of(session, waiting) == {"wine": "confirmed", "port": "confirmed"}
    assert kinds(session, to=waiting.email)[-1] == "registration-confirmed"


def test_cancelling_a_registration_tells_the_next_on_every_trip_once(session, person):
    leaving, both, one = person("wine", "port"), person("wine", "port"), person("port")
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    assert seats_of(session, leaving) == {"wine": "cancelled", "port": "cancelled"}
    assert seats_of(session, both) == {"wine": "confirmed", "port": "confirmed"}
    assert told(session, leaving, both, one) == [["registration-cancelled"], ["trip-confirmed"], []]


def test_later_dates_let_somebody_move_up_on_a_trip_who_could_not_before(session, edition, person):
    holder, waiting = person("wine"), person("wine")
    right = edition.starts_on
    edition.starts_on = (NOW - 24 * HOUR).date()
    session.flush()
    choose(session, holder)
    assert seats_of(session, waiting) == {"wine": "waitlisted"}
    edition.starts_on = right
    session.flush()
    service.resize_edition(session, edition.id, 100, COMMAND, NOW)
    assert seats_of(session, waiting) == {"wine": "confirmed"}
    assert told(session, waiting) == [["trip-confirmed"]]


@pytest.mark.databases("sqlite", "postgresql")
def test_news_of_two_acts_are_one_message_when_the_worker_tells_them_together(session, edition, trips):
    seats.resize_trip(session, edition.id, "wine", 200, COMMAND, NOW)
    people = make_crowd(session, edition, BATCH + 2, trips=("wine",))
    deliver_all(session)
    wine = trips[0]
    for name in ("Wine of the hills", "Wine and hills"):
        changed = replace(details_of(wine), title=name)
        seats.change_trip(session, edition.id, "wine", changed, 200, COMMAND, NOW)
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW)
    news.tell_news(session, queries.untold_news(session, 999, NOW), NOW)
    assert told(session, *people) == [["trip-cancelled"]] * len(people)
    assert "“Wine and hills” has been cancelled" in " ".join(unsent(session, to=people[0].email)[0].text.split())
