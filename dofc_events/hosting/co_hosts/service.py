"""Co-hosts are asked when a proposal is submitted, and confirm using their own link."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.queries import members
from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.hosting import mails
from dofc_events.hosting.co_hosts.queries import reached_at, speakers_of
from dofc_events.hosting.conflicts.service import end_reviews
from dofc_events.hosting.models import CoHost, Proposal
from dofc_events.hosting.queries import locked_proposal
from dofc_events.hosting.rules import PENDING, co_hosts_in, scope_of
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail.outbox import enqueue, is_flooded

# Who holds the link of a co-host.
CO_HOST = Actor("co-host")


class TooLateToConfirm(Refusal):
    """Members are voting on the proposal as it is, or it has been decided on, or withdrawn."""


def ask_co_hosts(session: Session, proposal: Proposal, now: datetime, *, keep_mail: bool = False) -> None:
    """Make the co-hosts of a submitted proposal those that it names, and ask each that has not been asked.

    One whose line is as it was keeps its answer. Whoever cannot be written to now is asked at the next change.
    """
    # A member's name is read as the line is, so that its own spelling is always recognised.
    known = {
        name.casefold(): member.organisation_id
        for member in members(session)
        for name, _address in co_hosts_in(member.organisation.name)
    }
    kept = {(one.name, one.email): one for one in proposal.asked_co_hosts}
    named = [
        kept.get(said) or CoHost(name=said[0], email=said[1], organisation_id=known.get(said[0].casefold()))
        for said in co_hosts_in(proposal.co_hosts)
    ]
    for one in {*proposal.asked_co_hosts} - {*named}:
        proposal.asked_co_hosts.remove(one)
    # The name of a removed one can be reused.
    session.flush()
    proposal.asked_co_hosts.extend(one for one in named if one not in proposal.asked_co_hosts)
    session.flush()
    for one in named:
        if one.asked_at is None:
            _ask(session, one, now, keep_mail=keep_mail)


def confirm_co_host(session: Session, co_host_id: int, actor: Actor, now: datetime) -> bool:
    """Let an organisation count as a co-host; False if it did. What was reviewed for it of the proposal is deleted.

    Raises TooLateToConfirm.
    """
    co_host = session.get_one(CoHost, co_host_id)
    proposal = locked_proposal(session, co_host.proposal_id)
    session.refresh(co_host)
    if proposal.status not in PENDING or not proposal.call.allows(Act.CONFIRM, now):
        raise TooLateToConfirm
    if co_host.confirmed_at is not None:
        return False
    co_host.confirmed_at = now
    if co_host.organisation_id is not None:
        end_reviews(session, proposal.id, speakers_of(session, co_host.organisation_id))
    scope, about = scope_of(proposal.call.year), proposal.reference
    record(session, actor, now, "co_host_confirmed", scope=scope, about=about, name=co_host.name)
    enqueue(session, mails.co_host_confirmed(co_host), now)
    session.flush()
    return True


def _ask(session: Session, co_host: CoHost, now: datetime, *, keep_mail: bool) -> None:
    for email, name in reached_at(session, co_host, now):
        if not is_flooded(session, email, now):
            co_host.asked_at = now
            enqueue(session, mails.co_host_asked(co_host, email, name), now, keep=keep_mail, asked_for=True)
