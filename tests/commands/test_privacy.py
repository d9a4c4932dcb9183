"""`flask privacy`, and the worker that does the same every day."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import RoleName
from dofc_events.commands.check import faults
from dofc_events.commands.worker import Broom
from dofc_events.conference.models import Edition
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.hosting.models import Proposal
from dofc_events.privacy.models import Removal
from tests.support.factories import NOW, make_account, make_edition, make_registration
from tests.support.groups import CONTACT, make_group, someone
from tests.support.hosting import make_call, make_proposal

pytestmark = pytest.mark.databases("sqlite")
DAY = timedelta(days=1)


@pytest.fixture
def command(app):
    """`command("due", "--json")`: the exit status and what is printed."""

    def run(*arguments: str) -> tuple[int, str]:
        result = app.test_cli_runner().invoke(args=["privacy", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


@pytest.fixture
def over(writing):
    """When an edition is over at which somebody was who said what they eat."""
    with writing() as session:
        edition = make_edition(session)
        make_registration(session, edition, dietary="No jicama")
        return edition.finishes_at()


def test_what_is_due_is_said_in_numbers_and_then_done(command, over, reading):
    at = (over + 31 * DAY).isoformat()
    status, printed = command("due", "--json", "--at", at)
    rows = {(row["year"], row["period"], row["kept_in"]): row for row in json.loads(printed)["due"]}
    needs = rows[over.year, "needs", "registrations"]
    assert status == 0
    assert needs == {**needs, "is_due": True, "number": 1, "due_at": (over + 30 * DAY).isoformat()}
    assert not rows[over.year, "names", "registrations"]["is_due"]
    assert "jicama" not in printed
    assert f"{over.year} needs registrations: 1 due since" in command("due", "--at", at)[1]
    assert command("run", "--at", at) == (0, "Removed from 1 rows.\n")
    assert command("run", "--at", at) == (0, "Nothing is due.\n")
    with reading() as session:
        assert session.scalars(select(Registration.dietary)).all() == [""]
        assert [(one.year, one.period, one.number) for one in session.scalars(select(Removal))] == [
            (over.year, "needs", 1)
        ]


def test_a_moment_without_an_offset_is_utc_and_nonsense_is_refused(command, over):
    naive = (over + 30 * DAY).replace(tzinfo=None).isoformat()
    assert command("run", "--at", naive) == (0, "Removed from 1 rows.\n")
    assert command("run", "--at", "soon")[0] == 2


def test_one_person_is_erased_by_reference_or_address(command, writing, reading):
    with writing() as session:
        edition, call = make_edition(session), make_call(session)
        references = [make_registration(session, edition).reference, make_proposal(session, call).reference]
        make_registration(session, edition, email="ana@dofc.test")
        make_account(session, "ana@dofc.test", RoleName.ORGANISER, edition=edition)
    for reference in (*references, "ana@dofc.test"):
        assert command("erase", reference) == (0, "Erased.\n")
    for reference in (references[0], "nobody@dofc.test"):
        assert command("erase", reference)[0] == 1
    with reading() as session:
        found = [*session.scalars(select(Registration.email)), *session.scalars(select(Proposal.contact_email))]
        assert [*found, *session.scalars(select(Account.email))] == ["", "", "", ""]
        assert faults(session) == []


def test_nothing_of_an_address_is_erased_if_others_can_only_be_reached_there(command, writing, reading):
    with writing() as session:
        make_group(session, make_edition(session), [someone("Ana")])
        make_proposal(session, make_call(session), contact_email=CONTACT.email)
    status, printed = command("erase", CONTACT.email)
    assert status == 1 and "change their contact first" in printed
    with reading() as session:
        assert session.scalars(select(Proposal.contact_email)).all() == [CONTACT.email]


def test_the_worker_does_it_once_a_day(app, writing, over):
    broom = Broom()

    def needs_after(at) -> list[str]:
        with app.app_context():
            broom.sweep(at)
            return list(db.session().scalars(select(Registration.dietary)))

    assert needs_after(over + 29 * DAY) == ["No jicama"]
    assert needs_after(over + 30 * DAY) == [""]
    with writing() as session:
        make_registration(session, session.scalars(select(Edition)).one(), dietary="No jicama", now=NOW)
    assert needs_after(over + 30 * DAY + timedelta(hours=1)) == ["", "No jicama"]
    assert needs_after(over + 31 * DAY) == ["", ""]
