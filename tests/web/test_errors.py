"""Error pages lead on."""

import pytest
import time_machine

from dofc_events.accounts.rules import RoleName
from tests.support.factories import NOW, make_account, make_edition


@pytest.fixture
def desk(client, writing):
    """Somebody of an edition's desk, signed in."""
    with time_machine.travel(NOW, tick=False):
        with writing() as session:
            account = make_account(session, role=RoleName.DESK, edition=make_edition(session, capacity=2))
        yield client.sign_in(account)


@pytest.mark.parametrize(("path", "status", "links"), [("/organise/editions/new", 403, 2), ("/nowhere", 404, 1)])
def test_what_is_not_allowed_leads_to_what_is(desk, path, status, links):
    page = desk.get(path)
    assert page.status == status
    assert [link["href"] for link in page.all("main a")] == ["/organise/", "/"][-links:]


def test_no_link_leads_to_a_page_of_whoever_is_signed_in_when_nobody_is(client):
    assert [link["href"] for link in client.get("/nowhere").all("main a")] == ["/"]
