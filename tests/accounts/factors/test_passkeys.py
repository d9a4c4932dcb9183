"""Passkeys as the site sees them: made once, asked for, and whatever else a browser may answer."""

import base64
import json

import pytest
from sqlalchemy import select

from dofc_events.accounts.factors.models import Factor
from dofc_events.accounts.factors.passkeys import __main__ as child
from dofc_events.accounts.factors.passkeys.queries import PasskeyRefused, made_passkey
from dofc_events.accounts.factors.passkeys.rules import credential_in, request_options
from dofc_events.accounts.factors.rules import RelyingParty
from dofc_events.accounts.models import Account, BrowserSession
from dofc_events.core.audit import AuditEntry
from tests.accounts.conftest import NOW, is_signed_in
from tests.accounts.factors.conftest import CHECK, PAGE
from tests.support.authenticator import Passkey
from tests.support.factories import make_account

HERE = RelyingParty("localhost", "http://localhost")
CHALLENGE = "what is asked this time"


@pytest.fixture
def browser(visit, writing, ada):
    """Ada's, signed in at a site that has a name."""
    browser = visit(base_url=HERE.origin)
    browser.base_url = HERE.origin
    with writing() as session:
        account = session.get_one(Account, ada)
    return browser.sign_in(account)


def options(page) -> str:
    return str(page.one("[data-passkey]")["data-options"])


def answered(page, answer: str, **fields):
    return page.form("[data-passkey]").fill(**fields).forge(answer=answer).submit()


@pytest.mark.databases("sqlite")
def test_a_passkey_is_added_and_signs_in_once_for_each_challenge(browser, writing, reading, ada, clock):
    passkey = Passkey()
    page = browser.get(f"{PAGE}/passkey")
    page = answered(page, passkey.make(options(page)), name="Ada’s key")
    assert page.url == f"{PAGE}/codes"
    page = page.form().submit()
    assert "Ada’s key" in page.one("[data-factor=passkey]").get_text(" ")

    clock.shift(3600)
    page = browser.get(f"{PAGE}/app")
    assert page.url == CHECK
    once = passkey.sign(options(page))
    assert answered(page, once).url == f"{PAGE}/app"
    # The same answer again, an hour later: it is one to another challenge.
    clock.shift(3600)
    page = browser.get(f"{PAGE}/app")
    page = answered(page, once)
    assert page.status == 422 and "The passkey was not accepted" in page.text and is_signed_in(browser)
    with reading() as session:
        assert session.scalars(select(Factor)).one().sign_count == 1
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last.act == "factor_refused" and "challenge" in last.details["reason"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("answer", ["{}", "nothing", "[]", '{"id": 7}', "[" * 9000])
def test_what_is_no_answer_of_a_known_passkey_is_refused(browser, writing, ada, answer):
    with writing() as session:
        session.add(_factor(ada))
    page = answered(browser.get(CHECK), answer)
    assert page.status == 422 and "The passkey was not accepted" in page.text


@pytest.mark.databases("sqlite")
def test_somebody_elses_passkey_is_refused_though_it_signs_what_was_asked(browser, writing, reading, ada):
    theirs = Passkey(id=b"theirs")
    made = json.loads(child.read(_asked(theirs.make(_options(CHALLENGE)))))
    with writing() as session:
        other = make_account(session, "other@dofc.test")
        known = {"credential": made["credential"], "public_key": bytes.fromhex(made["public_key"])}
        session.add_all([_factor(ada), _factor(other.id, **known)])
    page = browser.get(CHECK)
    page = answered(page, theirs.sign(options(page)))
    assert page.status == 422 and "The passkey was not accepted" in page.text
    with reading() as session:
        assert session.scalars(select(BrowserSession.factor_at)).all() == [None]


def _factor(account_id: int, credential: str = "bWluZQ", public_key: bytes = b"-") -> Factor:
    known = {"credential": credential, "public_key": public_key}
    return Factor(account_id=account_id, kind="passkey", name="Key", added_at=NOW, **known)


def asked_of(passkey: Passkey, *, known: Passkey | None = None, challenge: str = CHALLENGE, before: int = 0) -> dict:
    """What the child says of an answer of this passkey to CHALLENGE."""
    made = child.read(_asked(known.make(_options(CHALLENGE)))) if known else b""
    more = {"public_key": json.loads(made)["public_key"], "sign_count": before} if known else {}
    answer = passkey.sign(_options(challenge)) if known else passkey.make(_options(challenge))
    said: dict = json.loads(child.read(_asked(answer, **more)))
    return said


def _options(challenge: str) -> str:
    return request_options(HERE, challenge, [])


def _asked(answer: str, **known) -> bytes:
    challenge = base64.urlsafe_b64encode(CHALLENGE.encode()).decode()
    asked = {"answer": answer, "challenge": challenge, "rp_id": HERE.id, "origin": HERE.origin}
    return json.dumps({**asked, **known}).encode()


BAD = {
    "another site's": {"rp_id": "evil.example"},
    "asked for elsewhere": {"origin": "https://evil.example"},
    "asked for on another port": {"origin": "http://localhost:8000"},
    "of nobody known": {"verified": False},
}


@pytest.mark.parametrize("fault", BAD.values(), ids=BAD.keys())
def test_an_answer_with_a_fault_is_refused_when_it_is_made_and_when_it_is_used(fault):
    assert "refused" in asked_of(Passkey(**fault))
    good = Passkey()
    assert "refused" in asked_of(Passkey(key=good.key, **fault), known=good)
    assert "refused" not in asked_of(good, known=good)


def test_an_answer_to_another_challenge_or_by_another_key_is_refused():
    good = Passkey()
    assert "refused" in asked_of(good, challenge="an older one")
    assert "refused" in asked_of(good, known=good, challenge="an older one")
    assert "refused" in asked_of(Passkey(), known=good)


@pytest.mark.parametrize(("before", "count", "is_copy"), [(0, -1, False), (4, 4, False), (4, 3, True), (4, 0, True)])
def test_a_passkey_that_has_not_counted_on_is_a_copy(before, count, is_copy):
    passkey = Passkey()
    known = Passkey(key=passkey.key)
    passkey.count = count
    assert ("refused" in asked_of(passkey, known=known, before=before)) is is_copy


@pytest.mark.databases("sqlite")
def test_what_the_browser_sent_is_refused_in_words_whatever_it_is(app):
    with app.app_context(), pytest.raises(PasskeyRefused, match="too long"):
        made_passkey(HERE, CHALLENGE, "x" * 20_001)
    for answer in ("", "[]", '"x"', "{" * 900, json.dumps({"id": "AA", "rawId": "AA", "response": {}})):
        assert "refused" in json.loads(child.read(_asked(answer)))


@pytest.mark.parametrize("answer", ["", "{", "[]", "7", '{"id": ["a"]}', "[" * 19_000, "x" * 20_001])
def test_what_names_no_passkey_names_none(answer):
    assert credential_in(answer) == ""
