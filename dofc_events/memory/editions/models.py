"""Tables of what is on record of editions, beside what conference/models.py has."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base


class WriteUp(Base):
    """What the organisers of an edition wrote of it when it was over, in Markdown."""

    __tablename__ = "write_ups"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class FactSource(Base):
    """Where a fact of an edition is known from; `fact` is one of `memory.editions.rules.FACTS`."""

    __tablename__ = "fact_sources"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    fact: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(500))
