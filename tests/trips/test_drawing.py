"""The draw out of the database and back into it: who is drawn, what they get, what they are told, what is published."""

import json
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import Actor
from dofc_events.mail.models import Message
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import NothingFree
from dofc_events.registration import seats
from dofc_events.registration.models import UntoldNews
from dofc_events.registration.news import tell_news, terms_of
from dofc_events.registration.rules import BATCH
from dofc_events.registration.service import cancel_registration
from dofc_events.trips import draw as rule
from dofc_events.trips.drawing import AlreadyDrawn, DrawChanged, DrawNotDue, preview_draw
from dofc_events.trips.models import Draw, DrawnDelegate, Trip
from dofc_events.trips.queries import claims_on_trips, tally_of, trip_by_slug, trips_of, wishing
from dofc_events.trips.sign_ups import SeatBook
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
    session.get_one(Draw, edition.id).seed = SEED
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
    waiting = [
        (claim.position, claim.registration_id)
        for claim in claims_of_trip(session, edition, slug)
        if claim.status == ClaimStatus.WAITLISTED
    ]
    return [registration_id for _, registration_id in sorted(waiting)]


def claims_of_trip(session, edition, slug: str):
    trip, _ = trip_by_slug(session, edition.id, slug)
    people = session.scalars(select(Message.about).distinct()).all()
    assert people
    return [
        claims[trip.id]
        for person in registrations(session, edition)
        if trip.id in (claims := claims_on_trips(session, person.id))
    ]
