"""Reads of the list of registrations: put in order, a page at a time, and counted."""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from dofc_events.conference.models import Category
from dofc_events.core.by_group import first_by_group
from dofc_events.core.distinct import each_once, pairs_once
from dofc_events.core.order import sort_key
from dofc_events.delegates.models import Registration, Tag
from dofc_events.places.models import Arrival, Claim
from dofc_events.places.queries import waiting_line
from dofc_events.places.rules import PLACE_STATUSES, ClaimStatus
from dofc_events.registration.queries import (
    LEADING,
    Audience,
    Filters,
    conditions,
    leading_answer,
    members_of,
    place_at,
)

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

# These have a position.
IN_LINE = (ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED)

# No waiting list is as long.
STEP = 2**31
STATUS_KEYS = {status: number * STEP for number, status in enumerate(STATUS_ORDER)}

Column = InstrumentedAttribute[Any]
# What the values of a column are put in order by.
Ranks = Mapping[Any, int]
# The column of some groups, its values in them by the keys of the list, and the order in which their rows stand.
Groups = tuple[Column, Mapping[int, Any], Column]

# Nobody reads a larger number of those whom a list is narrowed to more precisely, and counting them all takes long.
COUNTED = 2_000


class Sort(enum.StrEnum):
    """By what the list stands in order. By status, waiting people are in line."""

    NEWEST = "newest"
    NAME = "name"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    CATEGORY = "category"
    STATUS = "status"


# What is put in order by ranks.
RANKED: dict[Sort, Column] = {Sort.COUNTRY: Registration.country, Sort.CATEGORY: Registration.category_id}


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
    position_before: int | None
    arrived_at: datetime | None
    position: int | None
    key: str | int


@dataclass(frozen=True)
class Counts:
    """How many registrations the filters leave.

    `by_status` is under all filters but the one for the status; None if they leave more than COUNTED. If so does the
    one for the status, too, there are `more` than `total`.
    """

    total: int
    more: bool
    by_status: dict[ClaimStatus, int] | None


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
    ranks: Ranks | None = None,
    edge: Edge | None = None,
    rows: int = ROWS,
) -> list[Row]:
    """A page of the filtered list; `edge` turns it.

    It goes on where that row stood, whatever became of it meanwhile. To sort by country or category, `ranks` numbers
    those that are present as a reader puts them in order.
    """
    page = _page(edition_id, filters, order, ranks or {}, edge, rows)
    place = (Claim.id, Claim.pool_id, Claim.position, Claim.status, Claim.is_hold, Claim.position_before, Claim.used_at)
    found = select(page.c.id.label("registration_id"), page.c.key, *place)
    held = found.join(Claim, Claim.registration_id == page.c.id).where(place_at(edition_id)).cte()
    line = waiting_line(held)
    said = (held.c.status, held.c.is_hold, held.c.position_before, held.c.used_at)
    query = select(Registration, *said, line.c.position, held.c.key)
    query = query.join(held, held.c.registration_id == Registration.id).join(line, line.c.id == held.c.id)
    query = query.options(joinedload(Registration.category))
    query = query.order_by(*_order(order.by, held.c.key, held.c.registration_id, order.descends))
    return [Row(person, ClaimStatus(status), *rest) for person, status, *rest in session.execute(query)]


def neighbours(
    session: Session, registration: Registration, filters: Filters, *, order: Order, ranks: Ranks
) -> tuple[Registration | None, Registration | None]:
    """The registrations before and after one on the filtered list, or where it would be."""
    key = _key(order.by, filters, ranks)
    mine = select(key).select_from(Registration).join(Claim, Claim.registration_id == Registration.id)
    here = session.scalars(mine.where(Registration.id == registration.id, place_at(registration.edition_id))).one()
    edges = (Edge(here, registration.id, back) for back in (True, False))
    pages = (_page(registration.edition_id, filters, order, ranks, edge, 1) for edge in edges)
    before, after = (session.scalar(select(Registration).join(page, page.c.id == Registration.id)) for page in pages)
    return before, after


def count_before(session: Session, edition_id: int, filters: Filters, row: Row, *, order: Order, ranks: Ranks) -> int:
    """How many rows of the filtered list stand before this one."""
    beyond = _beyond(order, _key(order.by, filters, ranks), Edge(row.key, row.registration.id, back=True))
    query = select(func.count()).select_from(Registration).join(Claim, Claim.registration_id == Registration.id)
    return session.scalar(query.where(*conditions(edition_id, filters), beyond)) or 0


def counts(session: Session, edition_id: int, filters: Filters) -> Counts:
    """How many registrations the filters leave: one query, and a second for a status of many."""
    others = replace(filters, status="")
    if others == Filters():
        # Whoever is registered has one claim on the places: an index of claims has all that is counted.
        found = select(Claim.status).where(place_at(edition_id))
    else:
        found = _statuses(edition_id, others)
    each = found.subquery()
    rows = session.execute(select(each.c.status, func.count()).group_by(each.c.status))
    by_status = dict.fromkeys(PLACE_STATUSES, 0) | {ClaimStatus(status): count for status, count in rows}
    everybody = sum(by_status.values())
    if others == Filters() or everybody <= COUNTED:
        return Counts(by_status[ClaimStatus(filters.status)] if filters.status else everybody, False, by_status)
    if filters.status:
        everybody = session.scalar(select(func.count()).select_from(_statuses(edition_id, filters).subquery())) or 0
    return Counts(min(everybody, COUNTED), everybody > COUNTED, None)


def present(session: Session, edition_id: int) -> Present:
    """The countries and languages of an edition's registrations."""
    pairs = session.execute(_countries_and_languages(), {"edition_id": edition_id}).all()
    return Present(frozenset(country for country, _ in pairs), frozenset(language for _, language in pairs))


@cache
def _countries_and_languages() -> Select[Any]:
    # The second is what the index states.
    here = Registration.edition_id == bindparam("edition_id"), Registration.edition_id > literal_column("0")
    return pairs_once(Registration.country, Registration.language, *here)


def categories(session: Session, edition_id: int) -> list[Category]:
    """Every category that anybody is or was registered in, in order."""
    ours = select(Category).where(Category.edition_id == edition_id)
    return list(session.scalars(ours.order_by(Category.position, Category.id)))


def arrival_days(session: Session, edition_id: int) -> list[date]:
    """The days on which anybody arrived at an edition, in order."""
    return [*session.scalars(_arrival_days(), {"edition_id": edition_id})]


@cache
def _arrival_days() -> Select[date]:
    days = each_once(Arrival.day).subquery()
    here = select(Arrival.id).join(Claim, Claim.id == Arrival.claim_id).where(place_at(bindparam("edition_id")))
    return select(days.c.value).where(here.where(Arrival.day == days.c.value).exists())


def tags_at(session: Session, edition_id: int) -> list[str]:
    """Every tag that an edition's registrations have."""
    return sorted(session.scalars(_tags(), {"edition_id": edition_id}), key=sort_key)


@cache
def _tags() -> Select[str]:
    words = each_once(Tag.word).subquery()
    here = select(Tag.word).join(Registration, Registration.id == Tag.registration_id).where(Tag.word == words.c.value)
    return select(words.c.value).where(here.where(Registration.edition_id == bindparam("edition_id")).exists())


def tags_of(session: Session, registration_ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of these registrations, in one query."""
    found: dict[int, list[str]] = {}
    query = select(Tag.registration_id, Tag.word).where(Tag.registration_id.in_(registration_ids))
    for registration_id, word in sorted(session.execute(query).all(), key=lambda row: sort_key(row.word)):
        found.setdefault(registration_id, []).append(word)
    return found


def few_of(session: Session, edition_id: int, audience: Audience, most: int) -> Sequence[int] | None:
    """The claims on places that an audience has, by id, if it is at most so many people; None if it is more."""
    found = select(Claim.id).select_from(Registration).join(Claim, Claim.registration_id == Registration.id)
    found = found.where(*members_of(edition_id, audience)).limit(most + 1)
    ids = session.scalars(found if audience.references else found.order_by(_first_in_order(audience.filters))).all()
    return ids if len(ids) <= most else None


def order_of(order: Order, filters: Filters, ranks: Ranks) -> Sequence[SQLColumnExpression[Any]]:
    """The columns by which `registrations` orders its rows."""
    return _order(order.by, _key(order.by, filters, ranks), Registration.id, order.descends)


def _page(edition_id: int, filters: Filters, order: Order, ranks: Ranks, edge: Edge | None, rows: int) -> Subquery:
    """The ids and keys of some rows beyond an edge. Indexes are enough to find them; what they show is read of few."""
    key, descends = _key(order.by, filters, ranks), order.descends != bool(edge and edge.back)
    found: Select[int, Any] = select(Registration.id, key.label("key"))
    found = found.join(Claim, Claim.registration_id == Registration.id).where(*conditions(edition_id, filters))
    parts = _groups(order.by, filters, ranks)
    if not parts:
        id_ = _first_in_order(filters) if order.by is Sort.NEWEST else Registration.id
        page = found.where(_beyond(order, key, edge, id_)) if edge else found
        return page.order_by(*_order(order.by, key, id_, descends)).limit(rows).subquery()
    each = union_all(*(_part(edition_id, found, *part, edge, descends, rows) for part in parts)).subquery()
    return select(each).order_by(*_order(order.by, each.c.key, each.c.id, descends)).limit(rows).subquery()


def _first_in_order(filters: Filters) -> SQLColumnExpression[int]:
    """The ids of registrations as an index has those in order whom a list is narrowed to.

    SQLite begins with what it is to put in order: otherwise it would look at everybody for the few who gave an answer.
    """
    if leading_answer(filters):
        return LEADING.registration_id
    return Claim.registration_id if filters.status and not filters.country else Registration.id


def _groups(sort: Sort, filters: Filters, ranks: Ranks) -> list[Groups]:
    """The groups by which a list stands, if it does: by their keys, and in which order their rows stand."""
    if sort is Sort.COUNTRY and ranks:
        codes = {rank: code for code, rank in ranks.items() if filters.country in ("", code)}
        return [(Registration.country, codes, Registration.id)]
    if sort is Sort.CATEGORY and ranks:
        return [(Registration.category_id, {rank: id_ for id_, rank in ranks.items()}, Registration.id)]
    if sort is Sort.STATUS and filters.status not in IN_LINE:
        keys = {key: status for status, key in STATUS_KEYS.items() if filters.status in ("", status)}
        in_line = {key: status for key, status in keys.items() if status in IN_LINE}
        others = {key: status for key, status in keys.items() if status not in IN_LINE}
        return [(Claim.status, others, Claim.registration_id), (Claim.status, in_line, Claim.position)]
    return []


def _part(
    edition_id: int,
    found: Select[int, Any],
    group: Column,
    groups: Mapping[int, Any],
    within: Column,
    edge: Edge | None,
    descends: bool,
    rows: int,
) -> Select[Any]:
    """The first rows of these groups beyond an edge: their ids and keys."""
    is_line, reached, start = within is Claim.position, None, None
    if edge:
        reached = int(edge.key) // STEP * STEP if group is Claim.status else int(edge.key)
        groups = {key: value for key, value in groups.items() if (key <= reached if descends else key >= reached)}
    groups = dict(sorted(groups.items(), reverse=descends))
    if edge and reached in groups:
        start = int(edge.key) % STEP if is_line else edge.id
    walk = first_by_group(found, group, groups, within, start=start, descends=descends, rows=rows)
    if not is_line:
        return select(walk.c.within.label("id"), walk.c.key)
    claims = select(Claim.registration_id.label("id"), (walk.c.key + walk.c.within).label("key"))
    return claims.join(walk, walk.c.within == Claim.position).where(place_at(edition_id))


def _statuses(edition_id: int, filters: Filters) -> Select[Any]:
    """The statuses of people whom the filters leave, of at most a few more than are counted."""
    found = select(Claim.status).select_from(Registration).join(Claim, Claim.registration_id == Registration.id)
    found = found.where(*conditions(edition_id, filters)).limit(COUNTED + 1)
    return found.order_by(LEADING.registration_id) if leading_answer(filters) else found


def _key(sort: Sort, filters: Filters, ranks: Ranks) -> SQLColumnExpression[Any]:
    if sort is Sort.NAME:
        return Registration.by_name
    if sort is Sort.ORGANISATION:
        return Registration.by_organisation
    if sort is Sort.CATEGORY and not ranks:
        position = select(Category.position).where(Category.id == Registration.category_id)
        return position.correlate(Registration).scalar_subquery()
    if sort in RANKED and ranks:
        return case(dict(ranks), value=RANKED[sort], else_=literal(-1, BigInteger))
    if sort is Sort.STATUS and filters.status in IN_LINE:
        return Claim.position  # An index has the line.
    if sort is Sort.STATUS:
        steps = {status: literal(key, BigInteger) for status, key in STATUS_KEYS.items()}
        return case(steps, value=Claim.status) + func.coalesce(Claim.position, 0)
    return Registration.id


def _order(
    sort: Sort, key: SQLColumnExpression[Any], id_: SQLColumnExpression[int], descends: bool
) -> Sequence[SQLColumnExpression[Any]]:
    columns = (id_,) if sort is Sort.NEWEST else (key, id_)
    return tuple(column.desc() if descends else column.asc() for column in columns)


def _beyond(
    order: Order, key: SQLColumnExpression[Any], edge: Edge, id_: SQLColumnExpression[Any] = Registration.id
) -> ColumnElement[bool]:
    """The condition that a row stands after that one or, if the page goes back, before it."""
    here = id_
    there: SQLColumnExpression[Any] = literal(edge.id)
    if order.by is not Sort.NEWEST:
        here, there = tuple_(key, Registration.id), tuple_(literal(edge.key), there)
    return here < there if order.descends != edge.back else here > there


def places_of(session: Session, edition_id: int, registration_ids: Collection[int]) -> dict[int, Claim]:
    """What these registrations have of an edition's places, by their ids."""
    query = select(Claim).where(Claim.registration_id.in_(registration_ids), place_at(edition_id))
    return {claim.registration_id: claim for claim in session.scalars(query)}
