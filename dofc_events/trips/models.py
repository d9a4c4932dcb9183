"""Tables of learning trips and of the draw of their seats."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.conference.models import Edition
from dofc_events.core.db import Base, Revised


class Trip(Revised, Base):
    """One learning trip of an edition. Its seats are a pool, like the edition's places.

    `minimum` is how many participants the trip needs in order to run. The manifest shows what delegates wrote about
    food and access only if the trip needs it. `revision` grows whenever what calendars show changes; a cancelled trip
    stays.
    """

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
    hosts: Mapped[str] = mapped_column(String(300), default="")
    meeting_point: Mapped[str] = mapped_column(String(200), default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    minimum: Mapped[int] = mapped_column(default=0)
    bring: Mapped[str] = mapped_column(String(300), default="")
    accessibility: Mapped[str] = mapped_column(Text, default="")
    walking: Mapped[bool] = mapped_column(default=False)
    needs_dietary: Mapped[bool] = mapped_column(default=False)
    needs_access: Mapped[bool] = mapped_column(default=True)
    takes_companions: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int]
    cancelled_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()

    def can_be_joined(self, now: datetime) -> bool:
        """Whether the trip takes place and has not begun."""
        return self.cancelled_at is None and now < self.starts_at

    def overlaps(self, other: "Trip") -> bool:
        """Whether nobody can be on both; one may begin at the moment at which the other ends."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


class Draw(Base):
    """The draw of an edition's seats: its secret seed from the beginning, and once published what anyone can check.

    `names_key` is what delegates' names in it are made with, from the beginning, too.

    `document` is the file that is published, word for word: seats, wishes without names, seed and result.
    """

    __tablename__ = "draws"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    seed: Mapped[str] = mapped_column(String(64))
    names_key: Mapped[str] = mapped_column(String(64))
    fixed_at: Mapped[datetime]
    document: Mapped[str | None] = mapped_column(Text)


class DrawnDelegate(Base):
    """What a draw gave to one delegate: a trip, or nothing."""

    __tablename__ = "drawn_delegates"

    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    trip_id: Mapped[int | None] = mapped_column(ForeignKey("trips.id"))
