"""Into the outbox, back out of it, and how much one address is sent."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.core.audit import AuditEntry
from dofc_events.core.db import unit_of_work
from dofc_events.mail import outbox
from dofc_events.mail.envelope import Attachment
from dofc_events.mail.models import Message
from dofc_events.mail.queries import mail_health, messages, messages_by_state
from dofc_events.mail.rules import MessageState
from tests.mail.letters import ORGANISER, letter
from tests.support.factories import NOW

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STATES = tuple(MessageState)


@pytest.fixture
def app(shared_app):
    """A site with an email server, which nobody speaks to in these tests."""
    return shared_app(
        mail_server="mail.dofc.test", mail_default_sender="Days of Clusters <registration@mail.dofc.test>"
    )


@pytest.fixture
def keeping(shared_app):
    """A session of a site without an email server."""
    with shared_app().app_context(), unit_of_work() as session:
        yield session


def in_state(session, state: MessageState, **changes) -> Message:
    message = outbox.enqueue(session, letter(**changes), NOW)
    message.state = state
    if state == MessageState.SENDING:
        message.lease_until, message.lease_holder = NOW + HOUR, "somebody"
    session.flush()
    return message


def test_enqueue_keeps_a_message_when_there_is_no_mail_server(keeping):
    assert outbox.enqueue(keeping, letter(), NOW).state == MessageState.KEPT


def test_enqueue_queues_a_message_with_all_that_it_will_be_sent_with(session):
    envelope = letter(
        reply_to="host@dofc.test",
        scope="2027",
        about="7KX9-Q2MB",
        attachments=(Attachment("a.ics", "text/calendar; charset=utf-8", "BEGIN"),),
        expires_at=NOW + HOUR,
    )
    stored = outbox.enqueue(session, envelope, NOW)
    session.flush()
    session.expire_all()
    assert (stored.state, stored.queued_at, stored.due_at, stored.expires_at) == ("queued", NOW, NOW, NOW + HOUR)
    assert (stored.recipient, stored.recipient_key) == ("Ana@dofc.test", "ana@dofc.test")
    same = (
        "kind",
        "scope",
        "about",
        "language",
        "sender_name",
        "recipient_name",
        "subject",
        "text",
        "html",
        "reply_to",
    )
    assert all(getattr(stored, name) == getattr(envelope, name) for name in same)
    assert stored.attachments == [
        {"filename": "a.ics", "content_type": "text/calendar; charset=utf-8", "body": "BEGIN"}
    ]
    assert (stored.attempts, stored.refusals, stored.sent_at, stored.last_error) == (0, 0, None, None)


def test_enqueue_gives_each_message_an_id_of_its_own_at_the_senders_domain(session):
    ids = {outbox.enqueue(session, letter(), NOW).message_id for _ in range(20)}
    assert len(ids) == 20
    assert all(i.startswith("<") and i.endswith("@mail.dofc.test>") for i in ids)


def test_enqueue_keeps_what_must_not_be_sent_even_with_a_mail_server(session):
    assert outbox.enqueue(session, letter(), NOW, keep=True).state == MessageState.KEPT


def test_what_anybody_causes_for_the_demonstrations_people_is_kept_and_never_sent(session, writing):
    invented = outbox.enqueue(session, letter(recipient="Delegate01@demo.example"), NOW)
    real = outbox.enqueue(session, letter(recipient="demo.example@dofc.test"), NOW)
    # Whoever asks for it has typed the address; a page says that it has been sent.
    link = outbox.enqueue(session, letter(recipient="chair@demo.example", kind="sign-in"), NOW)
    assert [one.state for one in (invented, real, link)] == ["kept", "queued", "queued"]
    outbox.send_kept(session, invented.scope, ORGANISER, NOW)
    session.refresh(invented)
    assert invented.state == MessageState.KEPT and not outbox.can_be_sent_again(session, invented, NOW)


def test_enqueue_leaves_nothing_when_the_transaction_fails(writing, reading):
    def fail() -> None:
        with writing() as session:
            outbox.enqueue(session, letter(), NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with reading() as session:
        assert session.scalars(select(Message)).all() == []


def test_enqueue_stores_the_longest_names_that_forms_accept(session):
    """PostgreSQL refuses what is longer than its column, and with it the whole registration."""
    name = f"{'Ж' * 100} {'Щ' * 100}"
    stored = outbox.enqueue(session, letter(recipient_name=name, sender_name=name, subject="ф" * 400), NOW)
    session.flush()
    session.expire_all()
    assert name.startswith(stored.recipient_name) and stored.recipient_name.startswith("Ж" * 100)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("state", STATES)
def test_withdraw_takes_back_what_waits(session, state):
    message = in_state(session, state, about="7KX9-Q2MB")
    waiting = state in (MessageState.QUEUED, MessageState.KEPT, MessageState.DEAD)
    assert outbox.withdraw(session, "7KX9-Q2MB", NOW) == [message.kind] * waiting
    session.expire_all()
    assert message.state == (MessageState.WITHDRAWN if waiting else state)
    # A message being sent is not stopped, but not tried again either.
    assert message.expires_at == (NOW if waiting or state == MessageState.SENDING else None)


@pytest.mark.databases("sqlite", "postgresql")
def test_withdraw_takes_back_only_what_is_meant(session):
    other = in_state(session, MessageState.QUEUED, about="AAAA-BBBB")
    to_ivo = in_state(session, MessageState.QUEUED, about="7KX9-Q2MB", recipient="ivo@dofc.test")
    sign_in = in_state(session, MessageState.QUEUED, about="7KX9-Q2MB", kind="sign-in")
    offer = in_state(session, MessageState.QUEUED, about="7KX9-Q2MB", kind="registration-offered")
    assert outbox.withdraw(session, "7KX9-Q2MB", NOW, recipient="ANA@dofc.test", kinds=[offer.kind]) == [offer.kind]
    session.expire_all()
    assert [m.state for m in (other, to_ivo, sign_in, offer)] == ["queued", "queued", "queued", "withdrawn"]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("state", STATES)
def test_send_again_queues_under_the_same_message_id(session, state):
    message = in_state(session, state)
    before = message.message_id
    message.refusals = 7
    if state in (MessageState.SENDING, MessageState.WITHDRAWN):
        with pytest.raises(outbox.CannotSendAgain):
            outbox.send_again(session, message.id, ORGANISER, NOW + HOUR)
        return
    outbox.send_again(session, message.id, ORGANISER, NOW + HOUR)
    session.flush()
    session.expire_all()
    assert (message.state, message.due_at, message.refusals) == (MessageState.QUEUED, NOW + HOUR, 0)
    assert message.message_id == before
    assert session.scalars(select(AuditEntry.act)).all() == ["message_sent_again"]


def test_send_again_keeps_when_there_is_no_mail_server(keeping):
    message = in_state(keeping, MessageState.KEPT)
    outbox.send_again(keeping, message.id, ORGANISER, NOW)
    assert message.state == MessageState.KEPT


def test_send_again_is_refused_when_the_message_has_expired(session):
    """It would be withdrawn unsent, and nobody would be told."""
    message = in_state(session, MessageState.DEAD, expires_at=NOW)
    with pytest.raises(outbox.CannotSendAgain):
        outbox.send_again(session, message.id, ORGANISER, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_send_kept_queues_what_was_kept_of_one_edition(session):
    kept = [in_state(session, MessageState.KEPT, scope="2027") for _ in range(3)]
    others = [in_state(session, s, scope="2027") for s in STATES if s != MessageState.KEPT]
    elsewhere = in_state(session, MessageState.KEPT, scope="2026")
    before = [m.state for m in others]
    assert outbox.send_kept(session, "2027", ORGANISER, NOW + DAY) == 3
    session.expire_all()
    assert [(m.state, m.due_at) for m in kept] == [(MessageState.QUEUED, NOW + DAY)] * 3
    assert [m.state for m in others] == before and elsewhere.state == MessageState.KEPT
    assert session.scalars(select(AuditEntry.details)).one() == {"count": 3}


def sent_at(session, *moments, **changes) -> None:
    for at in moments:
        outbox.enqueue(session, letter(**changes), at, asked_for=True)


def refused_for(session, at=NOW, address="Ana@dofc.test") -> timedelta | None:
    try:
        outbox.refuse_flood(session, address, at)
    except outbox.TooManyMessages as refusal:
        return timedelta(seconds=refusal.retry_after)
    return None


def test_refuse_flood_allows_five_an_hour(session):
    sent_at(session, *(NOW - timedelta(minutes=m) for m in (50, 40, 30, 20)))
    assert refused_for(session) is None
    sent_at(session, NOW - timedelta(minutes=10))
    assert refused_for(session) == timedelta(minutes=10, seconds=1)
    assert refused_for(session, address="aNa@DOFC.test") is not None
    assert refused_for(session, address="ivo@dofc.test") is None
    assert refused_for(session, NOW + timedelta(minutes=9, seconds=59)) is not None
    assert refused_for(session, NOW + timedelta(minutes=10)) is None


def test_refuse_flood_allows_twenty_a_day(session):
    sent_at(session, *(NOW - timedelta(hours=h) for h in range(2, 22)))
    assert refused_for(session) == timedelta(hours=3, seconds=1)
    assert refused_for(session, NOW + timedelta(hours=3)) is None


def test_refuse_flood_says_when_both_limits_allow_again(session):
    sent_at(session, *(NOW - timedelta(hours=h) for h in range(2, 17)))
    sent_at(session, *(NOW - timedelta(minutes=m) for m in (50, 40, 30, 20, 10)))
    wait = refused_for(session)
    assert wait == timedelta(hours=8, seconds=1)
    assert refused_for(session, NOW + wait) is None


def test_refuse_flood_does_not_count_what_nobody_asked_for(session):
    for _ in range(30):
        outbox.enqueue(session, letter(), NOW)
    assert refused_for(session) is None


def test_refuse_flood_counts_what_follows_a_plus_as_one_mailbox(session):
    for number in range(5):
        sent_at(session, NOW, recipient=f"ana+{number}@dofc.test")
    assert refused_for(session, address="ana+6@dofc.test") is not None
    assert refused_for(session, address="anna+6@dofc.test") is None


@pytest.mark.databases("sqlite", "postgresql")
def test_links_alone_have_a_budget_of_their_own_and_use_up_nobody_elses(session):
    sent_at(session, *[NOW] * 29, kind="sign-in")
    assert refused_for(session) is None
    outbox.refuse_flood(session, "ana@dofc.test", NOW, kind="sign-in")
    sent_at(session, *[NOW] * 5, kind="registration-confirmed")
    outbox.refuse_flood(session, "ana@dofc.test", NOW, kind="sign-in")
    sent_at(session, NOW, kind="sign-in")
    with pytest.raises(outbox.TooManyMessages):
        outbox.refuse_flood(session, "ana@dofc.test", NOW, kind="sign-in")


def test_what_is_to_wait_is_neither_due_nor_late_before_its_time(session):
    stored = outbox.enqueue(session, letter(), NOW, due_at=NOW + HOUR)
    session.flush()
    assert (stored.queued_at, stored.due_at) == (NOW, NOW + HOUR)
    assert mail_health(session, NOW + HOUR).late_seconds == 0


def test_what_is_changed_may_be_told_twice_at_once_and_then_after_a_while(session):
    assert outbox.may_be_told_at(session, "ana@dofc.test", NOW) == NOW
    sent_at(session, NOW, recipient="ana+1@dofc.test")
    assert outbox.may_be_told_at(session, "ana@dofc.test", NOW) == NOW
    sent_at(session, NOW + timedelta(minutes=1))
    assert outbox.may_be_told_at(session, "ana@dofc.test", NOW + timedelta(minutes=2)) == NOW + timedelta(minutes=5)
    # A tag makes no other mailbox.
    assert outbox.may_be_told_at(session, "ana+1@dofc.test", NOW + timedelta(minutes=2)) == NOW + timedelta(minutes=5)
    sent_at(session, *[NOW + timedelta(minutes=6)] * 3)
    assert outbox.may_be_told_at(session, "ana@dofc.test", NOW + timedelta(minutes=12)) == NOW + HOUR


def test_refuse_flood_does_not_count_what_was_taken_back(session):
    sent_at(session, *[NOW] * 6, about="7KX9-Q2MB")
    assert refused_for(session) is not None
    outbox.withdraw(session, "7KX9-Q2MB", NOW)
    assert refused_for(session) is None


@pytest.mark.databases("sqlite", "postgresql")
def test_a_dead_message_is_settled_with_its_last_answer_kept(session):
    dead = in_state(session, MessageState.DEAD, scope="2027", about="7KX9-Q2MB")
    dead.last_error = "550 nobody here"
    outbox.settle_dead(session, dead.id, ORGANISER, NOW)
    session.flush()
    assert (dead.state, dead.last_error) == (MessageState.WITHDRAWN, "550 nobody here")
    assert mail_health(session, NOW).dead == 0
    entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "message_settled")).one()
    assert (entry.actor, entry.scope, entry.about) == (str(ORGANISER), "2027", "7KX9-Q2MB")


@pytest.mark.parametrize("state", [s for s in STATES if s != MessageState.DEAD])
def test_only_a_dead_message_is_settled(session, state):
    message = in_state(session, state)
    with pytest.raises(outbox.NotDead):
        outbox.settle_dead(session, message.id, ORGANISER, NOW)
    assert message.state == state


@pytest.mark.databases("sqlite", "postgresql")
def test_dead_messages_count_where_they_can_be_seen_to_and_waiting_ones_everywhere(session):
    for scope in ("2027", "2028", ""):
        in_state(session, MessageState.DEAD, scope=scope)
        in_state(session, MessageState.QUEUED, scope=scope)
    counts = [mail_health(session, NOW, scopes) for scopes in (None, ("2027",), ())]
    assert [(health.dead, health.waiting) for health in counts] == [(3, 3), (1, 3), (0, 3)]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("words", "count"),
    [("", 2), ("ANA@", 1), ("7kx9q2mb", 1), ("7KX9-Q2", 1), ("confirmed place", 2), ("100%", 1), ("%", 1), ("x_n", 0)],
)
def test_messages_are_found_by_address_reference_and_subject(session, words, count):
    in_state(session, MessageState.SENT, about="7KX9-Q2MB")
    in_state(session, MessageState.SENT, recipient="xin@dofc.test", subject="Your place is confirmed at 100%")
    assert len(messages(session, None, state=None, words=words, size=9)[0]) == count
    assert messages_by_state(session, words=words)[MessageState.SENT] == count
