"""Dates and times for people: in the reader's language, and in the edition's zone with the zone's name."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta, get_timezone_location
from babel.units import format_unit
from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _

from dofc_events.web.translation import kept_by_language

# Where our English differs from CLDR's: no comma after the weekday.
DAY_PATTERNS = {"en": "EEEE d MMMM y"}


@kept_by_language
def moment(value: datetime, zone: str, named: bool = True) -> str:
    """An aware moment as the clocks of `zone` show it: "18:00, Thursday 3 June 2027 (Prague time)".

    Here and below the zone is not `named` where the page has said it already.
    """
    local = value.astimezone(ZoneInfo(zone))
    return _with_zone(_("%(time)s, %(day)s", time=clock(value, zone), day=day(local.date())), zone, named)


@kept_by_language
def deadline(value: datetime, zone: str, named: bool = True) -> str:
    """A moment until which something can be done; midnight is "the end of Sunday 16 May 2027 (Prague time)"."""
    local = value.astimezone(ZoneInfo(zone))
    if local.time() != time(0):
        return moment(value, zone, named)
    # Half the readers of "00:00, Monday" think that they have all of Monday.
    last = local.date() - timedelta(days=1)
    return _with_zone(_("the end of %(day)s", day=day(last)), zone, named)


@kept_by_language
def short_moment(value: datetime, zone: str) -> str:
    """An aware moment for a list whose heading names the zone: "3 Jun 2027, 18:00"."""
    local = value.astimezone(ZoneInfo(zone))
    return f"{format_date(local.date(), 'medium', locale=_reading_locale())}, {clock(value, zone)}"


def as_recorded(text: str, zone: str) -> str:
    """An aware moment, a day or a time of day in ISO 8601: "3 Jun 2027, 18:00", "Thursday 3 June 2027", "18:00"."""
    if len(text) > len("2027-06-03"):
        return short_moment(datetime.fromisoformat(text), zone)
    return day(date.fromisoformat(text)) if "-" in text else time.fromisoformat(text).strftime("%H:%M")


@kept_by_language
def moment_range(start: datetime, end: datetime, zone: str, named: bool = True) -> str:
    """Two aware moments; the day is said once where both are on it: "09:00–12:30, Friday 4 June 2027 (Prague time)"."""
    first, last = (value.astimezone(ZoneInfo(zone)).date() for value in (start, end))
    if first == last:
        clocks = f"{clock(start, zone)}–{clock(end, zone)}"
        return _with_zone(_("%(time)s, %(day)s", time=clocks, day=day(first)), zone, named)
    text = _(
        "%(start_time)s, %(start_day)s – %(end_time)s, %(end_day)s",
        start_time=clock(start, zone),
        start_day=day(first),
        end_time=clock(end, zone),
        end_day=day(last),
    )
    return _with_zone(text, zone, named)


@kept_by_language
def clock(value: datetime, zone: str) -> str:
    """The time of day in `zone`, without its name: "18:00"."""
    return format_time(value, "short", tzinfo=ZoneInfo(zone), locale=_reading_locale())


@kept_by_language
def day(value: date) -> str:
    """A date with its weekday: "Thursday 3 June 2027"."""
    locale = _reading_locale()
    return format_date(value, DAY_PATTERNS.get(locale.language, "full"), locale=locale)


@kept_by_language
def day_range(start: date, end: date | None = None) -> str:
    """The days from one date to another: "3–5 June 2027"; one date alone where both are the same."""
    locale = _reading_locale()
    if end is None or start == end:
        return format_date(start, "long", locale=locale)
    differs = "y" if start.year != end.year else "M" if start.month != end.month else "d"
    # CLDR has ranges for short months only; months written out suit a page better, and inflect the same way.
    first, last = (piece.replace("MMM", "MMMM") for piece in locale.interval_formats["yMMMd"][differs])
    return format_date(start, first, locale=locale) + format_date(end, last, locale=locale)


def time_left(until: datetime, now: datetime) -> str:
    """How much time there still is, never more than that: "4 days", "47 hours", "20 minutes", "50 seconds"."""
    seconds = int((until - now).total_seconds())
    if seconds < 60:
        return format_unit(seconds, "duration-second", locale=_reading_locale())
    minutes = seconds // 60
    number, unit = (minutes, "minute") if minutes < 120 else (minutes // 60, "hour")
    if unit == "hour" and number >= 72:
        number, unit = number // 24, "day"
    return format_unit(number, f"duration-{unit}", locale=_reading_locale())


def duration(seconds: int) -> str:
    """A span of time in words: "3 minutes", "2 hours"."""
    return format_timedelta(timedelta(seconds=seconds), locale=_reading_locale(), threshold=1.5)


@kept_by_language
def zone_name(zone: str) -> str:
    """What CLDR calls the clock of a zone's city, e.g. "Prague time"; "UTC" is UTC."""
    if zone == "UTC":
        return zone
    city = get_timezone_location(ZoneInfo(zone), locale=_reading_locale(), return_city=True)
    text: str = _("%(city)s time", city=city)
    return text


def begin_page(*said: str) -> str:
    """From here on, in this request, each zone is named once, and those that are `said` not at all."""
    g.zones_said = set(said)
    return ""


def is_said(zone: str) -> bool:
    """Whether the page has named the zone already; from now on it has. Nothing else than such a page ever has."""
    said: set[str] | None = g.get("zones_said")
    if said is None:
        return False
    known = zone in said
    said.add(zone)
    return known


def naming_once(shown: Callable[..., str]) -> Callable[..., str]:
    """A filter that shows moments, of which only the first on a page names their zone, unless it is told otherwise."""

    @wraps(shown)
    def show(*moments_and_zone: Any, named: bool | None = None) -> str:
        return shown(*moments_and_zone, named=not is_said(moments_and_zone[-1]) if named is None else named)

    return show


def _with_zone(moments: str, zone: str, named: bool) -> str:
    return _("%(moments)s (%(zone)s)", moments=moments, zone=zone_name(zone)) if named else moments


def _reading_locale() -> Locale:
    """The locale of the page or email. Our English is British: the day before the month, 24 hours."""
    locale = get_locale() or Locale("en")
    return Locale("en", "GB") if locale == Locale("en") else locale
