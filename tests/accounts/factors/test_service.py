"""What is stored of factors, and what becomes of it when the site's key changes."""

import base64
from datetime import timedelta

import pytest
from pyotp import TOTP
from sqlalchemy import select

from dofc_events.accounts import sessions
from dofc_events.accounts.factors import service
from dofc_events.accounts.factors.models import Factor, RecoveryCode
from dofc_events.accounts.factors.passkeys.queries import NewPasskey
from dofc_events.accounts.factors.rules import Given, Policy, new_app_secret
from dofc_events.accounts.models import BrowserSession
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import unit_of_work
from dofc_events.core.errors import ChangedMeanwhile
from tests.support.factories import NOW, make_account

LATER = NOW + timedelta(minutes=5)
STEP = timedelta(seconds=30)


def begin(session, account) -> BrowserSession:
    sessions.begin(session, account.id, "", NOW)
    return session.scalars(select(BrowserSession).order_by(BrowserSession.id.desc()).limit(1)).one()


@pytest.fixture
def ada(session):
    return make_account(session)


def test_an_app_a_passkey_and_recovery_codes_are_given_once_each(session, ada):
    row, secret = begin(session, ada), new_app_secret()
    with pytest.raises(service.CodeWrong):
        service.add_app(session, row.id, "App", secret, "000000", NOW)
    added = service.add_app(session, row.id, "App", secret, TOTP(secret).at(NOW), NOW)
    stored = session.scalars(select(Factor)).one()
    assert base64.b32decode(secret) != stored.secret and secret.encode() not in stored.secret
    assert not {*added.codes} & {*session.scalars(select(RecoveryCode.code_hash))}
    # Not even the code with which it was added.
    assert service.give_code(session, row.id, TOTP(secret).at(NOW), NOW)[0] is Given.WRONG
    for given in (Given.RIGHT, Given.WRONG):
        assert service.give_code(session, row.id, TOTP(secret).at(LATER), LATER)[0] is given
        assert service.give_code(session, row.id, added.codes[0], LATER)[0] is given
    assert service.add_passkey(session, row.id, "Key", NewPasskey("id", b"key", 7), LATER).codes == []
    with pytest.raises(service.PasskeyKnown):
        service.add_passkey(session, row.id, "Key", NewPasskey("id", b"key", 7), LATER)
    asked, passkey = row.challenge, session.scalars(select(Factor.id).where(Factor.kind == "passkey")).one()
    service.give_passkey(session, row.id, asked, passkey, (7, 8), LATER)
    with pytest.raises(service.SessionEnded):
        service.give_passkey(session, row.id, asked, passkey, (8, 9), LATER)
    with pytest.raises(service.SessionEnded):
        service.give_passkey(session, row.id, row.challenge, passkey, (7, 9), LATER)


def test_nobody_has_more_factors_than_anybody_needs(session, ada):
    row = begin(session, ada)
    for number in range(10):
        service.add_passkey(session, row.id, "Key", NewPasskey(str(number), b"key", 0), NOW)
    with pytest.raises(service.TooManyFactors):
        service.add_passkey(session, row.id, "Key", NewPasskey("more", b"key", 0), NOW)


def test_nobody_gives_or_removes_what_is_somebody_elses(session, ada):
    other = make_account(session)
    row, theirs = begin(session, ada), begin(session, other)
    added = service.add_passkey(session, theirs.id, "Key", NewPasskey("id", b"key", 0), NOW)
    factor = session.scalars(select(Factor)).one()
    with pytest.raises(service.NoSuchFactor):
        service.remove(session, ada.id, factor.id, COMMAND, NOW)
    with pytest.raises(service.SessionEnded):
        service.give_passkey(session, row.id, row.challenge, factor.id, (0, 1), NOW)
    assert service.give_code(session, row.id, added.codes[0], NOW)[0] is Given.WRONG
    with pytest.raises(service.NoSuchFactor):
        service.renew_codes(session, ada.id, COMMAND, NOW)


@pytest.mark.databases("sqlite")
def test_an_app_outlives_the_key_that_masked_it_once_it_was_used(make_app, writing):
    key, new = "a secret that is good enough for tests", "the key that came after it was seen"
    secret, at = new_app_secret(), NOW

    def codes_work(**settings) -> bool:
        nonlocal at
        at += STEP
        app = make_app(**settings)
        with app.app_context(), unit_of_work() as session:
            row = begin(session, session.get_one(type(account), account.id))
            return service.give_code(session, row.id, TOTP(secret).at(at), at)[0] is Given.RIGHT

    with writing() as session:
        account = make_account(session)
        service.add_app(session, begin(session, account).id, "App", secret, TOTP(secret).at(at), at)
    assert not codes_work(secret_key=new)
    assert codes_work(secret_key=new, secret_key_fallbacks=(key,))
    assert codes_work(secret_key=new)


def test_a_policy_is_changed_from_what_was_seen(session):
    wanted = Policy(chair=True, starts_on=NOW.date())
    assert service.change_policy(session, wanted, COMMAND, NOW, seen=Policy())
    assert not service.change_policy(session, wanted, COMMAND, NOW)
    with pytest.raises(ChangedMeanwhile):
        service.change_policy(session, Policy(), COMMAND, NOW, seen=Policy())
