"""Reads of all accounts and of the network's trail; the same number of queries for few and for many."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dofc_events.accounts.models import Account, BrowserSession, Role
from dofc_events.accounts.queries import STANDING, standing_at
from dofc_events.accounts.rules import audit_name
from dofc_events.conference.models import Edition, Organisation
from dofc_events.core.audit import AuditEntry

# How the trail's names of accounts begin.
ACCOUNTS = audit_name(0).removesuffix("0")


def accounts(session: Session, words: str, *, before_id: int | None, limit: int) -> Sequence[Account]:
    """The accounts whose name or address has these words, newest first, with their roles."""
    query = select(Account).order_by(Account.id.desc()).limit(limit)
    for word in words.split():
        query = query.where(or_(_has(Account.name, word), _has(Account.email, word)))
    if before_id is not None:
        query = query.where(Account.id < before_id)
    return session.scalars(query).all()


def last_sign_ins(session: Session, accounts: Collection[Account]) -> dict[int, datetime]:
    """When these accounts last signed in, by id, of those that have."""
    ids = {audit_name(account.id): account.id for account in accounts}
    query = select(AuditEntry.about, func.max(AuditEntry.at)).group_by(AuditEntry.about)
    found = session.execute(query.where(AuditEntry.about.in_(ids), AuditEntry.act == "signed_in"))
    return {ids[name]: at for name, at in found}


def open_sessions(session: Session, accounts: Collection[Account], now: datetime) -> dict[int, int]:
    """In how many browsers each of these accounts is signed in, by id, of those that are; none that awaits a factor."""
    query = select(BrowserSession.account_id, func.count()).group_by(BrowserSession.account_id)
    mine = BrowserSession.account_id.in_([account.id for account in accounts]), BrowserSession.awaits.is_(None)
    return {row[0]: row[1] for row in session.execute(query.where(*mine, *STANDING), standing_at(now))}


def where_roles_are(session: Session, roles: Collection[Role]) -> dict[int, str]:
    """What each role is for, by the role's id: the name of an edition or of a member; nothing for the chair."""
    editions = {e.id: e.name for e in session.scalars(select(Edition).where(_in(Edition.id, roles, "edition_id")))}
    members = select(Organisation).where(_in(Organisation.id, roles, "organisation_id"))
    names = {organisation.id: organisation.name for organisation in session.scalars(members)}
    return {role.id: editions[role.edition_id] for role in roles if role.edition_id} | {
        role.id: names[role.organisation_id] for role in roles if role.organisation_id
    }


def network_trail(session: Session, *, before_id: int | None, limit: int) -> Sequence[AuditEntry]:
    """Everything recorded about accounts, and about what belongs to no edition and no call for hosts, newest first."""
    query = select(AuditEntry).where(or_(AuditEntry.scope == "", AuditEntry.about.startswith(ACCOUNTS)))
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()


def names_of(session: Session, audit_names: Collection[str]) -> dict[str, Account]:
    """The accounts that the trail calls by these names, by name."""
    ids = {int(name.rpartition("-")[2]) for name in audit_names if name.startswith(ACCOUNTS)}
    return {audit_name(a.id): a for a in session.scalars(select(Account).where(Account.id.in_(ids)))}


def _has(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    return func.lower(column).contains(word.lower(), autoescape=True)


def _in(column: InstrumentedAttribute[int], roles: Collection[Role], name: str) -> ColumnElement[bool]:
    return column.in_({getattr(role, name) for role in roles} - {None})
