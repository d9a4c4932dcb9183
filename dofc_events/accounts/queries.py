"""Reads about accounts and their sign-in links."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, SignInLink
from dofc_events.accounts.rules import audit_name
from dofc_events.core.audit import AuditEntry
from dofc_events.core.references import hash_secret
from dofc_events.mail.rules import address_key


def account_by_id(session: Session, account_id: int) -> Account | None:
    """One account, with its roles."""
    return session.get(Account, account_id)


def account_by_email(session: Session, email: str) -> Account | None:
    """The account of an address, however it is spelt, with its roles."""
    return session.scalar(select(Account).where(Account.email_key == address_key(email)))


def link_is_valid(session: Session, secret: str, now: datetime) -> bool:
    """Whether a sign-in link can be used at `now`. Looking does not use it."""
    link = session.get(SignInLink, hash_secret(secret))
    return link is not None and link.used_at is None and link.expires_at > now


def previous_sign_in(session: Session, account_id: int) -> datetime | None:
    """When an account signed in the last time but one: before the visit that it is on now."""
    signed_in = select(AuditEntry.at).where(AuditEntry.about == audit_name(account_id), AuditEntry.act == "signed_in")
    return session.scalar(signed_in.order_by(AuditEntry.id.desc()).offset(1).limit(1))
