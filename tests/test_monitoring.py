"""What a host's monitoring and log get to know of requests: how many, how long, which failed, and never an address."""

import json
import re
import threading
import urllib.request
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from dofc_events.commands.worker import Worker
from dofc_events.config import ROOT
from dofc_events.core import statements
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.mail.models import WorkerSign
from dofc_events.mail.outbox import enqueue
from dofc_events.mail.rules import MessageState
from tests.mail.letters import letter
from tests.support.pages import Client
from tests.support.site import Site

TOKEN = "a token of a good length"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def figures_in(exposition: str) -> dict[tuple, float]:
    """The samples, by name and the values of their labels."""
    families = text_string_to_metric_families(exposition)
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def lines(said: str) -> list[dict]:
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


@pytest.mark.databases("sqlite")
def test_two_processes_are_counted_as_one_and_addresses_are_in_no_line(database_url, tmp_path):
    """Not forked from what has loaded everything: how the processes share what they note is decided at the start."""
    site = Site(database_url, tmp_path, METRICS_TOKEN=TOKEN, REQUEST_LOG="on").serve(workers=2)
    try:
        for _ in range(30):
            urllib.request.urlopen(f"{site.url}/sign-in?secret=in-an-address").close()
        request = urllib.request.Request(f"{site.url}/metrics", headers=HEADERS)
        for _ in range(4):
            figures = figures_in(urllib.request.urlopen(request).read().decode())
            assert figures["dofc_requests_total", "/sign-in", "200", "GET"] == 30
            assert figures["dofc_request_seconds_bucket", "+Inf", "/sign-in"] == 30
    finally:
        site.stop()
    log = site.server.log.read_text()
    asked = [line for line in lines(log) if line.get("route") == "/sign-in"]
    assert len({line["number"] for line in asked}) == 30 and {line["status"] for line in asked} == {200}
    assert all(line["ms"] > 0 for line in asked) and "in-an-address" not in log and "127.0.0.1:" not in str(asked)


def test_figures_are_for_whoever_has_the_token_alone(make_app):
    assert make_app().test_client().get("/metrics", headers=HEADERS).status_code == 404
    site = make_app(metrics_token=TOKEN).test_client()
    for headers in ({}, {"Authorization": "Bearer another token of a good length"}, {"Authorization": "Bearer ñ"}):
        assert site.get("/metrics", headers=headers).status_code == 404
    assert site.get("/metrics", headers=HEADERS).status_code == 200


def test_figures_tell_of_mail_worker_and_database(make_app, database_url):
    site = make_app(metrics_token=TOKEN, mail_server="127.0.0.1", mail_port=1)
    with site.app_context():
        assert Worker(threading.Event(), once=True).run_once()
    with site.app_context(), unit_of_work() as session:
        enqueue(session, letter(), now())
    figures = figures_in(site.test_client().get("/metrics", headers=HEADERS).text)
    assert figures["dofc_worker_rounds_total", "once"] >= 1 and figures["dofc_worker_silent",] == 0
    assert figures["dofc_worker_step_failing",] == 0
    assert 0 < figures["dofc_worker_round_seconds_total", "once"] < 60
    assert figures["dofc_mail_waiting",] == 1 and figures["dofc_mail_oldest_seconds",] >= 0
    assert figures["dofc_statement_seconds_count",] > 0 and figures["dofc_database_up",] == 1
    told = set(re.findall(r"`(dofc_\w+)`", (ROOT / "docs/operations.md").read_text(encoding="utf-8")))
    assert {re.sub("_(bucket|count|sum)$", "", name) for name, *_ in figures if not name.endswith("_created")} <= told
    assert (("dofc_database_lock_waits",) in figures) == database_url.startswith("postgresql")


@pytest.mark.databases("sqlite")
def test_figures_tell_of_what_is_wrong(make_app):
    app = make_app(metrics_token=TOKEN)
    long_ago = now() - timedelta(hours=1)
    with app.app_context(), unit_of_work() as session:
        for state in (MessageState.QUEUED, MessageState.QUEUED, MessageState.DEAD):
            enqueue(session, letter(), long_ago).state = state
        session.add(
            WorkerSign(name="worker", seen_at=now() - timedelta(minutes=1), failed_step="sweep", failed_at=now())
        )
    figures = figures_in(app.test_client().get("/metrics", headers=HEADERS).text)
    assert (figures["dofc_mail_waiting",], figures["dofc_mail_dead",]) == (2, 1)
    assert figures["dofc_worker_step_failing",] == 1 and 60 <= figures["dofc_worker_age_seconds",] < 120
    for age in ("dofc_mail_oldest_seconds", "dofc_mail_late_seconds"):
        assert 3600 <= figures[age,] < 3700, age
    assert figures["dofc_disk_free_bytes",] > 0


@pytest.mark.databases("sqlite")
def test_figures_come_without_a_database(make_app, tmp_path):
    site = make_app(metrics_token=TOKEN, database_url=f"sqlite:///{tmp_path / 'nowhere' / 'dofc.sqlite'}")
    figures = figures_in(site.test_client().get("/metrics", headers=HEADERS).text)
    assert figures["dofc_database_up",] == 0 and ("dofc_mail_waiting",) not in figures


@pytest.mark.databases("sqlite")
def test_a_failure_has_one_number_on_its_page_and_in_each_of_its_lines(make_app, capsys):
    site = make_app(request_log=True)
    site.config["PROPAGATE_EXCEPTIONS"] = False
    site.view_functions["accounts.sign_in"] = lambda: 1 // 0
    page = Client(site).get("/sign-in")
    failed, answered = (line for line in lines(capsys.readouterr().err) if line["event"].startswith("request"))
    assert (failed["event"], answered["status"]) == ("request_failed", 500) and failed["number"] in page.text
    assert failed["number"] == answered["number"]


@pytest.mark.databases("sqlite")
def test_a_slow_statement_is_one_line_without_its_values(app, capsys, monkeypatch):
    monkeypatch.setattr(statements, "SLOW", 0)
    with app.app_context():
        db.session.execute(text("SELECT\n  :secret"), {"secret": "Somebody's allergy"})
        with pytest.raises(OperationalError):
            db.session.execute(text("SELECT\n  :secret FROM nowhere"), {"secret": "Somebody's allergy"})
        db.session.close()
    said = [line for line in lines(capsys.readouterr().err) if line["event"] == "slow_statement"]
    assert {"SELECT ?", "SELECT ? FROM nowhere"} <= {line["statement"] for line in said}
    assert all(line["ms"] >= 0 for line in said)
    assert "allergy" not in str(said)


@pytest.mark.databases("sqlite")
def test_a_slow_statement_is_not_in_what_a_command_answers(app, monkeypatch):
    """Scripts read it: a link, or one JSON object."""
    monkeypatch.setattr(statements, "SLOW", 0)
    said = app.test_cli_runner().invoke(args=["mail", "status", "--json"])
    assert json.loads(said.stdout)["queued"] == 0 and "slow_statement" in said.stderr
