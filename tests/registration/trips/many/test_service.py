"""People of a trip moved, put on a waiting list and taken off by hand, several at once."""

import pytest
from sqlalchemy import select

from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.core.errors import NotAgreed
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import NothingFree
from dofc_events.registration.many.service import SelectionChanged
from dofc_events.registration.queries import Audience
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.trips import service as seats
from dofc_events.registration.trips.many.queries import People, selection_of
from dofc_events.registration.trips.many.rules import Aim, Obstacle
from dofc_events.registration.trips.many.service import LeftOut, Move, SeatsFree, TooFewWaiting, move_people
from dofc_events.trips.queries import trip_by_slug
from dofc_events.trips.sign_ups.service import TripOver
from tests.registration.trips.conftest import HOUR, choose, told
from tests.support.by_hand import move
from tests.support.databases import count_queries
from tests.support.factories import NOW, agreed, make_trip, seats_left, seats_of
from tests.support.letters import deliver_all, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def sea(session, edition, trips):
    """Two seats, at the time of none of the others."""
    starts_at = trips[2].ends_at + HOUR
    return make_trip(session, edition, "sea", capacity=2, starts_at=starts_at, ends_at=starts_at + HOUR)


def audited(session, *acts: str) -> list[tuple[str, dict]]:
    query = select(AuditEntry).where(AuditEntry.act.in_(acts)).order_by(AuditEntry.id)
    return [(entry.act, entry.details) for entry in session.scalars(query)]


def statuses(session, slug: str, *people) -> list[str]:
    return [seats_of(session, person).get(slug, "none") for person in people]


@pytest.mark.databases("sqlite", "postgresql")
def test_several_move_to_another_trip_and_their_seats_go_to_those_who_wait_here(session, edition, person, sea):
    on_sea, waits, waits_too = [person("sea"), person("sea")], person("sea"), person("sea")
    seats.resize_trip(session, edition.id, "port", 2, COMMAND, NOW)
    assert move(session, on_sea, "sea", Aim.SEAT, "port", "two buses") == 2
    assert statuses(session, "port", *on_sea) == ["confirmed"] * 2
    assert statuses(session, "sea", waits, waits_too) == ["confirmed"] * 2
    assert told(session, *on_sea, waits) == [["trip-confirmed"]] * 3
    said = {"trip": "port", "instead_of": "sea", "because": "two buses"}
    assert audited(session, "seat_given") == [("seat_given", said)] * 2


def test_who_is_picked_is_never_given_what_another_of_them_leaves(session, person, sea):
    """Whoever waits leaves the list before any seat is free."""
    on_sea, waits = [person("sea"), person("sea")], person("sea")
    move(session, [*on_sea, waits], "sea", Aim.OFF)
    assert statuses(session, "sea", *on_sea, waits) == ["cancelled"] * 3
    assert told(session, waits) == [["trip-cancelled"]]


def test_an_offer_that_one_of_them_gives_up_does_not_unseat_another(session, edition, person, trips, sea):
    """What they had at the same time ends for all of them before any of it is passed on."""
    edition.offer_hours = 10.0
    holder, offered, waits = person("mill"), person("mill", "sea"), person("mill", "sea")
    choose(session, holder)
    assert statuses(session, "mill", offered, waits) == ["offered", "waitlisted"]
    edition.offer_hours = 0.0
    seats.resize_trip(session, edition.id, "wine", 2, COMMAND, NOW)
    move(session, [offered, waits], "sea", Aim.SEAT, "wine")
    assert statuses(session, "wine", offered, waits) == ["confirmed", "confirmed"]
    assert statuses(session, "mill", offered, waits) == ["cancelled", "cancelled"]


@pytest.mark.databases("sqlite", "postgresql")
def test_too_few_seats_move_nobody_unless_they_are_added(session, edition, person, sea):
    people, waits = [person("sea"), person("sea")], person("port", "sea")
    choose(session, waits, "sea")
    with pytest.raises(NothingFree), session.begin_nested():
        move(session, people, "sea", Aim.SEAT, "port")
    assert statuses(session, "sea", *people) == ["confirmed"] * 2 and told(session, *people) == [[], []]
    move(session, people, "sea", Aim.SEAT, "port", enlarge=True)
    assert statuses(session, "port", *people) == ["confirmed"] * 2 and seats_left(session, sea) == 1
    assert audited(session, "trip_changed") == [("trip_changed", {"trip": "port", "changes": {"capacity": [1, 2]}})]


def test_who_is_put_on_this_list_waits_after_all_others_who_get_the_seats(session, person, sea):
    first, second, third, fourth = (person("sea") for _ in range(4))
    move(session, [first, second], "sea", Aim.WAIT, "sea", "came late")
    assert statuses(session, "sea", first, second, third, fourth) == ["waitlisted"] * 2 + ["confirmed"] * 2
    assert told(session, first, third) == [["trip-waitlisted"], ["trip-confirmed"]]
    (message,) = unsent(session, to=second.email)
    assert "The organisers have put you on the waiting list of “Learning trip" in message.text
    assert "you are number 2" in " ".join(message.text.split())
    said = {"trip": "sea", "instead_of": "", "because": "came late"}
    assert audited(session, "seat_waits") == [("seat_waits", said)] * 2


def test_seats_that_would_come_back_are_refused_or_taken_away(session, person, sea):
    people, waits = [person("sea"), person("sea")], person("sea")
    with pytest.raises(TooFewWaiting) as refused, session.begin_nested():
        move(session, people, "sea", Aim.WAIT, "sea")
    assert refused.value.waiting == 1
    move(session, people, "sea", Aim.WAIT, "sea", fewer=True)
    assert statuses(session, "sea", *people, waits) == ["waitlisted"] * 3
    assert audited(session, "trip_changed") == [("trip_changed", {"trip": "sea", "changes": {"capacity": [2, 0]}})]


@pytest.mark.databases("sqlite", "postgresql")
def test_nobody_is_put_on_the_list_of_a_trip_with_free_seats(session, edition, person, sea):
    """They would be offered one of those at once, and lose it unless they accept."""
    seats.resize_trip(session, edition.id, "sea", 3, COMMAND, NOW)
    edition.offer_hours = 10.0
    first, second = person("sea"), person("sea")
    for picked, fewer in (([first], False), ([first], True), ([first, second], True)):
        with pytest.raises(SeatsFree) as refused, session.begin_nested():
            move(session, picked, "sea", Aim.WAIT, "sea", fewer=fewer)
        assert refused.value.free == 1
    assert statuses(session, "sea", first, second) == ["confirmed"] * 2 and told(session, first) == [[]]
    assert seats_left(session, sea) == 1


def test_who_is_put_on_another_list_gets_what_is_free_in_the_order_of_registering(session, person, sea):
    first, second = person("sea"), person("sea")
    move(session, [second, first], "sea", Aim.WAIT, "port")
    assert statuses(session, "port", first, second) == ["confirmed", "waitlisted"]
    assert statuses(session, "sea", first, second) == ["cancelled"] * 2


def test_quiet_tells_none_of_them_but_who_moves_up(session, person, sea):
    people, waits = [person("sea"), person("sea")], person("sea")
    move(session, people, "sea", Aim.OFF, quiet=True)
    assert told(session, *people, waits) == [[], [], ["trip-confirmed"]]
    assert all(said["untold"] for _, said in audited(session, "seat_taken"))


def test_quiet_still_tells_whoever_gets_something_by_it(session, edition, person, trips):
    """The seat on the wine goes to the next, who gives up an offer on the mill, which goes to one of those picked."""
    edition.offer_hours = 10.0
    holder, on_wine = person("mill"), person("wine")
    next_one, picked = person("mill", "wine"), person("mill", "wine")
    choose(session, holder)
    deliver_all(session)
    edition.offer_hours = 0.0
    move(session, [on_wine, picked], "wine", Aim.OFF, quiet=True)
    assert statuses(session, "wine", next_one) == ["confirmed"] and statuses(session, "mill", picked) == ["confirmed"]
    assert told(session, on_wine, picked) == [[], ["trip-confirmed"]]


def test_for_whom_it_cannot_be_done_is_asked_first(session, edition, person, sea):
    able, seated, elsewhere = person("sea"), person("port", "sea"), person("mill", "sea")
    without_place = person("sea")
    edition_pool(session, edition.id).capacity = 4
    with pytest.raises(NotAgreed) as asked, session.begin_nested():
        move(session, [able, seated, elsewhere, without_place], "sea", Aim.SEAT, "wine")
    assert asked.value.consequences == ([LeftOut(Obstacle.OVERLAP, (elsewhere.full_name,))],)
    with pytest.raises(NotAgreed) as asked, session.begin_nested():
        move(session, [able, seated], "sea", Aim.SEAT, "port")
    assert asked.value.consequences == ([LeftOut(Obstacle.HAS_SEAT, (seated.full_name,))],)
    assert agreed(move, session, [seated, able], "sea", Aim.SEAT, "wine", enlarge=True) == 2
    assert statuses(session, "wine", seated, able) == ["confirmed"] * 2


def test_without_a_place_nobody_is_seated_but_anybody_is_taken_off(session, edition, person, sea):
    with_place = person()
    edition_pool(session, edition.id).capacity = 1
    waits = person("sea")
    assert statuses(session, "sea", waits) == ["requested"]
    for aim in (Aim.SEAT, Aim.WAIT):
        with pytest.raises(NotAgreed) as asked, session.begin_nested():
            move(session, [waits], "sea", aim, "port")
        assert asked.value.consequences == ([LeftOut(Obstacle.NO_PLACE, (waits.full_name,))],)
    move(session, [waits], "sea", Aim.OFF)
    assert statuses(session, "sea", waits, with_place) == ["cancelled", "none"]


def test_nothing_is_done_if_something_matters_that_the_page_did_not_show(session, edition, person, sea):
    people = [person("sea"), person("sea")]
    picked = People(Audience(references=tuple(one.reference for one in people)))
    trip, pool = trip_by_slug(session, edition.id, "sea")
    shown = selection_of(session, edition, trip, pool.id, picked, NOW).digest
    choose(session, people[0], "port")
    with pytest.raises(SelectionChanged):
        move_people(session, edition.id, "sea", Move(picked, shown, Aim.OFF), COMMAND, NOW)


def test_nobody_waits_for_a_trip_that_is_cancelled_or_has_begun(session, edition, person, sea):
    picked = [person("sea"), person("sea")]
    seats.cancel_trip(session, edition.id, "port", COMMAND, NOW)
    for to, at in (("port", NOW), ("sea", sea.starts_at + HOUR / 2)):
        with pytest.raises(TripOver), session.begin_nested():
            move(session, picked, "sea", Aim.WAIT, to, fewer=to == "sea", now=at)
    assert statuses(session, "sea", *picked) == ["confirmed"] * 2


def test_moving_is_refused_once_the_edition_is_over(session, edition, person, sea):
    who = person("sea")
    with pytest.raises(RegistrationOver), session.begin_nested():
        move(session, [who], "sea", Aim.SEAT, "port", now=edition.finishes_at())
    move(session, [who], "sea", Aim.OFF, now=edition.finishes_at())


def test_who_asked_for_the_draw_is_seated_or_taken_off_by_hand(session, edition, person, sea):
    seats.set_sign_up(session, edition.id, TripMode.DRAW, None, None, COMMAND, NOW)
    speaker, other = person("sea"), person("sea")
    move(session, [speaker], "sea", Aim.SEAT, "sea")
    move(session, [other], "sea", Aim.OFF)
    assert statuses(session, "sea", speaker, other) == ["confirmed", "cancelled"]


def test_moving_many_asks_no_more_than_moving_two(session, edition, person, trips):
    def cost(count: int) -> int:
        for slug in ("here", "there"):
            slug = f"{slug}-{count}"
            starts_at = trips[2].ends_at + HOUR
            make_trip(session, edition, slug, capacity=count, starts_at=starts_at, ends_at=starts_at + HOUR)
        people = [person(f"here-{count}") for _ in range(count)]
        with count_queries() as statements:
            move(session, people, f"here-{count}", Aim.SEAT, f"there-{count}", quiet=True)
        return len([one for one in statements if not one.startswith(("INSERT", "UPDATE"))])

    assert cost(6) == cost(2)
