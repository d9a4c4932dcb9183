"""Reads over learning trips, seats and sign-ups."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import Select, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.db import in_pieces
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import FEW_PLACES, LIVE, TAKEN, ClaimStatus
from dofc_events.trips.models import Trip
from dofc_events.trips.rules import TAKEN_OFF, still_needed

_AHEAD = aliased(Claim)
_POSITION = (
    select(func.count())
    .where(_AHEAD.pool_id == Claim.pool_id, _AHEAD.status == ClaimStatus.WAITLISTED, _AHEAD.position <= Claim.position)
    .where(Claim.status == ClaimStatus.WAITLISTED)
    .scalar_subquery()
)
_ANY_CLAIM = select(exists().where(Claim.pool_id == bindparam("pool_id")))
_OF_EDITION = Trip.edition_id == bindparam("edition_id")
_TRIP_POOLS = select(Trip, Pool).join(Pool, Pool.trip_id == Trip.id).where(_OF_EDITION)
_TRIP_POOLS = _TRIP_POOLS.order_by(Trip.position, Trip.id)
_TRIPS_OF = (
    select(Trip, Pool.capacity, Pool.taken, Claim, _POSITION)
    .join(Pool, Pool.trip_id == Trip.id)
    .outerjoin(Claim, and_(Claim.pool_id == Pool.id, Claim.registration_id == bindparam("registration_id")))
    .where(_OF_EDITION)
    .order_by(Trip.position, Trip.id)
)


@dataclass(frozen=True)
class TripStanding:
    """A learning trip, its seats, and what one delegate has of them.

    `position` counts those in line up to the delegate, `wish` the delegate's wishes for a draw up to this one.
    """

    trip: Trip
    capacity: int
    taken: int
    claim: Claim | None = None
    position: int | None = None
    wish: int | None = None

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.taken)

    @property
    def few_left(self) -> int | None:
        """How many seats are free, if they are few enough to show the number."""
        return self.free if self.free <= FEW_PLACES else None

    @property
    def status(self) -> str:
        """A ClaimStatus, or "none" where nothing was ever asked for."""
        return str(self.claim.status) if self.claim else "none"

    @property
    def outcome(self) -> str:
        """The status, or what an end means: called off, given back, taken off, not needed, or that no more is given."""
        if self.trip.cancelled_at is not None:
            return "called_off"
        if self.status == ClaimStatus.EXPIRED and self.claim and self.claim.position_before:
            return "ended"
        if self.status != ClaimStatus.CANCELLED:
            return self.status
        if self.claim and self.claim.preference == TAKEN_OFF:
            return "taken_off"
        return "not_needed" if self.preference else "given_back"

    @property
    def preference(self) -> int:
        """The number of this among what the delegate asked for, 0 where that was nothing."""
        return (self.claim and self.claim.preference) or 0

    @property
    def is_first(self) -> bool:
        """Whether a delegate sees this trip before all others: it is theirs, was until called off, or has lapsed."""
        was_lost = self.trip.cancelled_at is not None or self.status == ClaimStatus.EXPIRED
        return self.is_live or (self.claim is not None and was_lost)

    @property
    def is_live(self) -> bool:
        return self.claim is not None and self.claim.status in LIVE

    @property
    def is_held(self) -> bool:
        return self.claim is not None and self.claim.status in TAKEN


@dataclass(frozen=True)
class Manifest:
    """The people who may board a trip: those with a seat, by name; then those in line, in their order.

    People with an offer are ahead of those waiting.
    """

    confirmed: Sequence[Claim]
    in_line: Sequence[Claim]

    @property
    def boarded(self) -> int:
        return sum(1 for claim in (*self.confirmed, *self.in_line) if claim.used_at)

    def claim_of(self, registration_id: int) -> Claim | None:
        """What somebody has of the trip, if they may board it at all."""
        return next((c for c in (*self.confirmed, *self.in_line) if c.registration_id == registration_id), None)


def trip_pools(session: Session, edition_id: int) -> Sequence[tuple[Trip, Pool]]:
    """The learning trips of an edition with their seats, cancelled ones too, in the organisers' order."""
    return session.execute(_TRIP_POOLS, {"edition_id": edition_id}).all()


def trips_by_edition(session: Session, edition_ids: Sequence[int]) -> dict[int, list[Trip]]:
    """The learning trips of these editions that take place, in the organisers' order, by edition."""
    query = select(Trip).where(Trip.edition_id.in_(edition_ids), Trip.cancelled_at.is_(None))
    found: dict[int, list[Trip]] = {edition_id: [] for edition_id in edition_ids}
    for trip in session.scalars(query.order_by(Trip.position, Trip.id)):
        found[trip.edition_id].append(trip)
    return found


def trip_by_slug(session: Session, edition_id: int, slug: str) -> tuple[Trip, Pool] | None:
    """One learning trip of an edition with its seats."""
    query = select(Trip, Pool).join(Pool, Pool.trip_id == Trip.id)
    return session.execute(query.where(Trip.edition_id == edition_id, Trip.slug == slug)).one_or_none()


def trips_of(session: Session, edition_id: int, registration_id: int | None = None) -> list[TripStanding]:
    """The learning trips of an edition, in the organisers' order, with what a registration has of them; one query."""
    rows = session.execute(_TRIPS_OF, {"edition_id": edition_id, "registration_id": registration_id})
    found = [TripStanding(trip, capacity, taken, claim, place or None) for trip, capacity, taken, claim, place in rows]
    wishes = sorted((s for s in found if s.status == ClaimStatus.REQUESTED), key=lambda s: s.preference)
    return [replace(s, wish=wishes.index(s) + 1) if s in wishes else s for s in found]


def asked_for(trips: Iterable[TripStanding]) -> list[str]:
    """The slugs of what a delegate has, waits or asks for, the first choice first."""
    live = (standing for standing in trips if standing.is_live)
    return [standing.trip.slug for standing in sorted(live, key=lambda standing: standing.preference)]


def claims_on_trips(session: Session, registration_ids: Collection[int]) -> dict[int, dict[int, Claim]]:
    """What each of these registrations has of seats, ended claims too, by trip."""
    found: dict[int, dict[int, Claim]] = {registration_id: {} for registration_id in registration_ids}
    for some in in_pieces(registration_ids):
        query = select(Pool.trip_id, Claim).join(Pool).where(Claim.registration_id.in_(some))
        for trip_id, claim in session.execute(query.where(Pool.trip_id.is_not(None))):
            if trip_id is not None:
                found[claim.registration_id][trip_id] = claim
    return found


def wishes_of(session: Session, registration_id: int) -> list[str]:
    """The slugs of the trips that a delegate asked for and did not give back, the first choice first."""
    query = select(Trip.slug).join(Pool, Pool.trip_id == Trip.id).join(Claim, Claim.pool_id == Pool.id)
    query = query.where(Claim.registration_id == registration_id, Claim.preference > TAKEN_OFF)
    return list(session.scalars(query.order_by(Claim.preference)))


def has_been_seen(session: Session, edition: Edition, pool_id: int) -> bool:
    """Whether delegates may know of the trip that has this pool: it is public, or somebody once asked for a seat."""
    return edition.status != EditionStatus.DRAFT or bool(session.scalar(_ANY_CLAIM, {"pool_id": pool_id}))


def claims_by_delegate(session: Session, edition_id: int) -> dict[int, dict[int, Claim]]:
    """As `claims_on_trips`, for everyone at an edition, in one query."""
    query = select(Trip.id, Claim).join(Pool, Pool.trip_id == Trip.id).join(Claim, Claim.pool_id == Pool.id)
    found: dict[int, dict[int, Claim]] = {}
    for trip_id, claim in session.execute(query.where(Trip.edition_id == edition_id)):
        found.setdefault(claim.registration_id, {})[trip_id] = claim
    return found


def delegates_with_a_place(session: Session, edition_id: int) -> Sequence[Registration]:
    """Those whose place at an edition is confirmed, in the order in which they registered."""
    query = select(Registration).join(Claim, Claim.registration_id == Registration.id).join(Pool)
    query = query.where(Pool.edition_id == edition_id, Claim.status == ClaimStatus.CONFIRMED)
    return session.scalars(query.order_by(Registration.id)).all()


def claims_on(session: Session, pool_id: int, statuses: Iterable[ClaimStatus] = LIVE) -> Sequence[Claim]:
    """The claims on a pool that have one of `statuses`, each with its delegate, in the order in which they came."""
    query = select(Claim).where(Claim.pool_id == pool_id, Claim.status.in_(tuple(statuses)))
    query = query.options(joinedload(Claim.registration))
    return session.scalars(query.order_by(Claim.position, Claim.id)).all()


def manifest_of(session: Session, pool_id: int) -> Manifest:
    """The manifest of the trip that has this pool."""
    claims = claims_on(session, pool_id, (*TAKEN, ClaimStatus.WAITLISTED))
    confirmed = [claim for claim in claims if claim.status == ClaimStatus.CONFIRMED]
    offered = [claim for claim in claims if claim.status == ClaimStatus.OFFERED]
    waiting = [claim for claim in claims if claim.status == ClaimStatus.WAITLISTED]
    confirmed.sort(key=lambda claim: (claim.registration.by_name, claim.id))
    return Manifest(confirmed, [*offered, *waiting])


@cache
def _seats_and_places() -> Select[str, Trip, ClaimStatus, ClaimStatus]:
    place, place_pool = aliased(Claim), aliased(Pool)
    return (
        select(Registration.reference, Trip, Claim.status, place.status)
        .join(Claim, Claim.registration_id == Registration.id)
        .join(Pool, Pool.id == Claim.pool_id)
        .join(Trip, Trip.id == Pool.trip_id)
        .join(place, place.registration_id == Registration.id)
        .join(place_pool, and_(place_pool.id == place.pool_id, place_pool.edition_id == Trip.edition_id))
        .where(Claim.status.in_(LIVE))
        .options(joinedload(Trip.edition))
        .order_by(Registration.id, Trip.id)
    )


def seat_faults(session: Session) -> list[str]:
    """What is wrong with seats, one sentence each: seats without a place, and overlapping trips."""
    faults: list[str] = []
    held: dict[str, list[tuple[Trip, ClaimStatus]]] = {}
    for reference, trip, status, placed in session.execute(_seats_and_places()):
        name = f"registration {reference}: {status} on trip {trip.slug}"
        if trip.cancelled_at is not None:
            faults.append(f"{name}, which is cancelled")
        if status != ClaimStatus.REQUESTED and placed != ClaimStatus.CONFIRMED:
            faults.append(f"{name} without a confirmed place")
        if status == ClaimStatus.REQUESTED and placed == ClaimStatus.CONFIRMED and not trip.edition.collects_wishes:
            faults.append(f"{name} although it has a place and no draw is to come")
        held.setdefault(reference, []).append((trip, status))
    for reference, seats in held.items():
        confirmed = [trip for trip, status in seats if status == ClaimStatus.CONFIRMED]
        for trip, status in seats:
            # A wish, a wait or an offer beside a seat at the same time could never become one.
            faults += [
                f"registration {reference}: {status} on trip {trip.slug}, while on trip {other.slug}"
                for other in confirmed
                if other is not trip and other.overlaps(trip)
            ]
    return faults


@dataclass(frozen=True)
class TripRow:
    """One line of the list: a trip, how many claims on it have each live status, and the trips that it overlaps.

    `needed` is how many more participants it needs in order to run; while wishes are collected for a draw, they count.
    """

    trip: Trip
    capacity: int
    taken: int
    counts: dict[ClaimStatus, int]
    needed: int
    overlaps: Sequence[Trip]

    @property
    def free(self) -> int:
        return self.capacity - self.taken


def trip_rows(session: Session, edition: Edition) -> list[TripRow]:
    """The learning trips of an edition in numbers, cancelled ones too, in the organisers' order; two queries."""
    rows = trip_pools(session, edition.id)
    counts = {pool.id: dict.fromkeys(LIVE, 0) for _trip, pool in rows}
    query = select(Claim.pool_id, Claim.status, func.count()).where(Claim.pool_id.in_(counts), Claim.status.in_(LIVE))
    for pool_id, status, count in session.execute(query.group_by(Claim.pool_id, Claim.status)):
        counts[pool_id][ClaimStatus(status)] = count
    running = [trip for trip, _pool in rows if trip.cancelled_at is None]
    found = []
    for trip, pool in rows:
        needed = still_needed(trip.minimum, counts[pool.id], edition.collects_wishes)
        overlaps = [other for other in running if trip in running and other is not trip and other.overlaps(trip)]
        found.append(TripRow(trip, pool.capacity, pool.taken, counts[pool.id], needed, overlaps))
    return found


def seats_of(session: Session, registration_ids: Collection[int]) -> dict[int, list[tuple[Trip, ClaimStatus]]]:
    """What each of these registrations has of seats, in the order of the trips; one query."""
    query = select(Claim.registration_id, Trip, Claim.status).join(Pool, Pool.id == Claim.pool_id)
    query = query.join(Trip, Trip.id == Pool.trip_id).where(Claim.registration_id.in_(registration_ids))
    found: dict[int, list[tuple[Trip, ClaimStatus]]] = {}
    for registration_id, trip, status in session.execute(query.order_by(Trip.position, Trip.id)):
        # Asked for it, SQLite would go through everybody's claims of these statuses.
        if status in LIVE:
            found.setdefault(registration_id, []).append((trip, ClaimStatus(status)))
    return found
