"""The chair settles whether an organisation that typed its name is a member."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.queries import member_by_slug
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import write
from dofc_events.core.errors import Refusal
from dofc_events.hosting import mails
from dofc_events.hosting.queries import locked_proposal
from dofc_events.hosting.rules import PENDING, scope_of
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail.outbox import enqueue


class NothingToSettle(Refusal):
    """The proposal is a member's by now, is not waiting for a decision, or members are voting on it."""


class NoSuchMember(Refusal):
    """No active member has this slug."""


def settle_membership(session: Session, proposal_id: int, slug: str, actor: Actor, now: datetime) -> None:
    """Make a proposal the member's whose `slug` is given, and tell its proposer; with "" keep the name as that of none.

    Raises NothingToSettle, NoSuchMember.
    """
    proposal = locked_proposal(session, proposal_id)
    if proposal.status not in PENDING or not proposal.organisation or not proposal.call.allows(Act.SETTLE, now):
        raise NothingToSettle
    member = member_by_slug(session, slug) if slug else None
    if slug and (member is None or not member.is_active):
        raise NoSuchMember(slug)
    changes = write(proposal, {"settled_at": now})
    if member:
        changes |= write(proposal, {"proposed_by_id": member.organisation_id, "organisation": ""})
        session.flush()
        session.refresh(proposal, ["proposed_by"])
        enqueue(session, mails.membership_settled(proposal), now)
    act = "membership_settled"
    record(session, actor, now, act, scope=scope_of(proposal.call.year), about=proposal.reference, changes=changes)
    session.flush()
