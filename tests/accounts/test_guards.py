"""Which pages who gets, proven on pages of every kind of guard."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from flask import Response
from sqlalchemy import select, update

from dofc_events.accounts.guards import LONGEST_WANTED_PATH, acting, chair_only, edition_staff, signed_in
from dofc_events.accounts.models import Role
from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import add_account, issue_sign_in_link
from dofc_events.conference.models import Edition, Organisation
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from tests.support.databases import count_queries
from tests.support.pages import Client

NOW = datetime(2027, 6, 3, 8, tzinfo=UTC)
PAGES = ("/any", "/chair", "/2027/list", "/2027/door")


def say(words: str) -> Response:
    return Response(words, mimetype="text/plain")


@signed_in
def any_page() -> Response:
    return say(f"any {acting()}")


@chair_only
def chair_page() -> Response:
    return say("chair")


@edition_staff(RoleName.ORGANISER)
def list_page(edition: Edition) -> Response:
    return say(f"list of {edition.year}")


@edition_staff(RoleName.ORGANISER, RoleName.DESK)
def door_page(edition: Edition, slug: str = "") -> Response:
    return say(f"door of {edition.year} {slug}".strip())


@pytest.fixture
def app(shared_app):
    """A site with four more pages; its sender makes it another one than that of other tests."""
    app = shared_app(mail_default_sender="guards@dofc.test")
    if "any_page" not in app.view_functions:
        app.add_url_rule("/any", view_func=any_page)
        app.add_url_rule("/chair", view_func=chair_page)
        app.add_url_rule("/<int:year>/list", view_func=list_page, methods=["GET", "POST"])
        app.add_url_rule("/<int:year>/door", view_func=door_page)
        app.add_url_rule("/<int:year>/door/<slug>", view_func=door_page)
    return app


@pytest.fixture
def client(app):
    return Client(app, base_url="http://dofc.test")


@pytest.fixture
def as_role(client, writing):
    """A browser that is signed in with one role: `as_role("organiser", 2027)`, `as_role("chair")`."""
    with writing() as session:
        editions = [Edition(year=year, city="Prague", country="CZ") for year in (2027, 2028)]
        member = Organisation(slug="weavers", name="Weavers' Cluster")
        session.add_all([*editions, member])
        session.flush()
        ids = {edition.year: edition.id for edition in editions}
        organisation_id = member.id

    def as_role(role: str, year: int | None = None, again: bool = True) -> Client:
        name = RoleName(role)
        belongs_to_member = name in (RoleName.MEMBER, RoleName.BOARD)
        grant = Grant(name, ids.get(year), organisation_id if belongs_to_member else None)
        with writing() as session:
            email = f"{role}-{year}@example.org"
            account = (
                add_account(session, email, role, grant, COMMAND, NOW) if again else account_by_email(session, email)
            )
            secret = issue_sign_in_link(session, account.id, now())
        browser = client.another()
        browser.get(f"/sign-in/{secret}").form().submit(follow=False)
        return browser

    return as_role


@pytest.mark.parametrize(("role", "year"), [("chair", None), ("organiser", 2027), ("desk", 2028)])
def test_guards_give_a_role_that_has_ended_nothing(as_role, writing, role, year):
    browser = as_role(role, year)
    with writing() as session:
        session.execute(update(Role).values(ends_at=now()))
    # Its sessions have ended, and another one allows nothing.
    assert {browser.get(path, follow=False).headers["Location"] for path in PAGES} == {"/sign-in"}
    browser = as_role(role, year, again=False)
    assert tuple(browser.get(path).status for path in PAGES) == (200, 403, 403, 403)


def test_a_role_ends_the_sessions_that_began_before_at_its_last_moment(as_role, writing):
    with time_machine.travel(NOW, tick=False) as clock:
        browser, other = as_role("desk", 2027), as_role("chair")
        with writing() as session:
            session.execute(update(Role).where(Role.role == "desk").values(ends_at=NOW + timedelta(hours=1)))
        clock.shift(timedelta(minutes=59, seconds=59))
        assert browser.get("/2027/door").status == 200
        clock.shift(timedelta(seconds=1))
        assert browser.get("/2027/door", follow=False).headers["Location"] == "/sign-in"
        assert other.get("/2027/door").status == 200


@pytest.mark.parametrize("path", [*PAGES, "/1999/list"])
def test_guards_send_to_sign_in_when_nobody_is_signed_in(client, path):
    answer = client.get(path, follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    ("role", "year", "statuses"),
    [
        ("chair", None, (200, 200, 200, 200)),
        ("organiser", 2027, (200, 403, 200, 200)),
        ("desk", 2027, (200, 403, 403, 200)),
        ("organiser", 2028, (200, 403, 404, 404)),
        ("desk", 2028, (200, 403, 404, 404)),
        ("member", None, (200, 403, 403, 403)),
        ("board", None, (200, 403, 403, 403)),
    ],
)
def test_guards_let_in_whom_they_should(as_role, role, year, statuses):
    browser = as_role(role, year)
    assert tuple(browser.get(path).status for path in PAGES) == statuses


def test_edition_staff_answers_404_when_there_is_no_such_edition(as_role):
    assert as_role("chair").get("/1999/list").status == 404
    assert as_role("organiser", 2027).get("/1999/list").status == 404


def test_edition_staff_hands_the_edition_and_the_rest_of_the_address_to_the_view(as_role):
    browser = as_role("desk", 2027)
    assert browser.get("/2027/door/east").data == b"door of 2027 east"


def test_edition_staff_guards_posts_too(as_role, client):
    assert client.post("/2027/list", follow=False).headers["Location"] == "/sign-in"
    assert as_role("desk", 2027).post("/2027/list").status == 403


def test_acting_names_the_account(as_role):
    assert as_role("chair").get("/any").data == b"any account:chair-None@example.org"


def test_roles_hold_at_once_when_they_are_given_to_who_is_signed_in(as_role, writing):
    browser = as_role("organiser", 2028)
    assert browser.get("/chair").status == 403
    with writing() as session:
        add_account(session, "organiser-2028@example.org", "", Grant(RoleName.CHAIR), COMMAND, NOW)
    assert browser.get("/chair").status == 200


def wanted_by(client) -> str | None:
    with client._client.session_transaction() as browser:
        return browser.get("wanted")


def test_guards_ask_two_questions_however_many_roles_somebody_has(as_role, writing):
    """Who it is, with all of their roles, and the edition."""
    browser = as_role("organiser", 2027)
    with writing() as session:
        account = account_by_email(session, "organiser-2027@example.org")
        elsewhere = session.scalars(select(Edition.id).where(Edition.year == 2028)).one()
        account.roles += [Role(role=RoleName.ORGANISER, edition_id=elsewhere), Role(role=RoleName.CHAIR)]
    with count_queries() as queries:
        assert browser.get("/2028/list").status == 200
    assert len(queries) == 2, queries


def test_guards_remember_the_page_that_was_wanted(client):
    client.get("/2027/list?q=%C4%8D+b&page=2", follow=False)
    assert wanted_by(client) == "/2027/list?q=%C4%8D+b&page=2"
    client.get("/any", follow=False)
    assert wanted_by(client) == "/any"


def test_guards_do_not_remember_what_a_button_would_have_done_as_a_page(client):
    client.post("/2027/list", follow=False)
    assert wanted_by(client) is None


def signed_in_again(client, writing, email="chair-None@example.org"):
    with writing() as session:
        account = add_account(session, email, "", Grant(RoleName.CHAIR), COMMAND, now())
        secret = issue_sign_in_link(session, account.id, now())
    return client.get(f"/sign-in/{secret}").form().submit()


def what_was_typed(page):
    form = page.form("[data-go-on]")
    return form.tag["action"], {name: values for name, values in form.values.items() if name != "csrf_token"}


def test_guards_keep_what_was_typed_until_one_has_signed_in(client, as_role, writing):
    as_role("chair")
    page = client.post("/2027/list?q=a", {"text": 'Řeka\r\n"', "tick": ["a", "b"], "csrf_token": "old"})
    assert page.url == "/sign-in" and "What you typed is kept for an hour" in page.text
    page = signed_in_again(client, writing)
    assert page.url == "/sign-in/unsent"
    assert what_was_typed(page) == ("/2027/list?q=a", {"text": ['Řeka\r\n"'], "tick": ["a", "b"]})
    assert "not kept" not in page.text
    # What was typed is shown again, and not accepted unseen.
    assert page.form("[data-go-on]").value("csrf_token") == ""


def test_who_sent_a_file_reads_that_it_was_not_kept(client, as_role, writing):
    as_role("chair")
    sent = {"caption": "Hall", "files": (BytesIO(b"a picture"), "hall.jpg")}
    page = client.open("POST", "/2027/list", data=sent, content_type="multipart/form-data")
    assert page.url == "/sign-in" and "Files are not kept: choose them again then." in page.text
    page = signed_in_again(client, writing)
    assert "Files were not kept: choose them again." in page.text
    assert what_was_typed(page) == ("/2027/list", {"caption": ["Hall"]})


def test_what_was_typed_is_kept_for_an_hour(client, as_role, writing):
    with time_machine.travel(NOW, tick=False) as clock:
        as_role("chair")
        client.post("/2027/list", {"text": "Long"})
        clock.shift(timedelta(minutes=61))
        assert signed_in_again(client, writing).url == "/organise/"


def test_what_somebody_typed_is_shown_to_nobody_else(client, as_role, writing):
    with time_machine.travel(NOW, tick=False) as clock:
        signed_in_again(client, writing)
        clock.shift(timedelta(hours=12))
        assert client.post("/2027/list", {"text": "Mine"}).url == "/sign-in"
        assert signed_in_again(client.another(), writing, "other@example.org").url == "/organise/"
        assert signed_in_again(client, writing, "other@example.org").url == "/organise/"
        assert client.post("/2027/list", {"text": "Mine"}).status == 200


def test_who_signs_in_on_another_device_finds_the_form_where_it_was_typed(client, as_role, writing):
    client.post("/2027/list", {"text": "Long"})
    elsewhere = client.another()
    assert signed_in_again(elsewhere, writing).url == "/organise/"
    assert signed_in_again(client, writing).url == "/sign-in/unsent"


def test_guards_do_not_remember_what_would_not_fit_into_the_cookie(client):
    client.get("/any?q=" + "x" * LONGEST_WANTED_PATH, follow=False)
    assert wanted_by(client) is None


def test_who_signs_in_comes_to_the_page_that_was_wanted(client, as_role, writing):
    as_role("chair")
    client.get("/2027/list?q=a", follow=False)
    with writing() as session:
        account = add_account(session, "chair-None@example.org", "", Grant(RoleName.CHAIR), COMMAND, NOW)
        secret = issue_sign_in_link(session, account.id, now())
    page = client.get(f"/sign-in/{secret}").form().submit()
    assert (page.url, page.data) == ("/2027/list?q=a", b"list of 2027")
