"""Ada, who is the chair, and her link."""

from datetime import UTC, datetime

import pytest
import time_machine

from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import add_account, issue_sign_in_link
from dofc_events.core.audit import COMMAND
from tests.support.pages import Client

NOW = datetime(2027, 6, 3, 8, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def ada(clock, writing) -> int:
    with writing() as session:
        return add_account(session, "ada@example.org", "Ada Chair", Grant(RoleName.CHAIR), COMMAND, NOW).id


@pytest.fixture
def link(writing, ada) -> str:
    """The path of a link that signs Ada in."""
    with writing() as session:
        return f"/sign-in/{issue_sign_in_link(session, ada, NOW)}"


@pytest.fixture
def visit(make_app):
    """Browsers at a site with other settings."""

    def visit(**settings) -> Client:
        return Client(make_app(**settings), base_url="http://dofc.test")

    return visit


def sign_in(client, link):
    answer = client.get(link).form().submit(follow=False)
    assert answer.status == 303, answer
    return answer


def is_signed_in(client) -> bool:
    return client.get("/sign-out", follow=False).status == 200


def ask(client, email="ada@example.org"):
    return client.get("/sign-in").form().fill(email=email).submit()
