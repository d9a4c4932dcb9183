"""Accounts: adding one, giving it a role, sending it a link, signing it in."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, literal, select, update
from sqlalchemy.orm import Session, lazyload

from dofc_events.accounts import mails, sessions
from dofc_events.accounts.factors.queries import awaited_of
from dofc_events.accounts.models import Account, Role, SignInLink
from dofc_events.accounts.queries import account_by_email, account_by_id
from dofc_events.accounts.rules import SIGN_IN_LINK_LASTS, Grant, RoleName, audit_name
from dofc_events.conference.queries import edition_by_id
from dofc_events.core.audit import VISITOR, Actor, record
from dofc_events.core.changes import write
from dofc_events.core.errors import Refusal
from dofc_events.core.references import hash_secret, new_secret
from dofc_events.mail.outbox import enqueue_if, is_flooded
from dofc_events.mail.rules import address_key


class NoSuchRole(Refusal):
    """Nobody has such a role, or it has since ended."""


class LastChair(Refusal):
    """Without this role the network would have no chair."""


class SignInLinkNotValid(Refusal):
    """The sign-in link is wrong, used or expired; nobody is told which."""


def add_account(
    session: Session,
    email: str,
    name: str,
    grant: Grant,
    actor: Actor,
    now: datetime,
    *,
    ends_at: datetime | None = None,
) -> Account:
    """Give the account of an address a role until `ends_at`, and make the account first if there is none.

    Doing it twice changes nothing; a role that has ended begins again. An existing account keeps its name and the
    spelling of its address.
    """
    account = account_by_email(session, email)
    if account is None:
        account = Account(email=email, email_key=address_key(email), name=name, created_at=now, roles=[])
        session.add(account)
        session.flush()
        record(session, actor, now, "account_added", about=audit_name(account.id), email=email)
    if grant not in account.grants(now):
        role = next((role for role in account.roles if role.grant == grant), None)
        if role is None:
            role = Role(role=grant.role, edition_id=grant.edition_id, organisation_id=grant.organisation_id)
            account.roles.append(role)
        role.ends_at = ends_at
        edition = edition_by_id(session, grant.edition_id) if grant.edition_id else None
        said = {"email": account.email, "ends_at": ends_at.isoformat() if ends_at else None, **asdict(grant)}
        scope = str(edition.year) if edition else ""
        record(session, actor, now, "role_added", scope=scope, about=audit_name(account.id), **said)
        session.flush()
    return account


def issue_sign_in_link(session: Session, account_id: int, now: datetime, actor: Actor = VISITOR) -> str:
    """A new secret with which this account can sign in once, within SIGN_IN_LINK_LASTS. Earlier links stay valid."""
    secret = new_secret()
    _store(session, Account.id == account_id, secret, now)
    record(session, actor, now, "sign_in_link_issued", about=audit_name(account_id))
    session.flush()
    return secret


def ask_for_link(session: Session, email: str, now: datetime) -> None:
    """Email a sign-in link to an address that has an account, unless it was written to too often recently.

    Neither the answer nor the time that it takes says whether there is such an account: the same is read, rendered and
    written for every address.
    """
    key, secret = address_key(email), new_secret()
    account = session.scalar(select(Account).where(Account.email_key == key).options(lazyload(Account.roles)))
    # To the address on record: the one typed may be another that merely counts as the same.
    recipient, name = (account.email, account.name) if account else (email, "")
    envelope = mails.sign_in_link(recipient, name, secret, now + SIGN_IN_LINK_LASTS)
    # Without an unknown address: it belongs to somebody who has nothing to do with us.
    about, why_not = (audit_name(account.id), "") if account else ("", "no account")
    if is_flooded(session, email, now, kind=envelope.kind):
        why_not = why_not or "too many messages"
    _store(session, and_(Account.email_key == key, literal(not why_not)), secret, now)
    act, said = ("sign_in_link_refused", {"reason": why_not}) if why_not else ("sign_in_link_issued", {})
    record(session, VISITOR, now, act, about=about, **said)
    enqueue_if(not why_not, session, envelope, now)


def use_link(session: Session, secret: str, now: datetime) -> int:
    """The id of the account that a link signs in, unless more is awaited of it; from then on the link is used.

    Raises SignInLinkNotValid.
    """
    account_id = session.scalar(
        update(SignInLink)
        .where(SignInLink.secret_hash == hash_secret(secret))
        .where(SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .returning(SignInLink.account_id)
        .execution_options(synchronize_session=False)
    )
    account = account_by_id(session, account_id) if account_id is not None else None
    if account is None:
        raise SignInLinkNotValid
    act = "sign_in_link_used" if awaited_of(session, account.id, now) else "signed_in"
    record(session, Actor("account", account.email), now, act, about=audit_name(account.id))
    return account.id


def end_chair(session: Session, account_id: int, actor: Actor, now: datetime, *, even_the_last: bool = False) -> None:
    """End an account's role as chair at `now`. Raises NoSuchRole and, unless `even_the_last` may go, LastChair."""
    # Of two chairs who end each other's roles at the same moment, one comes first.
    query = select(Role).where(Role.role == RoleName.CHAIR).order_by(Role.id).with_for_update(of=Role)
    standing = [role for role in session.scalars(query) if not role.has_ended(now)]
    mine = next((role for role in standing if role.account_id == account_id), None)
    if mine is None:
        raise NoSuchRole
    if standing == [mine] and not even_the_last:
        raise LastChair
    changes, said = write(mine, {"ends_at": now}), {"email": mine.account.email, "role": mine.role}
    record(session, actor, now, "role_ended", about=audit_name(account_id), changes=changes, **said)
    session.flush()


def lock_out(session: Session, account_id: int, actor: Actor, now: datetime) -> None:
    """Sign an account out everywhere, and end the sign-in links that it was sent."""
    sessions.end(session, account_id, actor, now)
    session.execute(delete(SignInLink).where(SignInLink.account_id == account_id))


def _store(session: Session, whose: ColumnElement[bool], secret: str, now: datetime) -> None:
    """The link of the account for which `whose` holds; the same statements where there is none."""
    expires_at = literal(now + SIGN_IN_LINK_LASTS, SignInLink.expires_at.type)
    made = select(literal(hash_secret(secret)), Account.id, expires_at).where(whose)
    # Expired links are of no use to anyone.
    expired = SignInLink.account_id.in_(select(Account.id).where(whose)), SignInLink.expires_at <= now
    statements = (
        delete(SignInLink).where(*expired),
        insert(SignInLink).from_select(["secret_hash", "account_id", "expires_at"], made),
    )
    for statement in statements:
        session.execute(statement.execution_options(synchronize_session=False))
