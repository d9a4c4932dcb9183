"""Takes the holder's name off an account: what the account did stays, as done by nobody that one could name."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, or_, select, update
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import audit_name
from dofc_events.accounts.service import lock_out
from dofc_events.conference.models import Edition, Member
from dofc_events.core.audit import Actor, AuditEntry, record
from dofc_events.core.errors import Refusal
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.imports.models import ImportFile
from dofc_events.letters.models import Letter
from dofc_events.mail.models import Message
from dofc_events.privacy.erasing.rules import NAMING, exchanged, without
from dofc_events.privacy.erasing.service import TEXTLESS, end_rows, note_erased
from dofc_events.privacy.kept.rules import Whose
from dofc_events.privacy.rules import GONE

NOBODY = Actor("account", GONE)


class StillHasRoles(Refusal):
    """Whoever can still do something is not erased: their roles end first, with all that this entails."""


def erase_account(session: Session, account_id: int, actor: Actor, now: datetime, *, because: str = "") -> list[str]:
    """Erase who an account belongs to; reviews, scores and what was done stay. Raises StillHasRoles.

    Returns what to look for in files once that is committed; nothing if it was erased already.
    """
    account = session.get_one(Account, account_id, with_for_update=True)
    if account.email_key.startswith(GONE_KEY):
        return []
    if account.grants(now):
        raise StillHasRoles
    lock_out(session, account_id, actor, now)
    values = [account.email, account.email_key, account.name]
    note_erased(session, "account", account_subject(account), now)
    forget_accounts(session, [account_id], now)
    said = {"because": because} if because else {}
    # Whoever erases themselves would sign with what has just gone.
    actor = NOBODY if actor.name in values else actor
    record(session, actor, now, "person_erased", about=audit_name(account_id), **said)
    return values


def account_subject(account: Account) -> str:
    """What an account goes by in the list of erased people: another one of the same address is not meant."""
    return f"{account.email_key} {account.created_at.isoformat()}"


def forget_accounts(session: Session, ids: Sequence[int], now: datetime) -> int:
    """Take off accounts all that names their holders; returns how many there were. Their roles have ended."""
    done = 0
    query = select(Account).where(Account.id.in_(ids)).order_by(Account.id).with_for_update()
    for account in session.scalars(query):
        if not account.email_key.startswith(GONE_KEY):
            _forget(session, account, now)
            done += 1
    end_rows(session, Whose.ACCOUNT, ids)
    session.expire_all()
    return done


def _forget(session: Session, account: Account, now: datetime) -> None:
    email, key = account.email, account.email_key
    account.name, account.email, account.email_key = GONE, "", f"{GONE_KEY}account-{account.id}"
    session.flush()
    acted = AuditEntry.actor == str(Actor("account", email))
    session.execute(update(AuditEntry).where(acted).values(actor=str(NOBODY)))
    said = cast(AuditEntry.details, Text)
    told: ColumnElement[bool] = or_(AuditEntry.about == audit_name(account.id), said.contains(email, autoescape=True))
    for entry in session.scalars(select(AuditEntry).where(told)):
        entry.details = exchanged(without(entry.details, NAMING), email, GONE)
    gone = {**TEXTLESS, "subject": GONE, "text_removed_at": now}
    gone |= {"recipient": GONE, "recipient_name": GONE, "recipient_key": "", "mailbox_key": "", "reply_to": None}
    # What a delegate of the same address was sent is about a reference, and theirs.
    session.execute(update(Message).where(Message.recipient_key == key, Message.about == "").values(gone))
    session.execute(update(Letter).where(Letter.written_by == email).values(written_by=GONE))
    session.execute(update(ImportFile).where(ImportFile.added_by.contains(email)).values(added_by=GONE))
    contact = {"contact_name": "", "contact_email": ""}
    session.execute(update(Member).where(Member.contact_email == email).values(contact))
    for edition in session.scalars(select(Edition).where(Edition.contact_email == email)):
        # While there is somebody to write to, organisers must say who.
        if edition.is_over(now):
            edition.contact_name = edition.contact_email = None
    session.flush()
