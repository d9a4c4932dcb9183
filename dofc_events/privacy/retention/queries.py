"""Statements made from the rows of the table: which rows of the database are meant, and which still say something."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import JSON, ColumnElement, Table, Text, and_, cast, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from dofc_events.core.audit import AuditEntry
from dofc_events.core.db import Base
from dofc_events.delegates.models import Registration
from dofc_events.privacy.retention.rules import Ends, Kept

Ids = Collection[int]


def table_of(row: Kept) -> Table:
    """The table of a row."""
    return Base.metadata.tables[row.table]


def about(row: Kept, ids: Any) -> ColumnElement[bool]:
    """The condition for what a row of the table of `row` says of these people, or editions."""
    if row.by == "about":
        return table_of(row).c.about.in_(select(Registration.reference).where(Registration.id.in_(ids)))
    return _leads_to(table_of(row), row.by.split("."), ids)


def _leads_to(table: Table, path: list[str], ids: Any) -> ColumnElement[bool]:
    column = table.c[path[0]]
    if len(path) == 1:
        return column.in_(ids)
    target = next(iter(column.foreign_keys)).column
    return column.in_(select(target).where(_leads_to(target.table, path[1:], ids)))


def blanks(row: Kept) -> dict[str, Any]:
    """What stands in the columns of a row once they say nothing."""
    return {name: _blank(table_of(row).c[name]) for name in row.names}


def _blank(column: Any) -> Any:
    if column.nullable:
        return None
    if isinstance(column.type, JSON):
        # One that must not be null has a default: an empty list, or object.
        return column.default.arg(None) if column.default else {}
    return column.type.python_type()


def says_something(row: Kept) -> ColumnElement[bool]:
    """The condition that any column of a row still has what it is to lose."""
    if row.ends is Ends.DELETED and not row.columns.startswith("text"):
        return literal(True)
    table = table_of(row)
    return or_(*(_differs(table.c[name], blank) for name, blank in blanks(row).items()))


def _differs(column: Any, blank: Any) -> ColumnElement[bool]:
    if blank is None:
        return column.is_not(None) if not isinstance(column.type, JSON) else cast(column, Text) != "null"
    if isinstance(column.type, JSON):
        return cast(column, Text) != str(blank)
    return column.is_(True) if blank is False else column != blank


def count_left(session: Session, row: Kept, ids: Any) -> int:
    """How many rows about these people still say something."""
    query = select(func.count()).select_from(table_of(row)).where(about(row, ids), says_something(row))
    return session.scalar(query) or 0


def left(session: Session, row: Kept, ids: Any, limit: int) -> list[Any]:
    """The keys of the first of them, as tuples in their order."""
    keys = list(table_of(row).primary_key)
    query = select(*keys).where(about(row, ids), says_something(row)).order_by(*keys).limit(limit)
    return [tuple(found) for found in session.execute(query)]


def these(table: Table, keys: Collection[Any]) -> ColumnElement[bool]:
    """The condition for the rows with these keys."""
    return or_(*(and_(*(c == v for c, v in zip(table.primary_key, key, strict=True))) for key in keys))


def entries_with(scope: str, fields: Collection[str]) -> list[ColumnElement[bool]]:
    """The conditions for entries of the trail that quote one of these fields."""
    said = cast(AuditEntry.details, Text)
    return [AuditEntry.scope == scope, or_(*(said.contains(f'"{name}": ') for name in fields))]


def entries_with_names(scope: str) -> list[ColumnElement[bool]]:
    """The conditions for entries of the trail that may still name somebody."""
    return [AuditEntry.scope == scope, not_(cast(AuditEntry.details, Text).contains('"nameless": true'))]
