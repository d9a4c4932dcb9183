"""Letters to many: everybody gets exactly one, however often the button is pressed and whatever dies meanwhile."""

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select, update

from benchmarks.crowd import add_crowd
from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.letters import service
from dofc_events.letters.models import Letter, LetterRecipient
from dofc_events.letters.queries import readers_of, unwritten
from dofc_events.letters.rules import LetterState
from dofc_events.letters.timers import write_messages
from dofc_events.mail.models import Message
from dofc_events.registration.queries import Audience
from tests.letters.conftest import ELENA, release, write
from tests.mail.letters import end_leases
from tests.support.crowd import make_crowd
from tests.support.factories import make_edition

# More than are written or sent in one batch before each of the three ends.
PEOPLE = 460
AT_ONCE = 8


@pytest.fixture
def app(make_app, smtp):
    """What the tests put into the outbox is meant to be delivered."""
    return make_app(**smtp.settings())


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something to become true; fails if it does not."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.02)


def written(reading) -> int:
    """How many messages of letters are in the outbox."""
    with reading() as session:
        return session.scalar(select(func.count()).where(Message.kind == "announcement"))


def has_written(reading, count: int) -> bool:
    return written(reading) >= count


def has_taken(smtp, count: int) -> bool:
    return len(smtp.envelopes) >= count


def test_a_letter_to_hundreds_survives_the_worker_being_killed_again_and_again(
    live_server, database_url, smtp, writing, reading
):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=PEOPLE)
        add_crowd(session, edition, PEOPLE, now())
        # The crowd is invented, and would get nothing.
        moved = func.replace(Registration.email, "demo.example", "dofc.test")
        session.execute(update(Registration).values(email=moved, email_key=moved))
        session.expire_all()
        letter_id = write(session, edition, now=now())
        count = release(session, edition, letter_id, now())
        recipients = select(LetterRecipient.email_key)
        addresses = set(session.scalars(recipients))
    assert len(addresses) == count > 400
    site = live_server(database_url, smtp, workers=0)
    # While messages are written, then while they are written and sent, then while they are sent.
    for reached in (partial(has_written, reading, 120), partial(has_taken, smtp, 30), partial(has_taken, smtp, 200)):
        worker = site.run_worker()
        until(reached)
        worker.kill()
        with writing() as session:
            end_leases(session)
    assert site.flask("worker", "--once") == ""
    ids: dict[str, set[bytes]] = {}
    for envelope in smtp.envelopes:
        ids.setdefault(envelope.rcpt_tos[0], set()).add(re.search(rb"^Message-ID: *(\S+)", envelope.content, re.M)[1])
    assert set(ids) == addresses, "everybody has it"
    assert all(len(known) == 1 for known in ids.values()), "what came twice has the same Message-ID"
    assert len(smtp.envelopes) - count <= 3, "at most the one that was under way, each time"
    assert written(reading) == count
    with reading() as session:
        assert session.get_one(Letter, letter_id).state is LetterState.WRITTEN and faults(session) == []


def test_a_letter_goes_once_when_several_organisers_send_it_at_once_and_several_workers_write_it(writing, reading):
    with writing() as session:
        edition = make_edition(session, now=now())
        people = {person.reference for person in make_crowd(session, edition, 70, now=now())}
        letter_id = write(session, edition, now=now())
        digest = readers_of(session, edition.id, Audience()).digest
    start = Barrier(AT_ONCE)

    def send(_: int) -> bool:
        start.wait(timeout=30)
        try:
            with writing() as session:
                service.release_letter(session, letter_id, digest, ELENA, now())
        except service.NotADraft:
            return False
        return True

    def work(_: int) -> None:
        with reading() as session:
            everybody = unwritten(session, letter_id, 100)
        start.wait(timeout=30)
        with writing() as session:
            write_messages(session, everybody, letter_id, now())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert Counter(pool.map(send, range(AT_ONCE))) == {True: 1, False: AT_ONCE - 1}
        list(pool.map(work, range(AT_ONCE)))
    with reading() as session:
        got = session.scalars(select(Message.about).where(Message.kind == "announcement")).all()
        assert Counter(got) == dict.fromkeys(people, 1) and faults(session) == []
