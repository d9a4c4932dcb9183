"""Reads of the list of registrations: put in order, a page at a time, and counted."""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, case, func, literal, select, tuple_
from sqlalchemy.orm import Session, joinedload

from dofc_events.conference.models import Category
from dofc_events.core.order import sort_key
from dofc_events.delegates.models import Registration, Tag
from dofc_events.places.models import Arrival, Claim, Pool
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
    """By what the list stands in order. By status, waiting people are in line."""

    NEWEST = "newest"
    NAME = "name"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    CATEGORY = "category"
    STATUS = "status"


@dataclass(frozen=True)
class Order:
    """An order of the list, or its `reverse`. In addresses it is written as in `str`."""

    by: Sort = Sort.NEWEST
    reverse: bool = False

    def __str__(self) -> str:
        return f"-{self.by}" if self.reverse else str(self.by)

    @property
    def descends(self) -> bool:
        return (self.by is Sort.NEWEST) != self.reverse

    @classmethod
    def read(cls, text: str) -> "Order":
        """The order that is written like this. Raises ValueError."""
        return cls(Sort(text.removeprefix("-")), text.startswith("-"))


@dataclass(frozen=True)
class Edge:
    """The row where a page begins or, with `back`, ends: by what it stood where it stood, and its id.

    The row itself is on the page before, or after. The id decides between equals.
    """

    key: str | int
    id: int
    back: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the list; `position` is the place on the waiting list (1: the next in line) of those who wait.

    `arrived_at` is when they first arrived.
    """

    registration: Registration
    status: ClaimStatus
    is_hold: bool
    arrived_at: datetime | None
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
    order: Order = Order(),
    countries: Mapping[str, int] | None = None,
    edge: Edge | None = None,
    rows: int = ROWS,
) -> list[Row]:
    """A page of the filtered list; `edge` turns it.

    It goes on where that row stood, whatever became of it meanwhile. To sort by country, `countries` numbers those that
    are present as a reader puts them in order.
    """
    found = _page(edition_id, filters, order, _key(order.by, countries or {}), edge).limit(rows).subquery()
    line = waiting_line(edition_id)
    query = select(Registration, Claim.status, Claim.is_hold, Claim.used_at, line.c.position, found.c.key)
    query = query.join(found, found.c.id == Registration.id).join(Claim, Claim.registration_id == Registration.id)
    query = query.where(place_at(edition_id)).join(line, line.c.id == Claim.id, isouter=True)
    query = query.options(joinedload(Registration.category))
    query = query.order_by(*_order(order.by, found.c.key, found.c.id, order.descends))
    return [Row(person, ClaimStatus(status), *rest) for person, status, *rest in session.execute(query)]


def neighbours(
    session: Session, registration: Registration, filters: Filters, *, order: Order, countries: Mapping[str, int]
) -> tuple[Registration | None, Registration | None]:
    """The registrations before and after one on the filtered list, or where it would be."""
    key = _key(order.by, countries)
    mine = select(key).select_from(Registration).join(Claim, Claim.registration_id == Registration.id)
    here = session.scalars(mine.where(Registration.id == registration.id, place_at(registration.edition_id))).one()
    edges = (Edge(here, registration.id, back) for back in (True, False))
    pages = (_page(registration.edition_id, filters, order, key, edge).limit(1).subquery() for edge in edges)
    before, after = (session.scalar(select(Registration).join(page, page.c.id == Registration.id)) for page in pages)
    return before, after


def count_before(
    session: Session, edition_id: int, filters: Filters, row: Row, *, order: Order, countries: Mapping[str, int]
) -> int:
    """How many rows of the filtered list stand before this one."""
    beyond = _beyond(order, _key(order.by, countries), Edge(row.key, row.registration.id, back=True))
    query = select(func.count()).select_from(Registration).join(Claim, Claim.registration_id == Registration.id)
    return session.scalar(query.where(*conditions(edition_id, filters), beyond)) or 0


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


def arrival_days(session: Session, edition_id: int) -> list[date]:
    """The days on which anybody arrived at an edition, in order."""
    query = select(Arrival.day).join(Claim, Claim.id == Arrival.claim_id).join(Pool, Pool.id == Claim.pool_id)
    return [*session.scalars(query.where(Pool.edition_id == edition_id).distinct().order_by(Arrival.day))]


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


def order_of(order: Order, countries: Mapping[str, int]) -> Sequence[SQLColumnExpression[Any]]:
    """The columns by which `registrations` orders its rows."""
    return _order(order.by, _key(order.by, countries), Registration.id, order.descends)


def _page(
    edition_id: int, filters: Filters, order: Order, key: SQLColumnExpression[Any], edge: Edge | None
) -> Select[int, Any]:
    """The ids and keys of the rows beyond an edge. Indexes are enough to find them; what they show is read of few."""
    page: Select[int, Any] = select(Registration.id, key.label("key"))
    page = page.join(Claim, Claim.registration_id == Registration.id).where(*conditions(edition_id, filters))
    if edge:
        page = page.where(_beyond(order, key, edge))
    return page.order_by(*_order(order.by, key, Registration.id, order.descends != bool(edge and edge.back)))


def _key(sort: Sort, countries: Mapping[str, int]) -> SQLColumnExpression[Any]:
    if sort is Sort.NAME:
        return Registration.by_name
    if sort is Sort.ORGANISATION:
        return Registration.by_organisation
    if sort is Sort.COUNTRY and countries:
        return case(countries, value=Registration.country, else_=literal(-1, BigInteger))
    if sort is Sort.CATEGORY:
        return select(Category.position).where(Category.id == Registration.category_id).scalar_subquery()
    if sort is Sort.STATUS:
        steps = {status: literal(number * STEP, BigInteger) for number, status in enumerate(STATUS_ORDER)}
        return case(steps, value=Claim.status) + func.coalesce(Claim.position, 0)
    return Registration.id


def _order(
    sort: Sort, key: SQLColumnExpression[Any], id_: SQLColumnExpression[int], descends: bool
) -> Sequence[SQLColumnExpression[Any]]:
    columns = (id_,) if sort is Sort.NEWEST else (key, id_)
    return tuple(column.desc() if descends else column.asc() for column in columns)


def _beyond(order: Order, key: SQLColumnExpression[Any], edge: Edge) -> ColumnElement[bool]:
    """The condition that a row stands after that one or, if the page goes back, before it."""
    here: SQLColumnExpression[Any] = Registration.id
    there: SQLColumnExpression[Any] = literal(edge.id)
    if order.by is not Sort.NEWEST:
        here, there = tuple_(key, Registration.id), tuple_(literal(edge.key), there)
    return here < there if order.descends != edge.back else here > there


def places_of(session: Session, edition_id: int, registration_ids: Collection[int]) -> dict[int, Claim]:
    """What these registrations have of an edition's places, by their ids."""
    query = select(Claim).where(Claim.registration_id.in_(registration_ids), place_at(edition_id))
    return {claim.registration_id: claim for claim in session.scalars(query)}
