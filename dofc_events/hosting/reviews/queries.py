"""Reads about reviews: who gave which, and who may read them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from dofc_events.accounts.models import Role
from dofc_events.accounts.rules import RoleName
from dofc_events.hosting.membership.queries import unsettled
from dofc_events.hosting.models import (
    HostingCall,
    Proposal,
    Review,
)
from dofc_events.hosting.queries import holds_now, is_reviewer, own_among, proposals_of
from dofc_events.hosting.rules import (
    PENDING,
    Summary,
    summary_of,
)


def review_by(session: Session, proposal_id: int, account_id: int) -> Review | None:
    """The review that this account gave a proposal, with its scores."""
    query = select(Review).where(Review.proposal_id == proposal_id, Review.account_id == account_id)
    return session.scalar(query.options(selectinload(Review.scores)))


def reviewed_ids(session: Session, call_id: int, account_id: int) -> set[int]:
    """The ids of a call's proposals to which this account gave a review."""
    query = select(Review.proposal_id).join(Proposal, Proposal.id == Review.proposal_id)
    return set(session.scalars(query.where(Proposal.call_id == call_id, Review.account_id == account_id)))


def visible_reviews(session: Session, call: HostingCall, account_id: int, now: datetime) -> dict[int, list[Review]]:
    """The reviews of a call that this account may read, by the proposal's id.

    A reviewer sees what others gave a proposal after giving a review of their own, and all once no more are taken,
    but never of a proposal that they do not judge; a chair who is no reviewer sees them all. Others see none.
    """
    sees_all = _sees_all_reviews(session, call, account_id, now)
    if not sees_all and not is_reviewer(session, account_id, now):
        return {}
    open_ids = None if sees_all else reviewed_ids(session, call.id, account_id)
    own = own_among(session, proposals_of(session, call.id), account_id, now)
    query = select(Review).join(Proposal, Proposal.id == Review.proposal_id).where(Proposal.call_id == call.id)
    visible: dict[int, list[Review]] = {}
    for review in session.scalars(
        query.options(selectinload(Review.scores), selectinload(Review.account)).order_by(Review.id)
    ):
        if (open_ids is None or review.proposal_id in open_ids) and review.proposal_id not in own:
            visible.setdefault(review.proposal_id, []).append(review)
    return visible


def summaries(session: Session, call: HostingCall, account_id: int, now: datetime) -> dict[int, Summary]:
    """What the reviews that this account may read come to, by the proposal's id."""
    weights = {criterion.id: criterion.weight for criterion in call.criteria}
    found = {}
    for proposal_id, reviews in visible_reviews(session, call, account_id, now).items():
        scores = [{score.criterion_id: score.score for score in review.scores} for review in reviews]
        if summary := summary_of(scores, weights):
            found[proposal_id] = summary
    return found


def is_scored(session: Session, call_id: int) -> bool:
    """Whether somebody gave a review, so that the criteria stay as they are."""
    reviews = select(Review.id).join(Proposal, Proposal.id == Review.proposal_id).where(Proposal.call_id == call_id)
    return session.scalar(reviews.limit(1)) is not None


def _sees_all_reviews(session: Session, call: HostingCall, account_id: int, now: datetime) -> bool:
    reviews = is_reviewer(session, account_id, now)
    if reviews:
        return now >= call.review_closes_at
    chair = select(Role.id).where(Role.account_id == account_id, Role.role == RoleName.CHAIR, holds_now(now))
    return session.scalar(chair) is not None


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
    barred = own_among(session, proposals, account_id, now).keys() | unsettled(session, proposals).keys()
    return [proposal for proposal in proposals if proposal.id not in barred]
