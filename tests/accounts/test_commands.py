"""`flask accounts`: who signs in."""

import pytest
from sqlalchemy import select

from dofc_events.accounts.factors.models import Factor
from dofc_events.accounts.models import Account
from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.conference.models import Edition, Member, Organisation
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import now
from dofc_events.mail.models import Message
from tests.support.pages import Client

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def flask(app):
    """`flask("add", …)`: one command of the group."""
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["accounts", *arguments])


@pytest.fixture
def network(writing) -> dict[str, int]:
    with writing() as session:
        edition = Edition(year=2027, city="Prague", country="CZ")
        member = Organisation(slug="weavers", name="Weavers' Cluster")
        guest = Organisation(slug="guests", name="Not a member")
        session.add_all([edition, member, guest])
        session.flush()
        session.add(Member(organisation_id=member.id))
        return {"edition": edition.id, "member": member.id}


def grants(reading, email="ada@example.org") -> list[Grant]:
    with reading() as session:
        account = account_by_email(session, email)
        return account.grants(now()) if account else []


def test_add_makes_a_chair(flask, reading):
    answer = flask("add", "Ada@Example.org", "--name", "Ada Chair", "--role", "chair")
    assert (answer.exit_code, answer.output) == (0, "Ada@example.org (Ada Chair): chair\n")
    assert grants(reading) == [Grant(RoleName.CHAIR)]


@pytest.mark.parametrize("role", ["organiser", "desk"])
def test_add_makes_staff_of_an_edition(flask, reading, network, role):
    answer = flask("add", "ada@example.org", "--name", "Ada", "--role", role, "--edition", "2027")
    assert answer.exit_code == 0, answer.output
    assert grants(reading) == [Grant(RoleName(role), edition_id=network["edition"])]


@pytest.mark.parametrize("role", ["member", "board"])
def test_add_makes_a_representative_of_a_member(flask, reading, network, role):
    answer = flask("add", "ada@example.org", "--name", "Ada", "--role", role, "--member", "weavers")
    assert answer.exit_code == 0, answer.output
    assert grants(reading) == [Grant(RoleName(role), organisation_id=network["member"])]


def test_add_changes_nothing_when_run_twice(flask, reading, network):
    for _ in range(2):
        answer = flask("add", "ada@example.org", "--name", "Ada", "--role", "desk", "--edition", "2027")
        assert answer.exit_code == 0, answer.output
    assert len(grants(reading)) == 1
    flask("add", "ada@example.org", "--name", "Ada", "--role", "chair")
    assert len(grants(reading)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--role", "king"], "'king' is not one of"),
        (["--role", "organiser"], "add --edition YEAR"),
        (["--role", "desk"], "add --edition YEAR"),
        (["--role", "member"], "add --member SLUG"),
        (["--role", "board", "--edition", "2027"], "add --member SLUG"),
        (["--role", "chair", "--edition", "2027"], "leave out --edition"),
        (["--role", "chair", "--member", "weavers"], "leave out --member"),
        (["--role", "organiser", "--edition", "2027", "--member", "weavers"], "leave out --member"),
        (["--role", "member", "--edition", "2027", "--member", "weavers"], "leave out --edition"),
        (["--role", "organiser", "--edition", "1999"], "There is no edition for 1999."),
        (["--role", "member", "--member", "nobody"], "No member of the network has the short name nobody."),
        (["--role", "member", "--member", "guests"], "No member of the network has the short name guests."),
        (["--role", "organiser", "--edition", "next"], "'next' is not a valid integer"),
        (["--role", "organiser", "--edition", "9" * 30], "is not in the range"),
        (["--role", "organiser", "--edition", "9" * 5000], "is not a valid integer"),
    ],
)
def test_add_says_what_is_wrong(flask, reading, network, arguments, words):
    answer = flask("add", "ada@example.org", "--name", "Ada", *arguments)
    assert answer.exit_code != 0
    assert (answer.stdout, words in answer.stderr) == ("", True), answer.output
    with reading() as session:
        assert session.scalars(select(Account)).all() == []


@pytest.mark.parametrize(
    ("email", "name"), [("ada", "Ada"), ("ada@", "Ada"), ("аda@example.org", "Ada"), ("ada@example.org", " ")]
)
def test_add_is_refused_without_a_real_address_and_a_name(flask, email, name):
    answer = flask("add", email, "--name", name, "--role", "chair")
    assert answer.exit_code != 0
    assert answer.stdout == ""


def test_sign_in_link_prints_one_link_that_signs_in(flask, app):
    flask("add", "ada@example.org", "--name", "Ada", "--role", "chair")
    answer = flask("sign-in-link", "ADA@example.org")
    assert (answer.exit_code, answer.stderr) == (0, "")
    (link,) = answer.stdout.splitlines()
    assert link.startswith("http://dofc.test/sign-in/")
    client = Client(app, base_url="http://dofc.test")
    assert client.get(link).form().submit(follow=False).status == 303


def test_sign_in_link_is_refused_when_nobody_has_the_address(flask):
    answer = flask("sign-in-link", "eve@example.org")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "eve@example.org" in answer.stderr


def test_end_leaves_an_account_nothing(flask, app, reading, network):
    flask("add", "ada@example.org", "--name", "Ada", "--role", "chair")
    flask("add", "ada@example.org", "--name", "Ada", "--role", "desk", "--edition", "2027")
    with reading() as session:
        browser = Client(app).sign_in(account_by_email(session, "ada@example.org"))
    link = flask("sign-in-link", "ada@example.org").output.strip()
    answer = flask("end", "ADA@example.org")
    assert (answer.exit_code, answer.output) == (0, "ada@example.org (Ada): no role, signed out everywhere\n")
    assert grants(reading) == []
    assert browser.get("/organise/", follow=False).headers["Location"] == "/sign-in"
    assert Client(app, base_url="http://dofc.test").get(link).status == 404


def test_end_says_so_when_there_is_no_such_account(flask):
    assert "No account has the address" in flask("end", "eve@example.org").output


def test_reset_factor_takes_it_away_on_record_and_tells_its_owner(flask, app, writing, reading):
    flask("add", "ada@example.org", "--name", "Ada", "--role", "chair")
    with writing() as session:
        account = account_by_email(session, "ada@example.org")
        session.add(Factor(account_id=account.id, kind="app", name="Phone", added_at=now(), secret=b"-"))
    browser = Client(app).sign_in(account)
    answer = flask("reset-factor", "ADA@example.org")
    assert (answer.exit_code, answer.output) == (0, "ada@example.org (Ada): 1 removed, signed out everywhere\n")
    assert browser.get("/organise/", follow=False).headers["Location"] == "/sign-in"
    with reading() as session:
        assert session.scalars(select(Factor)).all() == []
        assert session.scalars(select(Message.kind)).all() == ["second-factor"]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "factor_reset")).one()
        assert (entry.actor, entry.details) == ("command", {"count": 1})
    # Once more there is nothing to take away, and nobody is told.
    assert flask("reset-factor", "ada@example.org").output.startswith("ada@example.org (Ada): 0 removed")
    with reading() as session:
        assert len(session.scalars(select(Message)).all()) == 1
    assert "No account has the address" in flask("reset-factor", "eve@example.org").output
