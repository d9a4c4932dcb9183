"""The table of news that delegates are still to be told."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base


class UntoldNews(Base):
    """Says that a delegate's status changed and the message about it is still to be written.

    An act that concerns more people than fit into one quick transaction stores these instead of messages, in the same
    commit as the fact; the worker writes the messages from them in batches.
    """

    __tablename__ = "untold_news"

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    since: Mapped[datetime]
