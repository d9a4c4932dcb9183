"""Several people of a trip at once: moved, put on its waiting list, taken off."""

from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.delegates.models import Registration
from dofc_events.registration.hand_over.service import hand_over
from tests.organise.trips.conftest import change, problems
from tests.support.factories import DELEGATE, NOW


def pick(page, *people: str, slug: str = "steel", query: str = ""):
    """The page about these people of a trip, as their ticks on the list lead to it."""
    form = page(f"/{slug}/people{query}").form("form.picking")
    return form.fill(pick=list(people)).submit()


def test_several_are_moved_at_once_after_saying_how_many(page, add_trip, register, seats_of, kinds, trail, reading):
    add_trip("steel", capacity=2), add_trip("wine", capacity=2)
    first, second, waiting = register("steel"), register("steel"), register("steel")
    shown = pick(page, first, second)
    assert "Move or take off 2 people" in shown.one("h1").text and "2 of them have a seat" in shown.text
    assert "1 other person is waiting for this trip" in shown.text
    form = shown.form()
    words = [label.get_text(strip=True) for label in shown.all(".form-check-label")]
    assert "Move to “The wine trip” (2 seats are free)" in words
    assert form.choices("to") == ["~steel", "wine", "-"]
    shown = form.fill(to="wine", reason="Two buses").submit()
    assert (
        "2 people have a seat on “The wine trip”. No mail server is set up, so emails are kept and not sent."
        in shown.text
    )
    assert seats_of(first) == seats_of(second) == {"wine": "confirmed"} and seats_of(waiting) == {"steel": "offered"}
    assert [kinds(one)[-1] for one in (first, second, waiting)] == ["trip-confirmed", "trip-confirmed", "trip-offered"]
    assert trail("seat_given") == [{"trip": "wine", "instead_of": "steel", "because": "Two buses"}] * 2
    with reading() as session:
        assert faults(session) == []


def test_all_that_the_filters_leave_are_taken_off_and_nobody_else(page, add_trip, register, seats_of, kinds):
    add_trip("steel", capacity=1)
    holder, *waiting = register("steel"), register("steel"), register("steel")
    before = kinds(waiting[0])
    form = page("/steel/people?seat=waitlisted").form("form.picking").fill(all=True).submit().form()
    shown = form.fill(to="-", reason="No room", quiet=True).submit()
    assert "2 people are no longer on “The steel trip”. Nobody has been told." in shown.text
    assert shown.url.endswith("?seat=waitlisted")
    assert [seats_of(one) for one in (holder, *waiting)] == [{"steel": "confirmed"}, {}, {}]
    assert kinds(waiting[0]) == before


def test_missing_seats_are_counted_and_added_when_ticked(page, add_trip, register, seats_of, trip_now):
    add_trip("steel"), add_trip("wine", capacity=1)
    people = [register("steel") for _ in range(3)]
    shown = pick(page, *people)
    assert "Move to “The wine trip” (1 seat is free, 2 too few)" in shown.text
    assert "1 gets the free seat, the others join its waiting list" in shown.text
    shown = shown.form().fill(to="wine", reason="Asked for it").submit()
    assert problems(shown) == [
        "2 seats are missing on “The wine trip”. Tick the box to add them, or pick fewer people."
    ]
    shown.form().fill(enlarge=True).submit()
    assert [seats_of(one) for one in people] == [{"wine": "confirmed"}] * 3 and trip_now("wine")[1].capacity == 3


def test_who_cannot_be_moved_is_named_and_left_out_once_that_was_read(page, add_trip, register, seats_of):
    add_trip("steel"), add_trip("wine", later=True), add_trip("museum", later=True)
    free, busy = register("steel"), register("steel", "wine", family_name="Öz")
    shown = pick(page, free, busy).form().fill(to="museum", reason="Asked for it").submit()
    assert "Nothing has been done yet" in shown.text and "Łucja Öz" in shown.one("[data-obstacle=overlap]").text
    assert seats_of(free) == {"steel": "confirmed"}
    shown = shown.form().submit("Save for 1 person")
    assert seats_of(free) == {"museum": "confirmed"} and seats_of(busy) == {"steel": "confirmed", "wine": "confirmed"}


def test_who_is_put_on_the_waiting_list_may_lose_the_seat_for_good(page, add_trip, register, seats_of, trip_now):
    add_trip("steel", capacity=3)
    people = [register("steel") for _ in range(3)]
    form = pick(page, *people[:2]).form().fill(to="~steel", reason="A smaller bus")
    shown = form.submit()
    assert problems(shown) == [
        "Nobody else is waiting, so they would get their seats back. Tick the box to take the seats away."
    ]
    assert "3 → 1 seats" in shown.text
    shown.form().fill(fewer=True).submit()
    assert [seats_of(one)["steel"] for one in people] == ["waitlisted", "waitlisted", "confirmed"]
    assert trip_now("steel")[1].capacity == 1


def test_nobody_waits_for_a_trip_that_has_free_seats(page, add_trip, register, seats_of, kinds, trip_now):
    add_trip("steel", capacity=3)
    who, other = register("steel"), register("steel")
    told = kinds(who)
    why_not = (
        "1 seat is free on “The steel trip”, so nobody has to wait. Take them off the trip instead, or change the "
        "number of its seats first."
    )
    shown = pick(page, who).form().fill(to="~steel", reason="Came late").submit()
    assert problems(shown) == [why_not]
    shown = shown.form().fill(fewer=True).submit()
    assert problems(shown) == [why_not]
    assert (seats_of(who), kinds(who), trip_now("steel")[1].capacity) == ({"steel": "confirmed"}, told, 3)
    shown.form().fill(to="-").submit()
    assert (seats_of(who), seats_of(other)) == ({}, {"steel": "confirmed"})


def test_a_change_meanwhile_is_shown_before_anything_is_done(page, add_trip, register, seats_of):
    add_trip("steel"), add_trip("wine")
    first, second = register("steel"), register("steel")
    form = pick(page, first, second).form().fill(to="wine", reason="Two buses")
    change(page, first, "-")
    shown = form.submit()
    assert "something has changed since you opened the page" in shown.text
    assert "1 person you selected is no longer on this list." in shown.text
    assert seats_of(second) == {"steel": "confirmed"}


def test_who_has_taken_over_is_not_moved_in_another_s_place(page, add_trip, register, seats_of, writing):
    add_trip("steel"), add_trip("wine")
    form = pick(page, person := register("steel")).form().fill(to="wine", reason="Asked by telephone")
    with writing() as session:
        found = session.scalars(select(Registration).where(Registration.reference == person)).one()
        hand_over(session, found.id, "Zoe", "Heir", "zoe@dofc.test", DELEGATE, NOW)
    shown = form.submit()
    assert "something has changed since you opened the page" in shown.text and "Zoe Heir" in shown.text
    assert seats_of(person) == {"steel": "confirmed"}


def test_who_is_no_longer_on_it_is_nobody_s_slip_and_the_reason_is_not_lost(page, add_trip, register):
    add_trip("steel"), add_trip("wine"), add_trip("mine")
    person = register("steel")
    form = pick(page, person).form().fill(to="wine", reason="Asked by telephone")
    change(page, person, "mine")
    shown = form.submit()
    assert shown.status == 409 and shown.one("h1").text == "Nobody you selected is on this list now"
    assert shown.one("[data-typed] dd").text == "Asked by telephone"
    assert shown.follow("Back to the list").url.startswith("/organise")


def test_nobody_picked_leads_back_to_the_list(page, add_trip, register):
    add_trip("steel")
    register("steel")
    shown = page("/steel/people/selected")
    assert "Nobody is selected" in shown.text and shown.follow("Back to the list").url.endswith("/steel/people")
    assert page("/steel/people/selected?pick=nonsense").status == 200
