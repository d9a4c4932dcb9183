"""The waiting list of an edition, opened again after it was closed."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor
from dofc_events.core.db import in_pieces
from dofc_events.delegates.queries import registrations_by_id
from dofc_events.notices.service import Changes, terms_of
from dofc_events.places import service as places
from dofc_events.places.models import Claim
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.waiting_list.queries import closed_of


def reopen_list(session: Session, edition_id: int, because: str, actor: Actor, now: datetime) -> None:
    """Undo that the edition gave no more places: everybody waits again where they stood, and free places are offered.

    Who had an offer stands before all others. Wishes for trips, waits and offers of seats are what they were, too. They
    are told `because` of what. Raises RegistrationOver if the edition gives no places.
    """
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    if not edition.gives_places(now):
        raise RegistrationOver
    changes = Changes(session, edition, actor, now, reopened=because)
    closed = session.scalars(closed_of(edition_id)).all()
    waits, seats = [c for c in closed if c.pool_id == pool.id], [c for c in closed if c.pool_id != pool.id]
    people = registrations_by_id(session, (claim.registration_id for claim in waits))
    for claim in waits:
        requested = people[claim.registration_id].category.needs_approval
        places.reopen_claim(session, claim, now, requested=requested)
    for registration in people.values():
        changes.place("list_reopened", registration, because=because)
    confirmed = _confirmed(session, pool.id, [claim.registration_id for claim in seats])
    # Who has joined again since then could choose anew: of them only what needs a confirmed place comes back.
    mine = {ClaimStatus.CANCELLED: people.keys(), ClaimStatus.EXPIRED: confirmed}
    changes.book.reopen(claim for claim in seats if claim.registration_id in mine[claim.status])
    changes.moved_up(places.promote_next(session, pool, terms_of(edition, now), now))
    for trip in changes.book.trips.values():
        changes.book.pass_on(trip)
    changes.tell()


def _confirmed(session: Session, pool_id: int, registration_ids: list[int]) -> set[int]:
    """Which of these have a confirmed place."""
    found: set[int] = set()
    for some in in_pieces(registration_ids):
        query = select(Claim.registration_id).where(Claim.pool_id == pool_id, Claim.status == ClaimStatus.CONFIRMED)
        found.update(session.scalars(query.where(Claim.registration_id.in_(some))))
    return found
