"""Finds the distinct values of a column by jumping through an index, where SELECT DISTINCT would read every row."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

Column = InstrumentedAttribute[Any]


def each_once(column: Column, *conditions: ColumnElement[bool]) -> Select[Any]:
    """A query for the distinct values of a column under these conditions.

    It takes one look-up a value, in an index on the conditions' columns followed by this one.
    """
    found = select(_least(column, *conditions).label("value")).cte(recursive=True)
    after = _least(column, *conditions, column > found.c.value)
    found = found.union_all(select(after).where(found.c.value.is_not(None)))
    return select(found.c.value).where(found.c.value.is_not(None))


def pairs_once(first: Column, second: Column, *conditions: ColumnElement[bool]) -> Select[Any]:
    """A query for the distinct pairs of values of two columns, in the same way as `each_once`."""
    least = _least(first, *conditions)
    found = select(least.label("one"), _least(second, *conditions, first == least).label("other")).cte(recursive=True)
    one, other = found.c
    following = _least(first, *conditions, first > one)
    beside = _least(second, *conditions, first == one, second > other)
    least_there = _least(second, *conditions, first == following)
    after = select(case((beside.is_not(None), one), else_=following), func.coalesce(beside, least_there))
    found = found.union_all(after.where(one.is_not(None)))
    return select(*found.c).where(found.c.one.is_not(None))


def _least(column: Column, *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    return select(func.min(column)).where(*conditions).correlate_except(column.table).scalar_subquery()
