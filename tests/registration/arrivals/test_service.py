"""Arriving: noted once, taken back once, and only where there is a place and a conference."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import Actor, history_of
from dofc_events.places.models import Arrival
from dofc_events.places.queries import arrival_faults
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.arrivals.service import DoorClosed, NotExpected, note_arrival, undo_arrival
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration, make_trip, seat_of

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

ANA, BO = Actor("account", "ana@dofc.test"), Actor("account", "bo@dofc.test")
LATER = NOW + timedelta(minutes=5)
AT_ONCE = 8


def trail(session, person) -> list[tuple[str, str]]:
    session.flush()
    return [(e.act, e.actor) for e in history_of(session, person.reference) if e.act.startswith("arriv")]


def test_arrival_keeps_the_first_time_and_the_first_who_noted_it(session):
    person = make_registration(session, make_edition(session))
    note_arrival(session, person.id, ANA, NOW)
    note_arrival(session, person.id, BO, LATER)
    assert claim_of(session, person).used_at == NOW
    assert trail(session, person) == [("arrived", "account:ana@dofc.test")]


@pytest.mark.databases("sqlite", "postgresql")
def test_arrival_can_be_taken_back_once_and_noted_again(session):
    person = make_registration(session, make_edition(session))
    note_arrival(session, person.id, ANA, NOW)
    for _ in range(2):
        undo_arrival(session, person.id, BO, LATER)
    assert claim_of(session, person).used_at is None
    note_arrival(session, person.id, BO, LATER)
    assert claim_of(session, person).used_at == LATER
    assert [act for act, _ in trail(session, person)] == ["arrived", "arrival_undone", "arrived"]


def days_of(session, person) -> list[tuple[str, datetime]]:
    claim = claim_of(session, person)
    arrived = select(Arrival).where(Arrival.claim_id == claim.id).order_by(Arrival.day)
    return [(one.day.isoformat(), one.at) for one in session.scalars(arrived)]


def test_arrival_is_noted_anew_on_each_day_in_the_zone_of_the_edition(session):
    person = make_registration(session, make_edition(session, zone="Europe/Belgrade"))
    first = datetime(2027, 10, 7, 21, 50, tzinfo=UTC)
    past_midnight = datetime(2027, 10, 7, 22, 10, tzinfo=UTC)
    for moment in (first, first + timedelta(minutes=5), past_midnight):
        note_arrival(session, person.id, ANA, moment)
    assert days_of(session, person) == [("2027-10-07", first), ("2027-10-08", past_midnight)]
    assert claim_of(session, person).used_at == first
    assert len(trail(session, person)) == 2


def test_arrival_that_is_undone_leaves_those_of_other_days(session):
    person = make_registration(session, make_edition(session))
    tomorrow = NOW + timedelta(days=1)
    for moment in (NOW, tomorrow):
        note_arrival(session, person.id, ANA, moment)
    undo_arrival(session, person.id, ANA, NOW)
    session.expire_all()
    assert [at for _, at in days_of(session, person)] == [tomorrow]
    assert claim_of(session, person).used_at == tomorrow
    assert arrival_faults(session) == []


def test_arrival_is_of_the_place_and_not_of_a_seat(session):
    edition = make_edition(session)
    trip = make_trip(session, edition, "cellars")
    person, other = (make_registration(session, edition, trips=("cellars",)) for _ in range(2))
    note_arrival(session, person.id, ANA, NOW)
    assert seat_of(session, person, trip).used_at is None
    assert claim_of(session, other).used_at is None


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("status", [s for s in ClaimStatus if s not in (ClaimStatus.CONFIRMED, ClaimStatus.REQUESTED)])
def test_arrival_is_refused_when_there_is_no_confirmed_place(session, status):
    person = make_registration(session, make_edition(session))
    claim = claim_of(session, person)
    claim.status = status
    claim.position = 1 if status == ClaimStatus.WAITLISTED else None
    claim.offered_until = LATER if status == ClaimStatus.OFFERED else None
    session.flush()
    with pytest.raises(NotExpected):
        note_arrival(session, person.id, ANA, NOW)
    assert trail(session, person) == []


def test_arrival_ends_when_the_registration_is_cancelled(session):
    person = make_registration(session, make_edition(session))
    note_arrival(session, person.id, ANA, NOW)
    cancel_registration(session, person.id, DELEGATE, LATER)
    assert claim_of(session, person).used_at is None
    assert days_of(session, person) == []


@pytest.mark.parametrize("status", [EditionStatus.DRAFT, EditionStatus.ARCHIVED])
@pytest.mark.parametrize("act", [note_arrival, undo_arrival])
def test_arrival_is_refused_when_the_edition_is_not_published(session, act, status):
    edition = make_edition(session)
    person = make_registration(session, edition)
    edition.status = status
    session.flush()
    with pytest.raises(DoorClosed):
        act(session, person.id, ANA, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_arrival_is_noted_once_when_many_tick_at_the_same_moment(writing, reading):
    with writing() as session:
        person = make_registration(session, make_edition(session))
    for act in (note_arrival, undo_arrival):
        start = Barrier(AT_ONCE)

        def tick(number: int, act=act, start=start) -> None:
            start.wait(timeout=30)
            with writing() as session:
                act(session, person.id, Actor("account", f"{number}@dofc.test"), NOW)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(tick, range(AT_ONCE)))
    with reading() as session:
        assert [act for act, _ in trail(session, person)] == ["arrived", "arrival_undone"]
