"""Reads of the list of registrations: put in order, a page at a time, and counted."""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Select, SQLColumnExpression, case, func, literal, select, tuple_
from sqlalchemy.orm import Session, joinedload

from dofc_events.core.order import sort_key
from dofc_events.delegates.models import Registration, Tag
from dofc_events.places.models import Claim
from dofc_events.places.queries import waiting_line
from dofc_events.places.rules import PLACE_STATUSES, ClaimStatus
from dofc_events.registration.queries import Filters, conditions, place_at

ROWS = 50


# People who hold something come first, then those waiting for it, then those who no longer have anything.
STATUS_ORDER = (
    ClaimStatus.CONFIRMED,
    ClaimStatus.OFFERED,
    ClaimStatus.WAITLISTED,
    ClaimStatus.REQUESTED,
    ClaimStatus.EXPIRED,
    ClaimStatus.CANCELLED,
)


# No waiting list is as long.
STEP = 2**31


class Sort(enum.StrEnum):
    """The order of the list. By status, waiting people are in line."""

    NEWEST = "newest"
    NAME = "name"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    STATUS = "status"


@dataclass(frozen=True)
class After:
    """The last row of the page before: by what it stood where it stood, and its id, which decides between equals."""

    key: str | int
    id: int


@dataclass(frozen=True)
class Row:
    """One line of the list; `position` is the place on the waiting list (1: the next in line) of those who wait."""

    registration: Registration
    status: ClaimStatus
    position: int | None
    key: str | int


@dataclass(frozen=True)
class Present:
    """What an edition's registrations were made with, as codes."""

    countries: frozenset[str]
    languages: frozenset[str]


def registrations(
    session: Session,
    edition_id: int,
    filters: Filters,
    *,
    sort: Sort = Sort.NEWEST,
    countries: Mapping[str, int] | None = None,
    after: After | None = None,
) -> list[Row]:
    """A page of the filtered list, and one row more if there are further pages; `after` turns the page.

    It goes on where that row stood, whatever became of it meanwhile. To sort by country, `countries` numbers those that
    are present as a reader puts them in order.
    """
    key = _key(sort, countries or {})
    # Indexes are enough to find a page; what its rows show is read of these few.
    page: Select[int, Any] = select(Registration.id, key.label("key"))
    page = page.join(Claim, Claim.registration_id == Registration.id).where(*conditions(edition_id, filters))
    if after and sort is Sort.NEWEST:
        page = page.where(Registration.id < after.id)
    elif after:
        page = page.where(tuple_(key, Registration.id) > tuple_(literal(after.key), literal(after.id)))
    found = page.order_by(*_order(sort, key, Registration.id)).limit(ROWS + 1).subquery()
    line = waiting_line(edition_id)
    query = select(Registration, Claim.status, line.c.position, found.c.key)
    query = query.join(found, found.c.id == Registration.id).join(Claim, Claim.registration_id == Registration.id)
    query = query.where(place_at(edition_id)).join(line, line.c.id == Claim.id, isouter=True)
    query = query.options(joinedload(Registration.category)).order_by(*_order(sort, found.c.key, found.c.id))
    return [Row(person, ClaimStatus(status), number, key) for person, status, number, key in session.execute(query)]


def counts_by_status(session: Session, edition_id: int, filters: Filters) -> dict[ClaimStatus, int]:
    """How many registrations have each status, under all filters but the one for the status."""
    query = select(Claim.status, func.count()).join(Registration, Registration.id == Claim.registration_id)
    query = query.where(*conditions(edition_id, replace(filters, status=""))).group_by(Claim.status)
    counts = {ClaimStatus(status): count for status, count in session.execute(query)}
    return {status: counts.get(status, 0) for status in PLACE_STATUSES}


def present(session: Session, edition_id: int) -> Present:
    """The countries and languages of an edition's registrations."""
    query = select(Registration.country, Registration.language).where(Registration.edition_id == edition_id).distinct()
    pairs = session.execute(query).all()
    return Present(frozenset(country for country, _ in pairs), frozenset(language for _, language in pairs))


def tags_at(session: Session, edition_id: int) -> list[str]:
    """Every tag that an edition's registrations have."""
    query = select(Tag.word).join(Registration, Registration.id == Tag.registration_id)
    return sorted(session.scalars(query.where(Registration.edition_id == edition_id).distinct()), key=sort_key)


def tags_of(session: Session, registration_ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of these registrations, in one query."""
    found: dict[int, list[str]] = {}
    query = select(Tag.registration_id, Tag.word).where(Tag.registration_id.in_(registration_ids))
    for registration_id, word in sorted(session.execute(query).all(), key=lambda row: sort_key(row.word)):
        found.setdefault(registration_id, []).append(word)
    return found


def order_of(sort: Sort, countries: Mapping[str, int]) -> Sequence[SQLColumnExpression[Any]]:
    """The columns by which `registrations` orders its rows."""
    return _order(sort, _key(sort, countries), Registration.id)


def _key(sort: Sort, countries: Mapping[str, int]) -> SQLColumnExpression[Any]:
    if sort is Sort.NAME:
        return Registration.by_name
    if sort is Sort.ORGANISATION:
        return Registration.by_organisation
    if sort is Sort.COUNTRY and countries:
        return case(countries, value=Registration.country, else_=literal(-1, BigInteger))
    if sort is Sort.STATUS:
        steps = {status: literal(number * STEP, BigInteger) for number, status in enumerate(STATUS_ORDER)}
        return case(steps, value=Claim.status) + func.coalesce(Claim.position, 0)
    return Registration.id


def _order(
    sort: Sort, key: SQLColumnExpression[Any], id_: SQLColumnExpression[int]
) -> Sequence[SQLColumnExpression[Any]]:
    return (id_.desc(),) if sort is Sort.NEWEST else (key, id_)


def statuses_of(session: Session, edition_id: int, registration_ids: Collection[int]) -> dict[int, ClaimStatus]:
    """The statuses of these registrations at an edition, by id."""
    query = select(Claim.registration_id, Claim.status).where(Claim.registration_id.in_(registration_ids))
    return {id_: ClaimStatus(status) for id_, status in session.execute(query.where(place_at(edition_id)))}
