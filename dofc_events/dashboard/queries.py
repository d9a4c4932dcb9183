"""Reads of the organisers' pages. Each list takes the same number of queries however many rows it has."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import PLACE_STATUSES, ClaimStatus


@dataclass(frozen=True)
class Places:
    """An edition's places in numbers: how many there are, and how many registrations have each status."""

    capacity: int
    taken: int
    counts: dict[ClaimStatus, int]

    @property
    def free(self) -> int:
        return self.capacity - self.taken


def places_of(session: Session, edition_ids: Collection[int]) -> dict[int, Places]:
    """The places of these editions, by edition, in one query; editions of the past have none here."""
    rows = session.execute(
        select(Pool.edition_id, Pool.capacity, Pool.taken, Claim.status, func.count(Claim.id))
        .join(Claim, Claim.pool_id == Pool.id, isouter=True)
        .where(Pool.edition_id.in_(edition_ids))
        .group_by(Pool.edition_id, Pool.capacity, Pool.taken, Claim.status)
    )
    found: dict[int, Places] = {}
    for edition_id, capacity, taken, status, count in rows:
        assert edition_id is not None, "the query asked for editions' pools"
        places = found.setdefault(edition_id, Places(capacity, taken, dict.fromkeys(PLACE_STATUSES, 0)))
        if status:
            places.counts[ClaimStatus(status)] = count
    return found


def consent_given(session: Session, registration: Registration) -> ConsentText:
    """The text that a delegate consented to."""
    return session.get_one(ConsentText, registration.consent_version)


def waiting_line(edition_id: int) -> Subquery:
    """The claims that wait for a place at an edition, numbered from the next in line on."""
    position = func.row_number().over(order_by=Claim.position).label("position")
    waiting = select(Claim.id, position).join(Pool, Pool.id == Claim.pool_id)
    return waiting.where(Pool.edition_id == edition_id, Claim.status == ClaimStatus.WAITLISTED).subquery()
