"""What the log says of refusals, wrong links and files; it holds no link, and no more than so many lines."""

import json

import pytest

from dofc_events.web import on_record
from tests.support.factories import make_account, make_edition


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


def test_nobody_fills_the_log(client, capsys):
    for _ in range(on_record.MAX_A_MINUTE + 5):
        client.get("/sign-in/wrong", checked=False)
    assert len(said(capsys)) == on_record.MAX_A_MINUTE
    on_record._minute -= 1
    client.get("/sign-in/wrong")
    first = said(capsys)[0]
    assert (first["event"], first["wrong_link"]) == ("lines_left_out", 5)


def test_a_page_about_a_failure_that_fails_tells_no_address(app, caplog):
    with app.test_request_context("/registrations/SECRET.1.x/"):
        app.log_exception((ValueError, ValueError("x"), None))
    assert caplog.records and "SECRET" not in caplog.text
