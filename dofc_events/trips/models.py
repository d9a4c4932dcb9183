"""The table of learning trips."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.conference.models import Edition
from dofc_events.core.db import Base


class Trip(Base):
    """One learning trip of an edition. Its seats are a pool, like the edition's places."""

    __tablename__ = "trips"
    __table_args__ = (
        UniqueConstraint("edition_id", "slug"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    slug: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    meeting_point: Mapped[str] = mapped_column(String(200), default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    position: Mapped[int]

    edition: Mapped[Edition] = relationship()
