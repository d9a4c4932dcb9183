"""The facts of an edition that are on record, and what may stand of them in a file."""

from datetime import date, time

from dofc_events.core.clock import zones
from dofc_events.memory.rules import (
    Check,
    FaultKind,
    clock,
    country,
    day,
    flag,
    many,
    one_of,
    row_of,
    slug,
    text,
    whole,
    year,
)

# An edition that is postponed keeps its year.
MAX_YEARS_LATE = 2
LONGEST_WRITE_UP, LONGEST_SOURCE = 20_000, 500
MAX_ORGANISERS, MAX_COUNTRIES, MAX_PEOPLE = 30, 250, 1_000_000

# What somebody may be asked for the source of, in the order of the pages.
FACTS = (
    "city",
    "country",
    "venue",
    "starts_on",
    "ends_on",
    "organisers",
    "proposed_by",
    "attendance_at_least",
    "speakers",
    "had_learning_trips",
    "countries",
)

# Columns of the edition's table, which a row calls the same.
DAYS, CLOCKS = ("starts_on", "ends_on"), ("starts_at", "ends_at")
TEXTS = ("summary", "programme", "cost", "languages", "dress", "faq")
COLUMNS = (
    *("ordinal", "is_demo", "city", "country", "venue", "venue_address", "zone"),
    *DAYS,
    *CLOCKS,
    *TEXTS,
    *("attendance_at_least", "speakers", "had_learning_trips"),
)

FIELDS: dict[str, Check] = {
    "year": year,
    "ordinal": whole(1, 1000),
    "is_demo": flag,
    "city": text(120),
    "country": country,
    "venue": text(200),
    "venue_address": text(300),
    "zone": one_of(zones()),
    "starts_on": day,
    "ends_on": day,
    "starts_at": clock,
    "ends_at": clock,
    "summary": text(400, lines=True),
    "programme": text(100_000, lines=True),
    "cost": text(300, lines=True),
    "languages": text(300, lines=True),
    "dress": text(300, lines=True),
    "faq": text(100_000, lines=True),
    "attendance_at_least": whole(1, MAX_PEOPLE),
    "speakers": whole(1, MAX_PEOPLE),
    "had_learning_trips": flag,
    "proposed_by": slug,
    "organisers": many(slug, MAX_ORGANISERS),
    "countries": many(country, MAX_COUNTRIES),
    "write_up": text(LONGEST_WRITE_UP, lines=True),
    "sources": row_of(dict.fromkeys(FACTS, text(LONGEST_SOURCE))),
}
REQUIRED = ("year", "city", "country")

ORGANISATION: dict[str, Check] = {
    "slug": slug,
    "name": text(200),
    "country": country,
    "is_demo": flag,
    "is_member": flag,
    "is_former_member": flag,
    "website": text(300),
}
SERIES: dict[str, Check] = {"countries_edition_unknown": many(country, MAX_COUNTRIES)}


def fault_in_days(
    year: int, starts_on: date | None, ends_on: date | None, starts_at: time | None = None, ends_at: time | None = None
) -> tuple[str, FaultKind] | None:
    """What is wrong with when the edition of a year was, and the column to correct."""
    first = starts_on or ends_on
    if first and not 0 <= first.year - year <= MAX_YEARS_LATE:
        return "starts_on", FaultKind.FAR_FROM_ITS_YEAR
    if starts_on and ends_on and ends_on < starts_on:
        return "ends_on", FaultKind.ENDS_FIRST
    if starts_on and starts_on == ends_on and starts_at and ends_at and ends_at <= starts_at:
        return "ends_at", FaultKind.ENDS_FIRST
    return None
