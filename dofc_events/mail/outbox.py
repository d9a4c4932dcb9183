"""Into the outbox: enqueue, withdraw, send again; and how much one address may be made to receive."""

import uuid
from dataclasses import asdict
from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.extensions import settings
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.models import Message
from dofc_events.mail.queries import can_be_sent_yet
from dofc_events.mail.rules import ADDRESS_LIMITS, MessageState, address_key

# What the table holds. Longer text is cut: PostgreSQL would refuse the message, and the fact with it.
LONGEST_NAME = 200
LONGEST_SUBJECT = 300


class TooManyMessages(Refusal):
    """The address has been sent enough for now; `retry_after` says in how many seconds it may get more."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"again in {retry_after} s")
        self.retry_after = retry_after


class CannotSendAgain(Refusal):
    """The message is on its way at this moment, was withdrawn because it is no longer true, or has expired."""


def enqueue(session: Session, envelope: Envelope, now: datetime, *, keep: bool = False) -> Message:
    """Store a finished message; it is sent when, and only if, the transaction commits.

    Without a mail server it is kept: it can be read, and sent once there is one. With `keep`, for demonstration data,
    it is kept and never sent.
    """
    deliver = settings().mail_is_delivered and not keep
    domain = parseaddr(settings().mail_default_sender)[1].rpartition("@")[2]
    message = Message(
        message_id=f"<{uuid.uuid4()}@{domain}>",
        kind=envelope.kind,
        scope=envelope.scope,
        about=envelope.about,
        language=envelope.language,
        sender_name=envelope.sender_name[:LONGEST_NAME],
        reply_to=envelope.reply_to,
        recipient=envelope.recipient,
        recipient_key=address_key(envelope.recipient),
        recipient_name=envelope.recipient_name[:LONGEST_NAME],
        subject=envelope.subject[:LONGEST_SUBJECT],
        text=envelope.text,
        html=envelope.html,
        attachments=[asdict(a) for a in envelope.attachments],
        state=MessageState.QUEUED if deliver else MessageState.KEPT,
        queued_at=now,
        due_at=now,
        expires_at=now if keep else envelope.expires_at,
    )
    session.add(message)
    return message


def withdraw(
    session: Session, about: str, now: datetime, *, recipient: str | None = None, kind: str | None = None
) -> int:
    """Take back what is not sent yet about `about`; returns how many messages were still waiting.

    What a worker holds at this moment may just be leaving: it is let go, but not tried again.
    """
    mine = [Message.about == about]
    if recipient is not None:
        mine.append(Message.recipient_key == address_key(recipient))
    if kind is not None:
        mine.append(Message.kind == kind)
    session.execute(update(Message).where(*mine, Message.state == MessageState.SENDING).values(expires_at=now))
    waiting = session.scalars(
        update(Message)
        .where(*mine, Message.state.in_((MessageState.QUEUED, MessageState.KEPT, MessageState.DEAD)))
        .values(state=MessageState.WITHDRAWN)
        .returning(Message.id)
    )
    return len(waiting.all())


def send_again(session: Session, message_id: int, actor: Actor, now: datetime) -> None:
    """Queue a message once more, under the same Message-ID. Raises CannotSendAgain."""
    message = session.get_one(Message, message_id, with_for_update=True)
    if not can_be_sent_again(message, now):
        raise CannotSendAgain
    message.state = MessageState.QUEUED if settings().mail_is_delivered else MessageState.KEPT
    message.due_at = now
    message.refusals = 0
    record(session, actor, now, "message_sent_again", scope=message.scope, about=message.about, kind=message.kind)


def can_be_sent_again(message: Message, now: datetime) -> bool:
    """Whether `send_again` would take the message."""
    is_current = message.expires_at is None or message.expires_at > now
    return is_current and message.state not in (MessageState.SENDING, MessageState.WITHDRAWN)


def send_kept(session: Session, scope: str, actor: Actor, now: datetime) -> int:
    """Queue what was kept while there was no mail server and is still true; returns how many messages."""
    released = session.scalars(
        update(Message)
        .where(can_be_sent_yet(scope, now))
        .values(state=MessageState.QUEUED, due_at=now)
        .returning(Message.id)
    ).all()
    record(session, actor, now, "kept_messages_sent", scope=scope, count=len(released))
    return len(released)


def refuse_flood(session: Session, address: str, now: datetime) -> None:
    """Raise TooManyMessages when forms that anyone can fill in would send `address` more than the limits allow.

    Who asks for the same address meanwhile waits until this unit of work ends, or all would count the same few.
    """
    key = address_key(address)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(key))))
    day = ADDRESS_LIMITS[-1][1]
    recent = session.scalars(
        select(Message.queued_at)
        .where(Message.recipient_key == key, Message.queued_at > now - day)
        .where(Message.state != MessageState.WITHDRAWN)
        .order_by(Message.queued_at.desc())
        .limit(ADDRESS_LIMITS[-1][0])
    ).all()
    waits = [recent[count - 1] + span - now for count, span in ADDRESS_LIMITS if len(recent) >= count]
    longest = max(waits, default=timedelta(0))
    if longest > timedelta(0):
        raise TooManyMessages(int(longest.total_seconds()) + 1)
