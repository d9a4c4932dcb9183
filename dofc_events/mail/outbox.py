"""Into the outbox: enqueue, withdraw, send again; and how much one address may be made to receive."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, delete, func, select, update
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.core.db import insert_row
from dofc_events.core.errors import Refusal
from dofc_events.extensions import settings
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.models import MailHold, Message
from dofc_events.mail.queries import can_be_sent_yet, held_in_order, latest_message
from dofc_events.mail.rules import (
    ADDRESS_LIMITS,
    CHANGE_LIMITS,
    DONE_WITH,
    LINK_LIMITS,
    LINKS_ALONE,
    SAYS_NOTHING_NEW,
    WRITTEN_BY_HAND,
    MessageState,
    address_key,
    can_be_read_by_nobody,
    in_ascii,
    mailbox_key,
)

# What the table holds. Longer text is cut: PostgreSQL would refuse the message, and the fact with it.
LONGEST_NAME = 200
LONGEST_SUBJECT = 300

_WAIT_FOR_ADDRESS = select(func.pg_advisory_xact_lock(func.hashtext(bindparam("key"))))
_RECENT = (
    select(Message.queued_at)
    .where(Message.mailbox_key == bindparam("key"), Message.queued_at > bindparam("since"))
    .where(Message.asked_for, Message.state != MessageState.WITHDRAWN)
    .order_by(Message.queued_at.desc())
    .limit(bindparam("most", type_=Integer))
)
_RECENT_OF_ALL = _RECENT.where(*(Message.kind != kind for kind in LINKS_ALONE))
_RECENT_OF_KIND = _RECENT.where(Message.kind == bindparam("kind"))


class TooManyMessages(Refusal):
    """The address has been sent enough for now; it may be sent more in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"again in {retry_after} s")
        self.retry_after = retry_after


class CannotSendAgain(Refusal):
    """The message is being sent at this moment, or is out of date: withdrawn, expired, followed by a newer one, or old
    enough for its text to have been removed.
    """


class NotDead(Refusal):
    """Only a message that could not be delivered can be settled."""


def enqueue(
    session: Session,
    envelope: Envelope,
    now: datetime,
    *,
    keep: bool = False,
    asked_for: bool = False,
    due_at: datetime | None = None,
) -> Message:
    """Store a finished message; it is sent when, and only if, the transaction commits, and not before it is due.

    Without a mail server it is kept: it can be read, and sent once there is one. With `keep`, for demonstration data,
    it is kept and never sent. What is `asked_for` by a form that anyone can fill in, or by somebody with a link, counts
    for `refuse_flood`.
    """
    message = message_of(envelope, now, keep=keep)
    message.asked_for = asked_for
    message.due_at = message.waits_since = due_at or now
    insert_row(session, message)
    return message


def message_of(envelope: Envelope, now: datetime, *, keep: bool = False) -> Message:
    """The row of a finished message. What is for the demonstration's people is kept, whoever causes it."""
    keep = keep or can_be_read_by_nobody(envelope.recipient, envelope.kind)
    deliver = settings().mail_is_delivered and not keep
    domain = in_ascii(parseaddr(settings().mail_default_sender)[1]).rpartition("@")[2]
    return Message(
        message_id=f"<{uuid.uuid4()}@{domain}>",
        kind=envelope.kind,
        scope=envelope.scope,
        about=envelope.about,
        language=envelope.language,
        sender_name=envelope.sender_name[:LONGEST_NAME],
        reply_to=envelope.reply_to,
        recipient=envelope.recipient,
        recipient_key=address_key(envelope.recipient),
        mailbox_key=mailbox_key(envelope.recipient),
        recipient_name=envelope.recipient_name[:LONGEST_NAME],
        subject=envelope.subject[:LONGEST_SUBJECT],
        text=envelope.text,
        html=envelope.html,
        attachments=[asdict(a) for a in envelope.attachments],
        state=MessageState.QUEUED if deliver else MessageState.KEPT,
        queued_at=now,
        due_at=now,
        waits_since=now,
        expires_at=now if keep else envelope.expires_at,
    )


def enqueue_if(is_meant: bool, session: Session, envelope: Envelope, now: datetime) -> None:
    """Store a message if it has a recipient; otherwise write the same and withdraw it.

    For forms that ask for a link: neither their answer nor its time says whether there is something to send.
    """
    written = session.begin_nested()
    enqueue(session, envelope, now, asked_for=True)
    session.flush()
    if is_meant:
        written.commit()
    else:
        written.rollback()


def withdraw(
    session: Session, about: str, now: datetime, *, recipient: str | None = None, kinds: Collection[str] | None = None
) -> list[str]:
    """Take back what is not sent yet about `about`; returns the kinds of the messages that were still waiting.

    What a worker holds at this moment may just be leaving: it is let go, but not tried again.
    """
    mine: list[ColumnElement[bool]] = [Message.about == about]
    if recipient is not None:
        mine.append(Message.recipient_key == address_key(recipient))
    if kinds is not None:
        mine.append(Message.kind.in_(kinds))
    return withdraw_all(session, mine, now)


def withdraw_all(session: Session, mine: Sequence[ColumnElement[bool]], now: datetime) -> list[str]:
    """Withdraw every message that meets the conditions and has not been sent; returns what kinds were still waiting."""
    unsent = (MessageState.QUEUED, MessageState.KEPT, MessageState.DEAD, MessageState.SENDING)
    leaving = Message.state == MessageState.SENDING
    # One statement, so that no worker can take a message up in between.
    rows = session.execute(
        update(Message)
        .where(Message.id.in_(held_in_order(*mine, Message.state.in_(unsent))))
        .values(state=case((leaving, MessageState.SENDING), else_=MessageState.WITHDRAWN), expires_at=now)
        .returning(Message.kind, Message.state)
    )
    return [kind for kind, state in rows if state == MessageState.WITHDRAWN]


def outdate(session: Session, references: Select[str], now: datetime) -> None:
    """Note that what was sent about these references is no longer true, but for what was written by hand."""
    sent = Message.about.in_(references), Message.state == MessageState.SENT, Message.kind.not_in(WRITTEN_BY_HAND)
    session.execute(update(Message).where(Message.id.in_(held_in_order(*sent))).values(expires_at=now))


def send_again(session: Session, message_id: int, actor: Actor, now: datetime) -> None:
    """Queue a message once more, under the same Message-ID. Raises CannotSendAgain."""
    message = session.get_one(Message, message_id, with_for_update=True)
    if not can_be_sent_again(session, message, now):
        raise CannotSendAgain
    message.state = MessageState.QUEUED if settings().mail_is_delivered else MessageState.KEPT
    message.due_at = message.waits_since = now
    message.refusals = 0
    record(session, actor, now, "message_sent_again", scope=message.scope, about=message.about, kind=message.kind)


def settle_dead(session: Session, message_id: int, actor: Actor, now: datetime) -> None:
    """Settle a message that could not be delivered: somebody has dealt with it. It is no longer sent.

    What the server answered is kept. Raises NotDead.
    """
    message = session.get_one(Message, message_id, with_for_update=True)
    if message.state != MessageState.DEAD:
        raise NotDead
    message.state = MessageState.WITHDRAWN
    record(session, actor, now, "message_settled", scope=message.scope, about=message.about, kind=message.kind)


def remove_texts(session: Session, message_ids: Sequence[int], now: datetime) -> None:
    """Remove the texts and attachments of messages; recipient, time and subject matter are kept."""
    gone = {"text": "", "html": "", "attachments": [], "text_removed_at": now}
    held = held_in_order(Message.id.in_(message_ids), Message.state.in_(DONE_WITH))
    session.execute(update(Message).where(Message.id.in_(held)).values(gone))


def can_be_sent_again(session: Session, message: Message, now: datetime) -> bool:
    """Whether `send_again` would take the message: it is still true as far as the recipient has been told."""
    if message.state in (MessageState.SENDING, MessageState.WITHDRAWN) or message.text_removed_at is not None:
        return False
    if message.expires_at is not None and message.expires_at <= now:
        return False
    if not message.about or message.kind in WRITTEN_BY_HAND:
        return True
    newest = latest_message(session, message.about, message.recipient_key, but=SAYS_NOTHING_NEW)
    return newest is None or newest.id <= message.id


def send_kept(session: Session, scope: str, actor: Actor, now: datetime) -> int:
    """Queue what was kept while there was no mail server and is still true; returns how many messages."""
    # What somebody holds is being withdrawn. To wait for them could mean that they wait for us.
    kept = select(Message.id).where(can_be_sent_yet(scope, now)).with_for_update(skip_locked=True)
    released = session.scalars(kept).all()
    queued = {"state": MessageState.QUEUED, "due_at": now, "waits_since": now}
    session.execute(update(Message).where(Message.id.in_(released)).values(queued))
    record(session, actor, now, "kept_messages_sent", scope=scope, count=len(released))
    return len(released)


def hold(session: Session, actor: Actor, now: datetime) -> None:
    """Let nothing but sign-in links leave until somebody has looked."""
    session.add(MailHold(since=now))
    record(session, actor, now, "mail_held")


def end_hold(session: Session, scope: str, actor: Actor, now: datetime) -> bool:
    """Somebody has looked: let everything leave. False if nothing held it."""
    ended = session.execute(delete(MailHold))
    if not ended.rowcount:  # type: ignore[attr-defined]
        return False
    # Until now it could not have left.
    queued = held_in_order(Message.state == MessageState.QUEUED)
    session.execute(update(Message).where(Message.id.in_(queued)).values(waits_since=now))
    record(session, actor, now, "mail_released", scope=scope)
    return True


def refuse_flood(session: Session, address: str, now: datetime, *, kind: str = "") -> None:
    """Raise TooManyMessages when forms that anyone can fill in would send `address` more than the limits allow.

    Messages that nobody asked for do not count, nor do links that somebody asked for. Messages of a `kind` have a
    larger budget of their own: people who ask for a link are not told whether it is sent, so nobody else may use it up.

    Others who ask for the same address wait until this unit of work ends; otherwise all would count the same few.
    """
    key = mailbox_key(address)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_WAIT_FOR_ADDRESS, {"key": key})
    wait = _wait(session, key, now, LINK_LIMITS if kind else ADDRESS_LIMITS, kind)
    if wait > timedelta(0):
        raise TooManyMessages(int(wait.total_seconds()) + 1)


def is_flooded(session: Session, address: str, now: datetime, *, kind: str = "") -> bool:
    """Whether `refuse_flood` would raise: for forms whose answer must not say so, nor whether an address is known."""
    try:
        refuse_flood(session, address, now, kind=kind)
    except TooManyMessages:
        return True
    return False


def may_be_told_at(session: Session, address: str, now: datetime) -> datetime:
    """When `address` may be told what somebody changes with a link: `now`, or once the limits allow it."""
    return now + _wait(session, mailbox_key(address), now, CHANGE_LIMITS)


def _wait(
    session: Session, key: str, now: datetime, limits: Sequence[tuple[int, timedelta]], kind: str = ""
) -> timedelta:
    most, longest = limits[-1]
    values = {"key": key, "since": now - longest, "most": most} | ({"kind": kind} if kind else {})
    recent = session.scalars(_RECENT_OF_KIND if kind else _RECENT_OF_ALL, values).all()
    waits = [recent[count - 1] + span - now for count, span in limits if len(recent) >= count]
    return max([*waits, timedelta(0)])
