"""Tables of the outbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base
from dofc_events.mail.rules import MessageState


class Message(Base):
    """One message, finished: what is stored here is what is sent, each time under the same Message-ID.

    `asked_for`: the message was caused by a form that anybody can fill in with this address, or by somebody with a
    link; one mailbox (`mailbox_key`) gets a limited number of these.

    `scope` (an edition's year) and `about` (a reference) are plain text. `due_at` is when it is to be sent (again).
    `waits_since` is when it was queued, or queued again, however often it was tried since; `refusals` counts temporary
    refusals, `attempts` every try. A message is not sent after `expires_at`. `attachments` have their text here, or the
    hash of a file. At `text_removed_at` its text and attachments were removed, because it was sent long ago or named
    somebody who was erased, and only the record of it is kept.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="leased_while_sending"),
        Index("ix_messages_due", "state", "due_at"),
        Index("ix_messages_about", "about", "kind"),
        Index("ix_messages_scope", "scope", "id"),
        Index("ix_messages_mailbox", "mailbox_key", "queued_at"),
        Index("ix_messages_states", "scope", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    scope: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(12))
    sender_name: Mapped[str] = mapped_column(String(200))
    reply_to: Mapped[str | None] = mapped_column(String(254))
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_key: Mapped[str] = mapped_column(String(254))
    mailbox_key: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    state: Mapped[MessageState] = mapped_column(String(20))
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    waits_since: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_holder: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    asked_for: Mapped[bool] = mapped_column(default=False)
    text_removed_at: Mapped[datetime | None]


class MailHold(Base):
    """One row as long as the outbox is held: what a backup still had to send may have been sent since it was made."""

    __tablename__ = "mail_holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class WorkerSign(Base):
    """What each worker last said of itself: when it completed a round, and how its steps and the mail server are doing.

    `mail_error` is why the mail server could not be spoken to at `mail_tried_at`; None if it answered. At
    `mail_taken_at` it last took a message. `failed_step` is the step that failed last, at `failed_at`, and has not
    succeeded since. `rounds` it has completed since it began, which took `round_seconds` in all.
    """

    __tablename__ = "worker_signs"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    seen_at: Mapped[datetime]
    mail_tried_at: Mapped[datetime | None]
    mail_error: Mapped[str | None] = mapped_column(Text)
    mail_taken_at: Mapped[datetime | None]
    failed_step: Mapped[str | None] = mapped_column(String(80))
    failed_at: Mapped[datetime | None]
    rounds: Mapped[int] = mapped_column(default=0)
    round_seconds: Mapped[float] = mapped_column(Float(53), default=0)
