"""Tables of how long things are kept, of what has been removed (numbers only), and of who is to stay erased."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base
from dofc_events.privacy.rules import Period


class KeptFor(Base):
    """How many days a period has: for the network where there is no edition, else shorter for that edition."""

    __tablename__ = "kept_for"
    __table_args__ = (
        UniqueConstraint("edition_id", "period"),
        Index(
            "uq_kept_for_network",
            "period",
            unique=True,
            sqlite_where=text("edition_id IS NULL"),
            postgresql_where=text("edition_id IS NULL"),
        ),
        CheckConstraint("days > 0", name="some_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    period: Mapped[Period] = mapped_column(String(20))
    days: Mapped[int]


class Removal(Base):
    """How many rows of a table lost something on one day because a period was over; `year` 0 is of no edition."""

    __tablename__ = "removals"
    __table_args__ = (UniqueConstraint("year", "period", "kept_in", "on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    period: Mapped[Period] = mapped_column(String(20))
    kept_in: Mapped[str] = mapped_column(String(60))
    on: Mapped[date]
    number: Mapped[int]


class Erasure(Base):
    """Somebody who was erased, as a keyed hash that tells nobody who: after a restore they are erased again."""

    __tablename__ = "erasures"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    erased_at: Mapped[datetime]
