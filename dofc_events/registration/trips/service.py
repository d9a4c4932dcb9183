"""Acts on learning trips that delegates are told of: their own, and the organisers'.

Each runs inside the caller's unit of work, and locks the edition's pool first, as those in `service` do; with it all of
the edition's trips are locked.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Consequence, TripMode, Window, moving_up
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, refuse_changed, write
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.delegates.models import Registration
from dofc_events.notices.queries import offer_stands, standing_of
from dofc_events.notices.service import Changes, log
from dofc_events.places import service as places
from dofc_events.places.line.queries import would_move_up
from dofc_events.places.models import Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import RegistrationOver, SignUpNotOpen, locked, refuse_over
from dofc_events.trips import service as trips
from dofc_events.trips.draw import service as drawing
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import asked_for, claims_on, has_been_seen
from dofc_events.trips.rules import Reason
from dofc_events.trips.service import TripDetails
from dofc_events.trips.sign_ups.queries import lost_if_moved
from dofc_events.trips.sign_ups.service import NoSuchTrip


class NoPlace(Refusal):
    """Only somebody with a confirmed place at the edition can be given a seat."""


class HasSeat(Refusal):
    """Somebody has a seat on the trip already."""


def choose_trips(
    session: Session,
    registration_id: int,
    slugs: Sequence[str],
    *,
    any_trip: bool,
    actor: Actor,
    now: datetime,
    keep_mail: bool = False,
    seen: tuple[list[str], bool] | None = None,
) -> bool:
    """Make what a delegate asks for exactly these trips, the first choice first. Returns whether anything changed.

    What was `seen` is what they asked for until now, in that order, and whether any trip was fine.

    Giving back is possible until the edition ends, everything else while sign-up is open. Raises SignUpNotOpen,
    NoSuchTrip, TripOver, SeatsOverlap, and RegistrationOver. With `keep_mail` messages are stored and not sent, for
    demonstration data.
    """
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    if standing.status is ClaimStatus.EXPIRED:
        raise RegistrationOver
    present = asked_for(standing.trips)
    refuse_changed(seen, (present, registration.any_trip))
    kept = [slug for slug in present if slug in slugs]
    window = standing.edition.sign_up_window(now)
    if window is not Window.OPEN and (kept != list(slugs) or any_trip > registration.any_trip):
        raise SignUpNotOpen(window)
    changes = Changes(session, standing.edition, actor, now, keep=keep_mail)
    wanted = [changes.book.trip(slug) for slug in slugs]
    if registration.accompanies and any(not trip.takes_companions for trip in wanted if trip.slug not in kept):
        raise NoSuchTrip
    changes.book.choose(registration_id, wanted, has_place=standing.status is ClaimStatus.CONFIRMED)
    changed = bool(changes.book.changes) or any_trip != registration.any_trip
    registration.any_trip = any_trip
    changes.tell(registration_id)
    return changed


def accept_seat(session: Session, registration_id: int, slug: str, actor: Actor, now: datetime) -> None:
    """Take the seat that is offered. Raises NoOpenOffer once the deadline has passed, NoSuchTrip, RegistrationOver."""
    changes = _with_open_offer(session, registration_id, slug, actor, now)
    changes.book.accept(registration_id, changes.book.trip(slug))
    changes.tell(registration_id)


def decline_seat(session: Session, registration_id: int, slug: str, actor: Actor, now: datetime) -> None:
    """Decline the offered seat, which goes to the next in line. Raises what `accept_seat` does."""
    changes = _with_open_offer(session, registration_id, slug, actor, now)
    changes.book.give_back(registration_id, changes.book.trip(slug))
    changes.tell(registration_id)


def change_trip(
    session: Session,
    edition_id: int,
    slug: str,
    details: TripDetails,
    capacity: int,
    actor: Actor,
    now: datetime,
    *,
    accepted: str = "",
    seen: tuple[TripDetails, int] | None = None,
) -> None:
    """Change a trip and its seats from what was `seen`. Everyone on it is told of another place or time.

    People who are on another trip at the new time keep that seat and lose this one. Raises NotAgreed with each such
    Loss, and with other consequences, unless `accepted` is the digest; NoSuchTrip, TripEndsBeforeItStarts and
    CapacityBelowTaken.
    """
    changes = _changes(session, edition_id, actor, now)
    trip = changes.book.trip(slug)
    pool = changes.book.pools[trip.id]
    refuse_changed(seen, (trips.details_of(trip), pool.capacity))
    losses = lost_if_moved(session, trip, details.starts_at, details.ends_at)
    ask_first(accepted, losses, _consequences(session, changes.edition, trip, pool, details, capacity, now))
    said, seats = trips.write_details(session, trip, details, now), pool.capacity
    if trips.PLACE_AND_TIME.intersection(said):
        changes.trips_were[trip.id] = {name: said[name][0] for name in trips.PLACE_AND_TIME.intersection(said)}
        for claim in claims_on(session, pool.id):
            changes.book.note(claim, trip.id, claim.status, Reason.TRIP_CHANGED)
        changes.book.end_overlaps_with(trip)
    changes.book.resize(trip, capacity)
    if seats != capacity:
        said["capacity"] = [seats, capacity]
    if said:
        record(session, actor, now, "trip_changed", scope=str(changes.edition.year), trip=slug, changes=said)
    changes.tell()


def resize_trip(session: Session, edition_id: int, slug: str, capacity: int, actor: Actor, now: datetime) -> None:
    """Change how many seats a trip has; free ones are offered immediately. Raises NoSuchTrip, CapacityBelowTaken."""
    changes = _changes(session, edition_id, actor, now)
    trip = changes.book.trip(slug)
    before = changes.book.pools[trip.id].capacity
    changes.book.resize(trip, capacity)
    _resized(changes, trip, capacity - before)
    changes.tell()


def cancel_trip(session: Session, edition_id: int, slug: str, actor: Actor, now: datetime) -> bool:
    """Cancel a trip: everyone on it is told, and gets their next wish that has room. Raises NoSuchTrip.

    A trip that no delegate may know of is deleted instead. Returns whether it is still there.
    """
    changes = _changes(session, edition_id, actor, now)
    trip = changes.book.trip(slug)
    pool, scope = changes.book.pools[trip.id], str(changes.edition.year)
    stays = has_been_seen(session, changes.edition, pool.id)
    if not stays:
        session.delete(pool)
        session.flush()
        session.delete(trip)
        record(session, actor, now, "trip_deleted", scope=scope, trip=slug)
    elif trip.cancelled_at is None:
        changes.book.cancel_trip(trip)
        record(session, actor, now, "trip_cancelled", scope=scope, trip=slug)
        changes.tell()
    return stays


def give_seat(
    session: Session,
    registration_id: int,
    slug: str,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    enlarge: bool = False,
) -> None:
    """Give a free seat by hand, ahead of the list, for a recorded reason.

    With `enlarge` a trip that is full gets one seat more, which nobody else can get. Raises NoPlace, HasSeat,
    NoSuchTrip, TripOver, SeatsOverlap, NothingFree, and RegistrationOver.
    """
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    if standing_of(session, registration_id).status is not ClaimStatus.CONFIRMED:
        raise NoPlace
    changes = Changes(session, registration.edition, actor, now)
    trip = changes.book.trip(slug)
    held = changes.book.claims_of(registration_id).get(trip.id)
    if held is not None and held.status == ClaimStatus.CONFIRMED:
        raise HasSeat
    give_by_hand(changes, [registration], trip, reason, enlarge=enlarge)
    changes.tell()


def give_by_hand(
    changes: Changes,
    people: Sequence[Registration],
    trip: Trip,
    reason: str,
    *,
    instead_of: Trip | None = None,
    enlarge: bool = False,
) -> None:
    """As `give_seat`, for people who have places, as a part of an act; with `instead_of`, move them from there."""
    ids = [person.id for person in people]
    if instead_of:
        changes.book.take_off(ids, instead_of)
    added = changes.book.give(ids, trip, enlarge=enlarge)
    _resized(changes, trip, added)
    _by_hand(changes, "seat_given", people, trip, reason, instead_of=instead_of.slug if instead_of else "")


def wait_by_hand(
    changes: Changes,
    people: Sequence[Registration],
    trip: Trip,
    reason: str,
    *,
    instead_of: Trip | None = None,
    fewer: bool = False,
) -> None:
    """Put people on the waiting list of a trip, after all who wait already, as a part of an act.

    They come from another trip, `instead_of`, and then get what is free, or give up what they have of the trip itself;
    with `fewer` these seats are no more.
    """
    ids = [person.id for person in people]
    if instead_of:
        changes.book.take_off(ids, instead_of)
        changes.book.ask(ids, trip)
    else:
        changes.book.line_up(ids, trip, fewer=fewer)
        _resized(changes, trip, -len(ids) * fewer)
    _by_hand(changes, "seat_waits", people, trip, reason, instead_of=instead_of.slug if instead_of else "")


def take_by_hand(changes: Changes, people: Sequence[Registration], trip: Trip, reason: str) -> None:
    """Take people off a trip, as a part of an act; their seats go to the next in line."""
    changes.book.take_off([person.id for person in people], trip)
    _by_hand(changes, "seat_taken", people, trip, reason)


def set_sign_up(
    session: Session,
    edition_id: int,
    mode: TripMode,
    opens_at: datetime | None,
    closes_at: datetime | None,
    actor: Actor,
    now: datetime,
    *,
    seen: tuple[str, datetime | None, datetime | None] | None = None,
) -> None:
    """Change how and when delegates sign up, from what was `seen`. Seats stay; who waits or has wishes is told.

    Raises AlreadyDrawn.
    """
    changes = _changes(session, edition_id, actor, now)
    edition = changes.edition
    refuse_changed(seen, (edition.trip_mode, edition.trips_open_at, edition.trips_close_at))
    said = difference({"trip_mode": edition.trip_mode}, {"trip_mode": mode})
    said |= write(edition, {"trips_open_at": opens_at, "trips_close_at": closes_at})
    drawing.set_mode(changes.book, mode)
    if said:
        record(session, actor, now, "sign_up_changed", scope=str(edition.year), changes=said)
    changes.tell()


def publish_draw(session: Session, edition_id: int, digest: str, actor: Actor, now: datetime) -> None:
    """Give the seats as the preview of that digest said, and tell everybody. Raises DrawNotDue and DrawChanged."""
    changes = _changes(session, edition_id, actor, now)
    result = drawing.publish_draw(changes.book, digest).result
    seated = sum(1 for slug in result.seats.values() if slug)
    record(
        session, actor, now, "draw_published", scope=str(changes.edition.year), drawn=len(result.seats), seated=seated
    )
    changes.tell()


def _resized(changes: Changes, trip: Trip, added: int) -> None:
    if added:
        capacity = changes.book.pools[trip.id].capacity
        said = {"capacity": [capacity - added, capacity]}
        scope = str(changes.edition.year)
        record(changes.session, changes.actor, changes.now, "trip_changed", scope=scope, trip=trip.slug, changes=said)


def _by_hand(
    changes: Changes, act: str, people: Sequence[Registration], trip: Trip, reason: str, **details: str
) -> None:
    for person in people:
        quiet, said = person.id in changes.quiet, {"trip": trip.slug, **details, "because": reason}
        log(changes.session, changes.actor, changes.now, act, person, quiet=quiet, **said)


def _consequences(
    session: Session, edition: Edition, trip: Trip, pool: Pool, details: TripDetails, capacity: int, now: datetime
) -> list[Consequence]:
    found = []
    if details.starts_at != trip.starts_at:
        found += trips.oddities(edition, details, now)
    up = would_move_up(session, pool, capacity) if capacity > pool.capacity else 0
    if up and edition.gives_places(now) and trip.can_be_joined(now):
        found.append(moving_up(up, edition.offer_hours))
    return found


def _changes(session: Session, edition_id: int, actor: Actor, now: datetime) -> Changes:
    places.lock_edition_pool(session, edition_id)
    return Changes(session, session.get_one(Edition, edition_id, populate_existing=True), actor, now)


def _with_open_offer(session: Session, registration_id: int, slug: str, actor: Actor, now: datetime) -> Changes:
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    offers = [s.claim for s in standing.trips if s.claim and s.trip.slug == slug]
    if not any(offer_stands(session, standing, claim, now) for claim in offers):
        raise places.NoOpenOffer
    return Changes(session, standing.edition, actor, now)
