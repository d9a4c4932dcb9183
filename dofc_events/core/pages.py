"""Pages of lists that stand newest first. They go on from a row, so that what is added meanwhile moves nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session


@dataclass(frozen=True)
class Turn:
    """A page of what is older than one row or newer than another, by their ids; the newest page without either."""

    older_than: int | None = None
    newer_than: int | None = None


NEWEST = Turn()


@dataclass(frozen=True)
class Page:
    """The ids of one page, and how many rows stand before it."""

    ids: Sequence[int]
    before: int


def page_of(
    session: Session, found: Select[tuple[int]] | Select[int], id_: InstrumentedAttribute[int], turn: Turn, size: int
) -> Page:
    """A page of the ids `found`: one query for the newest, two for others. Fewer newer ones are that page."""
    if turn.newer_than is not None:
        ids = session.scalars(found.where(id_ > turn.newer_than).order_by(id_).limit(size)).all()
        if len(ids) < size:
            return page_of(session, found, id_, NEWEST, size)
        ids = ids[::-1]
    else:
        older: Any = found if turn.older_than is None else found.where(id_ < turn.older_than)
        ids = session.scalars(older.order_by(id_.desc()).limit(size)).all()
        if turn.older_than is None or not ids:
            return Page(ids, 0)
    newer = found.where(id_ > ids[0]).subquery()
    return Page(ids, session.scalar(select(func.count()).select_from(newer)) or 0)
