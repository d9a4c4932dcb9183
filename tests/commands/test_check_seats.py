"""`flask check` on the seats of learning trips."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import TAKEN
from dofc_events.trips.models import Trip
from tests.commands.conftest import of
from tests.support.factories import (
    make_edition,
    make_registration,
    make_three_trips,
)

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def seated(writing) -> dict[str, str]:
    """Two with a place and the seat on a trip each, the mill overlapping the wine; one who waits for the edition."""
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=2, year=2031)
        make_three_trips(session, edition)
        wishes = {"ana": ("wine",), "ivo": ("mill",), "eva": ("wine", "port")}
        people = {n: make_registration(session, edition, now=now(), trips=trips) for n, trips in wishes.items()}
        return {name: person.reference for name, person in people.items()}


def on(slug: str):
    """A claim on a trip's seats, as a condition."""
    pool = select(Pool.id).join(Trip, Trip.id == Pool.trip_id).where(Trip.slug == slug)
    return Claim.pool_id == pool.scalar_subquery()


def damage(writing, reference: str, slug: str, **values) -> None:
    """Change what somebody has of a trip behind everybody's back, and the number that is taken with it."""
    with writing() as session:
        session.execute(update(Claim).where(of(reference), on(slug)).values(values))
        taken = select(func.count()).where(Claim.pool_id == Pool.id, Claim.status.in_(TAKEN)).scalar_subquery()
        session.execute(update(Pool).where(Pool.trip_id.is_not(None)).values(taken=taken))


def test_check_is_content_with_sound_seats(check, seated):
    assert check() == (0, ["Everything adds up."])


@pytest.mark.parametrize("status", ["confirmed", "offered", "waitlisted"])
def test_check_finds_a_seat_without_a_place(check, seated, writing, status):
    until = now() + timedelta(days=1) if status == "offered" else None
    position = 9 if status == "waitlisted" else None
    with writing() as session:
        session.execute(update(Pool).values(capacity=2, next_position=10).where(Pool.trip_id.is_not(None)))
        session.execute(update(Claim).where(of(seated["ivo"]), on("mill")).values(status="cancelled"))
    damage(writing, seated["eva"], "port", status=status, position=position, offered_until=until)
    code, lines = check()
    wanted = f"registration {seated['eva']}: {status} on trip port without a confirmed place"
    assert code == 1 and wanted in lines


@pytest.mark.parametrize("status", ["confirmed", "requested"])
def test_check_finds_two_trips_at_the_same_time(check, seated, writing, status):
    with writing() as session:
        trip = session.scalars(select(Trip).where(Trip.slug == "mill")).one()
        pool = session.scalars(select(Pool).where(Pool.trip_id == trip.id)).one()
        ana = session.scalars(select(Registration).where(Registration.reference == seated["ana"])).one()
        pool.capacity, pool.next_position = 2, 10
        position = None if status == "confirmed" else 9
        session.add(
            Claim(
                pool_id=pool.id, registration_id=ana.id, status=status, position=position, changed_at=ana.registered_at
            )
        )
    damage(writing, seated["ana"], "mill", status=status)
    code, lines = check()
    assert code == 1 and f"registration {seated['ana']}: {status} on trip mill, while on trip wine" in lines


def test_check_finds_a_seat_that_is_only_requested_although_there_is_a_place(check, seated, writing):
    damage(writing, seated["ana"], "wine", status="requested", position=0)
    reference = seated["ana"]
    wanted = f"registration {reference}: requested on trip wine although it has a place and no draw is to come"
    assert check() == (1, [wanted])
    with writing() as session:
        session.execute(update(Edition).values(trip_mode="draw"))
    assert check()[0] == 0, "before a draw that is as it should be"


def test_check_finds_a_seat_on_a_cancelled_trip(check, seated, writing):
    with writing() as session:
        session.execute(update(Trip).where(Trip.slug == "mill").values(cancelled_at=now()))
    assert check() == (1, [f"registration {seated['ivo']}: confirmed on trip mill, which is cancelled"])


def test_check_finds_a_change_of_a_seat_that_nobody_was_told(check, seated, writing):
    damage(writing, seated["ivo"], "mill", status="cancelled", changed_at=now() + timedelta(minutes=1))
    assert check() == (1, [f"registration {seated['ivo']}: no email has announced its status"])


def test_check_finds_somebody_who_waits_for_a_seat_while_one_is_free(check, seated, writing):
    damage(writing, seated["ana"], "wine", status="waitlisted", position=0)
    code, lines = check()
    assert code == 1 and [line for line in lines if "somebody is waiting while 1 are free" in line]


def test_check_does_not_mind_that_somebody_waits_for_a_trip_that_has_begun(check, seated, writing):
    damage(writing, seated["ana"], "wine", status="waitlisted", position=0)
    with writing() as session:
        session.execute(update(Trip).where(Trip.slug == "wine").values(starts_at=now() - timedelta(hours=1)))
    assert check()[0] == 0
