"""iCalendar files (RFC 5545), as they are sent (RFC 5546, RFC 6047).

Written line by line: every registration has one, and a library's events take ten times as long.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

# The longest line before folding, in octets (RFC 5545, section 3.1).
LONGEST_LINE = 75

_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_NOT_IN_QUOTES = re.compile(r'["\x00-\x1f\x7f]')


@dataclass(frozen=True)
class CalendarEntry:
    """One event in somebody's calendar. Moments are aware; the file shows them in `zone`, with its VTIMEZONE.

    The same `uid` with a higher `sequence` replaces what the calendar has (RFC 5545, section 3.8.7.4).
    `status`: CONFIRMED, TENTATIVE or CANCELLED. Calendars are shared: nothing in an entry may act for a person.
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


@dataclass(frozen=True)
class CalendarFile:
    """A calendar file, and its content type in an email or a response."""

    content_type: str
    text: str


def calendar_file(entries: Sequence[CalendarEntry], organiser: str, address: str) -> CalendarFile:
    """The entries, all in one zone, as published by `organiser`, whose email address is ASCII.

    A file that only takes out what a calendar has is a cancellation (RFC 5546, section 3.2.5). The type of the file
    names its method, without which email programs treat it as an ordinary attachment (RFC 6047, section 2.4).
    """
    method = "CANCEL" if all(entry.status == "CANCELLED" for entry in entries) else "PUBLISH"
    head = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Days of Clusters//dofc-events//EN",
        f"METHOD:{method}",
    )
    zone = _timezone(entries[0].zone, entries[0].starts_at.year)
    by = f'ORGANIZER;CN="{_NOT_IN_QUOTES.sub(" ", organiser)}":mailto:{address}'
    events = (line for entry in entries for line in _event(entry, by))
    text = f"{_folded(head)}{zone}{_folded(events)}END:VCALENDAR\r\n"
    return CalendarFile(f"text/calendar; charset=utf-8; method={method}", text)


def _event(entry: CalendarEntry, organiser: str) -> Sequence[str]:
    return (
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"SEQUENCE:{entry.sequence}",
        f"STATUS:{entry.status}",
        f"DTSTAMP{_moment(entry.changed_at, 'UTC')}",
        f"LAST-MODIFIED{_moment(entry.changed_at, 'UTC')}",
        f"DTSTART{_moment(entry.starts_at, entry.zone)}",
        f"DTEND{_moment(entry.ends_at, entry.zone)}",
        organiser,
        f"SUMMARY:{_text(entry.summary)}",
        f"LOCATION:{_text(entry.location)}",
        f"DESCRIPTION:{_text(entry.description)}",
        f"URL:{entry.url}",
        "END:VEVENT",
    )


def _text(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").translate(_ESCAPED)


def _moment(value: datetime, zone: str) -> str:
    local = value.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
    # Of an hour that occurs twice a local time means the first one (RFC 5545, section 3.3.5).
    if zone == "UTC" or local.fold:
        return f":{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";TZID={zone}:{local:%Y%m%dT%H%M%S}"


def _folded(lines: Iterable[str]) -> str:
    return "".join(f"{line if len(line) < LONGEST_LINE and line.isascii() else _fold(line)}\r\n" for line in lines)


def _fold(line: str) -> str:
    """The line in pieces of at most LONGEST_LINE octets, each but the first after a space; no letter is broken."""
    octets, pieces = line.encode(), []
    while len(octets) > LONGEST_LINE:
        end = LONGEST_LINE
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[:end])
        octets = b" " + octets[end:]
    return b"\r\n".join([*pieces, octets]).decode()


@cache
def _timezone(zone: str, year: int) -> str:
    """The clock changes of a zone around a year, as the file has them: each change separately.

    Rules without an end would be shorter, and wrong where clocks follow the moon, or a new law.
    """
    if zone == "UTC":
        return ""
    clock = ZoneInfo(zone)
    first, last = datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + 2, 1, 1, tzinfo=UTC)
    changes = [first, *_changes(clock, first, last)]
    lines = (line for moment in changes for line in _observance(moment, clock))
    return _folded(("BEGIN:VTIMEZONE", f"TZID:{zone}", *lines, "END:VTIMEZONE"))


def _changes(clock: ZoneInfo, moment: datetime, last: datetime) -> Iterator[datetime]:
    """The moments, to the second, at which these clocks change."""
    # No zone ever changes its clocks twice within a day.
    shown = _shown(moment, clock)
    while moment < last:
        before, moment = moment, moment + timedelta(days=1)
        then, after = _shown(moment, clock), moment
        if then != shown:
            while after - before > timedelta(seconds=1):
                middle = before + (after - before) // 2
                middle = middle.replace(microsecond=0)
                if _shown(middle, clock) == shown:
                    before = middle
                else:
                    after = middle
            yield after
        shown = then


def _shown(moment: datetime, clock: ZoneInfo) -> tuple[timedelta | None, str | None]:
    local = moment.astimezone(clock)
    return local.utcoffset(), local.tzname()


def _observance(moment: datetime, clock: ZoneInfo) -> Sequence[str]:
    local, until_then = moment.astimezone(clock), (moment - timedelta(seconds=1)).astimezone(clock)
    kind = "DAYLIGHT" if (local.dst() or timedelta()) > timedelta() else "STANDARD"
    from_, to = until_then.utcoffset() or timedelta(), local.utcoffset() or timedelta()
    return (
        f"BEGIN:{kind}",
        f"DTSTART:{moment.replace(tzinfo=None) + from_:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_offset(from_)}",
        f"TZOFFSETTO:{_offset(to)}",
        f"TZNAME:{local.tzname()}",
        f"END:{kind}",
    )


def _offset(span: timedelta) -> str:
    seconds = abs(int(span.total_seconds()))
    sign, (hours, rest) = "-" if span < timedelta() else "+", divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{sign}{hours:02}{minutes:02}" + (f"{seconds:02}" if seconds else "")
