"""Tables of figures that outlive what they were counted from."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dofc_events.core.db import Base


class FrozenFigures(Base):
    """An edition's figures as they were when it was archived: numbers, and nothing that says who.

    `record` is what `rules.as_stored` wrote. `came_before` is how many delegates were at an earlier edition,
    `second_time` how many of them at exactly one: the sum of these over all editions counts each of them once.
    `is_final`: personal data of the edition has been erased since, so that it cannot be counted again.
    """

    __tablename__ = "frozen_figures"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    frozen_at: Mapped[datetime]
    is_final: Mapped[bool] = mapped_column(default=False)
    came_before: Mapped[int]
    second_time: Mapped[int]
    record: Mapped[dict[str, Any]] = mapped_column(JSON)


class FrozenDelegate(Base):
    """A delegate of an edition whose figures are frozen, under a name that nobody can make who has not the key."""

    __tablename__ = "frozen_delegates"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)


class PseudonymKey(Base):
    """The key by which delegates get their pseudonyms: one for ever, locked with the site's SECRET_KEY."""

    __tablename__ = "pseudonym_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    locked: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
