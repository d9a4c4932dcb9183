"""`flask mail status`: what scripts read."""

import json
from datetime import timedelta

import pytest

from dofc_events.core.clock import now
from dofc_events.mail import outbox
from dofc_events.mail.rules import MessageState
from tests.mail.letters import letter


@pytest.fixture
def status(app):
    """`status()`: what `--json` prints, parsed."""

    def run() -> dict[str, int]:
        answer = app.test_cli_runner().invoke(args=["mail", "status", "--json"])
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)

    return run


def put(writing, state: MessageState, age: timedelta = timedelta(0)) -> None:
    with writing() as session:
        message = outbox.enqueue(session, letter(), now() - age)
        message.state = state
        if state == MessageState.SENDING:
            message.lease_until = now()


def test_status_of_an_empty_outbox_is_all_noughts(status):
    assert status() == {"queued": 0, "sending": 0, "sent": 0, "dead": 0, "kept": 0, "oldest_queued_seconds": 0}


def test_status_counts_each_state(status, writing):
    for number, state in enumerate(MessageState, start=1):
        for _ in range(number):
            put(writing, state)
    counts = status()
    oldest = counts.pop("oldest_queued_seconds")
    assert counts == {"queued": 1, "sending": 2, "sent": 3, "dead": 4, "kept": 5}
    assert 0 <= oldest < 20


def test_status_says_how_old_the_oldest_waiting_message_is(status, writing):
    put(writing, MessageState.SENT, timedelta(days=3))
    put(writing, MessageState.KEPT, timedelta(days=2))
    assert status()["oldest_queued_seconds"] == 0
    put(writing, MessageState.QUEUED, timedelta(seconds=90))
    put(writing, MessageState.QUEUED)
    assert 90 <= status()["oldest_queued_seconds"] < 110
    put(writing, MessageState.SENDING, timedelta(seconds=200))
    assert 200 <= status()["oldest_queued_seconds"] < 220


@pytest.mark.databases("sqlite")
def test_status_is_readable_without_json(app):
    answer = app.test_cli_runner().invoke(args=["mail", "status"])
    assert answer.output.splitlines() == [
        "queued: 0", "sending: 0", "sent: 0", "dead: 0", "kept: 0", "oldest_queued_seconds: 0",
    ]  # fmt: skip
