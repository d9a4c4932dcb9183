"""A reviewer does not judge a proposal: by saying so, or because it has become their member's."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.hosting.models import Conflict, Proposal, Review, Score
from dofc_events.hosting.queries import is_reviewer, locked_proposal, own_among
from dofc_events.hosting.rules import PENDING, scope_of


class NotAReviewer(Refusal):
    """Only board members can review."""


class OwnProposal(Refusal):
    """The proposal is the account's own, its member's, or one about which it has declared a conflict."""


class NothingToJudge(Refusal):
    """The account is no reviewer, or the proposal is not waiting for a decision."""


def declare_conflict(
    session: Session, proposal_id: int, account_id: int, reason: str, actor: Actor, now: datetime
) -> bool:
    """Record that a reviewer does not judge a proposal, and delete what they gave it; False if that was on record.

    Raises NothingToJudge.
    """
    proposal = locked_proposal(session, proposal_id)
    if proposal.status not in PENDING or not is_reviewer(session, account_id, now):
        raise NothingToJudge
    if session.get(Conflict, (proposal_id, account_id)) is not None:
        return False
    session.add(Conflict(proposal_id=proposal_id, account_id=account_id, reason=reason, declared_at=now))
    end_reviews(session, proposal_id, [account_id])
    act = "conflict_declared"
    record(session, actor, now, act, scope=scope_of(proposal.call.year), about=proposal.reference, reason=reason)
    session.flush()
    return True


def end_reviews(session: Session, proposal_id: int, account_ids: Iterable[int]) -> None:
    """Delete what these accounts gave a proposal: it is no longer theirs to judge."""
    theirs = select(Review.id).where(Review.proposal_id == proposal_id, Review.account_id.in_(list(account_ids)))
    ids = session.scalars(theirs).all()
    session.execute(delete(Score).where(Score.review_id.in_(ids)))
    session.execute(delete(Review).where(Review.id.in_(ids)))


def refuse_partial(session: Session, proposal: Proposal, account_id: int, now: datetime) -> None:
    """Raise NotAReviewer or OwnProposal unless the account reviews this proposal."""
    if not is_reviewer(session, account_id, now):
        raise NotAReviewer
    if own_among(session, [proposal], account_id, now):
        raise OwnProposal
