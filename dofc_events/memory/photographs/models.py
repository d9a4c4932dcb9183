"""Tables of photographs."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dofc_events.conference.models import Edition
from dofc_events.core.db import IDS_ONCE, Base
from dofc_events.memory.photographs.rules import FORMATS, Licence, Missing, PhotographState, PictureFault


class Photograph(Base):
    """A picture of an edition, from the file that was sent to what is served.

    `source_hash` and `size` are of the file as it was sent, which is kept while it is `waiting` and no longer. Of one
    that is `refused` only `name` and `fault` are of use, until somebody has read them. `hidden_at`: somebody has asked
    for it to be taken down, and organisers have not decided. `taken_at` is when a worker last took it in hand.
    """

    __tablename__ = "photographs"
    __table_args__ = (
        UniqueConstraint("edition_id", "source_hash"),
        Index("ix_photographs_state", "state"),
        Index(
            "uq_photographs_cover",
            "edition_id",
            unique=True,
            sqlite_where=text("is_cover"),
            postgresql_where=text("is_cover"),
        ),
        IDS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    state: Mapped[PhotographState] = mapped_column(String(20), default=PhotographState.WAITING)
    fault: Mapped[PictureFault | None] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(300))
    source_hash: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int]
    added_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=0)
    caption: Mapped[str] = mapped_column(String(300), default="")
    alternative: Mapped[str] = mapped_column(String(500), default="")
    photographer: Mapped[str] = mapped_column(String(200), default="")
    licence: Mapped[Licence] = mapped_column(String(20), default=Licence.RESERVED)
    people_agreed: Mapped[bool] = mapped_column(default=False)
    is_cover: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship()
    renditions: Mapped[list["Rendition"]] = relationship(
        order_by="Rendition.width", cascade="all, delete-orphan", passive_deletes=True
    )
    objections: Mapped[list["Objection"]] = relationship(
        order_by="Objection.id", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def is_public(self) -> bool:
        """Whether anybody may see it."""
        return self.published_at is not None and self.hidden_at is None

    @property
    def missing(self) -> list[Missing]:
        """What it lacks to be published."""
        lacks = {
            Missing.READY: self.state != PhotographState.READY,
            Missing.CAPTION: not self.caption,
            Missing.ALTERNATIVE: not self.alternative,
            Missing.PEOPLE: not self.people_agreed,
            Missing.DECISION: self.hidden_at is not None,
        }
        return [what for what, is_missing in lacks.items() if is_missing]

    @property
    def open_objections(self) -> list["Objection"]:
        """What organisers have not decided."""
        return [one for one in self.objections if one.settled_at is None]

    @property
    def largest(self) -> "Rendition":
        """The widest JPEG, which every browser can show."""
        return [one for one in self.renditions if one.format == "jpeg"][-1]

    def of_format(self, name: str) -> "list[Rendition]":
        """The sizes in one format, narrow to wide."""
        return [one for one in self.renditions if one.format == name]


class Rendition(Base):
    """A photograph in one size and format, as it is served."""

    __tablename__ = "photograph_renditions"

    photograph_id: Mapped[int] = mapped_column(ForeignKey("photographs.id", ondelete="CASCADE"), primary_key=True)
    format: Mapped[str] = mapped_column(String(10), primary_key=True)
    width: Mapped[int] = mapped_column(primary_key=True)
    height: Mapped[int]
    size: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64), index=True)

    @property
    def media_type(self) -> str:
        return FORMATS[self.format]


class Objection(Base):
    """Somebody has asked for a photograph to be taken down. `hides`: it was hidden at once, until organisers decide."""

    __tablename__ = "photograph_objections"

    id: Mapped[int] = mapped_column(primary_key=True)
    photograph_id: Mapped[int] = mapped_column(ForeignKey("photographs.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]
    hides: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    told_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    photograph: Mapped[Photograph] = relationship(back_populates="objections")
