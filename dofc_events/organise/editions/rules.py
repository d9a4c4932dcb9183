"""How registrations grow from day to day."""

from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate

DAY = 24 * 3600


def days_between(opened_at: datetime, moment: datetime) -> int:
    """In which span of 24 hours since an opening a moment lies: 0 is the first, and all that was before it."""
    return max(0, int((moment - opened_at).total_seconds()) // DAY)


def growth(per_day: Mapping[int, int], last_day: int) -> tuple[int, ...]:
    """How many there were at the end of each day from 0 to `last_day`."""
    return tuple(accumulate(per_day.get(day, 0) for day in range(last_day + 1)))


def weeks(length: int) -> list[int]:
    """Every seventh day of so many, and the last: the rows of a table that says what a line of days shows."""
    return sorted({*range(0, length, 7), length - 1}) if length else []
