"""What the public pages say about places and learning trips."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from dofc_events.conference.models import Category, Edition
from dofc_events.conference.rules import CategoryState, EditionStatus
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import Availability, ClaimStatus, availability, free_for_anybody
from dofc_events.trips.models import Trip


@dataclass(frozen=True)
class PlacesLeft:
    """What somebody who registers now can expect; `free` is the number of free places."""

    availability: Availability
    free: int

    @property
    def has_waiting_list(self) -> bool:
        return self.availability == Availability.WAITING_LIST


@dataclass(frozen=True)
class LearningTrip:
    """A learning trip as anyone may see it, with its seats and how many wait for one."""

    slug: str
    title: str
    description: str
    hosts: str
    meeting_point: str
    bring: str
    accessibility: str
    walking: bool
    starts_at: datetime
    ends_at: datetime
    cancelled_at: datetime | None
    capacity: int
    taken: int
    waiting: int

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.taken)


def past_with_record(session: Session, now: datetime) -> list[Edition]:
    """The editions that are over or archived, latest first, with their hosts."""
    public = select(Edition).where(Edition.status != EditionStatus.DRAFT).order_by(Edition.year.desc())
    public = public.options(
        joinedload(Edition.proposed_by),
        selectinload(Edition.organisers),
        selectinload(Edition.countries),
    )
    return [one for one in session.scalars(public) if one.status == EditionStatus.ARCHIVED or one.is_past(now)]


def neighbours_of(session: Session, edition: Edition) -> tuple[Edition | None, Edition | None]:
    """The public editions before an edition and after it, in the order of the years."""
    is_public = Edition.status != EditionStatus.DRAFT
    before = select(func.max(Edition.year)).where(is_public, Edition.year < edition.year).scalar_subquery()
    after = select(func.min(Edition.year)).where(is_public, Edition.year > edition.year).scalar_subquery()
    both = session.scalars(select(Edition).where(Edition.year.in_([before, after])))
    found = {one.year < edition.year: one for one in both}
    return found.get(True), found.get(False)


def places_left(session: Session, edition_ids: Iterable[int]) -> dict[int, PlacesLeft]:
    """What is left of the places of these editions, by edition; an edition whose places are not set is not in it.

    Where all categories that are open to everybody have a limit, it is no more than these have left. One query.
    """
    limit = aliased(Pool)
    open_to_all = and_(Category.edition_id == Pool.edition_id, Category.state == CategoryState.OPEN)
    query = select(Pool.edition_id, Pool.capacity - Pool.taken, Category.by_invitation, limit.capacity - limit.taken)
    query = query.outerjoin(Category, open_to_all).outerjoin(limit, limit.category_id == Category.id)
    free: dict[int, int] = {}
    left: dict[tuple[int, bool], list[int | None]] = {}
    rows = session.execute(query.where(Pool.edition_id.in_(list(edition_ids))))
    for edition_id, of_edition, by_invitation, of_category in rows:
        assert edition_id is not None
        free[edition_id] = of_edition
        if by_invitation is not None:
            left.setdefault((edition_id, by_invitation), []).append(of_category)
    places = {}
    for edition_id, of_edition in free.items():
        open_ones = left.get((edition_id, False)) or left.get((edition_id, True), [])
        number = max(0, free_for_anybody(of_edition, open_ones))
        places[edition_id] = PlacesLeft(availability(number), number)
    return places


def learning_trips(session: Session, edition_id: int) -> list[LearningTrip]:
    """The learning trips of an edition, in the organisers' order, cancelled ones too; one query."""
    waiting = select(func.count()).where(Claim.pool_id == Pool.id, Claim.status == ClaimStatus.WAITLISTED)
    said = (Trip.slug, Trip.title, Trip.description, Trip.hosts, Trip.meeting_point, Trip.bring, Trip.accessibility)
    rows = session.execute(
        select(
            *said,
            Trip.walking,
            Trip.starts_at,
            Trip.ends_at,
            Trip.cancelled_at,
            Pool.capacity,
            Pool.taken,
            waiting.scalar_subquery(),
        )
        .join(Pool, Pool.trip_id == Trip.id)
        .where(Trip.edition_id == edition_id)
        .order_by(Trip.position, Trip.id)
    )
    return [LearningTrip(*row) for row in map(tuple, rows)]
