"""What is parsed in a process of its own is stopped there, and takes its turn."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dofc_events.core import contained

READER = "tests.support.reader"


def test_what_comes_back_is_what_the_reader_made_without_what_the_site_knows(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "nothing for a process that strangers may take over")
    said = json.loads(contained.run(READER, b"hello", tmp_path))
    assert said["sent"] == "hello" and said["niceness"] >= 10
    assert set(said["environment"]) <= {"LC_CTYPE"}


@pytest.mark.parametrize("task", [b"compute", b"allocate", b"nest"])
def test_what_takes_too_much_is_stopped(tmp_path, task):
    with pytest.raises(contained.TooCostly):
        contained.run(READER, task, tmp_path)


def test_what_takes_too_long_on_the_clock_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(contained, "SECONDS", 0.1)
    with pytest.raises(contained.TooCostly):
        contained.run(READER, b"wait", tmp_path)


def test_a_fault_of_the_reader_says_what_it_was(tmp_path):
    with pytest.raises(contained.ReaderFailed, match="what nobody foresaw"):
        contained.run(READER, b"fail", tmp_path)


def test_who_finds_no_place_is_told_when_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr(contained, "PATIENCE", 0)
    monkeypatch.setattr(contained, "MAX_AT_ONCE", 1)
    with contained._turn(tmp_path, contained.Line.FILES), pytest.raises(contained.TooBusy) as refused:
        contained.run(READER, b"hello", tmp_path)
    assert refused.value.retry_after == contained.RETRY_AFTER
    # The place was given back.
    assert contained.run(READER, b"hello", tmp_path)


def test_whoever_waits_gets_their_turn_and_others_of_the_process_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(contained, "MAX_AT_ONCE", 1)
    left, begun = threading.Event(), threading.Event()

    def hold():
        with contained._turn(tmp_path, contained.Line.FILES):
            begun.set()
            left.wait(10)

    with ThreadPoolExecutor(2) as people:
        first = people.submit(hold)
        begun.wait(10)
        second = people.submit(contained.run, READER, b"hello", tmp_path)
        # The second waits; a third thread of this process would leave too few for everybody else.
        until = time.monotonic() + 10
        while time.monotonic() < until and not second.running():
            time.sleep(0.01)
        time.sleep(0.1)
        with pytest.raises(contained.TooBusy):
            contained.run(READER, b"hello", tmp_path)
        left.set()
        assert second.result(30) and first.result(1) is None


def test_nobody_who_signs_in_waits_for_those_who_send_files(tmp_path, monkeypatch):
    monkeypatch.setattr(contained, "PATIENCE", 0)
    with contained._turn(tmp_path, contained.Line.FILES), contained._turn(tmp_path, contained.Line.FILES):
        with pytest.raises(contained.TooBusy):
            contained.run(READER, b"hello", tmp_path)
        assert contained.run(READER, b"hello", tmp_path, contained.Line.PASSKEYS)
