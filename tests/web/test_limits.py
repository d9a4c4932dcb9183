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

from dofc_events.web import limits
from dofc_events.web.limits import FileStorage

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
    said = capsys.readouterr().out
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
