"""Statements made from the rows of the table: which rows of the database are meant, and which still say something."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import JSON, ColumnElement, Table, Text, cast, literal, or_, select, tuple_

from dofc_events.core.db import Base
from dofc_events.delegates.models import Registration
from dofc_events.privacy.kept.rules import Ends, Kept

# What says nothing where there must be something. A moment cannot: its row stays as it is, or goes.
EMPTY: dict[type, Any] = {str: "", bool: False}


def table_of(row: Kept) -> Table:
    """The database table that a row of KEPT is about."""
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
    return EMPTY[column.type.python_type]


def says_something(row: Kept) -> ColumnElement[bool]:
    """The condition that any column of a row still has what it is to lose."""
    if row.ends is Ends.DELETED:
        return table_of(row).c[row.only] != "" if row.only else literal(True)
    return or_(*(_differs(table_of(row).c[name], blank) for name, blank in blanks(row).items()))


def _differs(column: Any, blank: Any) -> ColumnElement[bool]:
    if blank is None:
        is_set: ColumnElement[bool] = column.is_not(None)
        return cast(column, Text) != "null" if isinstance(column.type, JSON) else is_set
    if isinstance(column.type, JSON):
        return cast(column, Text) != str(blank)
    differs: ColumnElement[bool] = column.is_(True) if blank is False else column != blank
    return differs


def these(table: Table, keys: Collection[Any]) -> ColumnElement[bool]:
    """The condition for the rows with these keys, each a tuple."""
    columns = list(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)
