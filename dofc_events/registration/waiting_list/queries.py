"""What ended because an edition gives no more places, and can be opened again."""

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import closed_claims
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.models import Trip


def closed_of(edition_id: int) -> Select[Claim]:
    """Waits, offers and requests of an edition and its trips that ended with it, of those who have not cancelled."""
    trips = select(Trip.id).where(Trip.edition_id == edition_id)
    pools = select(Pool.id).where(or_(Pool.edition_id == edition_id, Pool.trip_id.in_(trips)))
    live = closed_claims().join(Registration).where(Registration.ended_at.is_(None), Claim.pool_id.in_(pools))
    return live.order_by(Claim.pool_id, Claim.position_before)


def count_closed(session: Session, edition_id: int) -> int:
    """For how many a waiting list was closed, or an offer ended with it."""
    ended = closed_of(edition_id).where(Claim.status == ClaimStatus.EXPIRED).order_by(None).subquery()
    return session.scalar(select(func.count(ended.c.registration_id.distinct()))) or 0
