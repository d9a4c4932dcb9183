"""Emails are sent, whatever dies in the meantime: the server, a worker, the database's connections."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import select, text

from dofc_events.commands.timers import TIMERS
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.mail.delivery import BATCH
from dofc_events.mail.models import Message, WorkerSign
from tests.mail.letters import end_leases, enqueue_many, states
from tests.races.visitors import registration_form, send
from tests.support.databases import close_connections
from tests.support.factories import make_edition
from tests.support.network import NetworkClient


@pytest.fixture
def app(make_app, smtp):
    """What the tests put into the outbox is meant to be delivered."""
    return make_app(**smtp.settings())


def until(condition: Callable[[], bool], seconds: float = 30) -> float:
    """Wait for something to become true; returns how long it took, fails if it does not."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun


def outbox(reading) -> dict[str, int]:
    with reading() as session:
        return states(session)


def has_taken(smtp, count: int) -> bool:
    return len(smtp.envelopes) >= count


def signs_of_life(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(WorkerSign.name)))


def recipients(smtp) -> Counter[str]:
    return Counter(envelope.rcpt_tos[0] for envelope in smtp.envelopes)


@pytest.mark.databases("postgresql")
def test_registering_needs_no_mail_server_and_each_message_leaves_once_when_it_is_back(
    live_server, database_url, smtp, writing, reading
):
    with writing() as session:
        year = make_edition(session, now=now()).year
    smtp.stop()
    site = live_server(database_url, smtp)
    for name in ("ana", "ivo", "eva"):
        assert send(registration_form(NetworkClient(site.url), year, f"{name}@dofc.test")).status == 303
    worker = site.run_worker()
    until(lambda: "mail_server_unreachable" in worker.log.read_text())
    assert outbox(reading) == {"queued": 3}
    smtp.start()
    assert until(partial(has_taken, smtp, 3)) < 30, "an unreachable server is tried again within 30 s"
    until(lambda: outbox(reading) == {"sent": 3})
    assert worker.stop() == 0
    assert recipients(smtp) == {"ana@dofc.test": 1, "ivo@dofc.test": 1, "eva@dofc.test": 1}
    with reading() as session:
        assert session.scalars(select(Message.refusals)).all() == [0, 0, 0]


def test_a_worker_killed_while_sending_loses_nothing_and_repeats_under_the_same_id(
    live_server, database_url, smtp, writing, reading
):
    with writing() as session:
        addresses = enqueue_many(session, 200)
    smtp.delay = 0.01
    site = live_server(database_url, smtp, workers=0)
    for sent in (30, 90):
        worker = site.run_worker()
        until(partial(has_taken, smtp, sent))
        worker.kill()
        with writing() as session:
            end_leases(session)
    smtp.delay = 0
    assert site.flask("worker", "--once") == ""
    assert outbox(reading) == {"sent": 200}
    assert set(recipients(smtp)) == set(addresses), "every recipient has it"
    ids: dict[str, set[str]] = {}
    for message in smtp.messages:
        ids.setdefault(message["To"].addresses[0].addr_spec, set()).add(message["Message-ID"])
    assert all(len(known) == 1 for known in ids.values()), "a repeated message can be recognised"
    assert len(smtp.envelopes) - len(addresses) <= 2, "at most the one that was under way, each time"


def test_three_workers_share_the_work_and_send_nothing_twice(live_server, database_url, smtp, writing, reading):
    site = live_server(database_url, smtp, workers=0)
    # The first one needs longer than it takes the others to look.
    smtp.delay = 0.02
    workers = [site.run_worker() for _ in range(3)]
    until(lambda: len(signs_of_life(reading)) == 3)
    with writing() as session:
        addresses = enqueue_many(session, 5 * BATCH)
    until(lambda: outbox(reading) == {"sent": 5 * BATCH})
    assert recipients(smtp) == Counter(addresses)
    assert len(smtp.peers) > 1, "more than one took part"
    assert [worker.stop() for worker in workers] == [0, 0, 0]


@pytest.mark.databases("postgresql")
def test_a_worker_that_found_no_tables_delivers_as_soon_as_they_are_there(
    live_server, databases, database_kind, make_app, smtp
):
    with databases.empty(database_kind) as url:
        site = live_server(url, smtp, workers=0)
        worker = site.run_worker()
        until(lambda: "round_failed" in worker.log.read_text())
        said = worker.log.read_text().splitlines()
        # Each step, the sweep, the mail and the round, once.
        assert len(said) <= len(TIMERS) + 3 and not any("Traceback" in line for line in said)
        site.flask("db", "upgrade")
        with make_app(database_url=url, **smtp.settings()).app_context():
            with unit_of_work() as session:
                enqueue_many(session, 3)
            smtp.wait_for(3)
            until(lambda: len(db.session.scalars(select(WorkerSign.name)).all()) == 1)
            db.session.remove()
            close_connections()
        assert worker.is_running and worker.stop() == 0


@pytest.mark.databases("postgresql")
def test_a_worker_outlives_the_databases_connections(live_server, database_url, smtp, writing, reading):
    site = live_server(database_url, smtp, workers=0)
    worker = site.run_worker()
    with writing() as session:
        enqueue_many(session, 1)
    smtp.wait_for(1)
    with writing() as session:
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
        assert session.execute(others).all()
    with writing() as session:
        enqueue_many(session, 1)
    smtp.wait_for(2)
    assert worker.is_running and worker.stop() == 0
