"""Takes proposers' names off proposals: what was proposed stays, as the network chose by it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.core.audit import Actor, AuditEntry, history_of, record
from dofc_events.core.references import new_secret
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.hosting.models import Proposal, Question
from dofc_events.hosting.news.service import tell_of_withdrawal
from dofc_events.hosting.proposals.service import move
from dofc_events.hosting.queries import locked_proposal
from dofc_events.hosting.rules import ProposalStatus, scope_of, without_addresses
from dofc_events.mail import outbox
from dofc_events.mail.models import Message
from dofc_events.privacy.erasing.rules import NAMELESS, NAMING, exchanged, without
from dofc_events.privacy.erasing.service import TEXTLESS, drop_links, end_rows, note_erased
from dofc_events.privacy.kept.rules import Whose, rows_of
from dofc_events.privacy.rules import GONE

# What a proposer can still withdraw.
OPEN = (
    ProposalStatus.DRAFT,
    ProposalStatus.SUBMITTED,
    ProposalStatus.UNDER_REVIEW,
    ProposalStatus.SHORTLISTED,
)
WRITTEN = ("organisation", "venue", "funding", "travel", "supporters", "co_hosts", "trip_ideas", "motivation")


def erase_proposer(session: Session, proposal_id: int, actor: Actor, now: datetime, *, because: str = "") -> list[str]:
    """Erase who made a proposal; one that is not decided about is withdrawn, and everyone else concerned is told.

    Returns what to look for in files once that is committed; nothing if it was erased already.
    """
    proposal = locked_proposal(session, proposal_id)
    if proposal.email_key.startswith(GONE_KEY):
        return []
    was = ProposalStatus(proposal.status)
    if was in OPEN:
        move(session, proposal, ProposalStatus.WITHDRAWN, "proposal_withdrawn", actor, now)
    values = [proposal.contact_email, proposal.email_key, proposal.contact_name]
    values += [one.content_hash for one in proposal.attachments] + [one.email for one in proposal.asked_co_hosts]
    drop_links(session, proposal.email_key, now)
    forget_proposers(session, [proposal_id], now)
    # What was written about it before has gone with the proposer; this names nobody.
    if was in OPEN and was is not ProposalStatus.DRAFT:
        tell_of_withdrawal(session, proposal, was, now)
    note_erased(session, "proposal", proposal.reference, now)
    said = {"because": because} if because else {}
    scope = scope_of(proposal.call.year)
    record(session, actor, now, "person_erased", scope=scope, about=proposal.reference, **said)
    return [value for value in values if value]


def forget_proposers(session: Session, ids: Sequence[int], now: datetime) -> int:
    """Remove everything that names their proposers from proposals, with the files; returns how many there were.

    The addresses of co-hosts go with them. The references stay: published ballots rank them.
    """
    done = 0
    for proposal_id in ids:
        proposal = locked_proposal(session, proposal_id)
        if proposal.email_key.startswith(GONE_KEY):
            continue
        outbox.withdraw(session, proposal.reference, now)
        _forget(session, proposal, now)
        done += 1
    end_rows(session, Whose.PROPOSER, ids)
    session.flush()
    session.expire_all()
    return done


def _forget(session: Session, proposal: Proposal, now: datetime) -> None:
    named = [name for name in (proposal.contact_email, proposal.contact_name) if name]
    old_key = proposal.email_key
    for column in WRITTEN:
        setattr(proposal, column, _unnamed(getattr(proposal, column), named))
    proposal.co_hosts = without_addresses(proposal.co_hosts)
    answers = select(Question).where(Question.proposal_id == proposal.id, Question.account_id.is_(None))
    for message in session.scalars(answers):
        message.text = _unnamed(message.text, named)
    proposal.contact_name, proposal.contact_email, proposal.email_key = GONE, "", f"{GONE_KEY}{proposal.reference}"
    proposal.form_key, proposal.link_version = new_secret(), proposal.link_version + 1
    about = Message.about == proposal.reference
    gone: dict[str, Any] = {**TEXTLESS, "subject": GONE, "text_removed_at": now}
    session.execute(update(Message).where(about).values(gone))
    nobody = {"recipient": GONE, "recipient_name": GONE, "recipient_key": "", "mailbox_key": "", "reply_to": None}
    # Co-hosts were written to as well, and earlier addresses of the proposer; those with an account keep their emails.
    outside = or_(Message.recipient_key == old_key, Message.recipient_key.not_in(select(Account.email_key)))
    session.execute(update(Message).where(about, outside).values(nobody))
    for entry in history_of(session, proposal.reference):
        entry.details = {**_unnamed_details(entry, named), NAMELESS: True}
    session.flush()


def _unnamed(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = text.replace(name, GONE)
    return text


def _unnamed_details(entry: AuditEntry, names: Sequence[str]) -> Any:
    kept = {name for row in rows_of(Whose.PROPOSER) if row.period for name in row.names}
    details = without(entry.details, {*NAMING, *kept})
    for name in names:
        details = exchanged(details, name, GONE)
    return details
