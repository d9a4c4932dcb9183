"""Reads about accounts, their sign-in links and where they are signed in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from dofc_events.accounts.models import Account, BrowserSession, Role, SignInLink
from dofc_events.accounts.rules import SESSION_LASTS, RoleName, audit_name
from dofc_events.core.audit import Actor, AuditEntry
from dofc_events.core.order import sort_key
from dofc_events.core.references import hash_secret
from dofc_events.mail.rules import address_key

# What is true of sessions that have not ended, with the values of `standing_at`. A role that ended since one began has
# ended it.
_ENDED_BY = Role.account_id == BrowserSession.account_id, Role.ends_at > BrowserSession.began_at
STANDING = BrowserSession.began_at > bindparam("oldest"), ~exists().where(*_ENDED_BY, Role.ends_at <= bindparam("now"))
# Each page of organisers asks for the session: the statements are built once.
_OF_SECRET = BrowserSession.secret_hash == bindparam("secret_hash"), *STANDING
_SESSION = select(BrowserSession).where(*_OF_SECRET).options(joinedload(BrowserSession.account))
_SIGNED_IN_AS = select(Account).join(BrowserSession, BrowserSession.account_id == Account.id)
_SIGNED_IN_AS = _SIGNED_IN_AS.where(*_OF_SECRET, BrowserSession.awaits.is_(None)).options(joinedload(Account.roles))


def account_by_id(session: Session, account_id: int) -> Account | None:
    """One account, with its roles."""
    return session.get(Account, account_id)


def account_by_email(session: Session, email: str) -> Account | None:
    """The account of an address, however it is spelled, with its roles."""
    return session.scalar(select(Account).where(Account.email_key == address_key(email)))


def name_of(session: Session, actor: Actor) -> str:
    """What people call an actor: the account's name, or the address of one that is not there."""
    account = account_by_email(session, actor.name)
    return account.name if account else actor.name


def roles_at(session: Session, edition_id: int) -> Sequence[Role]:
    """Every role at an edition, ended ones too, with its account: organisers before the desk, by name."""
    query = select(Role).join(Role.account).options(contains_eager(Role.account)).where(Role.edition_id == edition_id)
    roles = session.scalars(query.order_by(Role.role.desc(), Role.id)).all()
    return sorted(roles, key=lambda role: (role.role == RoleName.DESK, sort_key(role.account.name)))


def role_at(session: Session, edition_id: int, role_id: int) -> Role | None:
    """One of these roles, with its account."""
    query = select(Role).where(Role.id == role_id, Role.edition_id == edition_id)
    return session.scalar(query.options(joinedload(Role.account)))


def chairs(session: Session) -> Sequence[Account]:
    """The accounts that have ever been made chair of the network, by name."""
    query = select(Account).join(Account.roles).where(Role.role == RoleName.CHAIR)
    return sorted(session.scalars(query.order_by(Account.id)), key=lambda account: sort_key(account.name))


def account_of_link(session: Session, secret: str, now: datetime) -> Account | None:
    """The account that a sign-in link would sign in at `now`; None if it can no longer be used. Looking is no use."""
    link = select(SignInLink.account_id).where(SignInLink.secret_hash == hash_secret(secret))
    valid = link.where(SignInLink.used_at.is_(None), SignInLink.expires_at > now)
    return session.scalar(select(Account).where(Account.id == valid.scalar_subquery()))


def account_of_session(session: Session, secret: str, now: datetime) -> Account | None:
    """The account that a browser with this secret is signed in as at `now`, with its roles."""
    found = session.scalars(_SIGNED_IN_AS, {"secret_hash": hash_secret(secret), **standing_at(now)})
    return found.unique().one_or_none()


def session_of(session: Session, secret: str, now: datetime) -> BrowserSession | None:
    """The session of a browser with this secret, with its account, also if it still awaits something."""
    return session.scalar(_SESSION, {"secret_hash": hash_secret(secret), **standing_at(now)})


def sessions_of(session: Session, account_id: int, now: datetime) -> Sequence[BrowserSession]:
    """Where an account is signed in at `now`, the newest first."""
    mine = select(BrowserSession).where(BrowserSession.account_id == account_id, *STANDING)
    return session.scalars(mine.order_by(BrowserSession.id.desc()), standing_at(now)).all()


def standing_at(now: datetime) -> dict[str, datetime]:
    """The values that STANDING asks for."""
    return {"now": now, "oldest": now - SESSION_LASTS}


def previous_sign_in(session: Session, account_id: int) -> datetime | None:
    """When an account signed in the last time but one: before the visit that it is on now."""
    signed_in = select(AuditEntry.at).where(AuditEntry.about == audit_name(account_id), AuditEntry.act == "signed_in")
    return session.scalar(signed_in.order_by(AuditEntry.id.desc()).offset(1).limit(1))
