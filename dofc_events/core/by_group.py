"""The first rows of an order by few values, such as countries: to put them in order, a database would read all rows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Integer, Select, SQLColumnExpression, case, func, literal, select

# Of an id.
LARGEST = 2**31 - 1


def first_by_group(
    found: Select[int, Any],
    group: SQLColumnExpression[Any],
    groups: Mapping[int, Any],
    within: SQLColumnExpression[Any],
    *,
    start: int | None,
    descends: bool,
    rows: int,
) -> CTE:
    """So many rows of `found`: those whose `group` is the first of `groups`, then those of the second, and so on.

    In one they stand by `within`, a number that no two have in common; of the first, those beyond `start`. The columns
    are the group's `key` and `within`. Each row is a look into an index that has `group` and then `within`.
    """
    keys, values = zip(*groups.items(), strict=True) if groups else ((0,), (None,))
    least = LARGEST if descends else 0
    begin = {"number": 0, "within": least if start is None else start, "rows": 0}
    walk = select(*(literal(value, Integer).label(name) for name, value in begin.items())).cte(recursive=True)
    # Where nothing is left of a group, a step finds nothing, and the one after it goes on with the next group.
    is_end = walk.c.within.is_(None)
    number, taken = walk.c.number + case((is_end, 1), else_=0), walk.c.rows + case((is_end, 0), else_=1)
    last = func.coalesce(walk.c.within, least)
    step = found.with_only_columns(within).where(within < last if descends else within > last)
    step = step.where(group == _nth(values, number)).order_by(within.desc() if descends else within.asc()).limit(1)
    following = select(number, step.scalar_subquery(), taken).where(number < len(keys), taken <= rows)
    walk = walk.union_all(following)
    taken_ones = select(_nth(keys, walk.c.number, BigInteger()).label("key"), walk.c.within)
    return taken_ones.where(walk.c.rows > 0, walk.c.within.is_not(None)).cte()


def _nth(values: tuple[Any, ...], number: ColumnElement[int], type_: Any = None) -> ColumnElement[Any]:
    return case({place: literal(value, type_) for place, value in enumerate(values)}, value=number)
