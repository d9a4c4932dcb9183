"""People on a learning trip, and those among them for whom organisers are about to do something."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select, union_all
from sqlalchemy.orm import Session, aliased

from dofc_events.conference.models import Edition
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim
from dofc_events.places.rules import LIVE, TAKEN, ClaimStatus
from dofc_events.registration.queries import Audience, members_of
from dofc_events.registration.trips.many.rules import Aim, Obstacle
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import TripStanding, claims_on_trips, trips_of

EVERYBODY = Audience()


@dataclass(frozen=True)
class PersonOnTrip:
    """Somebody with a live claim on a trip.

    `number` is the place in line of who waits (1: the next), and which of their wishes this is of who asked for it.
    `place` is how they stand at the edition.
    """

    registration: Registration
    status: ClaimStatus
    offered_until: datetime | None
    number: int | None
    place: Claim


@dataclass(frozen=True)
class People:
    """Some people of a trip, as an address means them: the audience, and of these who has that status on the trip."""

    audience: Audience = EVERYBODY
    seat: str = ""


def people_on(
    session: Session, edition_id: int, pool_id: int, people: People | None = None
) -> dict[ClaimStatus, list[PersonOnTrip]]:
    """What people hold of a trip: by name, and those who wait or have asked in the order of the line."""
    people = people or People()
    seat, number = aliased(Claim), func.row_number()
    lines = select(Claim.id, number.over(order_by=(Claim.position, Claim.id)).label("number"))
    lines = lines.where(Claim.pool_id == pool_id, Claim.status == ClaimStatus.WAITLISTED)
    wishes = select(Claim.id, number.over(partition_by=Claim.registration_id, order_by=Claim.preference))
    theirs = Claim.registration_id.in_(select(Claim.registration_id).where(Claim.pool_id == pool_id))
    wishes = wishes.where(Claim.status == ClaimStatus.REQUESTED, theirs)
    numbers = union_all(lines, wishes).subquery()
    query = (
        select(Registration, Claim, seat, numbers.c.number)
        .join(Claim, Claim.registration_id == Registration.id)
        .join(seat, and_(seat.registration_id == Registration.id, seat.pool_id == pool_id))
        .outerjoin(numbers, numbers.c.id == seat.id)
        .where(*members_of(edition_id, people.audience), seat.status.in_([people.seat] if people.seat else LIVE))
        .order_by(seat.position, seat.id)
    )
    found: dict[ClaimStatus, list[PersonOnTrip]] = {status: [] for status in LIVE}
    for registration, place, held, place_in_line in session.execute(query):
        status = ClaimStatus(held.status)
        found[status].append(PersonOnTrip(registration, status, held.offered_until, place_in_line, place))
    for status in TAKEN:
        found[status].sort(key=lambda row: row.registration.by_name)
    return found


def seats_by_status(session: Session, pool_id: int) -> dict[ClaimStatus, int]:
    """How many have what of a trip."""
    query = select(Claim.status, func.count()).where(Claim.pool_id == pool_id, Claim.status.in_(LIVE))
    counted = {ClaimStatus(status): count for status, count in session.execute(query.group_by(Claim.status))}
    return {status: counted.get(status, 0) for status in LIVE}


@dataclass(frozen=True)
class Mover:
    """One of those who were chosen: how they stand on this trip, and what they have of all trips, by trip."""

    registration: Registration
    status: ClaimStatus
    has_place: bool
    seats: Mapping[int, str]

    @property
    def name(self) -> str:
        return self.registration.full_name


@dataclass(frozen=True)
class Selection:
    """Those people of a trip who were chosen, in the order in which they registered.

    `others_waiting` counts who waits for the trip and was not chosen, `gone` who was picked and is no longer on it.
    `open_to` are the trips that they could be on, this one too; `by_id` are all trips.
    """

    here: Trip
    movers: tuple[Mover, ...]
    others_waiting: int
    gone: int
    open_to: tuple[TripStanding, ...]
    by_id: Mapping[int, Trip]

    @property
    def held(self) -> int:
        """How many of them have a seat on this trip, or an offer of one."""
        return sum(mover.status in TAKEN for mover in self.movers)

    def able(self, aim: Aim, to: Trip | None) -> list[Mover]:
        """The people for whom this is possible."""
        return [mover for mover in self.movers if self._obstacle(mover, aim, to) is None]

    def unable(self, aim: Aim, to: Trip | None) -> dict[Obstacle, list[Mover]]:
        """The people for whom it is not possible, each with the reason."""
        found: dict[Obstacle, list[Mover]] = {}
        for mover in self.movers:
            why_not = self._obstacle(mover, aim, to)
            if why_not:
                found.setdefault(why_not, []).append(mover)
        return found

    def missing(self, there: TripStanding) -> int:
        """How many seats are missing on a trip for all who could have one; what is offered is already held for them."""
        able = self.able(Aim.SEAT, there.trip)
        new = sum(mover.seats.get(there.trip.id) not in TAKEN for mover in able)
        return max(0, new - max(0, there.capacity - there.taken))

    @property
    def digest(self) -> str:
        """Identifies the people for whom a page says that something can be done, and how many seats that takes."""
        said = [(one.registration.id, one.name, one.has_place, sorted(one.seats.items())) for one in self.movers]
        missing = [(there.trip.id, there.capacity, number) for there in self.open_to if (number := self.missing(there))]
        return hashlib.sha256(repr((said, missing)).encode()).hexdigest()

    def _obstacle(self, mover: Mover, aim: Aim, to: Trip | None) -> Obstacle | None:
        if to is None:
            return None
        if not mover.has_place:
            return Obstacle.NO_PLACE
        has = mover.seats.get(to.id)
        if aim is Aim.SEAT and has == ClaimStatus.CONFIRMED:
            return Obstacle.HAS_SEAT
        if aim is Aim.WAIT and has is not None and not (to.id == self.here.id and has in TAKEN):
            return Obstacle.ON_LIST
        keeps = (self.by_id[t] for t, status in mover.seats.items() if status == ClaimStatus.CONFIRMED)
        if any(trip.id not in (self.here.id, to.id) and trip.overlaps(to) for trip in keeps):
            return Obstacle.OVERLAP
        return None


def selection_of(
    session: Session, edition: Edition, here: Trip, pool_id: int, people: People, now: datetime
) -> Selection:
    """The people of a trip that an address selects; five queries, however many they are."""
    rows = [row for line in people_on(session, edition.id, pool_id, people).values() for row in line]
    rows.sort(key=lambda row: row.registration.id)
    claims = claims_on_trips(session, [row.registration.id for row in rows])
    movers = tuple(
        Mover(
            row.registration,
            row.status,
            row.place.status == ClaimStatus.CONFIRMED,
            {t: claim.status for t, claim in claims[row.registration.id].items() if claim.status in LIVE},
        )
        for row in rows
    )
    waiting = seats_by_status(session, pool_id)[ClaimStatus.WAITLISTED]
    others = waiting - sum(mover.status is ClaimStatus.WAITLISTED for mover in movers)
    picked = len(set(people.audience.references))
    standings: Sequence[TripStanding] = trips_of(session, edition.id)
    open_to = tuple(standing for standing in standings if standing.trip.can_be_joined(now))
    by_id = {standing.trip.id: standing.trip for standing in standings}
    return Selection(here, movers, others, max(0, picked - len(movers)), open_to, by_id)
