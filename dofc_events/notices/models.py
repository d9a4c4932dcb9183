"""The table of news that delegates are still to be told."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base


class UntoldNews(Base):
    """Says that what a delegate holds changed and the message about it is still to be written.

    An act that concerns more people than fit into one quick transaction stores these instead of messages, in the same
    commit as the fact; the worker writes the messages from them in batches. `news` is what `news.service.News` has.
    Changes that a delegate makes one soon after the other wait here until `due_at`, to be told together.
    """

    __tablename__ = "untold_news"

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    news: Mapped[dict[str, Any]] = mapped_column(JSON)


class ToldTogether(Base):
    """Says that a message, about a group or another registration, tells what has become of a registration's place."""

    __tablename__ = "told_together"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True, index=True)
