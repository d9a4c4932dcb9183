"""Reads about second factors."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.accounts.factors.models import Factor, FactorPolicy, RecoveryCode
from dofc_events.accounts.factors.rules import TRIES, FactorKind, Policy, next_try
from dofc_events.accounts.models import Account, BrowserSession
from dofc_events.accounts.rules import Awaited, audit_name
from dofc_events.core.audit import AuditEntry

# How the trail calls a wrong code of an app; such tries are counted.
CODE_REFUSED = "code_refused"


def factors_of(session: Session, account_id: int, kind: FactorKind | None = None) -> Sequence[Factor]:
    """The factors of an account, the oldest first."""
    query = select(Factor).where(Factor.account_id == account_id).order_by(Factor.id)
    return session.scalars(query.where(Factor.kind == kind) if kind else query).all()


def factor_of(session: Session, account_id: int, factor_id: int) -> Factor | None:
    """One of them."""
    return session.scalar(select(Factor).where(Factor.id == factor_id, Factor.account_id == account_id))


def passkey_of(session: Session, account_id: int, credential: str) -> Factor | None:
    """The account's passkey with this id."""
    return session.scalar(select(Factor).where(Factor.credential == credential, Factor.account_id == account_id))


def has_factor(session: Session, account_id: int) -> bool:
    """Whether an account has a second factor."""
    return session.scalar(select(Factor.id).where(Factor.account_id == account_id).limit(1)) is not None


def codes_left(session: Session, account_id: int) -> int:
    """How many recovery codes an account has not used yet."""
    mine = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.account_id == account_id)
    return session.scalar(mine) or 0


def policy(session: Session) -> Policy:
    """The roles that need a second factor: none, until the chair says so."""
    row = session.get(FactorPolicy, 1)
    return row.policy if row else Policy()


def awaited_of(session: Session, account_id: int, now: datetime) -> Awaited | None:
    """What an account has to do besides using its link, if anything: before it is signed in, or something afresh."""
    if has_factor(session, account_id):
        return Awaited.FACTOR
    grants = session.get_one(Account, account_id).grants(now)
    return Awaited.SET_UP if policy(session).requires(grants, now) else None


def is_asked_to_set_up(session: Session, account: Account, now: datetime) -> bool:
    """Whether an account has no factor, and needs one, now or from some day on."""
    return policy(session).concerns(account.grants(now)) and not has_factor(session, account.id)


def next_try_of(session: Session, account_id: int, now: datetime) -> datetime | None:
    """When an account's app may try again, if too many of its codes were wrong; None if it may now."""
    wrong = select(AuditEntry.at).where(AuditEntry.about == audit_name(account_id), AuditEntry.act == CODE_REFUSED)
    return next_try(session.scalars(wrong.where(AuditEntry.at > now - TRIES[-1][1])).all(), now)


def without_factor(session: Session, wanted: Policy, now: datetime) -> int:
    """How many accounts have no factor and would need one."""
    accounts = session.scalars(select(Account).where(Account.id.not_in(select(Factor.account_id)))).all()
    return sum(wanted.concerns(account.grants(now)) for account in accounts)


def factor_faults(session: Session) -> list[str]:
    """Accounts with recovery codes, or a session that waits for a factor, and no factor: one sentence each."""
    mine = select(Factor.account_id)
    codes = select(RecoveryCode.account_id).where(RecoveryCode.account_id.not_in(mine)).distinct()
    waiting = BrowserSession.awaits == Awaited.FACTOR, BrowserSession.account_id.not_in(mine)
    sessions = select(BrowserSession.account_id).where(*waiting).distinct()
    return [f"account {a}: it has recovery codes, but no second factor" for a in session.scalars(codes)] + [
        f"account {a}: a session waits for a second factor, and it has none" for a in session.scalars(sessions)
    ]
