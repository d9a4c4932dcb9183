"""Seats: given, waited for, passed on; and nobody is ever on two trips at the same time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.notices.service import Changes
from dofc_events.places.models import Claim
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import NoOpenOffer, NothingFree
from dofc_events.registration import service
from dofc_events.trips.sign_ups.service import NoSuchTrip, SeatsOverlap, TripOver
from tests.support.factories import DELEGATE, NOW, seat_of, seats_left, seats_of

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


def offered_for_hours(edition, hours=10.0):
    edition.offer_hours = hours


def positions(session, pool_id: int) -> list[int]:
    """Who waits for a seat, the next in line first."""
    waiting = select(Claim.registration_id).where(Claim.pool_id == pool_id, Claim.position.is_not(None))
    return list(session.scalars(waiting.order_by(Claim.position)))


# Asking


def test_choose_gives_a_seat_when_one_is_free_and_else_the_next_position(session, person, wine):
    first, second, third = person("wine"), person("wine"), person("wine")
    assert [seats_of(session, p) for p in (first, second, third)] == [
        {"wine": "confirmed"},
        {"wine": "waitlisted"},
        {"wine": "waitlisted"},
    ]
    assert positions(session, seat_of(session, first, wine).pool_id) == [second.id, third.id]
    assert faults(session) == []


def test_choose_gives_the_first_of_two_trips_at_the_same_time_when_both_are_free(session, person, wine, mill):
    both = person("mill", "wine")
    assert seats_of(session, both) == {"mill": "confirmed", "wine": "cancelled"}
    assert (seats_left(session, wine), seats_left(session, mill)) == (1, 0)
    assert faults(session) == []


def test_choose_gives_both_when_one_begins_as_the_other_ends(session, person):
    assert seats_of(session, person("mill", "port")) == {"mill": "confirmed", "port": "confirmed"}


def test_choose_waits_for_several_at_the_same_time_when_all_are_full(session, person, wine, mill):
    person("wine"), person("mill")
    assert seats_of(session, person("wine", "mill")) == {"wine": "waitlisted", "mill": "waitlisted"}
    assert faults(session) == []


def test_choose_gives_the_free_one_and_ends_the_wait_when_the_first_choice_is_full(session, person):
    person("wine")
    assert seats_of(session, person("wine", "mill")) == {"wine": "cancelled", "mill": "confirmed"}


def test_choose_is_refused_when_a_seat_that_is_kept_is_at_the_same_time(session, person, act, wine, mill):
    who = person("wine")
    with pytest.raises(SeatsOverlap) as refused:
        act(lambda book: book.choose(who.id, [wine, mill], has_place=True))
    assert (refused.value.wanted, refused.value.held) == (mill.title, wine.title)


def test_choose_changes_over_when_the_seat_at_the_same_time_is_given_back_with_it(session, person, act, mill):
    who, waiting = person("wine"), person("wine")
    changes = act(lambda book: book.choose(who.id, [mill], has_place=True))
    assert seats_of(session, who) == {"wine": "cancelled", "mill": "confirmed"}
    assert seats_of(session, waiting) == {"wine": "confirmed"}
    assert [(c.registration_id, c.before, c.reason) for c in changes] == [
        (who.id, "confirmed", "given_back"),
        (waiting.id, "waitlisted", "moved_up"),
        (who.id, "", "asked"),
    ]


@pytest.mark.parametrize("over", ["cancelled", "begun"])
def test_choose_is_refused_when_the_trip_is_over(session, person, act, wine, over):
    who = person()
    if over == "cancelled":
        act(lambda book: book.cancel_trip(wine))
    with pytest.raises(TripOver):
        act(lambda book: book.choose(who.id, [wine], has_place=True), NOW if over == "cancelled" else wine.starts_at)


@pytest.mark.databases("sqlite", "postgresql")
def test_choose_keeps_the_position_when_only_the_order_changes(session, person, act, wine, mill):
    person("wine"), person("mill")
    who, later = person("wine", "mill"), person("wine")
    assert act(lambda book: book.choose(who.id, [mill, wine], has_place=True)) == []
    assert positions(session, seat_of(session, who, wine).pool_id) == [who.id, later.id]
    assert [seat_of(session, who, trip).preference for trip in (mill, wine)] == [1, 2]


def test_choose_stands_at_the_end_when_it_was_given_back_before(session, person, act, wine):
    person("wine")
    first, second = person("wine"), person("wine")
    for wanted in ([], [wine]):
        act(lambda book, wanted=wanted: book.choose(first.id, wanted, has_place=True))
    assert positions(session, seat_of(session, first, wine).pool_id) == [second.id, first.id]


@pytest.mark.databases("sqlite", "postgresql")
def test_choose_only_requests_without_a_place(session, edition, person, wine):
    edition_pool(session, edition.id).capacity = 0
    who = person("wine", "mill")
    assert seats_of(session, who) == {"wine": "requested", "mill": "requested"}
    assert seats_left(session, wine) == 1 and faults(session) == []


def test_trip_is_refused_when_the_edition_has_none_of_that_name(act):
    with pytest.raises(NoSuchTrip):
        act(lambda book: book.trip("sea"))


# Passing on


def test_give_back_gives_the_seat_to_the_next_and_ends_their_other_wait(session, person, act, wine, mill):
    holder, other = person("wine"), person("mill")
    waiting = person("wine", "mill")
    changes = act(lambda book: book.give_back(holder.id, wine))
    assert seats_of(session, waiting) == {"wine": "confirmed", "mill": "cancelled"}
    assert seats_of(session, other) == {"mill": "confirmed"}
    mine = [(c.trip_id, c.before, c.reason) for c in changes if c.registration_id == waiting.id]
    assert mine == [(wine.id, "waitlisted", "moved_up"), (mill.id, "waitlisted", "overlap")]


def test_give_back_ends_an_offer_at_the_same_time_which_goes_to_the_next(session, edition, person, act, wine, mill):
    """A seat confirmed at 0 hours, while an offer from before still runs."""
    on_wine, on_mill = person("wine"), person("mill")
    waiting, next_on_mill = person("wine", "mill"), person("mill")
    offered_for_hours(edition)
    act(lambda book: book.give_back(on_mill.id, mill))
    assert seats_of(session, waiting) == {"wine": "waitlisted", "mill": "offered"}
    offered_for_hours(edition, 0.0)
    act(lambda book: book.give_back(on_wine.id, wine))
    assert seats_of(session, waiting) == {"wine": "confirmed", "mill": "cancelled"}
    assert seats_of(session, next_on_mill) == {"mill": "confirmed"}


def test_accept_ends_what_is_at_the_same_time_and_passes_on_the_other_offer(session, edition, person, act, wine, mill):
    offered_for_hours(edition)
    on_wine, on_mill = person("wine"), person("mill")
    both, next_on_mill = person("wine", "mill"), person("mill")
    act(lambda book: (book.give_back(on_wine.id, wine), book.give_back(on_mill.id, mill)))
    assert seats_of(session, both) == {"wine": "offered", "mill": "offered"}
    act(lambda book: book.accept(both.id, wine))
    assert seats_of(session, both) == {"wine": "confirmed", "mill": "cancelled"}
    assert seats_of(session, next_on_mill) == {"mill": "offered"}


def test_accept_is_refused_when_nothing_was_offered(person, act, wine, mill):
    person("wine")
    for who in (person("wine"), person()):
        with pytest.raises(NoOpenOffer):
            act(lambda book, who=who: book.accept(who.id, wine))


def test_lapse_ends_the_offer_passes_it_on_and_lets_one_ask_again(session, edition, person, act, wine):
    offered_for_hours(edition)
    holder, first, second = person("wine"), person("wine"), person("wine")
    act(lambda book: book.give_back(holder.id, wine))
    act(lambda book: book.lapse(first.id, wine, closed=False))
    assert (seats_of(session, first), seats_of(session, second)) == ({"wine": "expired"}, {"wine": "offered"})
    assert seat_of(session, first, wine).preference is None
    act(lambda book: book.choose(first.id, [wine], has_place=True))
    assert seats_of(session, first) == {"wine": "waitlisted"}


def test_an_offer_of_a_seat_ends_when_the_trip_begins(session, edition, person, act, wine):
    offered_for_hours(edition)
    wine.starts_at, wine.ends_at = NOW + timedelta(hours=3), NOW + timedelta(hours=4)
    holder, waiting = person("wine"), person("wine")
    act(lambda book: book.give_back(holder.id, wine))
    assert seat_of(session, waiting, wine).offered_until == wine.starts_at


def test_a_seat_is_not_passed_on_when_the_trip_has_begun(session, edition, person, act, wine):
    wine.starts_at, wine.ends_at = NOW + timedelta(hours=3), NOW + timedelta(hours=4)
    holder, waiting = person("wine"), person("wine")
    changes = Changes(session, edition, DELEGATE, wine.starts_at)
    changes.book.give_back(holder.id, wine)
    assert seats_of(session, waiting) == {"wine": "waitlisted"}


def test_resize_offers_to_the_next_in_their_order(session, edition, person, act, wine):
    offered_for_hours(edition)
    people = [person("wine") for _ in range(4)]
    act(lambda book: book.resize(wine, 3))
    assert [seats_of(session, p)["wine"] for p in people] == ["confirmed", "offered", "offered", "waitlisted"]


def test_leave_frees_everything_and_the_next_on_each_trip_move_up(session, person, wine, port):
    leaving, on_wine, on_port = person("wine", "port"), person("wine"), person("port")
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    assert seats_of(session, leaving) == {"wine": "cancelled", "port": "cancelled"}
    assert seats_of(session, on_wine) == {"wine": "confirmed"}
    assert seats_of(session, on_port) == {"port": "confirmed"}
    assert faults(session) == []


def test_leave_gives_nothing_to_who_leaves_when_seats_are_passed_on_in_a_circle(
    session, edition, person, act, wine, mill, port
):
    """Their wine goes to somebody who gives up the mill for it, which goes to somebody who gives up the port."""
    port.starts_at -= timedelta(minutes=30)
    session.flush()
    offered_for_hours(edition)
    on_mill, on_port = person("mill"), person("port")
    leaving, second = person("wine", "port"), person("wine", "mill")
    third = person("mill", "port")
    act(lambda book: book.choose(leaving.id, [wine], has_place=True))
    act(lambda book: (book.give_back(on_mill.id, mill), book.give_back(on_port.id, port)))
    assert seats_of(session, second)["mill"] == seats_of(session, third)["port"] == "offered"
    act(lambda book: book.choose(leaving.id, [wine, port], has_place=True))
    offered_for_hours(edition, 0.0)
    changes = Changes(session, edition, DELEGATE, NOW)
    changes.book.leave(leaving.id)
    assert seats_of(session, leaving) == {"wine": "cancelled", "port": "cancelled"}
    assert (seats_of(session, second)["wine"], seats_of(session, third)["mill"]) == ("confirmed", "confirmed")
    assert {c.reason for c in changes.book.changes if c.registration_id == leaving.id} == {"no_place"}


# By hand


def test_give_passes_those_who_wait_but_needs_a_free_seat(session, edition, person, act, wine):
    """Seats are free while somebody waits only once the edition has begun."""
    on_wine, _, favoured = person("wine"), person("wine"), person("wine", "port")
    with pytest.raises(NothingFree):
        act(lambda book: book.give([favoured.id], wine))
    changes = Changes(session, edition, DELEGATE, edition.begins_at())
    changes.book.give_back(on_wine.id, wine)
    assert seats_left(session, wine) == 1
    changes.book.give([favoured.id], wine)
    assert seats_of(session, favoured) == {"wine": "confirmed", "port": "confirmed"}


def test_give_takes_up_an_open_offer(session, edition, person, act, wine, mill):
    offered_for_hours(edition)
    holder, waiting = person("wine"), person("wine")
    act(lambda book: book.give_back(holder.id, wine))
    act(lambda book: book.give([waiting.id], wine))
    assert seats_of(session, waiting) == {"wine": "confirmed"} and seats_left(session, wine) == 0


def test_give_is_refused_when_a_seat_is_at_the_same_time(person, act, mill):
    who = person("wine")
    with pytest.raises(SeatsOverlap):
        act(lambda book: book.give([who.id], mill))


def test_give_ends_the_wait_for_what_is_at_the_same_time(session, person, act, wine):
    person("mill")
    who = person("mill")
    act(lambda book: book.give([who.id], wine))
    assert seats_of(session, who) == {"wine": "confirmed", "mill": "cancelled"}
