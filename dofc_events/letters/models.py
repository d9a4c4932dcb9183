"""Tables of letters and of their recipients."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from dofc_events.accounts.models import Account
from dofc_events.conference.models import Edition
from dofc_events.core.db import IDS_ONCE, Base
from dofc_events.letters.rules import SENT_AT, Anchor, LetterState


class Letter(Base):
    """What organisers write to some delegates of an edition: once, now or at a time that follows the edition's dates.

    `body` is Markdown with placeholders. `audience` is what `letters.queries.audience_of` reads. It is sent on the day
    `sent_on`, or `anchor_days` after (negative: before) the edition's date `anchor`, at `hour` in the edition's zone,
    even if that changes; with neither, at once. `before` is set if the letter is about a changed place or time; it has
    the place and time as delegates last knew them.

    `released_at`: when an organiser said that it is to be sent. `started_at`: its recipients are fixed since then.
    `finished_at`: when the last message was in the outbox. `stopped_at`: nobody else gets it.
    """

    __tablename__ = "letters"
    __table_args__ = IDS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    anchor: Mapped[Anchor] = mapped_column(String(20), default=Anchor.AT_ONCE)
    anchor_days: Mapped[int] = mapped_column(default=0)
    sent_on: Mapped[date | None]
    hour: Mapped[time] = mapped_column(default=SENT_AT)
    written_by: Mapped[str] = mapped_column(String(254))
    written_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()
    author: Mapped[Account | None] = relationship(
        primaryjoin=lambda: foreign(Letter.written_by) == Account.email, viewonly=True
    )
    attachments: Mapped[list["LetterAttachment"]] = relationship(order_by="LetterAttachment.id")

    @property
    def state(self) -> LetterState:
        """Where it stands; that its last message has left is the outbox's to say."""
        if self.stopped_at:
            return LetterState.STOPPED if self.released_at else LetterState.DROPPED
        if self.finished_at:
            return LetterState.WRITTEN
        if self.started_at:
            return LetterState.GOING
        return LetterState.SCHEDULED if self.released_at else LetterState.DRAFT


class LetterAttachment(Base):
    """A file that travels with each message of a letter. Its bytes lie under `instance/files/` by `content_hash`, once.

    Messages refer to them, too: once a letter has begun to go, its files stay.
    """

    __tablename__ = "letter_attachments"
    __table_args__ = (UniqueConstraint("letter_id", "content_hash"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"))
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    added_at: Mapped[datetime]


class LetterRecipient(Base):
    """Somebody a letter goes to: once, whatever happens. Their message is written in the commit that names it here."""

    __tablename__ = "letter_recipients"
    __table_args__ = (
        UniqueConstraint("letter_id", "email_key"),
        Index(
            "ix_letter_recipients_unwritten",
            "letter_id",
            "registration_id",
            sqlite_where=text("message_id IS NULL"),
            postgresql_where=text("message_id IS NULL"),
        ),
    )

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    email_key: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
