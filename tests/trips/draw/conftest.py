"""What the tests beside this file share."""

from datetime import timedelta

import pytest
import time_machine

from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import Actor
from dofc_events.notices.service import terms_of
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.trips import service as seats
from dofc_events.trips.draw.service import preview_draw
from dofc_events.trips.models import Draw, DrawnDelegate, Trip
from dofc_events.trips.queries import claims_on, trip_by_slug, trips_of
from dofc_events.trips.sign_ups.service import SeatBook
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip

ORGANISER = Actor("account", "ana@dofc.test")
CLOSES = NOW + timedelta(days=10)
DRAWN = CLOSES + timedelta(days=1)
SEED = "six numbers of the national lottery"


@pytest.fixture(autouse=True)
def _after_sign_up_closed():
    with time_machine.travel(DRAWN, tick=False):
        yield


@pytest.fixture
def edition(session):
    """Three trips, one seat each: cellars and harbour in the morning, museum in the afternoon; wishes are collected."""
    edition = make_edition(session, year=2027)
    morning = edition.begins_at() + timedelta(days=1)
    for slug, hours in (("cellars", 0), ("harbour", 0), ("museum", 5)):
        begins = morning + timedelta(hours=hours)
        make_trip(session, edition, slug, capacity=1, starts_at=begins, ends_at=begins + timedelta(hours=3))
    set_mode(session, edition, TripMode.DRAW)
    draw = session.get_one(Draw, edition.id)
    draw.seed, draw.names_key = SEED, "a secret that is good enough for tests"
    return edition


@pytest.fixture
def join(session, edition):
    """`join("cellars", "museum", any_trip=True)`: somebody new with these wishes."""

    def join(*slugs: str, any_trip: bool = False, **changes):
        person = make_registration(session, edition, **changes)
        seats.choose_trips(session, person.id, slugs, any_trip=any_trip, actor=DELEGATE, now=NOW)
        return person

    return join


def set_mode(session, edition, mode, closes_at=CLOSES):
    seats.set_sign_up(session, edition.id, mode, None, closes_at, ORGANISER, NOW)


def preview(session, edition, now=DRAWN):
    return preview_draw(SeatBook(session, edition, terms_of(edition, now), now))


def publish(session, edition, now=DRAWN):
    """Publish what the preview shows, which is returned."""
    shown = preview(session, edition, now)
    seats.publish_draw(session, edition.id, shown.digest, ORGANISER, now)
    return shown


def held(session, person) -> dict[str, str]:
    """The statuses of somebody's claims on trips, by slug."""
    return {s.trip.slug: s.status for s in trips_of(session, person.edition_id, person.id) if s.claim}


def line(session, edition, slug: str) -> list[int]:
    """Who waits for a seat, the next first."""
    _, pool = trip_by_slug(session, edition.id, slug)
    return [claim.registration_id for claim in claims_on(session, pool.id, [ClaimStatus.WAITLISTED])]


def drawn(session, person) -> str | None:
    """What the published draw gave to somebody."""
    found = session.get_one(DrawnDelegate, person.id)
    return session.get_one(Trip, found.trip_id).slug if found.trip_id else None
