"""Keeps the waiting list for places at an edition right."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.places.models import Claim


def leave_parties(session: Session, claims: Collection[Claim]) -> bool:
    """Before these claims of one pool are confirmed or end: whoever is left alone of a party waits as anybody does.

    Returns whether any of them was in a party.
    """
    leaving = [claim for claim in claims if claim.party is not None]
    if not leaving:
        return False
    left = select(func.min(Claim.id)).where(Claim.pool_id == leaving[0].pool_id)
    left = left.where(Claim.party.in_({claim.party for claim in leaving}), Claim.id.not_in([one.id for one in leaving]))
    alone = left.group_by(Claim.party).having(func.count() == 1)
    for claim in session.scalars(select(Claim).where(Claim.id.in_(alone))):
        claim.party = None
    return True
