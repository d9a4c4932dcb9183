"""What asks for a fresh factor, what does not, and what becomes of what somebody wanted and typed."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from dofc_events.accounts.factors.models import Factor, FactorPolicy
from dofc_events.accounts.factors.rules import masked
from dofc_events.accounts.models import BrowserSession, Role
from dofc_events.accounts.rules import RoleName
from dofc_events.core.db import unit_of_work
from dofc_events.web import on_record
from tests import rights
from tests.accounts.factors.conftest import CHECK, PAGE
from tests.support.factories import NOW, make_edition, make_registration

pytestmark = pytest.mark.databases("sqlite")

TODAY = NOW.date()
KEY = "a secret that is good enough for tests"
# Forms that give a role, end one, or write to many.
GUARDED_FORMS = {
    "/organise/accounts/<account_id>/end",
    "/organise/accounts/<account_id>/reset-factor",
    "/organise/accounts/<account_id>/roles/<role_id>/end",
    "/organise/accounts/factors",
    "/organise/editions/<year>/copy",
    "/organise/editions/<year>/letters/<letter_id>/send",
    "/organise/editions/<year>/team",
    "/organise/editions/<year>/team/<role_id>",
    "/organise/editions/<year>/team/<role_id>/end",
    "/organise/hosting/calls/<year>/announce",
    "/organise/hosting/members/<slug>/",
    "/organise/hosting/members/<slug>/representatives/new",
    "/organise/privacy/erase",
    "/organise/editions/<year>/privacy/<reference>",
}
FILE = r"/organise/.*\.[a-z]+$"
# What is no list, though it looks like a file; and the other way round.
NO_LISTS = {"/organise/editions/<year>/memory/photographs/progress.json"}
MORE_TO_GET = {"/organise/editions/<year>/letters/<letter_id>/send", "/organise/memory/export"}


def give_app(session, account_id: int) -> None:
    """An app, without its pages."""
    secret = masked(KEY, "nonce", b"twenty bytes of one.")
    session.add(Factor(account_id=account_id, kind="app", name="App", added_at=NOW, nonce="nonce", secret=secret))


def test_files_with_people_and_what_changes_roles_ask_for_a_fresh_factor_and_nothing_else_does(app, capsys):
    with time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
        with app.app_context(), unit_of_work() as session:
            for account_id in session.scalars(select(Role.account_id).where(Role.role == RoleName.CHAIR)).all():
                give_app(session, account_id)
        asked: dict[str, set[str]] = {"GET": set(), "POST": set()}
        for rule in app.url_map.iter_rules():
            if not rule.rule.startswith("/organise/"):
                continue
            for method in {"GET", "POST"} & rule.methods:
                address = rights.address_of(rule, values, rights.CHAIR)
                answer = browsers[rights.CHAIR].open(address, method=method)
                if answer.headers.get("Location") == CHECK:
                    asked[method].add(re.sub("<[a-z]+:", "<", rule.rule))
                answer.close()
        rules = {rule.rule: re.sub("<[a-z]+:", "<", rule.rule) for rule in app.url_map.iter_rules()}
        all_files = {rule for rule, path in rules.items() if re.match(FILE, path) and path not in NO_LISTS}
        assert asked["GET"] == {rules[rule] for rule in all_files} | MORE_TO_GET and len(all_files) > 5
        assert asked["POST"] == GUARDED_FORMS
        # Each that is handed out is in the log, whichever it is.
        with app.app_context(), unit_of_work() as session:
            session.execute(update(BrowserSession).values(factor_at=NOW))
        capsys.readouterr()
        on_record._said.clear()
        all_files.add("/organise/memory/export")
        for rule in (rule for rule in app.url_map.iter_rules() if rule.rule in all_files):
            answer = browsers[rights.CHAIR].get(rights.address_of(rule, values, rights.CHAIR))
            assert answer.status_code == 200
            answer.close()
        assert capsys.readouterr().err.count('"exported"') == len(all_files)


@pytest.fixture
def place(hers, writing) -> str:
    """The address of an edition's pages; one person is registered there. Ada's factor was given some time ago."""
    with writing() as session:
        make_registration(session, edition := make_edition(session))
        return f"/organise/editions/{edition.year}"


def need(writing, starts_on=TODAY, **roles: bool) -> None:
    """Let the network want a factor of these roles."""
    with writing() as session:
        session.add(FactorPolicy(**{"id": 1, "chair": False, "organiser": False, "starts_on": starts_on, **roles}))


def test_a_file_is_there_after_the_factor_with_the_way_back(hers, place):
    hers.add_app()
    hers.later(minutes=10)
    asked = {"Referer": f"http://dofc.test{place}/registrations?q=a"}
    page = hers.client.get(f"{place}/registrations.csv?q=a", headers=asked)
    assert page.url == CHECK
    page = page.form().fill(code=hers.code()).submit()
    assert page.url == f"{PAGE}/file" and page.link("Back to the page you came from") == f"{place}/registrations?q=a"
    assert page.link("Download registrations.csv") == f"{place}/registrations.csv?q=a"
    assert page.follow("Download registrations.csv").headers["Content-Type"].startswith("text/csv")
    hers.later(minutes=9, seconds=59)
    assert hers.client.get(f"{place}/registrations.csv").url != CHECK
    hers.later(seconds=1)
    assert hers.client.get(f"{place}/registrations.csv").url == CHECK


def test_what_was_typed_comes_back_after_the_factor_and_is_sent_again(hers, place, reading):
    hers.add_app()
    hers.later(minutes=10)
    page = hers.client.get(f"{place}/team").form().fill(email="bo@dofc.test", name="Бо", role="desk").submit()
    assert page.url == CHECK
    page = page.form().fill(code=hers.code()).submit()
    assert page.url == "/sign-in/unsent"
    page = page.form("[data-go-on]").submit()
    assert page.status == 400 and page.form().value("name") == "Бо"
    with reading() as session:
        assert session.scalars(select(Role.role)).all() == ["chair"]
    assert "Бо has been added to the team" in page.form().submit().text


def test_nobody_is_asked_who_has_no_factor_and_needs_none(hers, place, writing):
    need(writing, organiser=True)
    assert hers.client.get(f"{place}/registrations.csv").headers["Content-Type"].startswith("text/csv")


def test_who_needs_a_factor_sets_one_up_first_and_gets_the_file(hers, place, writing):
    need(writing, chair=True)
    page = hers.client.get(f"{place}/registrations.csv")
    assert page.url == PAGE and "Your role needs a second factor" in page.text
    assert hers.add_app(page).link("Download registrations.csv") == f"{place}/registrations.csv"


def test_a_sign_in_leads_no_further_than_to_a_factor_where_the_role_needs_one(hers, place, writing):
    need(writing, chair=True)
    other = hers.client.another()
    other.get(f"{place}/team", follow=False)
    page = hers.open_link(other)
    assert page.url == PAGE and "and then you can continue" in page.text
    assert other.get("/organise/", follow=False).headers["Location"] == PAGE
    # The page that was wanted last.
    hers.client = other
    assert hers.add_app(page).url == "/organise/"
    with writing() as session:
        assert session.scalars(select(BrowserSession.awaits)).all() == [None]


def test_until_the_first_day_it_can_be_put_off_at_each_sign_in(hers, place, writing):
    need(writing, TODAY + timedelta(days=400), chair=True)
    for _ in range(2):
        hers.client.get("/sign-out").form().submit()
        hers.client.get(f"{place}/team", follow=False)
        page = hers.open_link()
        assert page.url == PAGE and "will need a second factor from" in page.text
        assert page.follow("Not now: continue to your page").url == f"{place}/team"
        assert hers.client.get(f"{place}/registrations.csv").headers["Content-Type"].startswith("text/csv")


def test_the_only_factor_stays_where_the_role_needs_one(hers, writing):
    hers.add_app()
    need(writing, chair=True)
    page = hers.client.get(PAGE).form("/remove").submit()
    assert "Nothing has been removed: your role needs a second factor" in page.text
    assert len(page.all("[data-factor]")) == 1


def test_a_link_that_was_used_and_left_waiting_ends_like_any_session(hers):
    hers.add_app()
    page = hers.open_link()
    hers.later(hours=2)
    answer = page.form().fill(code=hers.code()).submit(follow=False)
    assert answer.headers["Location"] == "/sign-in"


def test_who_has_not_given_the_factor_is_told_apart_among_the_browsers(hers):
    hers.add_app()
    hers.open_link(hers.client.another())
    rows = hers.client.get("/organise/sessions").all("[data-session]")
    assert ["has not given a second factor" in row.get_text(" ") for row in rows] == [True, False]
