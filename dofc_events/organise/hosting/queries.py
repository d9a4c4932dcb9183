"""Reads for those who run a call, review proposals and hand an edition over. Nothing here reads a ballot."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.core.audit import AuditEntry
from dofc_events.core.order import sort_key
from dofc_events.hosting.models import Proposal, Voter
from dofc_events.hosting.queries import interests, reviewers
from dofc_events.hosting.rules import RECEIVED, Interest, ProposalStatus, scope_of


def counts_of_proposals(session: Session) -> dict[int, dict[ProposalStatus, int]]:
    """How many proposals the network has received, by call and status; statuses without proposals are left out."""
    query = select(Proposal.call_id, Proposal.status, func.count()).where(Proposal.status.in_(RECEIVED))
    counts: dict[int, dict[ProposalStatus, int]] = {}
    for call_id, status, number in session.execute(query.group_by(Proposal.call_id, Proposal.status)):
        counts.setdefault(call_id, {})[ProposalStatus(status)] = number
    return counts


def turnouts(session: Session) -> dict[int, tuple[int, int]]:
    """Of each call whose roll of voters is fixed, how many have voted, and how many may."""
    query = select(Voter.call_id, func.count(Voter.voted_at), func.count()).group_by(Voter.call_id)
    return {call_id: (voted, voters) for call_id, voted, voters in session.execute(query)}


def reviewers_with_an_interest(
    session: Session, proposals: Sequence[Proposal], now: datetime
) -> list[tuple[Account, Proposal, Interest]]:
    """Which reviewers do not judge which of these proposals, and why, by their names."""
    accounts = sorted(reviewers(session, now), key=lambda account: sort_key(account.name))
    found = interests(session, proposals, accounts, now)
    return [(a, p, found[a.id, p.id]) for a in accounts for p in proposals if (a.id, p.id) in found]


def trail_of(session: Session, year: int, *, before_id: int | None, limit: int) -> Sequence[AuditEntry]:
    """Everything recorded about a year's call for hosts, newest first; `before_id` turns the page."""
    query = select(AuditEntry).where(AuditEntry.scope == scope_of(year))
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()
