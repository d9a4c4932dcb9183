"""Reads of the organisers' pages. Each list takes the same number of queries however many rows it has."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Category
from dofc_events.core.countries import countries_on
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.queries import came_before, found_by
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, PLACE_STATUSES, ClaimStatus
from dofc_events.trips.models import Trip

FLAGS = ("returning", "dietary", "visa_letter")


@dataclass(frozen=True)
class Filters:
    """What the list of registrations is narrowed to; empty text narrows nothing. `category` and `trip` are slugs.

    Of a trip, whoever has a seat on it, waits or has asked for one. `since` is a moment in ISO 8601 with its offset:
    who registered after it. `continent` and `language` are codes. FLAGS, unless empty: who was at an earlier edition,
    said something about food, needs a letter for a visa.
    """

    q: str = ""
    status: str = ""
    category: str = ""
    country: str = ""
    trip: str = ""
    since: str = ""
    continent: str = ""
    organisation: str = ""
    returning: str = ""
    dietary: str = ""
    visa_letter: str = ""
    language: str = ""

    @property
    def since_at(self) -> datetime:
        """The moment that `since` means, where it is given."""
        return datetime.fromisoformat(self.since)


@dataclass(frozen=True)
class Places:
    """An edition's places in numbers: how many there are, and how many registrations have each status."""

    capacity: int
    taken: int
    counts: dict[ClaimStatus, int]

    @property
    def free(self) -> int:
        return self.capacity - self.taken


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


def place_at(edition_id: int) -> ColumnElement[bool]:
    """The condition that a claim is one on the places at an edition; a registration also has claims on seats."""
    return Claim.pool_id == select(Pool.id).where(Pool.edition_id == edition_id).scalar_subquery()


def waiting_line(edition_id: int) -> Subquery:
    """The claims that wait for a place at an edition, numbered from the next in line on."""
    position = func.row_number().over(order_by=Claim.position).label("position")
    waiting = select(Claim.id, position).join(Pool, Pool.id == Claim.pool_id)
    return waiting.where(Pool.edition_id == edition_id, Claim.status == ClaimStatus.WAITLISTED).subquery()


def conditions(edition_id: int, filters: Filters) -> list[ColumnElement[bool]]:
    """What a registration must be to stand on the filtered list, and its `Claim`: the one on the place.

    The list, its counts and its exports all ask here, so that they cannot differ.
    """
    found = [Registration.edition_id == edition_id, place_at(edition_id), found_by(filters.q)]
    if filters.status:
        found.append(Claim.status == filters.status)
    if filters.category:
        of_slug = select(Category.id).where(Category.edition_id == edition_id, Category.slug == filters.category)
        found.append(Registration.category_id.in_(of_slug))
    if filters.country:
        found.append(Registration.country == filters.country)
    if filters.trip:
        on_it = select(Claim.registration_id).join(Pool, Pool.id == Claim.pool_id).join(Trip, Trip.id == Pool.trip_id)
        found.append(Registration.id.in_(on_it.where(Trip.slug == filters.trip, Claim.status.in_(LIVE))))
    if filters.since:
        found.append(Registration.registered_at > filters.since_at)
    if filters.continent:
        found.append(Registration.country.in_(countries_on(filters.continent)))
    if filters.organisation:
        found.append(Registration.organisation == filters.organisation)
    if filters.returning:
        found.append(came_before(edition_id))
    if filters.dietary:
        found.append(Registration.dietary != "")
    if filters.visa_letter:
        found.append(Registration.visa_letter.is_(True))
    if filters.language:
        found.append(Registration.language == filters.language)
    return found
