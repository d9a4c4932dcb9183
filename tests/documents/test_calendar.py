"""Calendar files that calendars read: parsed back, folded, with the rules of their zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from dofc_events.documents.calendar import CalendarEntry, calendar_file


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
    for name in ("summary", "location", "description", "url"):
        assert str(event[name]) == getattr(entry(), name)


def test_a_cancelled_entry_takes_itself_out_of_the_calendar():
    calendar, event = parsed(calendar_file([entry(status="CANCELLED")]))
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
