"""Reads for those who review proposals."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.hosting.models import HostingCall, Proposal, Review
from dofc_events.hosting.queries import own_among
from dofc_events.hosting.rules import PENDING


def waiting_for_review(session: Session, account_id: int, now: datetime) -> list[Proposal]:
    """The proposals that this reviewer can score at `now` and has not, over all calls."""
    given = select(Review.proposal_id).where(Review.account_id == account_id)
    proposals = session.scalars(
        select(Proposal)
        .join(Proposal.call)
        .where(HostingCall.review_opens_at <= now, HostingCall.review_closes_at > now)
        .where(Proposal.status.in_(PENDING), Proposal.id.not_in(given))
        .order_by(Proposal.id)
    ).all()
    own = own_among(session, proposals, account_id, now)
    return [proposal for proposal in proposals if proposal.id not in own]
