"""An edition in figures, and how registrations grow from day to day."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any

from dofc_events.core.countries import continent_of

DAY = 24 * 3600

Shares = list[tuple[str, int]]


@dataclass(frozen=True)
class SeatsTaken:
    """A learning trip that took place, and how many had a seat on it."""

    title: str
    capacity: int
    taken: int


@dataclass(frozen=True)
class Figures:
    """People with a confirmed place, grouped by their answers: keys with their numbers, the largest first.

    Categories are slugs, in the order of the form, with their `labels`; countries and languages are codes; of
    `organisations` the largest with several people, as they were written. `arrived` is how many have arrived,
    `returning` how many were at an earlier edition. `choices` are, by the key of an own question that is answered by
    keys, its answers in their order.
    """

    arrived: int
    categories: Shares
    labels: Mapping[str, str]
    countries: Shares
    languages: Shares
    organisations: Shares
    returning: int
    choices: Mapping[str, Shares]

    @property
    def total(self) -> int:
        return sum(number for _country, number in self.countries)

    @property
    def continents(self) -> Shares:
        return sums((continent_of(country), number) for country, number in self.countries)


@dataclass(frozen=True)
class Growth:
    """How many of those who count had registered at the end of each 24 hours since registration opened; none before."""

    year: int
    days: Sequence[int]

    def by(self, day: int) -> int:
        """The number at the end of a day; after the last day it stays the same."""
        return self.days[min(day, len(self.days) - 1)] if self.days else 0

    def filled_on(self, number: int) -> int | None:
        """The day on which this number was reached; None if it never was."""
        return next((day for day, there in enumerate(self.days) if there >= number > 0), None)


@dataclass(frozen=True)
class Arrivals:
    """How many had arrived on one day by the end of each quarter of an hour.

    All days of an edition begin at the same quarter since midnight, `from_`.
    """

    day: date
    from_: int
    by_quarter: Sequence[int]

    @property
    def total(self) -> int:
        return self.by_quarter[-1]


@dataclass(frozen=True)
class Record:
    """An edition in figures, whole: what is kept of it when it is archived.

    `growth` is None where it is not known when registration opened.
    """

    capacity: int
    figures: Figures
    growth: Growth | None
    arrivals: Sequence[Arrivals]
    trips: Sequence[SeatsTaken]


def as_stored(record: Record) -> dict[str, Any]:
    """A record as JSON holds it; whatever can be computed from the rest is not in it."""
    figures = record.figures
    return {
        "capacity": record.capacity,
        "arrived": figures.arrived,
        "categories": [[slug, figures.labels[slug], number] for slug, number in figures.categories],
        "countries": figures.countries,
        "languages": figures.languages,
        "organisations": figures.organisations,
        "choices": dict(figures.choices),
        "growth": list(record.growth.days) if record.growth else None,
        "arrivals": [[one.day.isoformat(), one.from_, list(one.by_quarter)] for one in record.arrivals],
        "trips": [[trip.title, trip.capacity, trip.taken] for trip in record.trips],
    }


def from_stored(year: int, returning: int, stored: Mapping[str, Any]) -> Record:
    """The record that `as_stored` wrote down."""
    return Record(
        capacity=stored["capacity"],
        figures=Figures(
            arrived=stored["arrived"],
            categories=[(slug, number) for slug, _label, number in stored["categories"]],
            labels={slug: label for slug, label, _number in stored["categories"]},
            countries=_shares(stored["countries"]),
            languages=_shares(stored["languages"]),
            organisations=_shares(stored["organisations"]),
            returning=returning,
            choices={key: _shares(shares) for key, shares in stored["choices"].items()},
        ),
        growth=None if stored["growth"] is None else Growth(year, tuple(stored["growth"])),
        arrivals=[Arrivals(date.fromisoformat(day), from_, quarters) for day, from_, quarters in stored["arrivals"]],
        trips=[SeatsTaken(*trip) for trip in stored["trips"]],
    )


def days_between(opened_at: datetime, moment: datetime) -> int:
    """In which span of 24 hours since an opening a moment lies: 0 is the first, and all that was before it."""
    return max(0, int((moment - opened_at).total_seconds()) // DAY)


def growth(per_day: Mapping[int, int], last_day: int) -> tuple[int, ...]:
    """How many there were at the end of each day from 0 to `last_day`."""
    return tuple(accumulate(per_day.get(day, 0) for day in range(last_day + 1)))


def weeks(length: int) -> list[int]:
    """Every seventh of these days, and the last: the rows of the table beside a line chart by day."""
    return sorted({*range(0, length, 7), length - 1}) if length else []


def sums(pairs: Iterable[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Each key once, the largest first, then in the order of the keys."""
    found: Counter[Any] = Counter()
    for key, count in pairs:
        found[key] += count
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _shares(stored: Iterable[Sequence[Any]]) -> Shares:
    return [(key, number) for key, number in stored]
