"""From signing in to signing out, as a browser sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.rules import audit_name
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.core.audit import history_of
from dofc_events.mail.models import Message
from tests.accounts.conftest import NOW, is_signed_in, sign_in
from tests.support.factories import make_account

# Views run on SQLite, also where a test opens several browsers.
pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.usefixtures("clock")]

KEY, NEW_KEY = "a secret that is good enough for tests", "the key that came after it was seen"
PUBLIC = "/editions/"


def test_signing_in_keeps_nothing_of_the_session_before(client, link):
    form = client.get(link).form()
    with client._client.session_transaction() as browser:
        browser["planted"] = "since you opened the page"
        before = dict(browser)
    form.submit(follow=False)
    with client._client.session_transaction() as browser:
        assert "planted" not in browser
        assert browser.get("csrf_token") != before["csrf_token"]


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/organise/editions/2027/registrations?q=a", "/organise/editions/2027/registrations?q=a"),
        ("//evil.example/", "/organise/"),
        ("https://evil.example/", "/organise/"),
        ("/\\evil.example/", "/organise/"),
        ("", "/organise/"),
    ],
)
def test_signing_in_leads_to_the_wanted_page_of_this_site(client, link, wanted, leads_to):
    form = client.get(link).form()
    with client._client.session_transaction() as browser:
        browser["wanted"] = wanted
    assert form.submit(follow=False).headers["Location"] == leads_to


def test_a_session_ends_after_twelve_hours_whatever_happens(client, link, clock):
    sign_in(client, link)
    for hours in (1.9, 3.8, 5.7, 7.6, 9.5, 11.4, 11.99):
        clock.move_to(NOW + timedelta(hours=hours))
        assert is_signed_in(client)
    clock.move_to(NOW + timedelta(hours=12))
    assert not is_signed_in(client)


def test_a_session_lasts_no_longer_than_the_browser(client, link):
    cookies = sign_in(client, link).headers.getlist("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in c and "SameSite=Lax" in c for c in cookies)
    # What remains says only that somebody has signed in here, and signs nobody in.
    lasting = [c.partition("=")[0] for c in cookies if "Expires" in c or "Max-Age" in c]
    assert lasting == ["dofc-known"]


def test_sign_out_ends_the_session_on_record(client, link, reading, ada):
    sign_in(client, link)
    answer = client.get(PUBLIC).form("/sign-out").submit(follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert not is_signed_in(client)
    with client._client.session_transaction() as browser:
        assert "session" not in browser
    with reading() as session:
        last = history_of(session, audit_name(ada))[-1]
        assert (last.act, last.actor) == ("signed_out", "account:ada@example.org")


def test_a_session_ends_when_it_is_not_used_for_two_hours(client, link, clock):
    sign_in(client, link)
    clock.move_to(NOW + timedelta(hours=1, minutes=59))
    assert is_signed_in(client)
    clock.move_to(NOW + timedelta(hours=3, minutes=58))
    assert is_signed_in(client)
    clock.move_to(NOW + timedelta(hours=5, minutes=58))
    assert not is_signed_in(client)
    # Nor does looking bring it back.
    assert not is_signed_in(client)


def test_the_cookie_is_of_no_use_after_signing_out(client, link):
    sign_in(client, link)
    stolen = client._client.get_cookie("dofc").value
    client.get(PUBLIC).form("/sign-out").submit()
    thief = client.another()
    thief._client.set_cookie("dofc", stolen)
    assert not is_signed_in(thief)


def test_signing_in_again_ends_the_session_that_the_browser_had(client, link, ada, writing):
    sign_in(client, link)
    before = client._client.get_cookie("dofc").value
    with writing() as session:
        again = f"/sign-in/{issue_sign_in_link(session, ada, NOW)}"
    sign_in(client, again)
    other = client.another()
    other._client.set_cookie("dofc", before)
    assert is_signed_in(client) and not is_signed_in(other)


def test_a_sign_in_on_a_new_browser_is_told_by_email_and_one_on_a_known_browser_is_not(client, writing, reading, ada):
    def sign_in_again(browser, account=ada):
        with writing() as session:
            secret = issue_sign_in_link(session, account, NOW)
        sign_in(browser, f"/sign-in/{secret}")

    def told() -> int:
        with reading() as session:
            return len(session.scalars(select(Message).where(Message.kind == "new-browser")).all())

    sign_in_again(client)
    assert told() == 1
    client.get(PUBLIC).form("/sign-out").submit()
    sign_in_again(client)
    assert told() == 1
    sign_in_again(client.another())
    assert told() == 2
    # It is known to one account, and new to another, after which it is known to both.
    with writing() as session:
        other = make_account(session, "other@dofc.test").id
    for account, number in ((other, 3), (ada, 3), (other, 3)):
        client.get(PUBLIC).form("/sign-out").submit()
        sign_in_again(client, account)
        assert told() == number
    # A value that we did not sign tells nothing.
    forged = client.another()
    forged._client.set_cookie("dofc-known", f"{ada}.1.x")
    sign_in_again(forged)
    assert told() == 4


def test_cookies_belong_to_this_host_over_tls_alone(visit, link):
    cookies = sign_in(visit(base_url="https://dofc.test"), link).headers.getlist("Set-Cookie")
    assert {c.partition("=")[0] for c in cookies} == {"__Host-dofc", "__Host-dofc-known"}
    assert all("Secure" in c and "Path=/" in c and "Domain" not in c for c in cookies)


def test_sign_out_changes_nothing_when_its_page_is_opened(client, link):
    sign_in(client, link)
    page = client.get("/sign-out")
    assert "You are signed in as Ada Chair." in page.text
    assert is_signed_in(client)
    assert page.form().submit(follow=False).headers["Location"] == "/"
    assert not is_signed_in(client)


def test_sign_out_is_refused_when_the_csrf_token_is_not_ours(client, link):
    sign_in(client, link)
    page = client.post("/sign-out")
    assert page.status == 400
    assert is_signed_in(client)
    page.form().submit(follow=False)
    assert not is_signed_in(client)


def test_sign_out_is_done_when_the_session_has_ended_already(client):
    answer = client.post("/sign-out", follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


def test_sign_in_tells_who_is_signed_in(client, link):
    sign_in(client, link)
    page = client.get("/sign-in")
    assert "You are signed in as Ada Chair." in page.text
    assert page.link("Go to your pages") == "/organise/"


def test_sessions_outlive_the_key_that_signed_them(visit, link):
    before = visit()
    sign_in(before, link)
    for fallbacks, lasts in (((KEY,), True), ((), False)):
        after = visit(secret_key=NEW_KEY, secret_key_fallbacks=fallbacks)
        after._client.set_cookie("dofc", before.session_cookie)
        assert is_signed_in(after) is lasts


def test_a_form_that_was_open_is_accepted_after_the_key_has_changed(visit, ada):
    before = visit()
    page = before.get("/sign-in")
    after = visit(secret_key=NEW_KEY, secret_key_fallbacks=(KEY,))
    after._client.set_cookie("dofc", before.session_cookie)
    page.client = after
    assert page.form().fill(email="ada@example.org").submit().url == "/sign-in/sent"
