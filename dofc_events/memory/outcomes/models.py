"""Tables of outcomes."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.conference.models import Edition, Organisation
from dofc_events.core.db import IDS_ONCE, Base
from dofc_events.memory.models import KeptFile
from dofc_events.memory.outcomes.rules import OutcomeKind, OutcomeStatus


class Outcome(Base):
    """What an edition led to: a memorandum, a declaration, an agreement, a network, a milestone.

    `year` is that of `agreed_on`, where the day is known. `first_status` is how it stood in the beginning: see
    `status`. What nobody knows is null or empty, and pages are silent about it.
    """

    __tablename__ = "outcomes"
    __table_args__ = (UniqueConstraint("edition_id", "title"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    kind: Mapped[OutcomeKind] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    year: Mapped[int] = mapped_column(index=True)
    agreed_on: Mapped[date | None]
    addressed_to: Mapped[str | None] = mapped_column(String(400))
    text: Mapped[str] = mapped_column(Text, default="")
    first_status: Mapped[OutcomeStatus | None] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(500), default="")
    is_published: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]

    edition: Mapped[Edition] = relationship()
    parties: Mapped[list["Party"]] = relationship(order_by="Party.position", cascade="all, delete-orphan")
    follow_up: Mapped[list["FollowUp"]] = relationship(
        order_by="(FollowUp.noted_on, FollowUp.position)", cascade="all, delete-orphan"
    )
    files: Mapped[list["OutcomeFile"]] = relationship(order_by="OutcomeFile.position", cascade="all, delete-orphan")

    @property
    def status(self) -> OutcomeStatus | None:
        """How it stands: what the last note of its follow-up that says so says, else how it began."""
        return next((note.status for note in reversed(self.follow_up) if note.status), self.first_status)

    @property
    def signatories(self) -> list["Party"]:
        """Those parties that signed."""
        return [party for party in self.parties if party.has_signed]


class Party(Base):
    """Who takes part in an outcome: an organisation, or a country. If it `has_signed`, perhaps who signed and when."""

    __tablename__ = "outcome_parties"
    __table_args__ = (
        CheckConstraint("(organisation_id IS NULL) != (country IS NULL)", name="organisation_or_country"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcomes.id"), index=True)
    position: Mapped[int]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    country: Mapped[str | None] = mapped_column(String(2), index=True)
    has_signed: Mapped[bool] = mapped_column(default=False)
    person: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[str] = mapped_column(String(120), default="")
    signed_on: Mapped[date | None]

    organisation: Mapped[Organisation | None] = relationship()


class FollowUp(Base):
    """What became of an outcome by a day; with a status if it has stood so since."""

    __tablename__ = "outcome_follow_up"

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcomes.id"), index=True)
    position: Mapped[int]
    noted_on: Mapped[date]
    status: Mapped[OutcomeStatus | None] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)


class OutcomeFile(KeptFile, Base):
    """A file of an outcome, as signed or as scanned. It is public while its outcome is."""

    __tablename__ = "outcome_files"
    __table_args__ = (UniqueConstraint("outcome_id", "content_hash"), IDS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcomes.id"))
    position: Mapped[int]
