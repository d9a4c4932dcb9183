"""iCalendar files (RFC 5545)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, vText
from icalendar.parser import Contentline

# What a line may hold before it must be folded, in octets (RFC 5545, section 3.1).
LONGEST_LINE = 75


@dataclass(frozen=True)
class CalendarEntry:
    """One event in somebody's calendar. Moments are aware; the file shows them in `zone`, with its VTIMEZONE.

    The same `uid` with a higher `sequence` replaces what the calendar has (RFC 5545, section 3.8.7.4).
    `status`: CONFIRMED, TENTATIVE or CANCELLED.
    """

    uid: str
    sequence: int
    status: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    location: str
    description: str
    url: str
    changed_at: datetime


def calendar_file(entries: Sequence[CalendarEntry]) -> str:
    """The entries, all in one zone, as a file, with line ends as the format wants them (CRLF).

    A file that only takes out what a calendar has is a cancellation (RFC 5546, section 3.2.5).
    """
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Days of Clusters//dofc-events//EN",
        f"METHOD:{'CANCEL' if all(entry.status == 'CANCELLED' for entry in entries) else 'PUBLISH'}",
    )
    zone = _timezone(entries[0].zone, entries[0].starts_at.year)
    events = (line for entry in entries for line in _event(entry))
    return _folded(head) + zone + _folded(events) + "END:VCALENDAR\r\n"


def _event(entry: CalendarEntry) -> Sequence[str]:
    # Line by line: the library's own events take ten times as long, in every registration.
    return (
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"SEQUENCE:{entry.sequence}",
        f"STATUS:{entry.status}",
        f"DTSTAMP{_moment(entry.changed_at, 'UTC')}",
        f"LAST-MODIFIED{_moment(entry.changed_at, 'UTC')}",
        f"DTSTART{_moment(entry.starts_at, entry.zone)}",
        f"DTEND{_moment(entry.ends_at, entry.zone)}",
        f"SUMMARY:{_text(entry.summary)}",
        f"LOCATION:{_text(entry.location)}",
        f"DESCRIPTION:{_text(entry.description)}",
        f"URL:{entry.url}",
        "END:VEVENT",
    )


def _text(value: str) -> str:
    return vText(value).to_ical().decode()


def _moment(value: datetime, zone: str) -> str:
    if zone == "UTC":
        return f":{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";TZID={zone}:{value.astimezone(ZoneInfo(zone)):%Y%m%dT%H%M%S}"


def _folded(lines: Iterable[str]) -> str:
    return "".join(f"{line if len(line.encode()) < LONGEST_LINE else _fold(line)}\r\n" for line in lines)


def _fold(line: str) -> str:
    folded: bytes = Contentline(line).to_ical()  # type: ignore[no-untyped-call]
    return folded.decode()


@cache
def _timezone(zone: str, year: int) -> str:
    """The zone's rules around a year, as they stand in a file; working them out takes tens of milliseconds."""
    if zone == "UTC":
        return ""
    rules = Timezone.from_tzid(zone, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    return str(rules.to_ical().decode())
