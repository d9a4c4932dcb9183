"""Error pages lead on."""

import pytest
import time_machine

from dofc_events.accounts.rules import RoleName
from tests.support.factories import NOW, make_account, make_edition
from tests.support.pages import Client


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


@pytest.mark.databases("sqlite")
def test_where_no_disk_has_room_every_page_says_that_it_will_pass(make_app, capsys):
    app = make_app()

    @app.get("/written")  # type: ignore[untyped-decorator]
    def written() -> str:
        with open("/dev/full", "w") as full:
            full.write("what no disk takes")
        return "written"

    page = Client(app).get("/written", checked=False)
    assert (page.status, page.headers["Retry-After"]) == (503, "30") and "try again in a minute" in page.text
    said = capsys.readouterr().err
    assert said.count("files_unavailable") == 1 and "Traceback" not in said
