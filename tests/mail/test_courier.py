"""What the courier does with a batch, with a server that is away or slow, and beside another courier."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dofc_events.core.clock import now
from dofc_events.mail import delivery, outbox
from dofc_events.mail.delivery import BATCH, Courier, claim_due
from dofc_events.mail.models import Message
from dofc_events.mail.rules import RETRY_AFTER, UNREACHABLE_RETRY
from tests.mail.letters import end_leases, enqueue_many, letter, states
from tests.support.factories import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def app(make_app, smtp):
    """A site that delivers to the test's mail server."""
    return make_app(**smtp.settings())


@pytest.fixture
def courier(app):
    """A courier at work; its application context is open."""
    with app.app_context():
        courier = Courier()
        yield courier
        courier.close()


def put(session, at=NOW, **changes) -> Message:
    message = outbox.enqueue(session, letter(**changes), at)
    session.flush()
    return message


def put_due(writing, **changes) -> int:
    with writing() as session:
        return put(session, now(), **changes).id


def stored(reading, message_id: int) -> Message:
    with reading() as session:
        return session.get_one(Message, message_id)


def deliver_all(courier: Courier) -> None:
    while courier.deliver_due():
        pass


# A courier and a real server


def test_deliver_due_sends_everything_and_says_when_there_is_no_more(courier, smtp, writing, reading):
    with writing() as session:
        addresses = enqueue_many(session, BATCH + 5)
    assert courier.deliver_due()
    assert len(smtp.messages) == BATCH
    assert courier.deliver_due()
    assert not courier.deliver_due()
    assert [e.rcpt_tos for e in smtp.envelopes] == [[address] for address in addresses]
    with reading() as session:
        assert states(session) == {"sent": BATCH + 5}
        assert not session.scalars(select(Message.id).where(Message.sent_at.is_(None) | (Message.attempts != 1))).all()
    assert len(smtp.peers) == 1


@pytest.mark.databases("sqlite")
def test_deliver_due_leaves_the_server_alone_when_there_is_nothing_to_do(courier, smtp):
    assert not courier.deliver_due()
    assert smtp.peers == set()


@pytest.mark.databases("sqlite")
def test_deliver_due_tells_refusals_from_a_server_that_is_away(courier, smtp, writing, reading):
    later, never, last = (put_due(writing, recipient=f"{name}@dofc.test") for name in ("later", "never", "last"))
    smtp.refuse |= {"later@dofc.test": "451 4.7.1 later", "never@dofc.test": "550 5.1.1 nobody here"}
    deliver_all(courier)
    assert [e.rcpt_tos for e in smtp.envelopes] == [["last@dofc.test"]]
    assert [stored(reading, i).state for i in (later, never, last)] == ["queued", "dead", "sent"]
    waits = stored(reading, later)
    assert timedelta(seconds=50) < waits.due_at - now() <= RETRY_AFTER[0]
    # However often it is put off: it waits since it was queued.
    assert waits.waits_since <= now()


@pytest.mark.databases("sqlite")
def test_deliver_due_leaves_an_unreachable_server_alone_for_ten_seconds(courier, smtp, writing, reading):
    message_id = put_due(writing)
    smtp.stop()
    assert not courier.deliver_due()
    smtp.start()
    assert not courier.deliver_due()
    message = stored(reading, message_id)
    assert (message.state, message.attempts, message.refusals) == ("queued", 0, 0)
    assert 0 < courier._retry_at - time.monotonic() <= UNREACHABLE_RETRY.total_seconds()
    courier._retry_at = time.monotonic()
    assert courier.deliver_due()
    assert len(smtp.messages) == 1


@pytest.mark.databases("sqlite")
def test_deliver_due_gives_back_what_was_not_tried_when_the_connection_breaks(courier, smtp, writing, reading):
    with writing() as session:
        enqueue_many(session, 5)
    smtp.drop = 1
    deliver_all(courier)
    assert (len(smtp.dropped), smtp.messages) == (1, [])
    with reading() as session:
        tried = session.scalars(select(Message).order_by(Message.id)).all()
    assert [m.state for m in tried] == ["queued"] * 5
    assert [(m.attempts, m.refusals) for m in tried] == [(1, 0)] + [(0, 0)] * 4
    assert all(m.due_at - now() <= UNREACHABLE_RETRY for m in tried)


@pytest.mark.databases("sqlite")
def test_deliver_due_sends_nothing_that_was_taken_back_while_it_waited_its_turn(courier, smtp, writing, reading):
    """The batch is claimed; before its turn comes, one message expires and another is withdrawn."""
    first = put_due(writing)
    expired = put_due(writing, expires_at=now() + 0.4 * SECOND)
    withdrawn = put_due(writing, about="7KX9-Q2MB")
    smtp.delay = 0.6

    def withdraw() -> None:
        smtp_busy.wait(10)
        with writing() as session:
            outbox.withdraw(session, "7KX9-Q2MB", now())

    smtp_busy = threading.Event()
    other = threading.Thread(target=withdraw)
    other.start()
    threading.Timer(0.1, smtp_busy.set).start()
    deliver_all(courier)
    other.join()
    assert [stored(reading, i).state for i in (first, expired, withdrawn)] == ["sent", "withdrawn", "withdrawn"]
    assert len(smtp.messages) == 1


def test_a_courier_sends_nothing_whose_lease_it_lost(courier, smtp, writing, reading):
    """A machine suspended for minutes wakes up in the middle of a batch, which others have since sent."""
    with writing() as session:
        enqueue_many(session, 3)
    smtp.delay = 0.6

    def take_over() -> None:
        with writing() as session:
            session.execute(update(Message).values(lease_holder="another"))

    other = threading.Timer(0.3, take_over)
    other.start()
    deliver_all(courier)
    other.join()
    assert len(smtp.messages) == 1, "the one that was under way"
    with reading() as session:
        assert states(session) == {"sent": 1, "sending": 2}


@pytest.mark.databases("sqlite")
def test_deliver_due_begins_no_message_once_it_is_told_to_stop(app, smtp, writing, reading):
    with writing() as session:
        enqueue_many(session, 8)
    smtp.delay = 0.2
    stopped = threading.Event()
    with app.app_context():
        courier = Courier(stopped)
        threading.Timer(0.5, stopped.set).start()
        deliver_all(courier)
        courier.close()
    with reading() as session:
        counts = states(session)
    assert 1 <= counts["sent"] == len(smtp.messages) < 8
    assert counts["queued"] == 8 - counts["sent"]


@pytest.mark.databases("sqlite")
def test_a_message_that_cannot_be_written_dies_and_the_others_leave(courier, smtp, writing, reading):
    """Otherwise it would come first again whenever its lease ended, and take the worker down each time."""
    impossible = put_due(writing, recipient="josé@dofc.test")
    fine = put_due(writing)
    deliver_all(courier)
    assert [stored(reading, i).state for i in (impossible, fine)] == ["dead", "sent"]
    assert "UnicodeEncodeError" in stored(reading, impossible).last_error


def test_a_dead_couriers_messages_are_delivered_by_the_next_under_the_same_id(courier, smtp, writing, reading):
    message_id = put_due(writing)
    with writing() as session:
        claim_due(session, "dead", now())
    deliver_all(courier)
    assert smtp.messages == []
    with writing() as session:
        end_leases(session)
    deliver_all(courier)
    assert smtp.wait_for(1)[0]["Message-ID"] == stored(reading, message_id).message_id


def test_a_send_slower_than_the_lease_keeps_it(app, smtp, writing, reading, monkeypatch):
    monkeypatch.setattr(delivery, "LEASE", 0.6 * SECOND)
    with writing() as session:
        enqueue_many(session, 2)
    smtp.delay = 1.2
    done = threading.Event()
    couriers = [threading.Thread(target=_run, args=(app, done)) for _ in range(2)]
    for courier in couriers:
        courier.start()
    smtp.wait_for(2)
    done.set()
    for courier in couriers:
        courier.join(20)
    assert len(smtp.messages) == 2
    with reading() as session:
        assert states(session) == {"sent": 2}
        assert session.scalars(select(Message.attempts)).all() == [1, 1]


@pytest.mark.databases("sqlite")
def test_two_couriers_send_no_message_twice(app, smtp, writing, reading):
    with writing() as session:
        addresses = enqueue_many(session, 3 * BATCH)
    smtp.delay = 0.005
    done = threading.Event()
    couriers = [threading.Thread(target=_run, args=(app, done)) for _ in range(2)]
    for courier in couriers:
        courier.start()
    smtp.wait_for(3 * BATCH)
    done.set()
    for courier in couriers:
        courier.join(20)
    assert sorted(e.rcpt_tos[0] for e in smtp.envelopes) == sorted(addresses)
    assert len(smtp.peers) == 2, "both took part"
    with reading() as session:
        assert states(session) == {"sent": 3 * BATCH}


def _run(app, done: threading.Event) -> None:
    with app.app_context():
        courier = Courier()
        while not done.is_set():
            if not courier.deliver_due():
                done.wait(0.02)
        courier.close()


@pytest.mark.databases("sqlite")
def test_what_a_silent_server_answers_is_kept_until_it_takes_mail_again(make_app, smtp, writing):
    """Organisers read it: the messages themselves were never tried."""
    app = make_app(**smtp.settings() | {"mail_port": 1})
    put_due(writing)
    with app.app_context():
        courier = Courier()
        assert courier.deliver_due() is False
        assert courier.answer.error == "Connection refused" and courier.answer.taken_at is None
        assert now() - courier.answer.tried_at < timedelta(seconds=10)
        courier.close()


def test_a_server_that_answers_again_is_no_longer_blamed(courier, smtp, writing):
    put_due(writing)
    smtp.drop = 1
    deliver_all(courier)
    assert courier.answer.error
    courier._retry_at = None
    with writing() as session:
        session.execute(update(Message).values(due_at=now()))
    deliver_all(courier)
    assert courier.answer.error is None and now() - courier.answer.taken_at < timedelta(seconds=10)


def test_what_others_did_not_get_in_between_is_said_of_the_message(courier, smtp, writing, reading):
    """A message on which the server hangs up each time would keep all others waiting, every ten seconds, for ever."""
    poison, smtp.poison = put_due(writing, recipient="poison@dofc.test"), "poison@dofc.test"
    deliver_all(courier)
    assert (stored(reading, poison).refusals, courier._retry_at is None) == (0, False), "it may be the server"
    good = put_due(writing)
    courier._retry_at = None
    deliver_all(courier)
    assert stored(reading, good).state == "sent"
    with writing() as session:
        session.execute(update(Message).where(Message.id == poison).values(due_at=now()))
    other = put_due(writing)
    deliver_all(courier)
    assert [stored(reading, i).state for i in (poison, other)] == ["queued", "sent"]
    assert stored(reading, poison).refusals == 1, "it climbs the ladder"
    assert courier.answer.error is None, "the server is not blamed"


# A clock that somebody sets


@pytest.mark.databases("sqlite")
def test_mail_leaves_at_once_when_the_clock_is_set_back(courier, smtp, writing, reading, monkeypatch):
    """What was put off, queued or leased by the wrong clock does not wait until it is as late again."""
    smtp.stop()
    hour = timedelta(hours=1)
    monkeypatch.setattr(delivery, "clock", lambda: now() + hour)
    ahead = [put_due(writing) for _ in range(3)]
    assert not courier.deliver_due()
    with writing() as session:
        session.execute(update(Message).where(Message.id != ahead[0]).values(due_at=now() + hour))
        claim_due(session, "dead", now() + hour + SECOND)
        session.execute(update(Message).where(Message.id != ahead[0]).values(state="queued", lease_until=None))
    monkeypatch.setattr(delivery, "clock", now)
    smtp.start()
    courier._retry_at -= UNREACHABLE_RETRY.total_seconds()
    deliver_all(courier)
    assert [stored(reading, i).state for i in ahead] == ["sent"] * 3
