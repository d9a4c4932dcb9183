"""What may stand of a learning trip in a file of the memory."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dofc_events.core.slugs import LONGEST_SLUG
from dofc_events.memory.rules import Check, Fault, FaultKind, faults_of, flag, moment, slug, text, whole, year

# Columns of the trips' table, which a row calls the same.
TEXTS = ("title", "description", "hosts", "meeting_point", "bring", "accessibility")
MOST = 1_000_000
# What those who have a seat, or wait for one, count on.
FOR_PEOPLE = frozenset(("lasts", "capacity", "is_cancelled"))


def period(value: Any, where: str) -> Iterator[Fault]:
    """The moment when something begins, and a later one when it ends."""
    faults = list(faults_of(value, {"from": moment, "until": moment}, ("from", "until"), where))
    if not faults and datetime.fromisoformat(value["from"]) >= datetime.fromisoformat(value["until"]):
        faults = [Fault(FaultKind.ENDS_FIRST, where)]
    yield from faults


def short_name(value: Any, where: str) -> Iterator[Fault]:
    """A name for addresses, as long as the table takes."""
    yield from text(LONGEST_SLUG)(value, where)
    yield from slug(value, where)


FIELDS: dict[str, Check] = {
    "edition": year,
    "slug": short_name,
    "position": whole(0, MOST),
    "title": text(200),
    "lasts": period,
    "capacity": whole(0, MOST),
    "description": text(100_000, lines=True),
    "hosts": text(300),
    "meeting_point": text(200),
    "bring": text(300),
    "accessibility": text(100_000, lines=True),
    "walking": flag,
    "is_cancelled": flag,
}
REQUIRED = ("edition", "slug", "title", "lasts")
