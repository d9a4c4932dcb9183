"""Calendar files that calendars read: parsed back, folded, with the rules of their zone."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from icalendar import Calendar

from dofc_events.documents.calendar import CalendarEntry
from dofc_events.documents.calendar import calendar_file as made_by

HOST = ("Days of Clusters 2027", "host@dofc.test")


def calendar_file(entries, by=HOST) -> str:
    return made_by(entries, *by).text


def entry(zone="Europe/Belgrade", **changes) -> CalendarEntry:
    values = {
        "uid": "7KX9-Q2MB@days-of-clusters",
        "sequence": 3,
        "status": "CONFIRMED",
        "starts_at": datetime(2027, 6, 3, 7, 30, tzinfo=UTC),
        "ends_at": datetime(2027, 6, 5, 14, tzinfo=UTC),
        "zone": zone,
        "summary": "Days of Clusters 2027, Niš",
        "location": "Дом кластера; hall 2, Niš\\Ниш",
        "description": "http://dofc.test/registrations/" + "x" * 120 + "/",
        "url": "http://dofc.test/registrations/" + "x" * 120 + "/",
        "changed_at": datetime(2026, 11, 2, 12, tzinfo=UTC),
    }
    return CalendarEntry(**(values | changes))


def parsed(file: str):
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_the_file_says_what_the_entry_says():
    calendar, event = parsed(calendar_file([entry()]))
    assert (str(calendar["VERSION"]), str(calendar["METHOD"])) == ("2.0", "PUBLISH")
    assert calendar["PRODID"]
    assert (str(event["UID"]), event["SEQUENCE"], str(event["STATUS"])) == (entry().uid, 3, "CONFIRMED")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (entry().starts_at, entry().ends_at)
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == entry().changed_at
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:host@dofc.test", HOST[0])
    for name in ("summary", "location", "description", "url"):
        assert str(event[name]) == getattr(entry(), name)


def test_a_cancelled_entry_takes_itself_out_of_the_calendar():
    file = made_by([entry(status="CANCELLED")], *HOST)
    calendar, event = parsed(file.text)
    assert file.content_type == "text/calendar; charset=utf-8; method=CANCEL"
    assert (str(calendar["METHOD"]), str(event["STATUS"])) == ("CANCEL", "CANCELLED")


@pytest.mark.parametrize("zone", ["Europe/Belgrade", "Europe/Istanbul", "Asia/Kathmandu", "America/St_Johns"])
@pytest.mark.parametrize("month", [1, 3, 6, 10, 12])
def test_the_rules_of_the_zone_give_the_times_that_its_clocks_show(zone, month):
    starts_at = datetime(2027, month, 28, 7, 30, tzinfo=UTC)
    calendar, event = parsed(calendar_file([entry(zone, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))]))
    (rules,) = calendar.walk("VTIMEZONE")
    assert str(rules["TZID"]) == zone == event["DTSTART"].params["TZID"]
    assert event["DTSTART"].dt.replace(tzinfo=None) == starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    # A calendar that has never heard of the zone goes by the rules in the file.
    local = event["DTSTART"].dt.replace(tzinfo=None)
    assert rules.to_tz(lookup_tzid=False).utcoffset(local) == starts_at.astimezone(ZoneInfo(zone)).utcoffset()
    has_summer_time = zone in ("Europe/Belgrade", "America/St_Johns")
    assert bool(rules.walk("DAYLIGHT")) == has_summer_time


@dataclass(frozen=True)
class Observance:
    """A piece of a VTIMEZONE: from this local time on, told with the offset until then, clocks show another offset."""

    starts: datetime
    before: timedelta
    offset: timedelta

    @property
    def starts_at(self) -> datetime:
        return (self.starts - self.before).replace(tzinfo=UTC)


def observances(zone: str, year: int) -> list[Observance]:
    """The pieces of a zone, read by nothing but the RFC."""
    starts_at = datetime(year, 6, 1, 7, tzinfo=UTC)
    lines = calendar_file([entry(zone, starts_at=starts_at)]).partition("BEGIN:VEVENT")[0].split("\r\n")
    pairs = [line.split(":", 1) for line in lines if line]
    values = {name: [value for known, value in pairs if known == name] for name, _ in pairs}
    assert "RRULE" not in values and "RDATE" not in values
    return [
        Observance(datetime.strptime(start, "%Y%m%dT%H%M%S"), span(before), span(after))  # noqa: DTZ007
        for start, before, after in zip(values["DTSTART"], values["TZOFFSETFROM"], values["TZOFFSETTO"], strict=True)
    ]


def span(text: str) -> timedelta:
    hours, minutes, seconds = int(text[1:3]), int(text[3:5]), int(text[5:7] or 0)
    return (-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes, seconds=seconds)


@pytest.mark.parametrize("year", [2010, 2027, 2028])
def test_every_zone_of_the_world_is_as_its_clocks_are(year):
    """All of the tz database, over the year before, the year, and the year after, against zoneinfo."""
    wrong = []
    begin, end = datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + 2, 1, 1, tzinfo=UTC)
    probes = [begin + timedelta(hours=19) * number for number in range((end - begin) // timedelta(hours=19))]
    for zone in sorted(available_timezones() - {"UTC"}):
        pieces, clock = observances(zone, year), ZoneInfo(zone)
        onsets = [piece.starts_at for piece in pieces]
        if onsets != sorted(onsets) or onsets[0] > begin:
            wrong.append(zone)
        # Each piece is looked at from its first second to its last, and in between.
        for piece, onset, after in zip(pieces, onsets, [*onsets[1:], end], strict=True):
            between = probes[bisect_left(probes, onset) : bisect_left(probes, after)]
            edges = (max(onset, begin), after - timedelta(seconds=1))
            if {moment.astimezone(clock).utcoffset() for moment in (*between, *edges)} != {piece.offset}:
                wrong.append(f"{zone} {onset}")
    assert wrong == []


def test_clocks_that_follow_the_moon_are_right():
    """In Morocco clocks go back for Ramadan: in 2027 from 7 February to 14 March."""
    changes = [(f"{piece.starts:%d.%m.%Y %H:%M}", piece.offset) for piece in observances("Africa/Casablanca", 2027)]
    assert ("07.02.2027 03:00", timedelta()) in changes
    assert ("14.03.2027 02:00", timedelta(hours=1)) in changes


def test_an_hour_that_occurs_twice_is_told_apart():
    first, second = (datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert "DTSTART;TZID=Europe/Belgrade:20271031T023000" in calendar_file([entry(starts_at=first)])
    assert "DTSTART:20271031T013000Z" in calendar_file([entry(starts_at=second)])


def test_the_name_of_the_organiser_cannot_end_its_quotation():
    _, event = parsed(calendar_file([entry()], ('The "Niš"; team:\nx', "host@dofc.test")))
    assert event["ORGANIZER"].params["CN"] == "The  Niš ; team: x"
    assert event["ORGANIZER"] == "mailto:host@dofc.test"


def test_utc_needs_no_rules():
    file = calendar_file([entry("UTC")])
    assert "VTIMEZONE" not in file and "DTSTART:20270603T073000Z" in file


def test_two_editions_in_one_zone_have_the_same_rules_and_each_its_own_times():
    first, second = calendar_file([entry()]), calendar_file([entry(uid="other@days-of-clusters", summary="Other")])
    assert first.partition("BEGIN:VEVENT")[0] == second.partition("BEGIN:VEVENT")[0]
    assert "Other" in second and "Other" not in first


@pytest.mark.parametrize("text", ["x" * 300, "Ж" * 100, "𝔸" * 60, "a" + "é" * 74])
def test_lines_are_folded_at_75_octets_without_breaking_a_letter(text):
    file = calendar_file([entry(summary=text)])
    assert file.endswith("END:VCALENDAR\r\n")
    lines = file.split("\r\n")
    assert "\n" not in "".join(lines) and "\r" not in "".join(lines)
    # RFC 5545, section 3.1.
    assert max(len(line.encode()) for line in lines) <= 75
    assert str(parsed(file)[1]["SUMMARY"]) == text


@pytest.mark.parametrize("text", ["END:VEVENT\r\nBEGIN:VEVENT", "a\nATTENDEE:x", "BEGIN:VEVENT", "; , \\ \\n"])
def test_what_was_typed_stays_inside_its_line(text):
    calendar, event = parsed(calendar_file([entry(summary=text, location=text)]))
    assert len(calendar.subcomponents) == 2 and "ATTENDEE" not in event
    assert str(event["SUMMARY"]).replace("\r\n", "\n") == text.replace("\r\n", "\n")
