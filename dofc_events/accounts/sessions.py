"""Where accounts are signed in: a session begins in a browser, and ends there or from elsewhere."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dofc_events.accounts import mails
from dofc_events.accounts.models import BrowserSession, SignInLink
from dofc_events.accounts.queries import account_by_id
from dofc_events.accounts.rules import SESSION_LASTS, Awaited, audit_name
from dofc_events.core.audit import Actor, record
from dofc_events.core.db import insert_row
from dofc_events.core.references import hash_secret, new_secret
from dofc_events.mail.outbox import enqueue


def begin(
    session: Session,
    account_id: int,
    browser: str,
    now: datetime,
    *,
    known: bool = True,
    instead_of: str = "",
    awaits: Awaited | None = None,
) -> str:
    """Sign an account in and return the secret for the browser's cookie, in place of the one that it had.

    Unless the account is `known` to have signed in there before, it is told by email. It is not signed in before it has
    done what the session `awaits`.
    """
    over = BrowserSession.account_id == account_id, BrowserSession.began_at <= now - SESSION_LASTS
    session.execute(delete(BrowserSession).where(*over))
    session.execute(delete(BrowserSession).where(BrowserSession.secret_hash == hash_secret(instead_of)))
    secret = new_secret()
    row = BrowserSession(secret_hash=hash_secret(secret), account_id=account_id, browser=browser, began_at=now)
    row.awaits = awaits
    insert_row(session, row)
    account = account_by_id(session, account_id)
    if account and not known:
        enqueue(session, mails.new_browser(account, browser, now, awaits=awaits), now)
    return secret


def sign_out(session: Session, account_id: int, secret: str, actor: Actor, now: datetime) -> None:
    """End the session of a browser that has this secret."""
    session.execute(delete(BrowserSession).where(BrowserSession.secret_hash == hash_secret(secret)))
    record(session, actor, now, "signed_out", about=audit_name(account_id))


def prove(session: Session, row: BrowserSession, now: datetime) -> str:
    """Note that a second factor was given in a session, and return its new secret for the browser's cookie."""
    secret = new_secret()
    row.awaits, row.factor_at = None, now
    row.secret_hash, row.challenge = hash_secret(secret), new_secret()
    session.flush()
    return secret


def forget_all(session: Session) -> None:
    """Sign everybody out, and let no link sign in that was mailed before: nobody knows which of them had ended."""
    session.execute(delete(BrowserSession))
    session.execute(delete(SignInLink))


def end(
    session: Session,
    account_id: int,
    actor: Actor,
    now: datetime,
    *,
    session_id: int | None = None,
    but: int | None = None,
) -> int:
    """End one session of an account, or all of them `but` one, wherever they are; returns how many there were."""
    mine = [BrowserSession.account_id == account_id]
    if session_id is not None:
        mine.append(BrowserSession.id == session_id)
    if but is not None:
        mine.append(BrowserSession.id != but)
    ended = session.scalars(delete(BrowserSession).where(*mine).returning(BrowserSession.id)).all()
    if ended:
        record(session, actor, now, "sessions_ended", about=audit_name(account_id), count=len(ended))
    return len(ended)
