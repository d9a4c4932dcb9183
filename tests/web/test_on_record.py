"""What the log says of refusals, wrong links and files; it holds no link, and no more than so many lines."""

import json
from types import SimpleNamespace

import pytest

from dofc_events.web import on_record
from tests.support.factories import make_account, make_edition
from tests.support.pages import Client

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch):
    monkeypatch.setattr(on_record, "_minute", -1)
    on_record._said.clear()


def said(capsys) -> list[dict]:
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]


@pytest.fixture
def organiser(sign_in, writing):
    with writing() as session:
        account = make_account(session, role="organiser", edition=make_edition(session, year=2027))
    return sign_in(account)


def test_refusals_wrong_links_and_files_are_on_record(client, organiser, capsys):
    organiser.get("/organise/editions/new")
    organiser.get("/organise/editions/2027/registrations.csv")
    for path in ("/registrations/SECRET.1.x/", "/hosting/proposals/SECRET.1.x/", "/sign-in/SECRET"):
        client.get(path)
    lines = said(capsys)
    assert [(line["event"], "account" in line) for line in lines] == [
        ("refused", True),
        ("exported", True),
        *[("wrong_link", False)] * 3,
    ]
    assert lines[1]["file"].endswith(".csv") and "SECRET" not in json.dumps(lines)


def test_attempts_to_get_round_what_protects_us_are_on_record(make_app, capsys):
    client = Client(make_app(rate_limits=True))
    assert client.post("/sign-in", {"email": "ana@dofc.test", "csrf_token": "invented"}, checked=False).status == 400
    form = client.get("/sign-in").form()
    for _ in range(6):
        last = form.fill(email="SECRET@dofc.test").submit(follow=False)
    assert last.status == 429
    lines = said(capsys)
    assert [line["event"] for line in lines] == ["bad_request", "too_many_requests"]
    assert "SECRET" not in json.dumps(lines) and lines[1]["endpoint"] == "accounts.sign_in"


def test_nobody_fills_the_log(client, capsys, monkeypatch):
    minutes = [1]
    monkeypatch.setattr(on_record, "time", SimpleNamespace(monotonic=lambda: 60.0 * minutes[0]))
    for _ in range(on_record.MAX_A_MINUTE + 5):
        client.get("/sign-in/wrong", checked=False)
    assert len(said(capsys)) == on_record.MAX_A_MINUTE
    minutes[0] += 1
    client.get("/sign-in/wrong")
    first = said(capsys)[0]
    assert (first["event"], first["wrong_link"]) == ("lines_left_out", 5)


def test_a_page_about_a_failure_that_fails_tells_no_address(app, caplog):
    with app.test_request_context("/registrations/SECRET.1.x/"):
        app.log_exception((ValueError, ValueError("x"), None))
    assert caplog.records and "SECRET" not in caplog.text
