"""The draw out of the database and back into it: who is drawn, what they get, what they are told, what is published."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus, TripMode
from dofc_events.registration.service import cancel_registration, resize_edition
from dofc_events.registration.trips import service as seats
from dofc_events.trips.draw import rules as rule
from dofc_events.trips.draw.queries import wishing
from dofc_events.trips.draw.service import DrawChanged, DrawNotDue
from dofc_events.trips.models import Draw, DrawnDelegate
from dofc_events.trips.queries import trip_by_slug, trips_of
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.trips.draw.conftest import CLOSES, DRAWN, ORGANISER, drawn, held, line, preview, publish, set_mode

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

# The SHA-256 of what is published of one draw, whatever the database: a reference names a delegate, the seed the order.
DOCUMENT = "7e20f3e4bb7e707df3432fe32ff8d6010c0acdf0ebd0da6582d106c3511c150c"


def make_missed(session, person) -> None:
    """Have somebody got nothing in the draw of the year before."""
    earlier = edition_by_year(session, 2026) or make_edition(session, year=2026)
    before = make_registration(session, earlier, email=person.email)
    session.add(DrawnDelegate(registration_id=before.id, trip_id=None))


# What is drawn


def test_draw_gives_the_same_on_every_database(session, edition, join):
    people = [
        join("cellars", "museum"),
        join("cellars"),
        join("harbour", "cellars", any_trip=True),
        join("museum", "harbour"),
        join("museum"),
    ]
    for number, person in enumerate(people):
        person.reference = f"ABCD-000{number}"
    shown = publish(session, edition)
    assert [drawn(session, person) for person in people] == [None, "cellars", "harbour", "museum", None]
    assert rule.hash_of(shown.document) == DOCUMENT
    assert session.get_one(Draw, edition.id).document == shown.document


def test_draw_leaves_out_whoever_has_no_confirmed_place(session, edition, join):
    resize_edition(session, edition.id, 1, ORGANISER, NOW)
    inside, outside = join("cellars"), join("cellars")
    assert wishing(session, edition.id) == (1, 1)
    publish(session, edition)
    assert held(session, inside) == {"cellars": "confirmed"}
    assert held(session, outside) == {"cellars": "requested"}
    assert session.get(DrawnDelegate, outside.id) is None
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_draw_leaves_out_whoever_has_no_wish(session, edition, join):
    nobody, anybody = join(), join(any_trip=True)
    assert wishing(session, edition.id) == (1, 0)
    publish(session, edition)
    assert session.get(DrawnDelegate, nobody.id) is None
    assert drawn(session, anybody) == "cellars"


def test_draw_gives_nobody_a_trip_at_the_time_of_a_seat_that_they_hold(session, edition, join):
    speaker = join("museum", any_trip=True)
    seats.give_seat(session, speaker.id, "cellars", "speaks there", ORGANISER, NOW)
    shown = preview(session, edition)
    (asked,) = shown.wishes.values()
    assert set(asked.cannot) == {"cellars", "harbour"}
    assert {trip["slug"]: trip["free"] for trip in json.loads(shown.document)["trips"]} == {
        "cellars": 0,
        "harbour": 1,
        "museum": 1,
    }
    publish(session, edition)
    assert held(session, speaker) == {"cellars": "confirmed", "museum": "confirmed"}


def test_draw_prefers_whoever_got_nothing_at_an_earlier_edition(session, edition, join):
    people = [join("cellars") for _ in range(6)]
    *others, back = people
    make_missed(session, back)
    shown = publish(session, edition)
    assert drawn(session, back) == "cellars"
    assert [drawn(session, person) for person in others] == [None] * 5
    assert Counter(asked.missed for asked in shown.wishes.values()) == {True: 1, False: 5}


def test_draw_does_not_count_what_a_later_edition_gave(session, edition, join):
    later = make_edition(session, year=2028, now=NOW)
    person = make_registration(session, later, email="both@dofc.test")
    session.add(DrawnDelegate(registration_id=person.id, trip_id=None))
    join("cellars", email="both@dofc.test")
    (asked,) = preview(session, edition).wishes.values()
    assert not asked.missed


# What becomes of it


def test_publishing_ends_the_other_wishes_of_whoever_got_a_seat(session, edition, join):
    person = join("cellars", "harbour", "museum")
    publish(session, edition)
    assert held(session, person) == {"cellars": "confirmed", "harbour": "cancelled", "museum": "cancelled"}
    assert faults(session) == []


def test_publishing_lines_up_whoever_got_nothing_in_the_order_of_the_draw(session, edition, join):
    people = [join("cellars", "harbour") for _ in range(14)]
    shown = publish(session, edition)
    by_name = {name: person.id for name, person in shown.people.items()}
    losers = [by_name[name] for name in shown.result.order if shown.result.seats[name] is None]
    assert len(losers) == 12
    assert losers != sorted(losers), "the order of the draw is the order of registration"
    assert line(session, edition, "cellars") == line(session, edition, "harbour") == losers
    assert line(session, edition, "museum") == []
    assert (
        Counter(frozenset(held(session, person).items()) for person in people)[
            frozenset({("cellars", "waitlisted"), ("harbour", "waitlisted")})
        ]
        == 12
    )


def test_publishing_lines_up_whoever_takes_any_trip_on_all_of_them(session, edition, join):
    winners = [join(slug) for slug in ("cellars", "harbour", "museum")]
    loser = join("cellars", any_trip=True)
    for person in winners:
        # Without a doubt about who wins: these missed out before.
        make_missed(session, person)
    publish(session, edition)
    assert held(session, loser) == dict.fromkeys(("cellars", "harbour", "museum"), "waitlisted")
    numbers = {s.trip.slug: s.preference for s in trips_of(session, edition.id, loser.id)}
    assert numbers["cellars"] == 1 and len(set(numbers.values())) == 3


# What is refused


def test_draw_is_refused_until_sign_up_has_closed(session, edition, join):
    join("cellars")
    with pytest.raises(DrawNotDue):
        preview(session, edition, CLOSES - timedelta(seconds=1))
    assert preview(session, edition, CLOSES).wishes


@pytest.mark.parametrize("mode", [TripMode.FIRST_COME, TripMode.DRAW])
def test_draw_is_refused_where_seats_go_first_come_or_nobody_said_when_sign_up_closes(session, edition, mode):
    edition.registration_closes_at = None
    set_mode(session, edition, mode, closes_at=CLOSES if mode is TripMode.FIRST_COME else None)
    with pytest.raises(DrawNotDue):
        preview(session, edition)


def test_publishing_a_second_time_is_refused(session, edition, join):
    join("cellars")
    shown = publish(session, edition)
    with pytest.raises(DrawNotDue):
        seats.publish_draw(session, edition.id, shown.digest, ORGANISER, DRAWN)


def change_wishes(session, people):
    seats.choose_trips(session, people[0].id, ["museum"], any_trip=False, actor=DELEGATE, now=NOW)


def leave(session, people):
    cancel_registration(session, people[0].id, DELEGATE, DRAWN)


def be_seated(session, people):
    seats.give_seat(session, people[0].id, "museum", "carries the microphones", ORGANISER, DRAWN)


@pytest.mark.parametrize("act", [change_wishes, leave, be_seated])
def test_publishing_is_refused_when_something_changed_since_the_preview(session, edition, join, act):
    people = [join("cellars"), join("harbour")]
    digest = preview(session, edition).digest
    act(session, people)
    with pytest.raises(DrawChanged):
        seats.publish_draw(session, edition.id, digest, ORGANISER, DRAWN)
    assert edition.trips_drawn_at is None
    assert preview(session, edition).digest != digest


def test_preview_is_the_same_every_time_and_writes_nothing(session, edition, join):
    join("cellars"), join("cellars", "museum")
    session.flush()
    first, second = preview(session, edition), preview(session, edition)
    assert (first.digest, first.document) == (second.digest, second.document)
    assert not session.new and not session.dirty


@pytest.mark.parametrize("state", ["archived", "begun"])
def test_nothing_is_drawn_when_no_seats_are_given_any_more(session, edition, join, state):
    join("cellars")
    if state == "archived":
        edition.status = EditionStatus.ARCHIVED
    with pytest.raises(DrawNotDue):
        preview(session, edition, edition.begins_at() if state == "begun" else DRAWN)


def test_a_wish_for_a_trip_that_has_begun_ends_with_the_draw(session, edition, join):
    person = join("cellars")
    trip, _ = trip_by_slug(session, edition.id, "cellars")
    trip.starts_at, trip.ends_at = DRAWN - timedelta(hours=1), DRAWN + timedelta(hours=1)
    join("harbour")
    assert person.reference not in {drawn.reference for drawn in publish(session, edition).people.values()}
    assert held(session, person) == {"cellars": "cancelled"}
    assert faults(session) == []
