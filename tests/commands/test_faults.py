"""What must not end the worker, nor keep the mail: each fault by itself, and all of them at once."""

import json
import os
import resource
import sqlite3
import threading
import time
from contextlib import closing
from datetime import timedelta

import flask_migrate
import pytest
from sqlalchemy import make_url, select, text, update

from dofc_events.app import create_app
from dofc_events.commands.timers import TIMERS
from dofc_events.commands.worker import Worker
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.db import Base, db, unit_of_work
from dofc_events.health.rules import AWAY_AFTER
from dofc_events.mail.models import Message, WorkerSign
from dofc_events.mail.queries import mail_health
from dofc_events.places.models import Claim
from dofc_events.registration import service
from tests.mail.letters import enqueue_many, states
from tests.support.databases import close_connections, settings_for
from tests.support.factories import DELEGATE, make_edition, make_registration
from tests.support.hooks import webhook
from tests.support.site import free_port

HOUR = timedelta(hours=1)
MAILS = {"messages", "mail_holds", "worker_signs"}


@pytest.fixture
def app(make_app, smtp):
    """A site that delivers to the test's mail server."""
    return make_app(**smtp.settings())


@pytest.fixture
def run_once(app, capsys):
    """`run_once()`: what `flask worker --once` does and logs; fails if it says that the database cannot be used."""

    def run_once() -> str:
        with app.app_context():
            assert Worker(threading.Event(), once=True).run_once()
        return capsys.readouterr().err

    return run_once


@pytest.fixture
def running(app):
    """A worker that goes on until the test is over."""
    stopped = threading.Event()

    def run() -> None:
        with app.app_context():
            Worker(stopped, once=False).run(app)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stopped.set()
    thread.join(20)
    assert not thread.is_alive()


def until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


def test_mail_leaves_though_every_step_fails_and_each_says_one_line(run_once, app, smtp, writing, reading):
    with writing() as session:
        enqueue_many(session, 3)
        for table in Base.metadata.tables.keys() - MAILS:
            session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    lines = run_once().splitlines()
    assert len(smtp.messages) == 3
    failed = [json.loads(line)["step"] for line in lines]
    assert len(set(failed)) == len(failed) and {timer.__name__ for timer in TIMERS} <= set(failed)
    assert not any("Traceback" in line for line in lines)
    with reading() as session:
        health = mail_health(session, now())
        assert health.failed_step in failed and now() - health.failed_at < timedelta(seconds=20)
        assert not health.worker_is_silent
    with writing() as session:
        for table in Base.metadata.tables.keys() - MAILS:
            session.execute(text(f"ALTER TABLE {table}_gone RENAME TO {table}"))
    assert run_once() == ""
    with reading() as session:
        assert mail_health(session, now()).failed_step is None


@pytest.mark.databases("sqlite")
def test_what_lies_among_the_files_and_cannot_be_removed_is_passed_over(run_once, app, smtp, writing):
    with app.app_context():
        directory = app.extensions["dofc_events"].instance / "files"
    old = (now() - 2 * HOUR).timestamp()
    (directory / "lost+found").mkdir(parents=True)
    # Where the second one would be put aside stands something else.
    for name in ("first", "second", "third"):
        (directory / name).write_bytes(b"left over")
        os.utime(directory / name, (old, old))
    (directory / "second.swept" / "taken").mkdir(parents=True)
    os.utime(directory / "lost+found", (old, old))
    with writing() as session:
        enqueue_many(session, 1)
    (line,) = run_once().splitlines()
    assert '"not_swept"' in line and '"second"' in line
    assert {path.name for path in directory.iterdir()} == {"lost+found", "second", "second.swept"}
    assert len(smtp.messages) == 1


@pytest.mark.databases("postgresql")
def test_a_directory_that_cannot_be_written_stops_no_worker(database_url, tmp_path, smtp, capsys):
    """Neither static files, nor uploads, nor counts of requests have a place: files stand where directories should."""
    instance = tmp_path / "instance"
    instance.mkdir()
    for name in ("assets", "files"):
        (instance / name).touch()
    (instance / "limits.sqlite").mkdir()
    app = create_app(settings_for(database_url, instance, **smtp.settings()))
    with app.app_context():
        with unit_of_work() as session:
            enqueue_many(session, 1)
        assert Worker(threading.Event(), once=True).run_once()
        assert len(smtp.messages) == 1
        assert app.test_client().get("/").status_code == 200
        db.session.remove()
        close_connections()
    # There need not even be a directory.
    app = create_app(settings_for(database_url, instance / "assets" / "instance"))
    assert app.test_client().get("/").status_code == 200
    with app.app_context():
        close_connections()
    said = capsys.readouterr().err
    assert said.count('"static_files_not_written"') == 2 and said.count('"not_swept"') == 1


@pytest.mark.databases("sqlite")
def test_a_full_disk_keeps_no_part_of_an_upload(tmp_path):
    """The system refuses to write more of it than fits."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    try:
        with pytest.raises(OSError):
            files.store(tmp_path, b"%PDF" * 100_000, now())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "files").iterdir()) == []


def test_what_is_uploaded_while_a_sweep_is_under_way_is_there_afterwards(tmp_path):
    """The same bytes were uploaded long ago and are named no more; now they are, again."""
    letters, long_ago = [f"letter {number}".encode() for number in range(20)], now() - 2 * HOUR
    for content in letters:
        files.store(tmp_path, content, long_ago)
    paths = [files.path_of(tmp_path, files.hash_of(content)) for content in letters]
    for number in range(5000):
        left_over = tmp_path / "files" / f"left over {number}"
        left_over.touch()
        os.utime(left_over, (long_ago.timestamp(), long_ago.timestamp()))
    sweep = threading.Thread(target=files.sweep, args=(tmp_path, [], now()))
    sweep.start()
    # Not a moment later: it is soon over.
    while len(os.listdir(tmp_path / "files")) >= 5020:
        pass
    for content in letters:
        files.store(tmp_path, content, now())
    sweep.join()
    assert [path.read_bytes() for path in paths] == letters


def test_a_database_that_was_never_migrated_is_said_and_the_worker_waits_for_it(
    databases, database_kind, tmp_path, smtp, capsys
):
    with databases.empty(database_kind) as url:
        app = databases.site(url, tmp_path / "instance", **smtp.settings())
        with app.app_context():
            worker = Worker(threading.Event(), once=True)
            assert not worker.run_once()
            first = capsys.readouterr().err.splitlines()
            assert not worker.run_once() and capsys.readouterr().err == "", "it is said once, for some minutes"
            said = [(line["event"], line.get("step")) for line in map(json.loads, first)]
            assert len(set(said)) == len(said) and not any("Traceback" in line for line in first)
            migrate_elsewhere(databases, url)
            assert worker.run_once()
            db.session.remove()
            close_connections()


def migrate_elsewhere(databases, url: str) -> None:
    """Migrate the empty database while others have it open, as `flask db upgrade` does in a process of its own."""
    if url.startswith("postgresql"):
        flask_migrate.upgrade()
        return
    # What all migrations make of an empty file was made once, for all tests.
    with databases.fresh("sqlite") as migrated:
        paths = [make_url(address).database for address in (migrated, url)]
        with closing(sqlite3.connect(paths[0])) as source, closing(sqlite3.connect(paths[1])) as target:
            source.backup(target)


@pytest.mark.databases("sqlite")
def test_a_database_that_does_not_answer_ends_no_worker_and_is_said_once(make_app, smtp, capsys):
    nobody = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing"
    with webhook() as hook:
        app = make_app(database_url=nobody, alert_url=hook.url, **smtp.settings())
        with app.app_context():
            worker = Worker(threading.Event(), once=True)
            worker._alarm._away_since = -AWAY_AFTER
            assert not worker.run_once()
            said = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
            assert set(said) == {"database_unreachable"} and len(said) <= 3, "once for each who needs it"
            assert not worker.run_once() and capsys.readouterr().err == ""
    assert hook.troubles == [["database_unreachable"]]


@pytest.mark.databases("sqlite")
def test_timers_do_not_wait_for_a_slow_mail_server(app, smtp, writing, reading, request):
    """At nine seconds a message a round of fifty took seven minutes, for offers and for the sign of life."""
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=1)
        people = [make_registration(session, edition, now=now()) for _ in range(3)]
        service.cancel_registration(session, people[0].id, DELEGATE, now())
        session.execute(update(Message).values(state="sent"))
        enqueue_many(session, 1)
    smtp.delay = 4
    request.getfixturevalue("running")
    until(lambda: _count(reading, "sending") == 1)
    with writing() as session:
        past = {"offered_at": now() - 80 * HOUR, "offered_until": now() - HOUR}
        session.execute(update(Claim).where(Claim.status == "offered").values(past))
    until(lambda: _offers(reading) == ["cancelled", "expired", "offered"], 3.5)
    assert smtp.messages == [], "the message is still under way"
    with reading() as session:
        assert session.scalars(select(WorkerSign)).one().seen_at


def _count(reading, state: str) -> int:
    with reading() as session:
        return states(session).get(state, 0)


def _offers(reading) -> list[str]:
    with reading() as session:
        return [str(status) for status in session.scalars(select(Claim.status).order_by(Claim.registration_id))]
