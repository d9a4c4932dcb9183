"""Whether a proposal is a member's: the chair settles it of a typed name, and the member is told of what others say."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.queries import member_by_slug
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import write
from dofc_events.core.errors import Refusal
from dofc_events.hosting import mails
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.queries import contact_represents, locked_proposal, representatives_of
from dofc_events.hosting.rules import PENDING, scope_of
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail.outbox import enqueue, may_be_told_at


class NothingToSettle(Refusal):
    """The proposal is a member's by now, is not waiting for a decision, or members are voting on it."""


class NoSuchMember(Refusal):
    """No active member has this slug."""


def settle_membership(session: Session, proposal_id: int, slug: str, actor: Actor, now: datetime) -> None:
    """Make a proposal the member's whose `slug` is given, and tell both; with "" keep the name as that of none.

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
        tell_member(session, proposal, now)
    act = "membership_settled"
    record(session, actor, now, act, scope=scope_of(proposal.call.year), about=proposal.reference, changes=changes)
    session.flush()


def tell_member(session: Session, proposal: Proposal, now: datetime, *, keep_mail: bool = False) -> None:
    """Tell a member's representatives that somebody whose address is none of theirs proposes in its name.

    Everybody can choose any member, which can then neither review nor rank the proposal. Those who were told too often
    for now are told later.
    """
    if proposal.proposed_by_id is None or contact_represents(session, proposal, now):
        return
    for account in representatives_of(session, proposal.proposed_by_id, now):
        due_at = may_be_told_at(session, account.email, now)
        envelope = mails.proposed_by_another(proposal, account)
        enqueue(session, envelope, now, keep=keep_mail, asked_for=True, due_at=due_at)
