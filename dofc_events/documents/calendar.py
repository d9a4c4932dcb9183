"""iCalendar files (RFC 5545)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vText


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
    calendar = Calendar()
    calendar.add("prodid", "-//Days of Clusters//dofc-events//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if all(entry.status == "CANCELLED" for entry in entries) else "PUBLISH")
    for entry in entries:
        calendar.add_component(_event(entry))
    file: str = calendar.to_ical().decode()
    first = entries[0]
    return file.replace("BEGIN:VEVENT", _timezone(first.zone, first.starts_at.year) + "BEGIN:VEVENT", 1)


def _event(entry: CalendarEntry) -> Event:
    zone = ZoneInfo(entry.zone)
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("status", entry.status)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", entry.starts_at.astimezone(zone))
    event.add("dtend", entry.ends_at.astimezone(zone))
    event.add("summary", entry.summary)
    event["location"] = vText(entry.location)
    event.add("description", entry.description)
    event.add("url", entry.url)
    return event


@cache
def _timezone(zone: str, year: int) -> str:
    """The zone's rules around a year, as they stand in a file; working them out takes tens of milliseconds."""
    if zone == "UTC":
        return ""
    rules = Timezone.from_tzid(zone, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    return str(rules.to_ical().decode())
