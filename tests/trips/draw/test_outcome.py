"""What the draw leaves behind: the next in line, the other mode, messages, and the document."""

from collections import Counter

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.rules import TripMode
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.rules import BATCH
from dofc_events.notices.service import tell_news
from dofc_events.registration.service import cancel_registration, resize_edition
from dofc_events.trips.draw import rules as rule
from dofc_events.trips.draw.queries import tally_of
from dofc_events.trips.draw.service import AlreadyDrawn
from dofc_events.trips.models import Draw
from tests.support.crowd import make_crowd
from tests.support.factories import DELEGATE, NOW
from tests.support.letters import letters
from tests.trips.draw.conftest import DRAWN, ORGANISER, SEED, drawn, held, line, publish, set_mode

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


def test_seat_that_becomes_free_after_the_draw_goes_to_the_next_in_line(session, edition, join):
    for _ in range(3):
        join("cellars")
    shown = publish(session, edition)
    order = [shown.people[name] for name in shown.result.order]
    cancel_registration(session, order[0].id, DELEGATE, DRAWN)
    assert [held(session, person)["cellars"] for person in order] == ["cancelled", "offered", "waitlisted"]
    assert faults(session) == []


def test_place_at_the_edition_after_the_draw_gives_what_is_free(session, edition, join):
    resize_edition(session, edition.id, 2, ORGANISER, NOW)
    winner, idle, waiting = join("cellars"), join(), join("cellars", "museum", "harbour")
    edition.offer_hours = 0
    publish(session, edition)
    cancel_registration(session, idle.id, DELEGATE, DRAWN)
    assert held(session, winner)["cellars"] == "confirmed"
    assert held(session, waiting)["museum"] == "confirmed"
    assert faults(session) == []


def test_publishing_leaves_nothing_for_check_to_find(session, edition, join):
    for slugs in (["cellars"], ["cellars", "harbour"], ["museum", "cellars"], ["museum"], []):
        join(*slugs, any_trip=len(slugs) < 1)
    publish(session, edition)
    session.flush()
    assert faults(session) == []


# Changing the mode


def test_changing_the_mode_and_back_keeps_the_order_and_what_is_held(session, edition, join):
    set_mode(session, edition, TripMode.FIRST_COME)
    people = [join("cellars") for _ in range(4)]
    before = [held(session, person) for person in people]
    assert [statuses["cellars"] for statuses in before] == ["confirmed", "waitlisted", "waitlisted", "waitlisted"]
    in_line = line(session, edition, "cellars")
    set_mode(session, edition, TripMode.DRAW)
    assert [held(session, person)["cellars"] for person in people] == ["confirmed", *["requested"] * 3]
    seed = session.get_one(Draw, edition.id).seed
    set_mode(session, edition, TripMode.FIRST_COME)
    set_mode(session, edition, TripMode.DRAW)
    assert session.get_one(Draw, edition.id).seed == seed == SEED
    set_mode(session, edition, TripMode.FIRST_COME)
    assert [held(session, person) for person in people] == before
    assert line(session, edition, "cellars") == in_line == [person.id for person in people[1:]]


def test_changing_the_mode_gives_free_seats_to_those_who_asked(session, edition, join):
    people = [join("cellars"), join("museum", "cellars")]
    set_mode(session, edition, TripMode.FIRST_COME)
    session.flush()
    assert [set(held(session, person).values()) for person in people] == [{"offered"}, {"offered", "waitlisted"}]
    assert faults(session) == []


def test_changing_the_mode_is_refused_after_the_draw(session, edition, join):
    join("cellars")
    publish(session, edition)
    with pytest.raises(AlreadyDrawn):
        set_mode(session, edition, TripMode.FIRST_COME)


# Who is told


def told_of_the_draw(session, people) -> list[list[str]]:
    """The kinds of the messages that each got since it was published."""
    return [[m.kind for m in letters(session, about=p.reference) if m.queued_at >= DRAWN] for p in people]


@pytest.mark.databases("sqlite", "postgresql")
def test_publishing_tells_everybody_once(session, edition, join):
    people = [join("cellars", "museum"), join("cellars", "harbour"), join("cellars", any_trip=True), join("cellars")]
    bystander = join()
    publish(session, edition)
    got = told_of_the_draw(session, people)
    expected = [["trip-confirmed"] if drawn(session, person) else ["trip-waitlisted"] for person in people]
    assert got == expected
    assert sum(1 for (kind,) in got if kind == "trip-waitlisted") == 1
    assert told_of_the_draw(session, [bystander]) == [[]]


def test_publishing_to_many_leaves_the_messages_to_the_worker_and_tells_everybody_once(session, edition):
    people = make_crowd(session, edition, BATCH + 1, trips=("cellars", "museum"))
    publish(session, edition)
    session.flush()
    assert told_of_the_draw(session, people) == [[]] * (BATCH + 1)
    untold = session.scalars(select(UntoldNews.registration_id)).all()
    assert sorted(untold) == sorted(person.id for person in people)
    assert faults(session) == []
    for _again in range(2):
        tell_news(session, untold, DRAWN)
    got = told_of_the_draw(session, people)
    assert Counter(tuple(kinds) for kinds in got) == {("trip-confirmed",): 2, ("trip-waitlisted",): BATCH - 1}
    assert faults(session) == []


# What is published


def test_published_document_has_no_names_and_draws_again(session, edition, join, tmp_path, capsys):
    people = [join("cellars", "museum"), join("cellars"), join("cellars", any_trip=True), join("cellars", "harbour")]
    shown = publish(session, edition)
    document = session.get_one(Draw, edition.id).document
    for person in people:
        for secret in (person.reference, person.family_name, person.given_name, person.email):
            assert secret not in document
    path = tmp_path / "wishes.json"
    path.write_text(document, encoding="utf-8")
    assert rule.main([str(path)]) == 0
    said = capsys.readouterr().out
    assert "This is the published result." in said
    for name, person in shown.people.items():
        assert f"{name}: {drawn(session, person) or 'nothing'}" in said


def test_tally_counts_what_everybody_got(session, edition, join):
    for slugs, any_trip in (
        (["cellars"], False),
        (["cellars", "museum"], False),
        (["cellars"], True),
        (["cellars"], 0),
    ):
        join(*slugs, any_trip=bool(any_trip))
    tally = tally_of(publish(session, edition).document)
    assert (tally.by_wish, tally.other, tally.nothing) == ((1, 1), 1, 1)
    assert (tally.seated, tally.drawn) == (3, 4)
    assert [(trip.slug, trip.free) for trip in tally.trips] == [("cellars", 1), ("harbour", 1), ("museum", 1)]
