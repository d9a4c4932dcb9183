"""Asking for a link that signs in, and opening it, as a browser sees it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import add_account, issue_sign_in_link
from dofc_events.core.audit import COMMAND
from dofc_events.mail.models import Message
from dofc_events.mail.rules import LINK_LIMITS
from tests.accounts.conftest import NOW, ask, is_signed_in, sign_in

# Views run on SQLite, also where a test opens several browsers.
pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.usefixtures("clock")]

COMMAND_LINE = "flask --app wsgi accounts sign-in-link"


def comparable(page) -> str:
    return re.sub(r"<input[^>]*csrf_token[^>]*>|\w+@example\.org", "", page.html)


def test_asking_mails_a_link_that_signs_in(visit, ada, reading):
    client = visit(mail_server="127.0.0.1")
    page = ask(client)
    assert (page.status, page.url) == (200, "/sign-in/sent")
    assert "ada@example.org" in page.text
    with reading() as session:
        text = session.scalars(select(Message)).one().text
    # Often opened in another browser than the one that asked.
    other = client.another()
    answer = sign_in(other, re.search(r"http://dofc\.test/sign-in/\S+", text).group())
    assert answer.headers["Location"] == "/organise/"
    assert is_signed_in(other)
    assert not is_signed_in(client)


@pytest.mark.parametrize("server", [None, "127.0.0.1"])
def test_asking_answers_the_same_whether_or_not_there_is_an_account(visit, ada, server):
    client = visit(mail_server=server)
    known, unknown = ask(client, "ada@example.org"), ask(client.another(), "eve@example.org")
    assert (known.status, known.url) == (unknown.status, unknown.url)
    assert comparable(known) == comparable(unknown)


def test_asking_answers_the_same_when_the_address_got_enough(visit, ada, reading):
    client = visit(mail_server="127.0.0.1")
    most = LINK_LIMITS[0][0]
    pages = [ask(client) for _ in range(most + 2)]
    assert {page.status for page in pages} == {200}
    assert len({comparable(page) for page in pages}) == 1
    with reading() as session:
        assert len(session.scalars(select(Message)).all()) == most
    # Nothing is promised that was not done.
    assert f"We send at most {most} links an hour" in pages[-1].text


def test_pages_name_the_command_when_there_is_no_mail_server(client, ada):
    for page in (client.get("/sign-in"), ask(client), client.get("/sign-in/wrong")):
        assert COMMAND_LINE in page.text
        assert "on its way" not in page.text


def test_pages_name_no_command_when_there_is_a_mail_server(visit, ada):
    client = visit(mail_server="127.0.0.1")
    for page in (client.get("/sign-in"), ask(client), client.get("/sign-in/wrong")):
        assert COMMAND_LINE not in page.text


def test_sent_can_be_opened_without_having_asked(visit):
    assert visit(mail_server="127.0.0.1").get("/sign-in/sent").status == 200


@pytest.mark.parametrize("email", ["", "   ", "ada", "ada@", "ada@example..org", "аda@example.org", "a@b.org\nc@d.org"])
def test_asking_is_refused_when_the_address_is_none(client, ada, reading, email):
    page = client.get("/sign-in").form().forge(email=email).submit()
    assert page.status == 422
    assert page.form().value("email") == email.strip()
    assert page.one("[data-error-summary] a")["href"] == "#email"
    with reading() as session:
        assert session.scalars(select(Message)).all() == []


@pytest.mark.parametrize("token", [None, "old"])
def test_asking_is_refused_when_the_csrf_token_is_not_ours(client, ada, reading, token):
    page = client.get("/sign-in").form().fill(email="ada@example.org").forge(csrf_token=token).submit()
    assert page.status == 400
    assert page.form().value("email") == "ada@example.org"
    with reading() as session:
        assert session.scalars(select(Message)).all() == []
    assert page.form().submit().url == "/sign-in/sent"


def test_opening_a_link_changes_nothing(client, link):
    # Mail scanners open links, several times, in browsers of their own.
    for method in ("GET", "HEAD", "GET"):
        other = client.another()
        assert other.open(method, link, checked=False).status == 200
        assert not is_signed_in(other)
    page = client.get(link)
    assert len(page.all("main button")) == 1
    assert not is_signed_in(client)
    sign_in(client, link)
    assert is_signed_in(client)


def test_a_link_that_does_not_work_is_answered_alike_whatever_the_reason(client, link, ada, writing, clock):
    with writing() as session:
        expired = f"/sign-in/{issue_sign_in_link(session, ada, NOW - timedelta(minutes=15))}"
    opened = client.another().get(link)
    sign_in(client.another(), link)
    pages = [client.another().get(address) for address in (link, expired, "/sign-in/wrong")]
    pages.append(opened.form().submit())
    assert {page.status for page in pages} == {404}
    assert len({comparable(page) for page in pages}) == 1
    assert ask_again(pages[0]).url == "/sign-in/sent"


def ask_again(page):
    return page.form().fill(email="ada@example.org").submit()


def test_a_link_that_is_used_twice_says_so_kindly_to_who_is_signed_in(client, link):
    twice = client.get(link).form()
    twice.submit(follow=False)
    page = twice.submit()
    assert page.status == 404
    assert "You are already signed in as Ada Chair." in page.text


def test_a_link_is_not_used_when_the_csrf_token_is_not_ours(client, link):
    page = client.get(link).form().forge(csrf_token=None).submit()
    assert page.status == 400
    assert not is_signed_in(client)
    page.form().submit(follow=False)
    assert is_signed_in(client)


def test_a_link_says_whose_it_is_before_it_signs_in(client, link):
    page = client.get(link)
    assert "This link is for Ada Chair, ada@example.org." in page.text
    assert page.one("main button").get_text(strip=True) == "Sign in as ada@example.org"


def test_a_link_of_somebody_else_says_that_it_signs_out(client, link, writing):
    sign_in(client, link)
    with writing() as session:
        eve = add_account(session, "eve@example.org", "Eve", Grant(RoleName.CHAIR), COMMAND, NOW)
        hers = f"/sign-in/{issue_sign_in_link(session, eve.id, NOW)}"
    assert "You are signed in as ada@example.org." in client.get(hers).text


@pytest.mark.parametrize("email", ["ada@example.org", "eve@example.org"])
def test_asking_is_limited_for_each_address(visit, ada, clock, email):
    client = visit(rate_limits=True)
    for spelling in (email, email.upper(), email, email, email):
        assert ask(client.another(), spelling).status == 200
    clock.shift(timedelta(minutes=20))
    page = ask(client.another(), email)
    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 40 * 60 + 1
    assert page.form().value("email") == email
    assert "Too many attempts" in page.text
    assert ask(client, f"other-{email}").status == 200
    clock.shift(timedelta(minutes=41))
    assert ask(client, email).status == 200


def test_strangers_do_not_keep_anybody_from_signing_in(visit, ada, reading):
    """Nor does what they do with other forms: the desk signs in on the morning of the opening."""
    client = visit(rate_limits=True, mail_server="127.0.0.1")
    stranger = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}}
    for _ in range(9):
        client.another().get("/sign-in").form().fill(email="ada+x@example.org").submit(**stranger)
        client.another().get("/sign-in").form().fill(email="ada@example.org").submit(**stranger)
    assert ask(client).status == 200
    with reading() as session:
        # Two of the stranger's five, the others being for the same mailbox by another name; and their own.
        assert len(session.scalars(select(Message).where(Message.recipient == "ada@example.org")).all()) == 3


def test_one_household_is_one_client_however_many_addresses_it_has(visit, ada):
    client = visit(rate_limits=True)
    pages = [
        client.get("/sign-in").form().fill(email="ada@example.org").submit(environ_overrides={"REMOTE_ADDR": address})
        for address in [*(f"2001:db8::{number}" for number in range(1, 7)), "2001:db8:0:1::1"]
    ]
    assert [page.status for page in pages] == [200] * 5 + [429, 200]


def test_asking_is_limited_to_twenty_a_day(visit, ada, clock):
    client = visit(rate_limits=True)
    for _ in range(4):
        for _ in range(5):
            assert ask(client).status == 200
        clock.shift(timedelta(minutes=61))
    page = ask(client)
    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 24 * 60 * 60


def test_forms_with_errors_do_not_count_against_an_address(visit, ada):
    client = visit(rate_limits=True)
    for _ in range(7):
        assert ask(client, "").status == 422
        assert client.post("/sign-in", {"email": "ada@example.org"}).status == 400
    assert ask(client).status == 200
