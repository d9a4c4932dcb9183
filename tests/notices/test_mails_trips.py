"""What messages say about learning trips: one kind, everything that is held, and the calendar file."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import in_zone
from dofc_events.delegates.queries import token_of
from dofc_events.notices import mails
from dofc_events.notices import service as news
from dofc_events.notices.queries import standing_of, untold_news
from dofc_events.notices.rules import BATCH, SeatNews
from dofc_events.places.models import Claim
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration import service
from dofc_events.registration.trips import service as seats
from dofc_events.trips.queries import TripStanding
from dofc_events.trips.rules import Reason
from dofc_events.trips.service import details_of
from tests.support.crowd import make_crowd
from tests.support.factories import DELEGATE, NOW, agreed, make_edition, make_registration, make_three_trips, make_trip
from tests.support.letters import deliver_all, letters, unsent
from tests.support.tree import parsed

# What an email says does not depend on the database.
pytestmark = pytest.mark.databases("sqlite")

EVIL = "<img src=x onerror=alert(1)>&{{7*7}}%(x)s"


@pytest.fixture
def edition(session):
    return make_edition(session, offer_hours=0.0)


@pytest.fixture
def trips(session, edition):
    return make_three_trips(session, edition)


@pytest.fixture
def person(session, edition, trips):
    """`person("wine")`: somebody who asked for these trips and was told what became of it."""

    def make(*slugs, **changes):
        made = make_registration(session, edition, trips=slugs, **changes)
        deliver_all(session)
        return made

    return make


def choose(session, who, *slugs, now=NOW):
    seats.choose_trips(session, who.id, slugs, any_trip=False, actor=DELEGATE, now=now)


def one_line(text: str) -> str:
    return " ".join(text.split())


def events(message):
    """The calendar entries of a message by the first word of their title: status, beginning, end, sequence."""
    (file,) = message.attachments
    found: list[Any] = Calendar.from_ical(file["body"]).walk("VEVENT")
    entries = {str(e["SUMMARY"]).rpartition(": ")[2].split()[0]: e for e in found}
    return {word: (str(e["STATUS"]), e["DTSTART"].dt, e["DTEND"].dt, e["SEQUENCE"]) for word, e in entries.items()}


def method(message) -> str:
    return str(Calendar.from_ical(message.attachments[0]["body"])["METHOD"])


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        (("confirmed", "offered", "waitlisted", "cancelled"), "trip-confirmed"),
        (("offered", "waitlisted", "expired"), "trip-offered"),
        (("cancelled", "waitlisted", "requested"), "trip-waitlisted"),
        (("cancelled", "requested"), "trip-cancelled"),
        (("expired",), "trip-cancelled"),
        (("requested",), "trip-changed"),
    ],
)
def test_a_message_about_several_seats_has_the_first_kind_that_applies(session, edition, person, statuses, kind):
    trips = tuple(_seat(session, edition, status) for status in statuses)
    standing = replace(standing_of(session, person().id), trips=trips)
    news = {seat.trip.id: SeatNews("", Reason.ASKED) for seat in standing.trips}
    assert mails.seats_changed(standing, news).kind == kind


def test_a_seat_that_stays_what_it_was_does_not_decide_the_kind(session, edition, person):
    standing = replace(standing_of(session, person().id), trips=(_seat(session, edition, "confirmed"),))
    news = {seat.trip.id: SeatNews("confirmed", Reason.TRIP_CHANGED) for seat in standing.trips}
    assert mails.seats_changed(standing, news).kind == "trip-changed"


def _seat(session, edition, status: str, **changes) -> TripStanding:
    """A trip, and a claim on it that nobody has."""
    claim = Claim(status=ClaimStatus(status), changed_at=NOW, offered_until=NOW if status == "offered" else None)
    return TripStanding(make_trip(session, edition, **changes), capacity=9, taken=3, claim=claim, position=4, wish=2)


@pytest.mark.parametrize("status", ClaimStatus)
def test_every_change_is_said_alike_in_both_parts_and_what_was_typed_stays_text(session, edition, person, status):
    standing = standing_of(session, person().id)
    seat = _seat(session, edition, status, title=EVIL, meeting_point=EVIL)
    for reason in Reason:
        envelope = mails.seats_changed(replace(standing, trips=(seat,)), {seat.trip.id: SeatNews("", reason)})
        page = parsed(envelope.html)
        assert not page.select("img, [onerror]") and EVIL in envelope.subject
        in_html, in_text = one_line(page.get_text(" ")), one_line(envelope.text)
        assert "None" not in in_text + in_html and "None" not in envelope.subject
        said = in_text.partition("Status:")[0].partition(" Accept or decline")[0].strip()
        assert " Dear Łucja" in said and said in in_html


def test_a_message_lists_all_seats_that_are_held_and_waited_for(session, person, trips):
    person("wine")
    who = person("wine", "port")
    choose(session, who, "wine")
    (message,) = unsent(session, to=who.email)
    text = one_line(message.text)
    assert message.kind == "trip-cancelled" and "You have given back “Port”." in text
    assert "Learning trip: Wine" in text and "On the waiting list, number 1" in text
    assert "Learning trip: Port" not in text and "Learning trip: Mill" not in text
    page = one_line(parsed(message.html).get_text(" "))
    assert "You have given back “Port”." in page and "On the waiting list, number 1" in page


def test_the_subject_names_the_trips_that_the_message_is_about(session, person):
    holder, waiting = person("wine"), person("wine", "port")
    choose(session, holder)
    (message,) = unsent(session, to=waiting.email)
    assert message.kind == "trip-confirmed" and "Wine" in message.subject and "Port" not in message.subject


def test_an_offer_says_until_when_and_where_to_answer(session, edition, person):
    edition.offer_hours = 10.0
    holder, waiting = person("wine"), person("wine")
    choose(session, holder)
    (message,) = unsent(session, to=waiting.email)
    text = one_line(message.text)
    assert message.kind == "trip-offered" and not message.text.count("None")
    assert "held for you until the end of Monday 2 November 2026 (Sofia time)" in text
    for part in (message.text, message.html):
        assert f"/registrations/{token_of(waiting)}/offer" in part


def test_the_calendar_file_has_the_seats_that_are_held_and_not_what_is_waited_for(session, edition, person, trips):
    port = trips[2]
    person("wine")
    who = person("wine", "port")
    (message,) = letters(session, to=who.email)
    entries = events(message)
    assert entries.keys() == {"Days", "Port"} and method(message) == "PUBLISH"
    assert entries["Port"][:3] == ("CONFIRMED", port.starts_at, port.ends_at)
    assert entries["Days"][:2] == ("CONFIRMED", edition.begins_at())


def test_the_calendar_file_takes_out_a_seat_that_was_given_back_and_keeps_the_days(session, person):
    who = person("port")
    choose(session, who)
    first, second = (events(message) for message in letters(session, to=who.email))
    assert (second["Port"][0], second["Days"][0]) == ("CANCELLED", "CONFIRMED")
    assert second["Port"][3] > first["Port"][3] and second["Days"][3] > first["Days"][3]
    # What has been removed once is not mentioned again.
    choose(session, who, "wine", now=NOW + timedelta(minutes=5))
    assert events(letters(session, to=who.email)[-1]).keys() == {"Days", "Wine"}


def test_the_calendar_file_takes_out_the_days_and_the_seats_when_the_registration_is_cancelled(session, person):
    who = person("port", "wine")
    service.cancel_registration(session, who.id, DELEGATE, NOW)
    (message,) = unsent(session, to=who.email)
    assert {name: entry[0] for name, entry in events(message).items()} == dict.fromkeys(
        ("Days", "Port", "Wine"), "CANCELLED"
    )
    assert method(message) == "CANCEL"
    # The body says it once: the registration is cancelled.
    assert "Learning trip:" not in message.text


def test_the_calendar_entry_of_a_trip_stays_the_same_one_and_each_version_replaces_the_last(
    session, edition, person, trips
):
    who, wine = person("wine"), trips[0]
    for hours in (1, 2):
        details = replace(details_of(wine), starts_at=wine.starts_at - timedelta(hours=hours))
        seats.change_trip(session, edition.id, "wine", details, 1, COMMAND, NOW, accepted="")
    found = [events(message)["Wine"] for message in letters(session, to=who.email)]
    assert [entry[3] for entry in found] == sorted({entry[3] for entry in found})
    assert found[-1][1] == wine.starts_at


def test_a_trip_in_the_calendar_says_what_one_has_to_know(session, edition, person, trips):
    who, wine = person("wine"), trips[0]
    told = replace(details_of(wine), title="Wine", meeting_point="North gate", hosts="Vinarija", bring="Boots, hat")
    later = NOW + timedelta(days=1)
    seats.change_trip(session, edition.id, "wine", told, 1, COMMAND, later, accepted="")
    file = letters(session, to=who.email)[-1].attachments[0]["body"]
    trip: Any = Calendar.from_ical(file).walk("VEVENT")[1]
    assert str(trip["SUMMARY"]) == f"{edition.name}: Wine"
    assert str(trip["LOCATION"]) == "North gate", "not the venue, to which a map would lead"
    said = str(trip["DESCRIPTION"]).split("\n")
    assert said[:2] == ["With: Vinarija", "Bring: Boots, hat"] and "host@dofc.test" in said[2]
    assert said[3:] == [f"http://dofc.test/editions/{edition.year}/"] and trip["LAST-MODIFIED"].dt == later


def test_a_seat_that_was_only_offered_is_not_taken_out_of_the_calendar(session, edition, person):
    edition.offer_hours = 10.0
    holder, waiting = person("wine"), person("wine")
    choose(session, holder)
    deliver_all(session)
    seats.decline_seat(session, waiting.id, "wine", DELEGATE, NOW)
    (message,) = unsent(session, to=waiting.email)
    assert message.kind == "trip-cancelled" and events(message).keys() == {"Days"}


def test_who_has_no_place_yet_gets_no_calendar_file_for_wishes(session, edition, person):
    edition_pool(session, edition.id).capacity = 0
    who = person("wine", "port")
    choose(session, who, "port")
    assert [message.attachments for message in letters(session, to=who.email)] == [[], []]


def test_a_message_about_a_place_says_what_became_of_the_wishes(session, edition, person):
    edition_pool(session, edition.id).capacity = 1
    leaving, who = person("wine"), person("wine", "mill", "port")
    service.cancel_registration(session, leaving.id, DELEGATE, NOW)
    (message,) = unsent(session, to=who.email)
    text = one_line(message.text)
    assert message.kind == "registration-confirmed"
    for sentence in ("You have a seat on “Wine”.", "“Mill” takes place while you are on another trip", "on “Port”."):
        assert sentence in text
    assert events(message).keys() == {"Days", "Wine", "Port"}


def change(session, edition, trip, **changes):
    agreed(seats.change_trip, session, edition.id, trip.slug, replace(details_of(trip), **changes), 9, COMMAND, NOW)


def test_a_trip_that_moved_says_both_times_and_the_subject_the_new_one(session, edition, trips, person):
    who, wine = person("wine"), trips[0]
    hours = timedelta(minutes=30)
    change(session, edition, wine, starts_at=wine.starts_at + hours, ends_at=wine.ends_at + hours)
    (message,) = unsent(session, to=who.email)
    starts, ends = (in_zone(moment, edition.zone) for moment in (wine.starts_at, wine.ends_at))
    assert message.subject.startswith(f"Moved: {wine.title}, now {starts:%H:%M}")
    new, old = (f"{start:%H:%M}–{end:%H:%M}" for start, end in ((starts, ends), (starts - hours, ends - hours)))
    for part in (message.text, message.html):
        said = one_line(parsed(part).text)
        assert f"“{wine.title}” now takes place at {new}" in said and f", not at {old}" in said


def test_the_subject_says_the_new_meeting_point(session, edition, trips, person):
    who, wine = person("wine"), trips[0]
    change(session, edition, wine, meeting_point="Gate A")
    assert unsent(session, to=who.email)[0].subject == f"New meeting point: {wine.title}, Gate A"


def test_what_several_changes_made_of_a_trip_is_told_at_once_from_the_first_state(session, edition, trips):
    wine = trips[0]
    title, place = wine.title, wine.meeting_point
    people = make_crowd(session, edition, BATCH + 1, trips=("wine",))
    deliver_all(session)
    change(session, edition, wine, title="Wine and more", meeting_point="Gate 2")
    change(session, edition, wine, title="Wine and walks")
    news.tell_news(session, untold_news(session, 999, NOW), NOW)
    said = one_line(unsent(session, to=people[0].email)[0].text)
    assert f"“{title}” is now called “Wine and walks”." in said
    assert f"The meeting point of “Wine and walks” is now Gate 2, not {place}." in said
    assert "Wine and more" not in said


def test_the_subject_says_who_ended_what_somebody_had_of_a_trip(session, edition, trips, person):
    called_off, gave_back = person("wine"), person("mill")
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW)
    choose(session, gave_back)
    subjects = [unsent(session, to=who.email)[0].subject for who in (called_off, gave_back)]
    assert subjects[0].startswith(f"Cancelled: {trips[0].title}")
    assert subjects[1].startswith("Given back: ")


@pytest.mark.parametrize(
    ("is_full", "kind", "then"),
    [
        (False, "trip-confirmed", "Your seat is confirmed: Wine"),
        (True, "trip-waitlisted", "You are on the waiting list: Wine"),
    ],
)
def test_that_a_trip_is_called_off_comes_before_what_is_given_in_its_place(
    session, edition, person, is_full, kind, then
):
    who = person("mill", "wine")
    if is_full:
        person("wine")
    seats.cancel_trip(session, edition.id, "mill", COMMAND, NOW)
    (message,) = unsent(session, to=who.email)
    assert (message.kind, message.subject) == (kind, f"Cancelled: Mill. {then}, {edition.name}")
    assert message.text.startswith("“Mill” has been cancelled. We are sorry.")
    assert parsed(message.html).select_one("h1").text == "“Mill” has been cancelled. We are sorry."
    assert "“Wine”" in one_line(message.text).partition("“Mill”")[2]


def test_that_a_trip_is_called_off_comes_before_an_offer_that_was_still_to_be_told(session, edition, person):
    edition.offer_hours = 10
    leaving, who = person("wine"), person("wine", "port")
    choose(session, leaving)
    seats.cancel_trip(session, edition.id, "port", COMMAND, NOW)
    (message,) = unsent(session, to=who.email)
    then = f"A seat is held for you: Wine, {edition.name}"
    assert (message.kind, message.subject) == ("trip-offered", f"Cancelled: Port. {then}")
    assert message.text.startswith("“Port” has been cancelled.") and "/offer" in message.text


def test_that_a_trip_is_called_off_is_the_subject_whatever_else_has_ended(session, person, trips):
    who = person("wine", "port")
    choose(session, who)
    before = {"wine": Reason.GIVEN_BACK, "port": Reason.TRIP_CANCELLED}
    told = {trip.id: SeatNews("confirmed", before[trip.slug]) for trip in (trips[0], trips[2])}
    message = mails.seats_changed(standing_of(session, who.id), told)
    assert (message.kind, message.subject.partition(",")[0]) == ("trip-cancelled", "Cancelled: Port")
    assert message.text.startswith("“Port” has been cancelled.") and "You have given back “Wine”." in message.text


@pytest.mark.parametrize(
    ("before", "subject", "sentence"),
    [
        ("confirmed", "Given back: ", "You have given back “"),
        ("offered", "Declined: ", "You have declined the seat on “"),
        ("waitlisted", "You have left the waiting list: ", "You have left the waiting list of “"),
    ],
)
def test_what_somebody_gives_up_is_called_what_it_was(session, person, trips, before, subject, sentence):
    who = person("wine")
    choose(session, who)
    news = {trips[0].id: SeatNews(before, Reason.GIVEN_BACK)}
    message = mails.seats_changed(standing_of(session, who.id), news)
    assert message.subject.startswith(subject) and message.text.startswith(sentence)


def test_a_new_venue_leaves_an_offer_with_its_deadline_and_its_button(session):
    edition = make_edition(session, capacity=1, offer_hours=10)
    placed, waiting = (make_registration(session, edition) for _ in range(2))
    service.cancel_registration(session, placed.id, DELEGATE, NOW)
    message = mails.edition_changed(standing_of(session, waiting.id), edition, "letter", "", "")
    for part in (message.text, message.html):
        assert "still held for you until" in one_line(part) and "/offer" in part
