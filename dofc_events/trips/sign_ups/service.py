"""Delegates' seats on learning trips: asked for, given, waited for, given back.

Seats are claims on pools, given and passed on by `places.service`. What is added here is that nobody is on two trips at
the same time: the first seat that is confirmed ends what else the delegate asked for at that time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.db import insert_row
from dofc_events.core.errors import Refusal
from dofc_events.places import service as places
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, TAKEN, ClaimStatus
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import claims_on, claims_on_trips, trip_pools
from dofc_events.trips.rules import TAKEN_OFF, Reason


@dataclass(frozen=True)
class SeatChange:
    """A change of one delegate's claim on one trip; `before` is its status until now, "" if there was none."""

    registration_id: int
    trip_id: int
    before: str
    reason: Reason


class NoSuchTrip(Refusal):
    """The edition has no learning trip of that slug."""


class TripOver(Refusal):
    """The learning trip is cancelled or has begun: nobody can join it."""


class SeatsOverlap(Refusal):
    """Nobody can be on both trips; they already have the one called `held`."""

    def __init__(self, wanted: str, held: str) -> None:
        super().__init__(f"{wanted} overlaps {held}")
        self.wanted, self.held = wanted, held


class SeatBook:
    """The seats of all trips of an edition, as one unit of work reads and changes them.

    The caller has locked the edition's pool, and with it all of its trips'. `changes` collects who got or lost what,
    for the feature above to tell.
    """

    def __init__(self, session: Session, edition: Edition, terms: places.OfferTerms, now: datetime) -> None:
        self.session, self.edition, self.terms, self.now = session, edition, terms, now
        rows = trip_pools(session, edition.id)
        self.trips: dict[int, Trip] = {trip.id: trip for trip, _ in rows}
        self.pools: dict[int, Pool] = {trip.id: pool for trip, pool in rows}
        self.changes: list[SeatChange] = []
        self._claims: dict[int, dict[int, Claim]] = {}

    def trip(self, slug: str) -> Trip:
        """The trip of that name. Raises NoSuchTrip."""
        for trip in self.trips.values():
            if trip.slug == slug:
                return trip
        raise NoSuchTrip(slug)

    def welcome(self, registration_id: int) -> None:
        """Register somebody new, who has no claims on trips yet."""
        self._claims[registration_id] = {}

    def claims_of(self, registration_id: int) -> dict[int, Claim]:
        """What a registration has of seats, ended claims too, by trip."""
        self.look_up([registration_id])
        return self._claims[registration_id]

    def look_up(self, registration_ids: Iterable[int]) -> None:
        """Read at once what all of these have of seats: under the lock nobody else can change it."""
        if new := [id_ for id_ in dict.fromkeys(registration_ids) if id_ not in self._claims]:
            self._claims |= claims_on_trips(self.session, new)

    def choose(self, registration_id: int, wanted: Sequence[Trip], *, has_place: bool) -> None:
        """Make what a delegate asks for exactly these trips, in this order of preference.

        What is not among them is given back. What is new is given at once, or waited for; it is only requested while
        wishes are collected for a draw, and without a place at the edition. Raises TripOver, and SeatsOverlap for what
        is at the time of a seat that the delegate keeps.
        """
        claims = self.claims_of(registration_id)
        given_back = [(t, c) for t, c in claims.items() if c.status in LIVE and self.trips[t] not in wanted]
        for _, claim in given_back:
            claim.preference = None
        self._end_all((claim, trip_id, Reason.GIVEN_BACK) for trip_id, claim in given_back)
        for trip in wanted:
            if trip.id not in claims or claims[trip.id].status not in LIVE:
                self._refuse(trip, registration_id)
        requested = self.edition.collects_wishes or not has_place
        for preference, trip in enumerate(wanted, start=1):
            claim = claims.get(trip.id) or self._new_claim(registration_id, trip)
            reordered = claim.preference != preference
            claim.preference = preference
            if claim.status not in LIVE:
                self._request(claim, trip) if requested else self._ask(claim, trip, Reason.ASKED)
            elif claim.status == ClaimStatus.REQUESTED and reordered:
                self.note(claim, trip.id, claim.status, Reason.ASKED)

    def settle(self, registration_id: int) -> None:
        """Turn what somebody requested into seats or waits, who now has a place at the edition; not before a draw.

        After a draw one seat is enough, as it would have been in it.
        """
        if self.trips and not self.edition.collects_wishes:
            requested = self._preferred(registration_id, lambda status: status == ClaimStatus.REQUESTED)
            self._ask_in_turn(requested, Reason.ASKED, one=self.edition.was_drawn)
            for claim, trip in requested:
                if claim.status == ClaimStatus.REQUESTED:
                    self._end(claim, trip.id, Reason.DRAWN)

    def accept(self, registration_id: int, trip: Trip) -> None:
        """Take the seat that is offered. Raises NoOpenOffer."""
        claim = self.claims_of(registration_id).get(trip.id)
        if claim is None:
            raise places.NoOpenOffer
        places.accept_claim(self.session, claim, self.now)
        self.note(claim, trip.id, ClaimStatus.OFFERED, Reason.ACCEPTED)
        self._end_overlapping(registration_id, trip)

    def give_back(self, registration_id: int, trip: Trip) -> None:
        """End what a delegate has of a trip, for good."""
        for claim in self._live([registration_id], trip):
            claim.preference = None
            self._end(claim, trip.id, Reason.GIVEN_BACK)

    def lapse(self, registration_id: int, trip: Trip, *, closed: bool) -> None:
        """Let the offer of a seat lapse, and pass the seat on; if it was `closed`, it can be opened again."""
        claim = self.claims_of(registration_id)[trip.id]
        if closed:
            self._close(claim, trip, Reason.LAPSED)
            return
        before, claim.preference = claim.status, None
        moved_up = places.expire_claim(self.session, self.pools[trip.id], claim, self._terms(trip), self.now)
        self.note(claim, trip.id, before, Reason.LAPSED)
        self._passed_on(trip, moved_up)

    def close(self, registration_id: int) -> None:
        """End what somebody without a place has requested, because nothing more is given; it can be reopened."""
        for trip_id, claim in self.claims_of(registration_id).items() if self.trips else ():
            if claim.status in LIVE:
                self._close(claim, self.trips[trip_id], Reason.NO_PLACE)

    def reopen(self, closed: Iterable[Claim]) -> None:
        """Give back what was closed, but on trips that cannot be joined and at the time of a seat that was given since.

        While wishes are collected all of it is requested, in the old order.
        """
        trips = {self.pools[trip.id].id: trip for trip in self.trips.values() if trip.can_be_joined(self.now)}
        possible = [claim for claim in closed if claim.pool_id in trips]
        self.look_up(claim.registration_id for claim in possible)
        for claim in possible:
            trip, before = trips[claim.pool_id], claim.status
            if not self._seat_at_the_time_of(trip, claim.registration_id):
                requested = before == ClaimStatus.CANCELLED or self.edition.collects_wishes
                places.reopen_claim(self.session, claim, self.now, requested=requested)
                self.note(claim, trip.id, before, Reason.ASKED)

    def leave(self, *registration_ids: int) -> None:
        """End everything that cancelled registrations have of seats."""
        if not self.trips:
            return
        self.look_up(registration_ids)
        held = [held for who in registration_ids for held in self.claims_of(who).items()]
        for holds_seat in (False, True):
            for trip_id, trip in self.trips.items():
                claims = [claim for t, claim in held if t == trip_id and (claim.status in TAKEN) == holds_seat]
                self._end_at_once(trip, claims, Reason.NO_PLACE)

    def take_off(self, registration_ids: Iterable[int], trip: Trip) -> None:
        """End by hand what these people have of a trip; their seats go to the next in line."""
        claims = self._live(registration_ids, trip)
        for claim in claims:
            claim.preference = TAKEN_OFF
        for holds_seat in (False, True):
            self._end_at_once(trip, [c for c in claims if (c.status in TAKEN) == holds_seat], Reason.BY_HAND)

    def give(self, registration_ids: Sequence[int], trip: Trip, *, enlarge: bool = False) -> int:
        """Give free seats by hand, ahead of the waiting list; returns how many seats were added for these people.

        With `enlarge` the trip gets as many more seats as are missing. Raises TripOver, SeatsOverlap and NothingFree.
        """
        self.look_up(registration_ids)
        for who in registration_ids:
            self._refuse(trip, who)
        claims = [self.claims_of(who).get(trip.id) or self._new_claim(who, trip) for who in registration_ids]
        before, pool = [claim.status or "" for claim in claims], self.pools[trip.id]
        seated = [claim for claim in claims if claim.status not in TAKEN]
        added = max(0, pool.taken + len(seated) - pool.capacity) if enlarge else 0
        places.give_places(self.session, pool, seated, self.now, added=added)
        for claim, status in zip(claims, before, strict=True):
            if status == ClaimStatus.OFFERED:
                places.accept_claim(self.session, claim, self.now)
            claim.preference = claim.preference or len(self.claims_of(claim.registration_id)) + 1
            self._keep(claim, trip)
            self.note(claim, trip.id, status, Reason.BY_HAND)
        overlapping = (self._overlapping(who, trip) for who in registration_ids)
        self._end_all([(claim, t, Reason.OVERLAP) for some in overlapping for claim, t in some])
        return added

    def line_up(self, registration_ids: Iterable[int], trip: Trip, *, fewer: bool = False) -> None:
        """Let people wait by hand for a trip on which they have a seat or an offer, after all who wait already.

        What they held goes to the next in line or, if there shall be `fewer` seats, to nobody. Raises TripOver.
        """
        self._refuse_over(trip)
        claims = self._live(registration_ids, trip)
        pool, keeps = self.pools[trip.id], replace(self._terms(trip), promotes=False)
        before = [claim.status for claim in claims]
        places.cancel_claims(self.session, pool, claims, keeps, self.now)
        for claim, status in zip(claims, before, strict=True):
            places.request_claim(self.session, pool, claim, self.now)
            self.note(claim, trip.id, status, Reason.BY_HAND)
        places.turn_line(self.session, claims, ClaimStatus.WAITLISTED, self.now)
        self.resize(trip, pool.capacity - len(claims) * fewer)

    def ask(self, registration_ids: Iterable[int], trip: Trip) -> None:
        """Ask by hand for a seat for each in turn, as if they had: a free one, or the end of the waiting list.

        Raises TripOver, and SeatsOverlap.
        """
        self.look_up(registration_ids)
        for who in registration_ids:
            self._refuse(trip, who)
            claim = self.claims_of(who).get(trip.id) or self._new_claim(who, trip)
            claim.preference = claim.preference or len(self.claims_of(who)) + 1
            self._ask(claim, trip, Reason.BY_HAND)

    def resize(self, trip: Trip, capacity: int) -> None:
        """Change how many seats a trip has; what becomes free goes to the next. Raises CapacityBelowTaken."""
        pool = self.pools[trip.id]
        self._passed_on(trip, places.resize_pool(self.session, pool, capacity, self._terms(trip), self.now))

    def pass_on(self, trip: Trip) -> None:
        """Give every free seat of a trip to the next in line."""
        self._passed_on(trip, places.promote_next(self.session, self.pools[trip.id], self._terms(trip), self.now))

    def cancel_trip(self, trip: Trip) -> None:
        """Cancel a trip: everyone on it leaves, and people who held a seat get their next wish that has room."""
        trip.cancelled_at = self.now
        claims = claims_on(self.session, self.pools[trip.id].id)
        held = [claim for claim in claims if claim.status in TAKEN]
        self._end_all((claim, trip.id, Reason.TRIP_CANCELLED) for claim in claims)
        if not self.edition.collects_wishes:
            self.look_up(claim.registration_id for claim in held)
            for claim in held:
                who = claim.registration_id
                ended = self._preferred(who, lambda status: status not in LIVE)
                possible = [wish for wish in ended if not self._seat_at_the_time_of(wish[1], who)]
                self._ask_in_turn(possible, Reason.TRIP_CANCELLED, one=True)

    def end_overlaps_with(self, trip: Trip) -> None:
        """After a trip moved: people on another trip at its new time keep that one, and no longer wait for this one."""
        ending: list[tuple[Claim, int, Reason]] = []
        claims = claims_on(self.session, self.pools[trip.id].id)
        self.look_up(claim.registration_id for claim in claims)
        for claim in claims:
            if self._seat_at_the_time_of(trip, claim.registration_id):
                ending.append((claim, trip.id, Reason.TIMES_CHANGED))
            elif claim.status == ClaimStatus.CONFIRMED:
                ending += [(c, t, Reason.OVERLAP) for c, t in self._overlapping(claim.registration_id, trip)]
        self._end_all(ending)

    def note(self, claim: Claim, trip_id: int, before: str, reason: Reason) -> None:
        """Add to what the delegates are to be told."""
        self.changes.append(SeatChange(claim.registration_id, trip_id, before, reason))

    def _live(self, registration_ids: Iterable[int], trip: Trip) -> list[Claim]:
        """What these people have of a trip."""
        self.look_up(registration_ids)
        found = (self.claims_of(who).get(trip.id) for who in registration_ids)
        return [claim for claim in found if claim is not None and claim.status in LIVE]

    def _end_at_once(self, trip: Trip, claims: Iterable[Claim], reason: Reason) -> None:
        """End what of this is live, all at once, for it may be thousands: of waits first, then of seats."""
        ending = [claim for claim in claims if claim.status in LIVE]
        for claim in ending:
            self.note(claim, trip.id, claim.status, reason)
        self._passed_on(
            trip, places.cancel_claims(self.session, self.pools[trip.id], ending, self._terms(trip), self.now)
        )

    def _preferred(self, registration_id: int, has: Callable[[ClaimStatus], bool]) -> list[tuple[Claim, Trip]]:
        """What a delegate asked for and did not give back, of some statuses, on trips that can be joined, in order."""
        claims = self.claims_of(registration_id).items()
        wishes = [(claim, self.trips[t]) for t, claim in claims if claim.preference and has(claim.status)]
        open_ones = [(claim, trip) for claim, trip in wishes if trip.can_be_joined(self.now)]
        return sorted(open_ones, key=lambda wish: wish[0].preference or 0)

    def _ask_in_turn(self, wishes: Iterable[tuple[Claim, Trip]], reason: Reason, *, one: bool) -> None:
        for claim, trip in wishes:
            self._ask(claim, trip, reason)
            if one and claim.status == ClaimStatus.CONFIRMED:
                break

    def _request(self, claim: Claim, trip: Trip) -> None:
        before = claim.status or ""
        places.request_claim(self.session, self.pools[trip.id], claim, self.now)
        self._keep(claim, trip)
        self.note(claim, trip.id, before, Reason.ASKED)

    def _ask(self, claim: Claim, trip: Trip, reason: Reason) -> None:
        """A seat, or the end of the waiting list; but nothing beside a seat at the same time."""
        if self._seat_at_the_time_of(trip, claim.registration_id):
            # Confirmed a moment ago, by the same act: this is on record as asked for, and has ended.
            if claim.status not in LIVE:
                self._request(claim, trip)
            self._end(claim, trip.id, Reason.OVERLAP)
            return
        before = claim.status or ""
        places.claim_again(self.session, self.pools[trip.id], claim, self.now)
        self._keep(claim, trip)
        self.note(claim, trip.id, before, reason)
        if claim.status == ClaimStatus.CONFIRMED:
            self._end_overlapping(claim.registration_id, trip)

    def _close(self, claim: Claim, trip: Trip, reason: Reason) -> None:
        before = claim.status
        places.close_claim(self.session, self.pools[trip.id], claim, self._terms(trip), self.now)
        self.note(claim, trip.id, before, reason)

    def _end_overlapping(self, registration_id: int, confirmed: Trip) -> None:
        self._end_all((c, t, Reason.OVERLAP) for c, t in self._overlapping(registration_id, confirmed))

    def _overlapping(self, registration_id: int, confirmed: Trip) -> list[tuple[Claim, int]]:
        """A delegate's claims on other trips at the same time, each with its trip."""
        claims = self.claims_of(registration_id).items()
        return [(claim, t) for t, claim in claims if t != confirmed.id and self.trips[t].overlaps(confirmed)]

    def _end_all(self, ending: Iterable[tuple[Claim, int, Reason]]) -> None:
        """End several claims, of one delegate or of many. Waits end before seats, which are passed on immediately."""
        for claim, trip_id, reason in sorted(ending, key=lambda end: end[0].status in TAKEN):
            if claim.status in LIVE:
                self._end(claim, trip_id, reason)

    def _end(self, claim: Claim, trip_id: int, reason: Reason) -> None:
        before, trip = claim.status, self.trips[trip_id]
        moved_up = places.cancel_claim(self.session, self.pools[trip_id], claim, self._terms(trip), self.now)
        self.note(claim, trip_id, before, reason)
        self._passed_on(trip, moved_up)

    def _passed_on(self, trip: Trip, promotions: Sequence[places.Promotion]) -> None:
        self.look_up(one.registration_id for one in promotions if one.status == ClaimStatus.CONFIRMED)
        for promotion in promotions:
            change = SeatChange(promotion.registration_id, trip.id, ClaimStatus.WAITLISTED, Reason.MOVED_UP)
            self.changes.append(change)
            if promotion.status == ClaimStatus.CONFIRMED:
                self._end_overlapping(promotion.registration_id, trip)

    def _seat_at_the_time_of(self, trip: Trip, registration_id: int) -> Trip | None:
        """The other trip on which the delegate has a confirmed seat while this one takes place."""
        for trip_id, claim in self.claims_of(registration_id).items():
            other = self.trips[trip_id]
            if trip_id != trip.id and claim.status == ClaimStatus.CONFIRMED and other.overlaps(trip):
                return other
        return None

    def _refuse(self, trip: Trip, registration_id: int) -> None:
        self._refuse_over(trip)
        held = self._seat_at_the_time_of(trip, registration_id)
        if held is not None:
            raise SeatsOverlap(trip.title, held.title)

    def _refuse_over(self, trip: Trip) -> None:
        if not trip.can_be_joined(self.now):
            raise TripOver(trip.title)

    def _terms(self, trip: Trip) -> places.OfferTerms:
        """A seat is offered until the edition begins, and in any case until its trip does."""
        begins_at = min(self.terms.begins_at or trip.starts_at, trip.starts_at)
        promotes = self.terms.promotes and trip.can_be_joined(self.now)
        # Whoever has a place has proved the address, where the edition asks for it.
        return replace(self.terms, begins_at=begins_at, promotes=promotes, by_email=False)

    def _new_claim(self, registration_id: int, trip: Trip) -> Claim:
        return Claim(pool_id=self.pools[trip.id].id, registration_id=registration_id)

    def _keep(self, claim: Claim, trip: Trip) -> None:
        """Put the claim into the table, if it is a new one."""
        claims = self.claims_of(claim.registration_id)
        if trip.id not in claims:
            insert_row(self.session, claim)
            claims[trip.id] = claim
