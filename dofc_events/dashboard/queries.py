"""Reads of the organisers' pages. Each list takes the same number of queries however many rows it has."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Subquery, and_, func, select
from sqlalchemy.orm import Session, joinedload

from dofc_events.conference.models import Category
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.queries import found_by
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, PLACE_STATUSES, ClaimStatus
from dofc_events.trips.models import Trip

PAGE = 50

# A registration has claims on seats too; this one is its place at the edition.
AT_EDITION = and_(Pool.id == Claim.pool_id, Pool.edition_id == Registration.edition_id)


@dataclass(frozen=True)
class Filters:
    """What the list of registrations is narrowed to; empty text narrows nothing. `category` and `trip` are slugs.

    Of a trip, whoever has a seat on it, waits or has asked for one.
    """

    q: str = ""
    status: str = ""
    category: str = ""
    country: str = ""
    trip: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the list; `position` is the place on the waiting list (1: the next in line) of those who wait."""

    registration: Registration
    status: ClaimStatus
    position: int | None


@dataclass(frozen=True)
class Places:
    """An edition's places in numbers: how many there are, and how many registrations have each status."""

    capacity: int
    taken: int
    counts: dict[ClaimStatus, int]

    @property
    def free(self) -> int:
        return self.capacity - self.taken


def registrations(session: Session, edition_id: int, filters: Filters, *, before_id: int | None) -> Sequence[Row]:
    """The newest registrations first, one more than fit on a page; `before_id` turns the page."""
    line = _waiting_line(edition_id)
    query = select(Registration, Claim.status, line.c.position).join(Claim, Claim.registration_id == Registration.id)
    query = query.join(Pool, AT_EDITION).join(line, line.c.id == Claim.id, isouter=True)
    query = query.where(*_conditions(edition_id, filters))
    if filters.status:
        query = query.where(Claim.status == filters.status)
    if before_id is not None:
        query = query.where(Registration.id < before_id)
    rows = session.execute(
        query.options(joinedload(Registration.category)).order_by(Registration.id.desc()).limit(PAGE + 1)
    )
    return [Row(registration, ClaimStatus(status), position) for registration, status, position in rows]


def counts_by_status(session: Session, edition_id: int, filters: Filters) -> dict[ClaimStatus, int]:
    """How many registrations have each status, under all filters but the one for the status."""
    query = select(Claim.status, func.count()).select_from(Registration)
    query = query.join(Claim, Claim.registration_id == Registration.id)
    query = query.join(Pool, AT_EDITION).where(*_conditions(edition_id, filters))
    counts = {ClaimStatus(status): count for status, count in session.execute(query.group_by(Claim.status))}
    return {status: counts.get(status, 0) for status in PLACE_STATUSES}


def countries_of(session: Session, edition_id: int) -> set[str]:
    """The countries that an edition's registrations come from."""
    return set(session.scalars(select(Registration.country).where(Registration.edition_id == edition_id).distinct()))


def places_of(session: Session, edition_ids: Collection[int]) -> dict[int, Places]:
    """The places of these editions, by edition, in one query; editions of the past have none here."""
    rows = session.execute(
        select(Pool.edition_id, Pool.capacity, Pool.taken, Claim.status, func.count(Claim.id))
        .join(Claim, Claim.pool_id == Pool.id, isouter=True)
        .where(Pool.edition_id.in_(edition_ids))
        .group_by(Pool.edition_id, Pool.capacity, Pool.taken, Claim.status)
    )
    found: dict[int, Places] = {}
    for edition_id, capacity, taken, status, count in rows:
        assert edition_id is not None, "the query asked for editions' pools"
        places = found.setdefault(edition_id, Places(capacity, taken, dict.fromkeys(PLACE_STATUSES, 0)))
        if status:
            places.counts[ClaimStatus(status)] = count
    return found


def consent_given(session: Session, registration: Registration) -> ConsentText:
    """The text that a delegate consented to."""
    return session.get_one(ConsentText, registration.consent_version)


def _waiting_line(edition_id: int) -> Subquery:
    """The claims that wait for a place at an edition, numbered from the next in line on."""
    position = func.row_number().over(order_by=Claim.position).label("position")
    waiting = select(Claim.id, position).join(Pool, Pool.id == Claim.pool_id)
    return waiting.where(Pool.edition_id == edition_id, Claim.status == ClaimStatus.WAITLISTED).subquery()


def _conditions(edition_id: int, filters: Filters) -> list[ColumnElement[bool]]:
    """All but the one for the status."""
    conditions = [Registration.edition_id == edition_id, found_by(filters.q)]
    if filters.category:
        of_slug = select(Category.id).where(Category.edition_id == edition_id, Category.slug == filters.category)
        conditions.append(Registration.category_id.in_(of_slug))
    if filters.country:
        conditions.append(Registration.country == filters.country)
    if filters.trip:
        on_it = select(Claim.registration_id).join(Pool, Pool.id == Claim.pool_id).join(Trip, Trip.id == Pool.trip_id)
        conditions.append(Registration.id.in_(on_it.where(Trip.slug == filters.trip, Claim.status.in_(LIVE))))
    return conditions
