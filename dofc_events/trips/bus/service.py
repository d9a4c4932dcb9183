"""Who boarded the bus of a learning trip."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.places import service as places
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.queries import Manifest, manifest_of, trip_by_slug
from dofc_events.trips.sign_ups.service import NoSuchTrip


class BusFull(Refusal):
    """All seats on the bus are taken; only somebody who holds a seat can still claim it."""


class NotOnTrip(Refusal):
    """Somebody has no seat on the trip and is not waiting for one, so they cannot board."""


def board(session: Session, edition_id: int, slug: str, registration_id: int, actor: Actor, now: datetime) -> None:
    """Record that somebody boarded; a second time changes nothing. A waiting delegate takes an absent one's seat.

    Raises NoSuchTrip, NotOnTrip, and BusFull.
    """
    pool, manifest, claim = _at_the_bus(session, edition_id, slug, registration_id)
    if claim.used_at is not None:
        return
    if claim.status != ClaimStatus.CONFIRMED and manifest.boarded >= pool.capacity:
        raise BusFull
    claim.used_at = now
    _record_boarding(session, actor, now, "boarded", claim, slug)


def undo_boarding(
    session: Session, edition_id: int, slug: str, registration_id: int, actor: Actor, now: datetime
) -> None:
    """Undo that somebody boarded; a second time changes nothing. Raises NoSuchTrip and NotOnTrip."""
    _, _, claim = _at_the_bus(session, edition_id, slug, registration_id)
    if claim.used_at is not None:
        claim.used_at = None
        _record_boarding(session, actor, now, "boarding_undone", claim, slug)


def _at_the_bus(session: Session, edition_id: int, slug: str, registration_id: int) -> tuple[Pool, Manifest, Claim]:
    places.lock_edition_pool(session, edition_id)
    found = trip_by_slug(session, edition_id, slug)
    if found is None:
        raise NoSuchTrip(slug)
    _, pool = found
    manifest = manifest_of(session, pool.id)
    claim = manifest.claim_of(registration_id)
    if claim is None:
        raise NotOnTrip
    return pool, manifest, claim


def _record_boarding(session: Session, actor: Actor, now: datetime, act: str, claim: Claim, slug: str) -> None:
    registration = claim.registration
    record(session, actor, now, act, scope=str(registration.edition.year), about=registration.reference, trip=slug)
    session.flush()
