"""What organisers do to trips, seats and sign-up: who is told, and what is recorded."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from dofc_events.conference.rules import EditionStatus, TripMode
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.rules import BATCH
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import CapacityBelowTaken, NothingFree
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.trips import service as seats
from dofc_events.registration.trips.many.rules import Aim
from dofc_events.trips.service import details_of
from dofc_events.trips.sign_ups.service import SeatsOverlap
from tests.registration.trips.conftest import FIVE_MINUTES, HOUR, choose, tell_due, told
from tests.support.by_hand import move, take_off
from tests.support.crowd import make_crowd
from tests.support.factories import (
    NOW,
    agreed,
    make_trip,
    seats_left,
    seats_of,
)
from tests.support.letters import deliver_all, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


def audited(session, act: str) -> list[dict]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.id))
    return [entry.details for entry in entries]


# Organisers


def test_cancel_trip_tells_everyone_on_it_once(session, edition, person, trips):
    holder, waiting, other = person("wine", "mill"), person("wine"), person("port")
    on_mill = person("mill")
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW)
    assert told(session, holder, waiting, other, on_mill) == [["trip-waitlisted"], ["trip-cancelled"], [], []]
    assert "“Wine” has been cancelled." in unsent(session, to=holder.email)[0].text
    deliver_all(session)
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW)
    assert told(session, holder, waiting) == [[], []]
    assert audited(session, "trip_cancelled") == [{"trip": "wine"}]


def test_cancel_trip_is_told_by_the_worker_when_many_were_on_it(session, edition, trips):
    sea = make_trip(session, edition, "sea", capacity=BATCH + 1, starts_at=trips[0].starts_at)
    people = make_crowd(session, edition, BATCH + 4, trips=("sea",))
    deliver_all(session)
    seats.cancel_trip(session, edition.id, "sea", COMMAND, NOW)
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == len(people) and unsent(session) == []
    # Meanwhile one of them acts, and hears of both in one message.
    choose(session, people[0], "wine")
    (message,) = unsent(session, to=people[0].email)
    assert message.kind == "trip-confirmed"
    assert "“Learning trip" in message.text and "has been cancelled" in message.text
    # And another act concerns one who is still to be told.
    choose(session, people[0])
    news.tell_news(session, queries.untold_news(session, 999, NOW), NOW)
    assert told(session, *people[1:]) == [["trip-cancelled"]] * (len(people) - 1)
    tell_due(session, NOW + FIVE_MINUTES)
    assert told(session, people[0]) == [["trip-confirmed", "trip-cancelled"]]
    assert sea.cancelled_at == NOW


def change(session, edition, trip, capacity=1, **changes) -> None:
    details = replace(details_of(trip), **changes)
    agreed(seats.change_trip, session, edition.id, trip.slug, details, capacity, COMMAND, NOW)


def test_change_trip_tells_everyone_on_it_when_place_or_time_change(session, edition, person, trips):
    holder, waiting, other = person("wine"), person("wine"), person("mill")
    wine = trips[0]
    change(session, edition, wine, description="With cheese.")
    assert told(session, holder, waiting, other) == [[], [], []]
    change(session, edition, wine, meeting_point="At the harbour", starts_at=wine.starts_at + HOUR / 2)
    assert told(session, holder, waiting, other) == [["trip-changed"], ["trip-changed"], []]
    assert "At the harbour" in unsent(session, to=holder.email)[0].text
    assert [sorted(details["changes"]) for details in audited(session, "trip_changed")] == [
        ["description"],
        ["meeting_point", "starts_at"],
    ]


def test_change_trip_says_nothing_when_nothing_changed(session, edition, person, trips):
    who = person("wine")
    change(session, edition, trips[0])
    assert told(session, who) == [[]] and audited(session, "trip_changed") == []


def test_change_trip_takes_the_seat_from_who_is_on_another_trip_at_the_new_time(session, edition, person, trips):
    wine, _, port = trips
    both, waiting = person("wine", "port"), person("port")
    change(session, edition, port, starts_at=wine.starts_at, ends_at=wine.ends_at)
    assert seats_of(session, both) == {"wine": "confirmed", "port": "cancelled"}
    assert seats_of(session, waiting) == {"port": "confirmed"}
    assert told(session, both, waiting) == [["trip-cancelled"], ["trip-confirmed"]]
    text = " ".join(unsent(session, to=both.email)[0].text.split())
    assert "“Port” now takes place while you are on another trip" in text


def test_change_trip_passes_on_what_more_seats_there_are_and_refuses_fewer_than_are_taken(
    session, edition, person, trips
):
    edition.offer_hours = 10.0
    people = [person("wine") for _ in range(3)]
    change(session, edition, trips[0], capacity=2)
    assert [seats_of(session, p)["wine"] for p in people] == ["confirmed", "offered", "waitlisted"]
    assert told(session, *people) == [[], ["trip-offered"], []]
    with pytest.raises(CapacityBelowTaken):
        change(session, edition, trips[0], capacity=1)
    assert audited(session, "trip_changed") == [{"trip": "wine", "changes": {"capacity": [1, 2]}}]


def test_resize_trip_offers_in_order_and_tells_each(session, edition, person):
    edition.offer_hours = 10.0
    people = [person("wine") for _ in range(4)]
    seats.resize_trip(session, edition.id, "wine", 3, COMMAND, NOW)
    assert [seats_of(session, p)["wine"] for p in people] == ["confirmed", "offered", "offered", "waitlisted"]
    assert told(session, *people) == [[], ["trip-offered"], ["trip-offered"], []]
    with pytest.raises(CapacityBelowTaken):
        seats.resize_trip(session, edition.id, "wine", 2, COMMAND, NOW)


def test_give_seat_is_told_and_recorded_with_its_reason(session, person):
    person("mill")
    who = person("mill")
    seats.give_seat(session, who.id, "wine", "speaks at the winery", COMMAND, NOW)
    assert seats_of(session, who) == {"wine": "confirmed", "mill": "cancelled"}
    assert told(session, who) == [["trip-confirmed"]]
    assert "The organisers gave you a seat on “Wine”." in unsent(session, to=who.email)[0].text
    assert audited(session, "seat_given") == [{"trip": "wine", "instead_of": "", "because": "speaks at the winery"}]


def test_give_seat_moves_and_the_seat_that_is_left_goes_to_the_next(session, person):
    who, waiting = person("wine"), person("wine")
    move(session, [who], "wine", Aim.SEAT, "mill", "asked at the desk")
    assert seats_of(session, who) == {"wine": "cancelled", "mill": "confirmed"}
    assert told(session, who, waiting) == [["trip-confirmed"], ["trip-confirmed"]]
    assert seats_of(session, waiting) == {"wine": "confirmed"}


def test_give_seat_is_refused_without_a_place_without_a_seat_and_beside_another(session, edition, person):
    on_wine, on_mill = person("wine"), person("mill")
    with pytest.raises(NothingFree):
        seats.give_seat(session, person().id, "wine", "", COMMAND, NOW)
    with pytest.raises(SeatsOverlap):
        seats.give_seat(session, on_wine.id, "mill", "", COMMAND, NOW)
    edition_pool(session, edition.id).capacity = 3
    with pytest.raises(seats.NoPlace):
        seats.give_seat(session, person().id, "port", "", COMMAND, NOW)
    with pytest.raises(RegistrationOver):
        seats.give_seat(session, on_mill.id, "port", "", COMMAND, edition.finishes_at())


def test_take_seat_passes_it_on_and_records_its_reason(session, person):
    who, waiting = person("wine"), person("wine")
    take_off(session, who, "wine", "did not come last year", actor=COMMAND, now=NOW)
    assert seats_of(session, waiting) == {"wine": "confirmed"}
    assert told(session, who, waiting) == [["trip-cancelled"], ["trip-confirmed"]]
    assert "The organisers have taken you off “Wine”." in unsent(session, to=who.email)[0].text
    assert audited(session, "seat_taken") == [{"trip": "wine", "because": "did not come last year"}]


def set_mode(session, edition, mode) -> None:
    seats.set_sign_up(session, edition.id, mode, None, None, COMMAND, NOW)


def test_set_sign_up_turns_waits_into_wishes_and_back_in_the_same_order(session, edition, person, trips):
    holder, first, second = person("wine"), person("wine", "port"), person("wine")
    set_mode(session, edition, TripMode.DRAW)
    assert [seats_of(session, p) for p in (holder, first, second)] == [
        {"wine": "confirmed"},
        {"wine": "requested", "port": "confirmed"},
        {"wine": "requested"},
    ]
    assert told(session, holder, first, second) == [[], ["trip-changed"], ["trip-changed"]]
    (message,) = unsent(session, to=second.email)
    assert "Seats will now be given by a draw" in " ".join(message.text.split())
    deliver_all(session)
    # In the meantime a seat is given back, which nobody gets before the draw.
    choose(session, holder)
    assert seats_left(session, trips[0]) == 1
    deliver_all(session)
    set_mode(session, edition, TripMode.FIRST_COME)
    assert [seats_of(session, p)["wine"] for p in (first, second)] == ["confirmed", "waitlisted"]
    assert told(session, holder, first, second) == [[], ["trip-confirmed"], ["trip-waitlisted"]]


def test_set_sign_up_leaves_wishes_without_a_place_requested(session, edition, placed_and_not):
    _, waiting = placed_and_not
    set_mode(session, edition, TripMode.DRAW)
    set_mode(session, edition, TripMode.FIRST_COME)
    assert seats_of(session, waiting) == {"wine": "requested", "port": "requested"}
    assert told(session, waiting) == [[]]


def test_set_sign_up_gives_nobody_two_seats_at_the_same_time(session, edition, person):
    set_mode(session, edition, TripMode.DRAW)
    both = person("mill", "wine")
    assert seats_of(session, both) == {"mill": "requested", "wine": "requested"}
    set_mode(session, edition, TripMode.FIRST_COME)
    assert sorted(seats_of(session, both).values()) == ["cancelled", "confirmed"]
    assert told(session, both) == [["trip-confirmed"]]


@pytest.mark.databases("sqlite", "postgresql")
def test_set_sign_up_records_what_changed_and_only_then(session, edition):
    set_mode(session, edition, TripMode.FIRST_COME)
    assert audited(session, "sign_up_changed") == []
    seats.set_sign_up(session, edition.id, TripMode.DRAW, NOW, NOW + HOUR, COMMAND, NOW)
    (details,) = audited(session, "sign_up_changed")
    assert details == {
        "changes": {
            "trip_mode": ["first-come", "draw"],
            "trips_open_at": [None, NOW.isoformat()],
            "trips_close_at": [None, (NOW + HOUR).isoformat()],
        }
    }


def test_nothing_moves_up_when_the_edition_is_archived(session, edition, person, trips):
    holder, waiting = person("wine"), person("wine")
    edition.status = EditionStatus.ARCHIVED
    take_off(session, holder, "wine", "over", actor=COMMAND, now=NOW)
    assert seats_of(session, waiting) == {"wine": "waitlisted"}
