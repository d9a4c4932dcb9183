"""Time: stored in UTC, shown in an edition's zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


def now() -> datetime:
    """The present moment, aware, in UTC. Only entry points (views, commands, the worker) ask."""
    return datetime.now(UTC)


def in_zone(moment: datetime, zone: str) -> datetime:
    """An aware moment in the local time of `zone` (an IANA name)."""
    return moment.astimezone(ZoneInfo(zone))


def from_zone(day: date, hour: time, zone: str) -> datetime:
    """The aware UTC moment of the local time `hour` on `day` in `zone`.

    If a change to summer time skips that hour, it is taken as one hour later; if the hour occurs twice, as the first.
    """
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def in_another_zone(moment: datetime | None, zone: str, other: str) -> datetime | None:
    """The aware UTC moment with the same day and time of day in `other` as `moment` has in `zone`; None for None.

    So what was typed as 14:00 stays 14:00 when an edition moves to another zone.
    """
    if moment is None:
        return None
    local = in_zone(moment, zone)
    return from_zone(local.date(), local.time(), other)


def end_of_day(day: date, zone: str) -> datetime:
    """The aware UTC moment at which `day` ends in `zone`."""
    return from_zone(day + timedelta(days=1), time(0), zone)


@cache
def zones() -> tuple[str, ...]:
    """The IANA zones offered in forms: those named `Region/City`, and UTC."""
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Arctic/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return (*sorted(name for name in available_timezones() if name.startswith(regions)), "UTC")
