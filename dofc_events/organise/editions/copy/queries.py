"""What there is to copy of an edition, and what of a copy must be looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Role
from dofc_events.accounts.queries import roles_at
from dofc_events.conference.models import Edition
from dofc_events.conference.service import MOMENTS, SIGN_UP_MOMENTS
from dofc_events.core.clock import in_zone
from dofc_events.letters.models import Letter
from dofc_events.letters.queries import audience_of, letters_to_begin_from
from dofc_events.letters.rules import LetterState
from dofc_events.organise.editions.copy.rules import Former, former, mentions
from dofc_events.places.models import Pool
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import OwnQuestion
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import trip_pools

MAX_LETTERS = 100

OF_EDITION = ("summary", "programme", "cost", "languages", "dress", "faq")
OF_TRIP = ("title", "description", "hosts", "meeting_point", "bring", "accessibility")
OF_LETTER = ("subject", "body")
OF_QUESTION = ("caption", "hint")


@dataclass(frozen=True)
class ToCopy:
    """What can be copied of an edition beside its own settings."""

    trips: Sequence[tuple[Trip, Pool]]
    letters: Sequence[Letter]
    team: Sequence[Role]


@dataclass(frozen=True)
class Mark:
    """A text of a copy that still names what was so at the edition before.

    It is a field of the edition, of a trip, of a letter, or of an own question.
    """

    field: str
    found: tuple[str, ...]
    trip: Trip | None = None
    letter: Letter | None = None
    question: OwnQuestion | None = None


def to_copy(session: Session, edition: Edition, now: datetime) -> ToCopy:
    """Trips that have not been called off, letters that were not to picked people, and who has a role."""
    letters = letters_to_begin_from(session, [edition.id], MAX_LETTERS)
    return ToCopy(
        [(trip, pool) for trip, pool in trip_pools(session, edition.id) if trip.cancelled_at is None],
        [one for one in reversed(letters) if one.state != LetterState.DROPPED and not audience_of(one).references],
        [role for role in roles_at(session, edition.id) if not role.has_ended(now)],
    )


def marks_of(session: Session, edition: Edition) -> list[Mark] | None:
    """What must be looked at in an edition's texts; None if it is no copy."""
    source = edition.copied_from_id and session.get(Edition, edition.copied_from_id)
    if not source:
        return None
    both = [source.id, edition.id]
    trips = session.scalars(select(Trip).where(Trip.edition_id.in_(both)).order_by(Trip.position)).all()
    once = former(
        _names(source),
        _names(edition),
        {*_days_of(source), *_days_on_trips(source, trips)},
        {*_days_of(edition), *_days_on_trips(edition, trips)},
    )
    own = [trip for trip in trips if trip.edition_id == edition.id]
    drafts = select(Letter).where(Letter.edition_id == edition.id, Letter.released_at.is_(None))
    letters = session.scalars(drafts.where(Letter.stopped_at.is_(None)).order_by(Letter.id)).all()
    return [
        *_marked(edition, OF_EDITION, once),
        *(mark for trip in own for mark in _marked(trip, OF_TRIP, once, trip=trip)),
        *(mark for letter in letters for mark in _marked(letter, OF_LETTER, once, letter=letter)),
        *(mark for one in questions_of(session, edition.id) for mark in _marked(one, OF_QUESTION, once, question=one)),
    ]


def _marked(
    said: object,
    names: Sequence[str],
    once: Former,
    *,
    trip: Trip | None = None,
    letter: Letter | None = None,
    question: OwnQuestion | None = None,
) -> Iterator[Mark]:
    for name in names:
        if found := mentions(getattr(said, name), once):
            yield Mark(name, found, trip, letter, question)


def _names(edition: Edition) -> tuple[object, ...]:
    where = edition.city, edition.venue, edition.venue_address
    return edition.year, *where, edition.contact_name, edition.contact_email


def _days_of(edition: Edition) -> Iterator[date]:
    first, last = edition.starts_on or edition.ends_on, edition.ends_on or edition.starts_on
    if first and last:
        # However long it is said to be: a month has every day.
        yield from (first + timedelta(days=n) for n in range(min((last - first).days, 31) + 1))
    for name in (*MOMENTS, *SIGN_UP_MOMENTS):
        if moment := getattr(edition, name):
            yield in_zone(moment, edition.zone).date()


def _days_on_trips(edition: Edition, trips: Sequence[Trip]) -> Iterator[date]:
    for trip in trips:
        if trip.edition_id == edition.id:
            yield in_zone(trip.starts_at, edition.zone).date()
