"""Second factors: added, given, removed, and who needs one."""

import base64
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.accounts import sessions
from dofc_events.accounts.factors import mails
from dofc_events.accounts.factors.models import Factor, FactorPolicy, RecoveryCode
from dofc_events.accounts.factors.passkeys.queries import NewPasskey
from dofc_events.accounts.factors.queries import CODE_REFUSED, factor_of, factors_of, has_factor, next_try_of, policy
from dofc_events.accounts.factors.rules import (
    MAX_FACTORS,
    FactorKind,
    Given,
    Policy,
    is_app_code,
    masked,
    new_recovery_codes,
    plain_code,
    step_of,
)
from dofc_events.accounts.models import Account, BrowserSession
from dofc_events.accounts.queries import name_of
from dofc_events.accounts.rules import Awaited, audit_name
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, refuse_changed
from dofc_events.core.errors import Refusal
from dofc_events.core.references import hash_secret, new_secret
from dofc_events.extensions import settings
from dofc_events.mail.outbox import enqueue


class CodeWrong(Refusal):
    """This is not the code that the app shows at this moment."""


class NoSuchFactor(Refusal):
    """The account has no such factor, or no longer."""


class LastFactor(Refusal):
    """The account's role needs a second factor, and this is the only one."""


class TooManyFactors(Refusal):
    """The account has as many as anybody needs."""


class PasskeyKnown(Refusal):
    """This passkey has been added already."""


class SessionEnded(Refusal):
    """The session has ended, or something was given in it meanwhile that it was asked for once."""


@dataclass(frozen=True)
class Added:
    """The new secret of the session in which a factor was added, and the recovery codes that the first one brings."""

    secret: str
    codes: list[str]


def add_app(session: Session, session_id: int, name: str, secret: str, code: str, now: datetime) -> Added:
    """Let an app that has this secret, and shows this code, be a factor.

    Raises CodeWrong, TooManyFactors, SessionEnded.
    """
    row, account = _begun(session, session_id)
    step = step_of(secret, plain_code(code), now, 0)
    if step is None:
        raise CodeWrong
    nonce = new_secret()
    stored = masked(settings().secret_key, nonce, base64.b32decode(secret))
    factor = Factor(kind=FactorKind.APP, name=name, nonce=nonce, secret=stored, last_step=step)
    return _add(session, row, account, factor, now)


def add_passkey(session: Session, session_id: int, name: str, passkey: NewPasskey, now: datetime) -> Added:
    """Let a passkey be a factor. Raises PasskeyKnown, TooManyFactors, SessionEnded."""
    row, account = _begun(session, session_id)
    if session.scalar(select(Factor.id).where(Factor.credential == passkey.credential)) is not None:
        raise PasskeyKnown
    factor = Factor(
        kind=FactorKind.PASSKEY,
        name=name,
        credential=passkey.credential,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
    )
    return _add(session, row, account, factor, now)


def give_code(session: Session, session_id: int, code: str, now: datetime) -> tuple[Given, str]:
    """Whether a code of an app or a recovery code is right and, if so, the session's new secret.

    It works once. Wrong ones are recorded, so this raises nothing but SessionEnded.
    """
    row, account = _begun(session, session_id)
    plain = plain_code(code)
    kind, right = ("app", False) if is_app_code(plain) else ("recovery", _use_recovery(session, account.id, plain))
    if kind == "app":
        if next_try_of(session, account.id, now):
            return Given.NOT_LOOKED_AT, ""
        right = any(_use_app(factor, plain, now) for factor in factors_of(session, account.id, FactorKind.APP))
    if not right:
        _refused(session, account, CODE_REFUSED if kind == "app" else "factor_refused", kind, now)
        if kind == "app" and next_try_of(session, account.id, now):
            enqueue(session, mails.factors_changed(account, mails.Event.TRIES_USED_UP, "", now), now)
        return Given.WRONG, ""
    if kind == "recovery":
        enqueue(session, mails.factors_changed(account, mails.Event.RECOVERY_USED, "", now), now)
    return Given.RIGHT, _given(session, row, account, kind, now)


def give_passkey(
    session: Session, session_id: int, challenge: str, factor_id: int, counts: tuple[int, int], now: datetime
) -> str:
    """Note that a passkey has signed the challenge of a session, and how often it had and has now; the new secret.

    A challenge is answered once, and a count is only counted on from: else SessionEnded.
    """
    row, account = _begun(session, session_id)
    factor = factor_of(session, account.id, factor_id)
    if factor is None or row.challenge != challenge or factor.sign_count != counts[0]:
        raise SessionEnded
    factor.sign_count, factor.used_at = counts[1], now
    return _given(session, row, account, factor.kind, now)


def passkey_refused(session: Session, account_id: int, reason: str, now: datetime) -> None:
    """Record that what a browser answered was not taken, and why."""
    _refused(session, session.get_one(Account, account_id), "factor_refused", FactorKind.PASSKEY, now, reason=reason)


def remove(session: Session, account_id: int, factor_id: int, actor: Actor, now: datetime) -> None:
    """Take a factor away, with the recovery codes if it was the last. Raises NoSuchFactor, LastFactor."""
    account = _locked(session, account_id)
    factors = factors_of(session, account_id)
    factor = next((one for one in factors if one.id == factor_id), None)
    if factor is None:
        raise NoSuchFactor
    if len(factors) == 1:
        if policy(session).concerns(account.grants(now)):
            raise LastFactor
        session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
        waiting = BrowserSession.account_id == account_id, BrowserSession.awaits == Awaited.FACTOR
        session.execute(delete(BrowserSession).where(*waiting))
    session.delete(factor)
    record(session, actor, now, "factor_removed", about=audit_name(account_id), kind=factor.kind, name=factor.name)
    enqueue(session, mails.factors_changed(account, mails.Event.REMOVED, factor.name, now), now)
    session.flush()


def renew_codes(session: Session, account_id: int, actor: Actor, now: datetime) -> list[str]:
    """New recovery codes in place of those that are left. Raises NoSuchFactor if there is no factor to recover from."""
    account = _locked(session, account_id)
    if not has_factor(session, account_id):
        raise NoSuchFactor
    enqueue(session, mails.factors_changed(account, mails.Event.CODES_RENEWED, "", now), now)
    return _make_codes(session, account_id, actor, now)


def reset(session: Session, account_id: int, actor: Actor, now: datetime) -> int:
    """Take all factors of an account away, sign it out everywhere, and tell it; returns how many there were."""
    account = _locked(session, account_id)
    factors = factors_of(session, account_id)
    session.execute(delete(Factor).where(Factor.account_id == account_id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    sessions.end(session, account_id, actor, now)
    if factors:
        record(session, actor, now, "factor_reset", about=audit_name(account_id), count=len(factors))
        by = name_of(session, actor)
        enqueue(session, mails.factors_changed(account, mails.Event.RESET, "", now, by=by), now)
    return len(factors)


def change_policy(session: Session, wanted: Policy, actor: Actor, now: datetime, *, seen: Policy | None = None) -> bool:
    """Say which roles need a second factor, and from which day on; returns whether that is new."""
    row = session.get(FactorPolicy, 1, with_for_update=True)
    before = row.policy if row else Policy()
    refuse_changed(seen, before)
    if before == wanted:
        return False
    if row is None:
        row = FactorPolicy(id=1)
        session.add(row)
    row.chair, row.organiser, row.starts_on = wanted.chair, wanted.organiser, wanted.starts_on
    record(session, actor, now, "factor_policy_changed", changes=difference(vars(before), vars(wanted)))
    session.flush()
    return True


def _locked(session: Session, account_id: int) -> Account:
    """The account, which does one of these things after the other."""
    query = select(Account).where(Account.id == account_id).with_for_update(of=Account)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _begun(session: Session, session_id: int) -> tuple[BrowserSession, Account]:
    row = session.get(BrowserSession, session_id)
    if row is None:
        raise SessionEnded
    account = _locked(session, row.account_id)
    session.refresh(row)
    return row, account


def _add(session: Session, row: BrowserSession, account: Account, factor: Factor, now: datetime) -> Added:
    existing, actor = len(factors_of(session, account.id)), Actor("account", account.email)
    if existing >= MAX_FACTORS:
        raise TooManyFactors
    factor.account_id, factor.added_at = account.id, now
    session.add(factor)
    record(session, actor, now, "factor_added", about=audit_name(account.id), kind=factor.kind, name=factor.name)
    enqueue(session, mails.factors_changed(account, mails.Event.ADDED, factor.name, now), now)
    session.flush()
    # Who was signed in by email alone signs in anew.
    sessions.end(session, account.id, actor, now, but=row.id)
    codes = [] if existing else _make_codes(session, account.id, actor, now)
    return Added(_given(session, row, account, factor.kind, now), codes)


def _make_codes(session: Session, account_id: int, actor: Actor, now: datetime) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = new_recovery_codes()
    session.add_all(RecoveryCode(code_hash=hash_secret(plain_code(code)), account_id=account_id) for code in codes)
    record(session, actor, now, "recovery_codes_made", about=audit_name(account_id), count=len(codes))
    session.flush()
    return codes


def _use_app(factor: Factor, code: str, now: datetime) -> bool:
    """Whether this is the app's code; then neither it nor any before it works again."""
    for key in reversed(settings().keys):
        secret = masked(key, factor.nonce, factor.secret or b"")
        step = step_of(base64.b32encode(secret).decode(), code, now, factor.last_step)
        if step is not None:
            factor.last_step, factor.used_at = step, now
            # With the newest key from now on: the others may go.
            factor.nonce = new_secret()
            factor.secret = masked(settings().secret_key, factor.nonce, secret)
            return True
    return False


def _use_recovery(session: Session, account_id: int, code: str) -> bool:
    mine = RecoveryCode.code_hash == hash_secret(code), RecoveryCode.account_id == account_id
    used = session.scalars(delete(RecoveryCode).where(*mine).returning(RecoveryCode.code_hash)).all()
    return bool(used)


def _given(session: Session, row: BrowserSession, account: Account, kind: str, now: datetime) -> str:
    actor, about = Actor("account", account.email), audit_name(account.id)
    record(session, actor, now, "signed_in" if row.awaits else "factor_given", about=about, kind=kind)
    return sessions.prove(session, row, now)


def _refused(session: Session, account: Account, act: str, kind: str, now: datetime, **why: str) -> None:
    record(session, Actor("account", account.email), now, act, about=audit_name(account.id), kind=kind, **why)
