"""How an edition's seats are given: the mode, and the draw between the database and its rules.

The draw itself is `rules.draw`, which knows no database.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import TripMode
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_secret
from dofc_events.delegates.models import Registration
from dofc_events.places import service as places
from dofc_events.places.models import Claim
from dofc_events.places.rules import TAKEN, ClaimStatus
from dofc_events.trips.draw import rules as rule
from dofc_events.trips.draw.queries import called
from dofc_events.trips.models import Draw, DrawnDelegate, Trip
from dofc_events.trips.queries import claims_by_delegate, claims_on, delegates_with_a_place
from dofc_events.trips.rules import Reason
from dofc_events.trips.sign_ups.service import SeatBook


@dataclass(frozen=True)
class Preview:
    """What the draw would give if it were made now. `digest` identifies this result, so that no other can be published.

    `people`, `wishes` and `result` use the pseudonyms of those in the draw.
    """

    trips: Sequence[Trip]
    people: dict[str, Registration]
    wishes: dict[str, rule.Wishes]
    result: rule.Result
    document: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.document.encode()).hexdigest()


class DrawNotDue(Refusal):
    """There is nothing to draw: seats are first come, first served, sign-up is open, or the edition has begun."""


class DrawChanged(Refusal):
    """Since the preview somebody has left or was moved by hand, so that the draw would come out differently."""


class AlreadyDrawn(Refusal):
    """The mode cannot be changed after the draw has been published."""


def set_mode(book: SeatBook, mode: TripMode) -> None:
    """Change how seats are given. Raises AlreadyDrawn.

    Seats and offers stay. For a draw, people who wait have a wish instead, in the same order; and the other way round.
    The draw's seed is fixed when its mode is first chosen, for good.
    """
    edition = book.edition
    if edition.trip_mode == mode:
        return
    if edition.was_drawn:
        raise AlreadyDrawn
    edition.trip_mode = mode
    if mode is TripMode.DRAW:
        if book.session.get(Draw, edition.id) is None:
            secrets = {"seed": new_secret(), "names_key": new_secret()}
            book.session.add(Draw(edition_id=edition.id, fixed_at=book.now, **secrets))
        _turn(book, ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED)
    else:
        _turn(book, ClaimStatus.REQUESTED, ClaimStatus.WAITLISTED)
        for trip in book.trips.values():
            book.pass_on(trip)
    book.session.flush()


def preview_draw(book: SeatBook) -> Preview:
    """Make the draw from the present wishes, without changing anything. Raises DrawNotDue."""
    edition, session = book.edition, book.session
    closes_at = edition.sign_up_closes_at()
    if not edition.collects_wishes or not edition.gives_places(book.now) or closes_at is None or book.now < closes_at:
        raise DrawNotDue
    trips = [trip for trip in book.trips.values() if trip.can_be_joined(book.now)]
    seats = [rule.Seats(trip.slug, book.pools[trip.id].capacity - book.pools[trip.id].taken) for trip in trips]
    claims = claims_by_delegate(session, edition.id)
    missed = _got_nothing_before(session, edition)
    draw = session.get_one(Draw, edition.id)
    people, wishes = {}, {}
    for person in delegates_with_a_place(session, edition.id):
        name = called(draw, edition, person)
        asked = _wishes(name, person, trips, claims.get(person.id, {}), missed=person.email_key in missed)
        if asked.wishes or asked.any_other:
            people[name], wishes[name] = person, asked
    seed = draw.seed
    result = rule.draw(seats, wishes.values(), seed)
    document = rule.to_document(edition.name, seats, list(wishes.values()), seed, result)
    return Preview(trips, people, wishes, result, json.dumps(document, ensure_ascii=False, indent=1))


def publish_draw(book: SeatBook, digest: str) -> Preview:
    """Give the seats that the preview with this digest showed; the others wait, in the order of the draw.

    From then on free seats are first come, first served. Raises DrawNotDue, and DrawChanged if the result would differ.
    """
    session, preview = book.session, preview_draw(book)
    if preview.digest != digest:
        raise DrawChanged
    claims = claims_by_delegate(session, book.edition.id)
    by_slug = {trip.slug: trip for trip in preview.trips}
    drawn: dict[int, list[Claim]] = {trip.id: [] for trip in preview.trips}
    waiting: dict[int, list[Claim]] = {trip.id: [] for trip in preview.trips}
    for name in preview.result.order:
        person, asked, slug = preview.people[name], preview.wishes[name], preview.result.seats[name]
        mine = claims.get(person.id, {})
        person.draw_name = name
        session.add(DrawnDelegate(registration_id=person.id, trip_id=by_slug[slug].id if slug else None))
        if slug:
            drawn[by_slug[slug].id].append(_claim(book, person, by_slug[slug], mine))
            continue
        for trip in preview.trips:
            if trip.slug not in asked.cannot and (trip.slug in asked.wishes or asked.any_other):
                waiting[trip.id].append(_claim(book, person, trip, mine))
    for trip in preview.trips:
        places.give_drawn(session, book.pools[trip.id], drawn[trip.id], waiting[trip.id], book.now)
        session.add_all((*drawn[trip.id], *waiting[trip.id]))
    _end_wishes(book, claims)
    for trip in preview.trips:
        for claim in (*drawn[trip.id], *waiting[trip.id]):
            book.note(claim, trip.id, ClaimStatus.REQUESTED, Reason.DRAWN)
    session.get_one(Draw, book.edition.id).document = preview.document
    book.edition.trips_drawn_at = book.now
    session.flush()
    return preview


def _end_wishes(book: SeatBook, claims: dict[int, dict[int, Claim]]) -> None:
    """End the wishes that are left after the draw, also on trips that have begun and were not in it."""
    for person in delegates_with_a_place(book.session, book.edition.id):
        for trip_id, claim in claims.get(person.id, {}).items():
            if claim.status == ClaimStatus.REQUESTED:
                places.cancel_claim(book.session, book.pools[trip_id], claim, book.terms, book.now)
                book.note(claim, trip_id, ClaimStatus.REQUESTED, Reason.DRAWN)


def _turn(book: SeatBook, status: ClaimStatus, into: ClaimStatus) -> None:
    """Turn waiting claims into wishes, or back; only people with a place at the edition wait for seats."""
    placed = {person.id for person in delegates_with_a_place(book.session, book.edition.id)}
    for trip in book.trips.values():
        claims = [c for c in claims_on(book.session, book.pools[trip.id].id, [status]) if c.registration_id in placed]
        places.turn_line(book.session, claims, into, book.now)
        for claim in claims:
            book.note(claim, trip.id, status, Reason.MODE_CHANGED)


def _wishes(
    name: str, person: Registration, trips: Sequence[Trip], claims: dict[int, Claim], *, missed: bool
) -> rule.Wishes:
    asked = [trip for trip in trips if trip.id in claims and claims[trip.id].status == ClaimStatus.REQUESTED]
    asked.sort(key=lambda trip: claims[trip.id].preference or 0)
    held = [trip for trip in trips if trip.id in claims and claims[trip.id].status in TAKEN]
    return rule.Wishes(
        id=name,
        wishes=tuple(trip.slug for trip in asked),
        any_other=person.any_trip,
        missed=missed,
        cannot=tuple(trip.slug for trip in trips if any(trip is seat or trip.overlaps(seat) for seat in held)),
    )


def _claim(book: SeatBook, person: Registration, trip: Trip, claims: dict[int, Claim]) -> Claim:
    """The person's claim on a trip: their wish, or a new one, for people who accept any other trip."""
    claim = claims.setdefault(trip.id, Claim(pool_id=book.pools[trip.id].id, registration_id=person.id))
    claim.preference = claim.preference or len(claims) + 1
    return claim


def _got_nothing_before(session: Session, edition: Edition) -> set[str]:
    """The address keys of people to whom the draw of an earlier edition gave nothing."""
    query = select(Registration.email_key).join(DrawnDelegate, DrawnDelegate.registration_id == Registration.id)
    query = query.join(Edition, Edition.id == Registration.edition_id)
    query = query.where(DrawnDelegate.trip_id.is_(None), Edition.year < edition.year)
    return {key for key in session.scalars(query) if key is not None}
