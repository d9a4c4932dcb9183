"""Counts that hold over all threads and processes of one machine."""

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from dofc_events.core.db import db, single_statements
from dofc_events.web import limits
from dofc_events.web.limits import DatabaseStorage, FileStorage, RequestCount
from tests.support.pages import Client

COUNT = """
import sys
from dofc_events.web.limits import FileStorage
storage = FileStorage(sys.argv[1])
for _ in range(200):
    storage.incr("key", 60)
"""


@pytest.fixture
def uri(tmp_path):
    return f"limits-file://{tmp_path / 'limits.sqlite'}"


def test_processes_and_threads_that_begin_at_once_count_together(uri):
    processes = [subprocess.Popen([sys.executable, "-c", COUNT, uri]) for _ in range(6)]
    storage = FileStorage(uri)

    def count() -> None:
        for _ in range(200):
            storage.incr("key", 60)

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(30) for process in processes] == [0] * 6
    assert storage.get("key") == 1600


def test_a_window_ends_and_the_next_one_begins_at_nothing(uri):
    storage = FileStorage(uri)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        assert [storage.incr("key", 60), storage.incr("key", 60, amount=3)] == [1, 4]
        clock.shift(59)
        assert (storage.incr("key", 60), storage.get_expiry("key")) == (5, 1_800_000_060)
        clock.shift(1)
        assert (storage.get("key"), storage.get_expiry("key")) == (0, 1_800_000_060)
        assert storage.incr("key", 60) == 1


def test_a_clock_that_is_set_back_makes_no_window_longer(uri):
    storage = FileStorage(uri)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        storage.incr("key", 60)
        clock.shift(-3600)
        assert (storage.incr("key", 60), storage.get_expiry("key")) == (2, 1_799_996_460)
        clock.shift(60)
        assert storage.incr("key", 60) == 1


def test_keys_are_counted_apart_and_can_be_forgotten(uri):
    storage = FileStorage(uri)
    storage.incr("a", 60)
    storage.incr("b", 60)
    storage.clear("a")
    assert (storage.get("a"), storage.get("b"), storage.check()) == (0, 1, True)
    assert storage.reset() == 1
    assert storage.get("b") == 0


def test_what_has_ended_is_removed(uri):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        FileStorage(uri).incr("a", 60)
        clock.shift(60)
        FileStorage(uri).incr("b", 60)
    with contextlib.closing(sqlite3.connect(uri.removeprefix("limits-file://"))) as file:
        assert file.execute("SELECT key FROM hits").fetchall() == [("b",)]


@pytest.mark.databases("postgresql")
def test_two_sites_on_one_database_count_together(make_app, database_url):
    sites, storage = [make_app(), make_app()], DatabaseStorage("limits-database://")

    def count(site: Flask) -> None:
        with site.app_context():
            for _ in range(20):
                storage.incr("key", 60)

    threads = [threading.Thread(target=count, args=(site,)) for site in sites for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sites[1].app_context():
        assert (storage.get("key"), storage.incr("key", 60, amount=3)) == (80, 83)
        assert abs(storage.get_expiry("key") - time.time() - 60) < 5
        assert (storage.incr("short", 0), storage.incr("short", 60)) == (1, 1), "a window that has ended"
        storage.clear("key")
        assert (storage.get("key"), storage.check(), storage.reset()) == (0, True, 1)


@pytest.mark.databases("postgresql")
def test_forms_are_limited_over_all_sites_that_share_a_database(make_app):
    browsers = [Client(make_app(rate_limits=True, shared_limits=True)) for _ in range(2)]
    answers = [
        browsers[number % 2].get("/sign-in").form().fill(email="eve@example.org").submit().status for number in range(6)
    ]
    assert answers == [200] * 5 + [429]
    with browsers[0].app.app_context():
        assert db.session.scalars(select(RequestCount.count).where(RequestCount.key.contains("eve@"))).first() == 5


@pytest.mark.databases("postgresql")
def test_where_the_database_cannot_count_nobody_is_refused_and_it_is_said_once(make_app, capsys, monkeypatch):
    monkeypatch.setattr(limits, "PAUSE", 0)
    storage = DatabaseStorage("limits-database://")
    with make_app().app_context(), single_statements() as connection:
        connection.exec_driver_sql("ALTER TABLE request_counts RENAME TO away")
        assert [storage.incr("key", 60) for _ in range(3)] == [0, 0, 0]
        connection.exec_driver_sql("ALTER TABLE away RENAME TO request_counts")
        assert [storage.incr("key", 60), storage.get("key")] == [1, 1]
    said = capsys.readouterr().err
    assert said.count("request_limits_fail") == said.count("request_limits_count_again") == 1


def spoil(path: Path) -> None:
    path.write_bytes(b"This is no database." * 500)


def remove_folder(path: Path) -> None:
    path.parent.rmdir()


@pytest.mark.parametrize("harm", [spoil, remove_folder])
def test_where_the_file_fails_nobody_is_refused_and_it_is_said_once(tmp_path, capsys, monkeypatch, harm):
    monkeypatch.setattr(limits, "PAUSE", 0)
    path = tmp_path / "place" / "limits.sqlite"
    path.parent.mkdir()
    harm(path)
    storage = FileStorage(f"limits-file://{path}")
    assert [storage.incr("key", 60) for _ in range(3)] == ([0, 1, 2] if harm is spoil else [0, 0, 0])
    path.parent.mkdir(exist_ok=True)
    assert storage.incr("key", 60) == (3 if harm is spoil else 1)
    said = capsys.readouterr().err
    assert said.count("request_limits_fail") == said.count("request_limits_count_again") == 1


def test_a_file_that_somebody_else_holds_is_waited_for_once(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "BUSY_TIMEOUT", 0.05)
    path = tmp_path / "limits.sqlite"
    storage = FileStorage(f"limits-file://{path}")
    assert storage.incr("key", 60) == 1
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        assert [storage.incr("key", 60) for _ in range(100)] == [0] * 100
    assert time.monotonic() - began < 2
