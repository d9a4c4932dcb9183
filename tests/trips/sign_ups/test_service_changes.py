"""What becomes of seats when a trip is cancelled, or moved to another time."""

from datetime import timedelta

import pytest

from dofc_events.commands.check import faults
from dofc_events.core.audit import COMMAND
from dofc_events.places.queries import edition_pool
from dofc_events.registration import service
from tests.support.factories import NOW, make_trip, seats_of

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


def test_cancel_trip_gives_the_next_wish_in_which_there_is_room(session, person, act, wine, mill, port):
    holder, waiting = person("wine", "mill"), person("wine")
    assert seats_of(session, holder) == {"wine": "confirmed", "mill": "cancelled"}
    act(lambda book: book.cancel_trip(wine))
    assert seats_of(session, holder) == {"wine": "cancelled", "mill": "confirmed"}
    assert seats_of(session, waiting) == {"wine": "cancelled"}


@pytest.mark.databases("sqlite", "postgresql")
def test_cancel_trip_gives_one_wish_when_there_is_room_in_several_and_the_first_of_them(
    session, edition, person, act, wine
):
    early = {"starts_at": wine.starts_at - timedelta(hours=1), "ends_at": wine.starts_at + timedelta(hours=1)}
    make_trip(session, edition, "sea", **early)
    holder = person("wine", "sea", "mill")
    act(lambda book: book.cancel_trip(wine))
    assert seats_of(session, holder) == {"wine": "cancelled", "sea": "confirmed", "mill": "cancelled"}


def test_a_place_gives_the_first_of_the_trips_at_the_same_time_that_were_asked_for(session, edition, person):
    edition_pool(session, edition.id).capacity = 0
    who = person("mill", "wine", "port")
    service.resize_edition(session, edition.id, 1, COMMAND, NOW)
    assert seats_of(session, who) == {"mill": "confirmed", "wine": "cancelled", "port": "confirmed"}
    assert faults(session) == []


def test_cancel_trip_puts_on_the_list_of_the_next_wish_when_that_is_full(session, person, act, wine, mill):
    holder = person("wine", "mill")
    person("mill")
    act(lambda book: book.cancel_trip(wine))
    assert seats_of(session, holder) == {"wine": "cancelled", "mill": "waitlisted"}


def test_cancel_trip_gives_no_wish_at_the_time_of_another_seat(session, person, act, wine, port, mill):
    """The mill was given up for the wine; but the sea, which overlaps the mill, is still theirs."""
    holder = person("port", "wine", "mill")
    act(lambda book: book.choose(holder.id, [port, wine], has_place=True))
    port.starts_at -= timedelta(minutes=30)
    session.flush()
    act(lambda book: book.cancel_trip(wine))
    assert seats_of(session, holder) == {"wine": "cancelled", "port": "confirmed", "mill": "cancelled"}


def moved(trip, other):
    """The trip takes place at the time of the other from now on."""
    trip.starts_at, trip.ends_at = other.starts_at, other.ends_at


def test_a_moved_trip_is_lost_when_another_seat_is_at_its_new_time(session, person, act, wine, port):
    both, waiting = person("port", "wine"), person("port")
    moved(port, wine)
    changes = act(lambda book: book.end_overlaps_with(port))
    assert seats_of(session, both) == {"wine": "confirmed", "port": "cancelled"}
    assert seats_of(session, waiting) == {"port": "confirmed"}
    assert [(c.registration_id, c.reason) for c in changes] == [(both.id, "times_changed"), (waiting.id, "moved_up")]


def test_a_moved_trip_ends_waits_at_its_new_time_and_is_waited_for_no_more_by_who_is_on_another(
    session, person, act, wine, port
):
    on_wine, on_port = person("wine"), person("port", "wine")
    act(lambda book: book.choose(on_wine.id, [wine, port], has_place=True))
    moved(port, wine)
    act(lambda book: book.end_overlaps_with(port))
    assert seats_of(session, on_port) == {"port": "confirmed", "wine": "cancelled"}
    assert seats_of(session, on_wine) == {"wine": "confirmed", "port": "cancelled"}


def test_who_waits_for_a_moved_trip_keeps_the_other_seat_when_one_on_it_becomes_free(session, person, act, wine, port):
    """The seat that is lost goes to the next in line: but not to who is on another trip at the new time."""
    act(lambda book: book.resize(wine, 3))
    both = person("port", "wine")
    waits, free = person("wine", "port"), person("port")
    moved(port, wine)
    act(lambda book: book.end_overlaps_with(port))
    assert seats_of(session, both) == {"wine": "confirmed", "port": "cancelled"}
    assert seats_of(session, waits) == {"wine": "confirmed", "port": "cancelled"}
    assert seats_of(session, free) == {"port": "confirmed"}
