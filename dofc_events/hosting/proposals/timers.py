"""Drafts that nobody goes on with: their proposers are told, then they are deleted."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.hosting import mails
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.queries import locked_proposal
from dofc_events.hosting.rules import KEEP_DRAFTS, TELL_BEFORE_END, ProposalStatus, scope_of
from dofc_events.mail.outbox import enqueue


def drafts_to_tell(session: Session, now: datetime) -> list[int]:
    """The drafts that end soon and whose proposers do not know it."""
    query = select(Proposal.id).where(Proposal.status == ProposalStatus.DRAFT, Proposal.end_told_at.is_(None))
    query = query.where(Proposal.touched_at <= now - KEEP_DRAFTS + TELL_BEFORE_END)
    return list(session.scalars(query.order_by(Proposal.id)))


def drafts_to_end(session: Session, now: datetime) -> list[int]:
    """The drafts whose time is over, and whose proposers were told long enough before."""
    query = select(Proposal.id).where(Proposal.status == ProposalStatus.DRAFT)
    query = query.where(Proposal.touched_at <= now - KEEP_DRAFTS, Proposal.end_told_at <= now - TELL_BEFORE_END)
    return list(session.scalars(query.order_by(Proposal.id)))


def tell_of_end(session: Session, proposal_id: int, now: datetime) -> bool:
    """Write to the proposer of a draft that ends soon; False if that is not due."""
    proposal = locked_proposal(session, proposal_id)
    if proposal_id not in drafts_to_tell(session, now):
        return False
    proposal.end_told_at = now
    enqueue(session, mails.draft_ends(proposal, now), now)
    session.flush()
    return True


def end_draft(session: Session, proposal_id: int, actor: Actor, now: datetime) -> bool:
    """Delete a draft and take off its files, whose bytes go with the next sweep; False if that is not due."""
    proposal = locked_proposal(session, proposal_id)
    if proposal_id not in drafts_to_end(session, now):
        return False
    record(session, actor, now, "draft_ended", scope=scope_of(proposal.call.year), about=proposal.reference)
    for attachment in list(proposal.attachments):
        session.delete(attachment)
    session.flush()
    session.expire(proposal, ["attachments"])
    session.delete(proposal)
    session.flush()
    return True
