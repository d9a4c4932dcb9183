"""The people to remind before a deadline, and what needs the chair's attention in a call."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, Role
from dofc_events.accounts.rules import RoleName
from dofc_events.hosting.membership.queries import unsettled
from dofc_events.hosting.models import HostingCall, Proposal, Voter
from dofc_events.hosting.news.rules import CallMatter, matters_of
from dofc_events.hosting.queries import all_calls, holds_now
from dofc_events.hosting.rules import PENDING, ProposalStatus
from dofc_events.hosting.stages.rules import Stage

# How long before a deadline people are reminded. People who have started less than a day before know it.
REMIND_BEFORE, NEW_FOR = timedelta(days=3), timedelta(days=1)


def drafts_to_remind(session: Session, now: datetime) -> list[int]:
    """The drafts whose call closes soon and whose proposers were not reminded of this close."""
    query = select(Proposal).join(Proposal.call).where(Proposal.status == ProposalStatus.DRAFT)
    query = query.where(HostingCall.closes_at > now, HostingCall.closes_at <= now + REMIND_BEFORE)
    query = query.where(Proposal.created_at <= now - NEW_FOR).order_by(Proposal.id)
    return [
        p.id for p in session.scalars(query) if not p.reminded_at or p.reminded_at < p.call.closes_at - REMIND_BEFORE
    ]


def voters_to_remind(session: Session, now: datetime) -> list[int]:
    """The members that have not voted on a ballot that closes soon, and were not reminded."""
    query = select(Voter.id).join(Voter.call).where(Voter.voted_at.is_(None), Voter.struck_at.is_(None))
    query = query.where(Voter.reminded_at.is_(None), HostingCall.ballot_opened_at <= now - NEW_FOR)
    query = query.where(HostingCall.ballot_closes_at > now, HostingCall.ballot_closes_at <= now + REMIND_BEFORE)
    return list(session.scalars(query.where(HostingCall.counted_at.is_(None)).order_by(Voter.id)))


def organisers_of(session: Session, edition_id: int, now: datetime) -> list[Account]:
    """The accounts that organise an edition."""
    role = select(Role.account_id).where(Role.edition_id == edition_id, Role.role == RoleName.ORGANISER, holds_now(now))
    return list(session.scalars(select(Account).where(Account.id.in_(role)).order_by(Account.id)))


def call_matters(session: Session, now: datetime) -> list[tuple[HostingCall, CallMatter, int]]:
    """What needs the chair's attention of the calls that are not over, the latest year first."""
    calls = [call for call in all_calls(session) if call.stage(now) is not Stage.ANNOUNCED]
    of_calls = select(Proposal).where(
        Proposal.call_id.in_([call.id for call in calls]), Proposal.submitted_at.is_not(None)
    )
    proposals = session.scalars(of_calls).all() if calls else []
    held = unsettled(session, [proposal for proposal in proposals if proposal.status in PENDING])
    found = []
    for call in calls:
        theirs = [proposal for proposal in proposals if proposal.call_id == call.id]
        numbers = Counter(ProposalStatus(proposal.status) for proposal in theirs)
        waiting = sum(proposal.id in held for proposal in theirs)
        found += [(call, *matter) for matter in matters_of(call.stage(now), numbers, waiting)]
    return found
