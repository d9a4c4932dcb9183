"""Where accounts are signed in: a session begins in a browser, and ends there or from elsewhere."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dofc_events.accounts import mails
from dofc_events.accounts.models import BrowserSession
from dofc_events.accounts.queries import account_by_id
from dofc_events.accounts.rules import SESSION_LASTS, audit_name
from dofc_events.core.audit import Actor, record
from dofc_events.core.db import insert_row
from dofc_events.core.references import hash_secret, new_secret
from dofc_events.mail.outbox import enqueue


def begin(
    session: Session, account_id: int, browser: str, now: datetime, *, known: bool = True, instead_of: str = ""
) -> str:
    """Sign an account in and return the secret for the browser's cookie, in place of the one that it had.

    Unless the account is `known` to have signed in there before, it is told by email.
    """
    over = BrowserSession.account_id == account_id, BrowserSession.began_at <= now - SESSION_LASTS
    session.execute(delete(BrowserSession).where(*over))
    session.execute(delete(BrowserSession).where(BrowserSession.secret_hash == hash_secret(instead_of)))
    secret = new_secret()
    row = BrowserSession(secret_hash=hash_secret(secret), account_id=account_id, browser=browser, began_at=now)
    insert_row(session, row)
    account = account_by_id(session, account_id)
    if account and not known:
        enqueue(session, mails.new_browser(account, browser, now), now)
    return secret


def sign_out(session: Session, account_id: int, secret: str, actor: Actor, now: datetime) -> None:
    """End the session of a browser that has this secret."""
    session.execute(delete(BrowserSession).where(BrowserSession.secret_hash == hash_secret(secret)))
    record(session, actor, now, "signed_out", about=audit_name(account_id))


def end(session: Session, account_id: int, actor: Actor, now: datetime, *, session_id: int | None = None) -> int:
    """End one session of an account, or all of them, wherever they are; returns how many there were."""
    mine = [BrowserSession.account_id == account_id]
    if session_id is not None:
        mine.append(BrowserSession.id == session_id)
    ended = session.scalars(delete(BrowserSession).where(*mine).returning(BrowserSession.id)).all()
    if ended:
        record(session, actor, now, "sessions_ended", about=audit_name(account_id), count=len(ended))
    return len(ended)
