"""Out of the outbox: leases, and how an attempt ends."""

from datetime import timedelta

import pytest

from dofc_events.mail import outbox
from dofc_events.mail.delivery import BATCH, claim_due, release, renew_leases, settle
from dofc_events.mail.models import Message
from dofc_events.mail.rules import LEASE, RETRY_AFTER, UNREACHABLE_RETRY, MessageState
from dofc_events.mail.transport import Refused, Unreachable
from tests.mail.letters import letter
from tests.support.factories import NOW

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

SECOND = timedelta(seconds=1)


@pytest.fixture
def app(shared_app):
    """A site with a mail server, so that messages are queued; nobody delivers them."""
    return shared_app(mail_server="127.0.0.1")


def put(session, at=NOW, **changes) -> Message:
    message = outbox.enqueue(session, letter(**changes), at)
    session.flush()
    return message


def claimed(session, holder: str, at) -> list[int]:
    """Which messages `claim_due` hands out."""
    messages = claim_due(session, holder, at)
    session.flush()
    return [message.id for message in messages]


# What may be claimed


def test_claim_due_leases_the_oldest_first_and_one_batch_at_a_time(session):
    ids = [put(session, NOW + n * SECOND).id for n in reversed(range(BATCH + 3))]
    later = NOW + timedelta(minutes=1)
    assert claimed(session, "one", later) == list(reversed(ids))[:BATCH]
    assert claimed(session, "two", later) == list(reversed(ids))[BATCH:]
    assert claimed(session, "three", later) == []
    message = session.get_one(Message, ids[-1])
    assert (message.state, message.lease_holder, message.lease_until) == ("sending", "one", later + LEASE)
    assert message.attempts == 1


@pytest.mark.parametrize("state", [s for s in MessageState if s not in (MessageState.QUEUED, MessageState.SENDING)])
def test_claim_due_leaves_alone_what_is_not_waiting(session, state):
    put(session).state = state
    assert claimed(session, "one", NOW + timedelta(days=400)) == []


def test_claim_due_lets_what_somebody_waits_for_overtake_letters_to_many(session):
    many = [outbox.enqueue(session, letter(kind="announcement"), NOW) for _ in range(BATCH)]
    waited_for = outbox.enqueue(session, letter(kind="sign-in"), NOW + SECOND)
    session.flush()
    assert claimed(session, "one", NOW + SECOND) == [waited_for.id, *(message.id for message in many[:-1])]


@pytest.mark.databases("sqlite", "postgresql")
def test_claim_due_waits_until_a_message_is_due(session):
    put(session).due_at = NOW + SECOND
    assert claimed(session, "one", NOW) == []
    assert len(claimed(session, "one", NOW + SECOND)) == 1


def test_claim_due_takes_up_what_a_dead_worker_held_once_its_lease_has_ended(session):
    message = put(session)
    claim_due(session, "dead", NOW)
    assert claimed(session, "next", NOW + LEASE) == []
    assert claimed(session, "next", NOW + LEASE + SECOND) == [message.id]
    assert (message.lease_holder, message.attempts) == ("next", 2)


@pytest.mark.databases("sqlite", "postgresql")
def test_claim_due_withdraws_what_has_expired(session):
    old = put(session, expires_at=NOW + SECOND)
    held = put(session)
    claim_due(session, "dead", NOW)
    outbox.withdraw(session, "", NOW)
    assert claimed(session, "one", NOW + LEASE + SECOND) == []
    session.flush()
    assert (old.state, held.state) == (MessageState.WITHDRAWN, MessageState.WITHDRAWN)


@pytest.mark.databases("sqlite", "postgresql")
def test_renewed_leases_are_not_taken_up_and_released_ones_at_once(session):
    mine, others = put(session), put(session)
    claim_due(session, "one", NOW)
    others.lease_holder = "two"
    session.flush()
    renew_leases(session, "one", NOW + LEASE)
    session.expire_all()
    assert (mine.lease_until, others.lease_until) == (NOW + 2 * LEASE, NOW + LEASE)
    release(session, "one")
    session.expire_all()
    assert (mine.state, mine.lease_until, mine.lease_holder, mine.attempts) == ("queued", None, None, 0)
    assert (others.state, others.attempts) == ("sending", 1)


# How an attempt ends


def settled(session, message, holder, error, now):
    settle(session.connection(), message, holder, error, now)
    session.refresh(message)


def test_settle_notes_that_a_message_was_sent(session):
    message = put(session)
    claim_due(session, "one", NOW)
    settled(session, message, "one", None, NOW + SECOND)
    assert (message.state, message.sent_at, message.lease_until) == (MessageState.SENT, NOW + SECOND, None)


def test_settle_climbs_the_ladder_and_gives_up_at_its_end(session):
    message = put(session)
    at = NOW
    for number, wait in enumerate(RETRY_AFTER, start=1):
        assert claimed(session, "one", at) == [message.id]
        settled(session, message, "one", Refused("451 later", permanent=False), at)
        session.flush()
        assert (message.state, message.refusals) == (MessageState.QUEUED, number)
        assert (message.due_at, message.last_error) == (at + wait, "451 later")
        at += wait
    claim_due(session, "one", at)
    settled(session, message, "one", Refused("451 later", permanent=False), at)
    assert (message.state, message.attempts) == (MessageState.DEAD, len(RETRY_AFTER) + 1)
    assert timedelta(days=4) < at - NOW < timedelta(days=5), "RFC 5321, section 4.5.4.1"


@pytest.mark.databases("sqlite", "postgresql")
def test_settle_gives_up_at_once_when_a_refusal_is_permanent(session):
    message = put(session)
    claim_due(session, "one", NOW)
    settled(session, message, "one", Refused("550 nobody here", permanent=True), NOW)
    assert (message.state, message.last_error) == (MessageState.DEAD, "550 nobody here")


@pytest.mark.parametrize("changes", [{"kind": "address-changed"}, {"expires_at": NOW + SECOND}])
def test_settle_raises_no_alarm_over_what_nobody_has_to_act_on(session, changes):
    message = put(session)
    claim_due(session, "one", NOW)
    for name, value in changes.items():
        setattr(message, name, value)
    session.flush()
    settled(session, message, "one", Refused("550 nobody here", permanent=True), NOW + SECOND)
    assert (message.state, message.last_error) == (MessageState.WITHDRAWN, "550 nobody here")


def test_settle_costs_a_message_nothing_when_the_server_is_unreachable(session):
    message = put(session)
    for number in range(50):
        at = NOW + number * UNREACHABLE_RETRY
        assert claimed(session, "one", at) == [message.id]
        settled(session, message, "one", Unreachable("gone"), at)
        session.flush()
    assert (message.state, message.refusals, message.due_at) == (MessageState.QUEUED, 0, at + UNREACHABLE_RETRY)


@pytest.mark.databases("sqlite", "postgresql")
def test_settle_by_who_lost_the_lease_changes_nothing_but_a_success(session):
    message = put(session)
    claim_due(session, "slow", NOW)
    claim_due(session, "next", NOW + LEASE + SECOND)
    settled(session, message, "slow", Refused("550 no", permanent=True), NOW + LEASE + SECOND)
    assert (message.state, message.lease_holder) == (MessageState.SENDING, "next")
    settled(session, message, "slow", None, NOW + LEASE + SECOND)
    assert message.state == MessageState.SENT
    release(session, "next")
    session.expire_all()
    assert message.state == MessageState.SENT
