"""What organisers read about trips, on both databases: above all, whether a warning says what then happens."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dofc_events.conference.rules import TripMode
from dofc_events.core.errors import NotAgreed
from dofc_events.delegates.service import put_in_order
from dofc_events.organise.trips import queries as trip_queries
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import resize_edition
from dofc_events.registration.trips import service as seats
from dofc_events.registration.trips.many.queries import people_on
from dofc_events.trips.queries import seats_of, trip_pools, trips_of
from dofc_events.trips.service import details_of
from dofc_events.trips.sign_ups.queries import lost_if_moved
from tests.support.factories import DELEGATE, NOW, agreed, make_edition, make_registration, make_trip

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def edition(session):
    return make_edition(session)


@pytest.fixture
def steel(session, edition):
    """A trip in the morning, with two seats."""
    return make_trip(session, edition, "steel", title="Steel", capacity=2)


@pytest.fixture
def wine(session, edition, steel):
    """A trip in the afternoon, with two seats."""
    later = {"starts_at": steel.starts_at + timedelta(hours=5), "ends_at": steel.ends_at + timedelta(hours=5)}
    return make_trip(session, edition, "wine", title="Wine", capacity=2, **later)


@pytest.fixture
def ask(session, edition):
    """`ask("steel", name="Ana")`: somebody who asked for these trips."""

    def ask(*slugs, name="Ana"):
        person = make_registration(session, edition, given_name=name)
        seats.choose_trips(session, person.id, slugs, any_trip=False, actor=DELEGATE, now=NOW)
        return person

    return ask


def live(session, edition, person) -> dict[str, str]:
    return {s.trip.slug: s.status for s in trips_of(session, edition.id, person.id) if s.is_live}


@pytest.mark.databases("sqlite", "postgresql")
def test_losses_foretold_are_those_that_come_true_when_a_trip_moves(session, edition, steel, wine, ask):
    both, steel_only = ask("steel", "wine"), ask("steel")
    offered_wine = ask("wine")
    waits_for_steel = ask("wine", "steel")
    waits_for_both = ask("steel", "wine")
    seats.resize_trip(session, edition.id, "wine", 3, DELEGATE, NOW)
    everyone = (both, steel_only, offered_wine, waits_for_steel, waits_for_both)
    assert [live(session, edition, person) for person in everyone] == [
        {"steel": "confirmed", "wine": "confirmed"},
        {"steel": "confirmed"},
        {"wine": "confirmed"},
        {"steel": "waitlisted", "wine": "offered"},
        {"steel": "waitlisted", "wine": "waitlisted"},
    ]
    seats.accept_seat(session, waits_for_steel.id, "wine", DELEGATE, NOW)
    seats.resize_trip(session, edition.id, "steel", 3, DELEGATE, NOW)
    seats.decline_seat(session, waits_for_steel.id, "steel", DELEGATE, NOW)
    seats.accept_seat(session, waits_for_both.id, "steel", DELEGATE, NOW)
    before = {person.reference: live(session, edition, person) for person in everyone}

    losses = lost_if_moved(session, steel, wine.starts_at, wine.ends_at)
    assert {(loss.reference, loss.status, loss.lost, loss.kept) for loss in losses} == {
        (both.reference, ClaimStatus.CONFIRMED, "Steel", "Wine"),
        (waits_for_both.reference, ClaimStatus.WAITLISTED, "Wine", "Steel"),
    }
    moved = replace(details_of(steel), starts_at=wine.starts_at, ends_at=wine.ends_at)
    agreed(seats.change_trip, session, edition.id, "steel", moved, 3, DELEGATE, NOW)
    slugs = {"Steel": "steel", "Wine": "wine"}
    for person in everyone:
        lost = {slugs[loss.lost] for loss in losses if loss.reference == person.reference}
        kept = {slug: status for slug, status in before[person.reference].items() if slug not in lost}
        assert live(session, edition, person) == kept


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(("hours", "lost"), [(1, 0), (2, 1), (9, 0)])
def test_losses_are_counted_where_times_overlap_only(session, edition, steel, wine, ask, hours, lost):
    ask("steel", "wine")
    starts_at, ends_at = steel.starts_at + timedelta(hours=hours), steel.ends_at + timedelta(hours=hours)
    assert len(lost_if_moved(session, steel, starts_at, ends_at)) == lost


def test_who_loses_the_moved_trip_loses_nothing_else(session, edition, steel, wine, ask):
    museum = make_trip(session, edition, "museum", starts_at=wine.ends_at, ends_at=wine.ends_at + timedelta(hours=3))
    seats.resize_trip(session, edition.id, "museum", 0, DELEGATE, NOW)
    ask("steel", "wine", "museum")
    losses = lost_if_moved(session, steel, wine.starts_at, museum.ends_at)
    assert [(loss.lost, loss.kept) for loss in losses] == [("Steel", "Wine")]


def test_two_offers_at_the_same_time_stay(session, edition, steel, wine, ask):
    for trip in ("steel", "wine"):
        seats.resize_trip(session, edition.id, trip, 0, DELEGATE, NOW)
    ask("steel", "wine")
    for trip in ("steel", "wine"):
        seats.resize_trip(session, edition.id, trip, 1, DELEGATE, NOW)
    assert lost_if_moved(session, steel, wine.starts_at, wine.ends_at) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_change_is_refused_unless_exactly_its_losses_were_accepted(session, edition, steel, wine, ask):
    person = ask("steel", "wine")
    moved = replace(details_of(steel), starts_at=wine.starts_at, ends_at=wine.ends_at)
    for accepted in ("", "something else"):
        with pytest.raises(NotAgreed) as asked:
            seats.change_trip(session, edition.id, "steel", moved, 2, DELEGATE, NOW, accepted=accepted)
    assert list(asked.value.consequences[0]) == lost_if_moved(session, steel, moved.starts_at, moved.ends_at) != []
    seats.change_trip(session, edition.id, "steel", moved, 2, DELEGATE, NOW, accepted=asked.value.digest)
    assert live(session, edition, person) == {"wine": "confirmed"}


@pytest.mark.databases("sqlite", "postgresql")
def test_people_stand_by_name_and_those_who_wait_in_line(session, edition, steel, ask):
    for name in ("Zoë", "Ana", "Ömer", "Bojan"):
        person = ask("steel", name=name)
        person.family_name = ""
        put_in_order(person)
    session.flush()
    people = people_on(session, edition.id, trip_pools(session, edition.id)[0][1].id)
    assert [row.registration.given_name for row in people[ClaimStatus.CONFIRMED]] == ["Ana", "Zoë"]
    waiting = [(row.registration.given_name, row.number) for row in people[ClaimStatus.WAITLISTED]]
    assert waiting == [("Ömer", 1), ("Bojan", 2)]


@pytest.mark.databases("sqlite", "postgresql")
def test_mode_tells_people_once_and_only_those_with_a_place(session, edition, steel, wine, ask):
    for _number in range(2):
        ask("steel", "wine")
    ask("steel", "wine")
    other = make_edition(session, year=2031)
    assert trip_queries.told_of_another_mode(session, edition) == 1
    assert trip_queries.told_of_another_mode(session, other) == 0
    seats.set_sign_up(session, edition.id, TripMode.DRAW, None, None, DELEGATE, NOW)
    resize_edition(session, edition.id, 3, DELEGATE, NOW)
    ask("steel")
    assert trip_queries.told_of_another_mode(session, edition) == 1


def test_seats_are_those_that_have_not_ended(session, edition, steel, wine, ask):
    person, other = ask("wine", "steel"), ask("steel")
    seats.choose_trips(session, other.id, [], any_trip=False, actor=DELEGATE, now=NOW)
    found = seats_of(session, [person.id, other.id])
    assert {key: [(trip.slug, status.value) for trip, status in value] for key, value in found.items()} == {
        person.id: [("steel", "confirmed"), ("wine", "confirmed")]
    }
