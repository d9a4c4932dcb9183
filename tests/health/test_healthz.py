"""/healthz, and who is told when something is wrong: faults as an operator's monitoring sees them."""

import sqlite3
import threading
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from dofc_events.commands.worker import Worker
from dofc_events.core.clock import now
from dofc_events.health import service
from dofc_events.health.models import SiteState
from dofc_events.health.rules import Trouble
from dofc_events.health.service import is_news, send_alert
from dofc_events.mail import outbox
from dofc_events.mail.models import Message, WorkerSign
from dofc_events.mail.rules import MessageState
from tests.mail.letters import ORGANISER, letter
from tests.support.hooks import webhook

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ask(app):
    """`ask()`: the status and what /healthz says."""

    def ask(site=app) -> tuple[int, dict]:
        answer = site.test_client().get("/healthz")
        return answer.status_code, answer.get_json()

    return ask


@pytest.fixture
def sign(writing):
    """`sign(mail_error=…)`: a worker that has just completed a round."""

    def sign(**columns) -> None:
        with writing() as session:
            session.merge(WorkerSign(**{"name": "worker", "seen_at": now()} | columns))

    return sign


@pytest.fixture
def waiting(writing):
    """`waiting(timedelta(…), refusals=…)`: a message that waits for so long, and was tried a moment ago."""

    def waiting(ago: timedelta, **columns) -> int:
        with writing() as session:
            message = outbox.enqueue(session, letter(), now() - ago)
            message.state, message.due_at = MessageState.QUEUED, now() + timedelta(seconds=10)
            for name, value in columns.items():
                setattr(message, name, value)
            session.flush()
            return message.id

    return waiting


def test_all_is_well(ask, sign):
    sign()
    status, found = ask()
    assert (status, found["status"], found["database"], found["trouble"]) == (200, "ok", "ok", [])
    assert (found["waiting"], found["dead"], found["oldest_due_seconds"]) == (0, 0, None)
    assert found["free_disk_mb"] > 0 and found["worker_is_silent"] is False


@pytest.mark.databases("sqlite")
def test_a_worker_may_take_two_minutes_for_a_round_and_a_disk_that_is_nearly_full_is_said(ask, sign, monkeypatch):
    sign(seen_at=now() - timedelta(seconds=115))
    assert ask()[1]["trouble"] == []
    monkeypatch.setattr("dofc_events.health.queries.LOW_DISK", 10**9)
    status, found = ask()
    assert (status, found["trouble"]) == (200, ["disk_low"])


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("seen", [None, -3 * MINUTE, 60 * MINUTE])
def test_a_silent_worker_is_a_failure(ask, sign, seen):
    """Also one that died before somebody set the clock back."""
    if seen:
        sign(seen_at=now() + seen)
    status, found = ask()
    assert (status, found["status"], found["trouble"]) == (503, "failing", ["worker_silent"])


def test_mail_that_is_tried_again_and_again_is_late_since_it_was_queued(ask, sign, waiting):
    """The server refuses the sender, and each try puts the message off."""
    sign(mail_tried_at=now(), mail_error="SMTPSenderRefused: (550, b'no', 'dofc@dofc.test')")
    waiting(9 * MINUTE)
    assert ask()[0] == 200
    waiting(15 * MINUTE)
    status, found = ask()
    assert (status, found["trouble"], found["waiting"]) == (503, ["mail_late"], 2)
    assert 900 <= found["oldest_due_seconds"] <= found["oldest_seconds"] < 930
    assert found["mail_error"] == "SMTPSenderRefused: (550, b'no', …"


def test_mail_is_late_when_the_server_puts_off_everything(ask, sign, waiting):
    sign(mail_tried_at=now())
    waiting(15 * MINUTE, refusals=3, due_at=now() + 60 * MINUTE)
    assert ask()[1]["trouble"] == ["mail_late"]


def test_what_one_recipient_does_not_take_is_not_late_as_others_left_since(ask, sign, waiting):
    sign(mail_tried_at=now(), mail_taken_at=now() - 60 * MINUTE)
    waiting(2 * 24 * 60 * MINUTE, refusals=9, due_at=now() + 60 * MINUTE)
    assert ask()[0] == 200


def test_letters_to_thousands_are_not_late_while_one_after_the_other_leaves(ask, sign, waiting):
    """At nine seconds a message a thousand take some hours."""
    sign(mail_taken_at=now() - timedelta(seconds=9))
    waiting(120 * MINUTE)
    status, found = ask()
    assert (status, found["oldest_due_seconds"]) == (200, 9) and found["oldest_seconds"] >= 7200


def test_what_is_sent_again_after_days_is_not_late_at_once(ask, sign, waiting, writing):
    sign()
    old = waiting(3 * 24 * 60 * MINUTE, state=MessageState.DEAD)
    status, found = ask()
    assert (status, found["dead"], found["trouble"]) == (200, 1, ["mail_dead"])
    with writing() as session:
        outbox.send_again(session, old, ORGANISER, now())
        session.execute(update(Message).values(state=MessageState.QUEUED))
    assert ask()[0] == 200


def test_a_step_that_fails_is_named(ask, sign):
    sign(failed_step="lapse_offers", failed_at=now())
    status, found = ask()
    assert (status, found["trouble"], found["worker_failed_step"]) == (200, ["step_failed"], "lapse_offers")


@pytest.mark.databases("sqlite")
def test_a_database_that_can_only_be_read_is_a_failure(make_app, database_url, sign, ask):
    sign()
    path = database_url.removeprefix("sqlite:///")
    site = make_app(database_url=f"sqlite:///file:{path}?mode=ro&uri=true")
    status, found = ask(site)
    assert (status, found["database"]) == (503, "not_writable")
    assert found["trouble"] == ["database_not_writable"] and found["worker_is_silent"] is False


@pytest.mark.databases("sqlite")
def test_a_database_that_somebody_holds_is_a_failure_within_seconds(make_app, database_url, sign, ask, monkeypatch):
    monkeypatch.setattr(service, "PROBE_PATIENCE", 1)
    sign()
    site = make_app()
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as holder:
        holder.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        assert ask(site)[1]["database"] == "not_writable"
        assert time.monotonic() - begun < 4
        holder.rollback()
    holder.close()


@pytest.mark.databases("sqlite")
def test_the_probe_writes_no_more_often_however_often_it_is_asked(make_app, sign, ask, reading, monkeypatch):
    sign()
    site = make_app()

    def probed_at() -> datetime:
        ask(site)
        with reading() as session:
            return session.scalars(select(SiteState.probed_at)).one()

    first = probed_at()
    assert {probed_at() for _ in range(50)} == {first}
    monkeypatch.setattr(service, "PROBE_EVERY", 0)
    assert probed_at() > first


def test_a_database_that_was_never_migrated_is_unreachable(databases, database_kind, tmp_path, make_app, ask):
    with databases.empty(database_kind) as url:
        status, found = ask(make_app(database_url=url))
    assert (status, found["database"], found["status"]) == (503, "unreachable", "failing")


# Who is told


def test_each_change_is_told_once_whoever_notices_it(session):
    silent, late = [Trouble.WORKER_SILENT], [Trouble.MAIL_LATE]
    found = [is_news(session, troubles, now()) for troubles in ([], silent, silent, late, [], [])]
    assert found == [False, True, False, True, True, False]


@pytest.mark.databases("sqlite")
def test_the_worker_tells_a_webhook_when_something_is_wrong_and_when_it_is_over(make_app, writing, waiting, ask):
    with webhook() as hook:
        app = make_app(alert_url=hook.url)
        dead = waiting(MINUTE, state=MessageState.DEAD)
        for _ in range(2):
            _work(app)
        with writing() as session:
            outbox.settle_dead(session, dead, ORGANISER, now())
        _work(app)
    assert hook.troubles == [["mail_dead"], []]
    assert hook.alerts[0]["text"] == "http://dofc.test: an email could not be delivered."
    assert hook.alerts[1]["text"] == "http://dofc.test: all is well again."
    assert hook.alerts[0]["status"] == "ok", "the site works"


@pytest.mark.databases("sqlite")
def test_the_site_tells_when_the_worker_is_silent_and_the_worker_when_it_is_back(make_app, writing, ask):
    with webhook() as hook:
        site, another = make_app(alert_url=hook.url), make_app(alert_url=hook.url)
        assert [ask(one)[0] for one in (site, another, site)] == [503] * 3
        _work(site)
        assert ask(another)[0] == 200
    assert hook.troubles == [["worker_silent"], []]


@pytest.mark.databases("sqlite")
def test_the_worker_tells_once_of_a_database_that_stays_away(make_app, database_url, monkeypatch):
    monkeypatch.setattr("dofc_events.commands.alarm.AWAY_AFTER", 0)
    path = database_url.removeprefix("sqlite:///")
    with webhook() as hook:
        app = make_app(alert_url=hook.url, database_url=f"sqlite:///file:{path}?mode=ro&uri=true")
        with app.app_context():
            worker = Worker(threading.Event(), once=True)
            assert [worker.run_once(), worker.run_once()] == [False, False]
    assert hook.troubles == [["database_not_writable"]]
    assert hook.alerts[0]["status"] == "failing"


def test_an_alert_that_nobody_takes_harms_nothing(capsys, app):
    with webhook() as hook:
        hook.answer = 500
        send_alert(hook.url, "http://dofc.test", [Trouble.MAIL_LATE], now())
    send_alert(hook.url, "http://dofc.test", [], now())
    assert hook.troubles == [["mail_late"]] and capsys.readouterr().err.count("alert_not_sent") == 2


def _work(app) -> None:
    with app.app_context():
        assert Worker(threading.Event(), once=True).run_once()
