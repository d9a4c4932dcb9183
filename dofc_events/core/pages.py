"""Pages through lists that show the newest first. Each page starts from a row, so that new rows do not shift it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session


@dataclass(frozen=True)
class Turn:
    """Which page: the one after a row (`older`), the one before a row (`newer`), or the newest."""

    older_than: int | None = None
    newer_than: int | None = None


NEWEST = Turn()


@dataclass(frozen=True)
class Page:
    """The ids on one page, and the number of rows before it."""

    ids: Sequence[int]
    before: int


def page_of(
    session: Session, found: Select[tuple[int]] | Select[int], id_: InstrumentedAttribute[int], turn: Turn, size: int
) -> Page:
    """A page of the ids that `found` selects, at most `size`: one query for the newest page, two for any other.

    If fewer newer rows than a page's are left, the newest page is returned.
    """
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
