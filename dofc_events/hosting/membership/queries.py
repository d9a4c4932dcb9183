"""Proposals whose typed proposer name is similar to a member's."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Member
from dofc_events.conference.queries import members
from dofc_events.delegates.doubles.rules import may_be_one_organisation
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.rules import ProposalStatus


def unsettled(session: Session, proposals: Iterable[Proposal]) -> dict[int, list[Member]]:
    """The ids of those proposals that may come from a member under a typed name, each with the members it may be.

    What the chair has settled is not among them.
    """
    typed = [p for p in proposals if p.organisation and p.settled_at is None]
    known = members(session) if typed else []
    found = {p.id: [m for m in known if may_be_one_organisation(p.organisation, m.organisation.name)] for p in typed}
    return {proposal_id: likely for proposal_id, likely in found.items() if likely}


def calls_to_review(session: Session, now: datetime) -> list[int]:
    """The calls whose reviews have begun and that have proposals still waiting for that, and for nothing else."""
    query = select(Proposal).join(Proposal.call).where(HostingCall.review_opens_at <= now)
    waiting = session.scalars(query.where(Proposal.status == ProposalStatus.SUBMITTED).order_by(Proposal.call_id)).all()
    held = unsettled(session, waiting)
    return list(dict.fromkeys(proposal.call_id for proposal in waiting if proposal.id not in held))
