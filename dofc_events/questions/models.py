"""Tables of an edition's own questions, and of their answers."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.core.db import Base
from dofc_events.questions.rules import LONGEST_KEY, Kind

LONGEST_CAPTION, LONGEST_HINT = 200, 400

_HAS_FILE = text("content_hash IS NOT NULL")
_DAYS = ("question_id", "text", "registration_id")
_IS_DAY = text("choice = '' AND length(text) = 10")


def key_column(*, primary_key: bool = False) -> Mapped[str]:
    """A key is compared letter by letter on both databases, so that an index finds it."""
    said = String(LONGEST_KEY).with_variant(String(LONGEST_KEY, collation="C"), "postgresql")
    return mapped_column(said, primary_key=primary_key)


class EditionQuestion(Base):
    """What an edition asks of its delegates beside their details; see `rules.OwnQuestion`.

    `categories`, `shown_when` and `shown_for` are keys, as is what answers refer to: captions may change, keys do not.
    """

    __tablename__ = "edition_questions"
    __table_args__ = (UniqueConstraint("edition_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    key: Mapped[str] = key_column()
    position: Mapped[int]
    kind: Mapped[Kind] = mapped_column(String(20))
    caption: Mapped[str] = mapped_column(String(LONGEST_CAPTION))
    hint: Mapped[str] = mapped_column(String(LONGEST_HINT), default="")
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    shown_when: Mapped[str] = mapped_column(String(LONGEST_KEY), default="")
    shown_for: Mapped[list[str]] = mapped_column(JSON, default=list)
    required: Mapped[bool] = mapped_column(default=False)
    required_from_on: Mapped[date | None]
    frozen_from_on: Mapped[date | None]
    organisers_only: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[datetime | None]

    options: Mapped[list["QuestionOption"]] = relationship(
        order_by="QuestionOption.position", cascade="all, delete-orphan"
    )


class QuestionOption(Base):
    """One of the answers to a question. If its places are limited it has a pool of its own.

    With a `waiting_list`, people who choose it when it is full wait for a place.
    """

    __tablename__ = "question_options"
    __table_args__ = (UniqueConstraint("question_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("edition_questions.id"))
    key: Mapped[str] = key_column()
    caption: Mapped[str] = mapped_column(String(LONGEST_CAPTION))
    position: Mapped[int]
    retired_at: Mapped[datetime | None]
    waiting_list: Mapped[bool] = mapped_column(default=False)


class Answer(Base):
    """What one registration answered: the key of an option (yes and no are keys), or a text.

    Of several options each is a row, so that all who chose one are found in `ix_answers_choice` alone. Who `waits` for
    a place of the option has a claim that does. Of a file the text is its name; its bytes lie under `instance/files/`
    by `content_hash`. In `ix_answers_day` are the days, and what else is as short.
    """

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_choice", "question_id", "choice", "waits", "registration_id"),
        Index("ix_answers_day", *_DAYS, sqlite_where=_IS_DAY, postgresql_where=_IS_DAY),
        Index("ix_answers_content_hash", "content_hash", sqlite_where=_HAS_FILE, postgresql_where=_HAS_FILE),
    )

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("edition_questions.id"), primary_key=True)
    choice: Mapped[str] = key_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text, default="")
    waits: Mapped[bool] = mapped_column(default=False)
    content_hash: Mapped[str | None] = mapped_column(String(64))
    media_type: Mapped[str | None] = mapped_column(String(60))
    size: Mapped[int | None]
