"""Who is on a trip: added, moved and taken off by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import TripMode
from dofc_events.delegates.models import Registration
from dofc_events.registration.service import cancel_registration, resize_edition
from dofc_events.registration.trips import service as seats
from tests.organise.trips.conftest import ACTS, ADD, add, change, problems
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW


def test_people_stand_where_they_belong(page, add_trip, register, change_edition, writing, year):
    add_trip("steel", capacity=1)
    add_trip("wine", later=True)
    on_it, next_one, last = register("steel"), register("steel"), register("steel")
    change_edition(trip_mode=TripMode.DRAW)
    wishing = register("wine", "steel")
    with writing() as session:
        resize_edition(session, edition_by_year(session, year).id, 4, DELEGATE, NOW)
    without_place = register("steel")

    shown = page("/steel/people")
    rows = {
        status: {
            row["data-registration"]: row.get_text(" ", strip=True)
            for row in shown.all(f"#{status}")[0].parent.select("tbody tr")
        }
        for status in ACTS
    }
    assert list(rows["confirmed"]) == [on_it] and rows["offered"] == {}
    assert list(rows["waitlisted"]) == [next_one, last]
    assert "Number 1" in rows["waitlisted"][next_one] and "Number 2" in rows["waitlisted"][last]
    assert list(rows["requested"]) == [wishing, without_place]
    assert "2nd choice" in rows["requested"][wishing] and "At the conference" not in rows["requested"][wishing]
    assert "On the waiting list" in rows["requested"][without_place]


def test_people_with_an_offer_stand_with_their_deadline(page, add_trip, register):
    add_trip("steel", capacity=1)
    register("steel")
    second = register("steel")
    page("/steel/").form().fill(capacity=2).submit().form().submit("Yes, save")
    row = page("/steel/people").one("section[aria-labelledby=offered] tbody tr")
    assert row["data-registration"] == second
    assert "5 Nov 2026, 18:00" in row.text
    assert row.select_one("a")["href"].endswith(second)


def test_people_costs_the_same_with_1_and_30(page, add_trip, register, register_many):
    def cost() -> int:
        with count_queries() as statements:
            page("/steel/people")
        return len(statements)

    add_trip("steel")
    register("steel")
    few = cost()
    register_many(29, trips=("steel",))
    assert cost() == few


@pytest.mark.parametrize("typed", ["{0}", " {1}", "GUEST@dofc.test", "oz"])
def test_adding_gives_a_free_seat_past_those_who_wait(page, add_trip, register, seats_of, trail, kinds, typed):
    add_trip("steel", capacity=2)
    waiting, guest = [register("steel") for _ in range(3)][-1], register(email="guest@dofc.test", family_name="Öz")
    page("/steel/").form().fill(capacity=2).submit()
    shown = add(page, guest)
    assert problems(shown) == ["All seats on “The steel trip” are taken. Tick the box to add one for Łucja Öz."]
    assert (shown.form(ADD).value("person"), shown.form(ADD).value("reason")) == (guest, "Speaks there")
    assert seats_of(waiting) == {"steel": "waitlisted"}

    page("/steel/").form().fill(capacity=4).submit().form().submit("Yes, save")
    shown = add(page, typed.format(guest, guest.lower()))
    if typed == "oz":
        assert problems(shown) == ["Choose who gets the seat, or enter more of the name."] and seats_of(guest) == {}
        shown = shown.form(ADD).fill(which=guest).submit()
    assert "Łucja Öz has a seat on “The steel trip”." in shown.text
    assert seats_of(guest) == {"steel": "confirmed"}
    assert trail("seat_given") == [{"trip": "steel", "instead_of": "", "because": "Speaks there"}]
    assert kinds(guest)[-1] == "trip-confirmed"


def test_adding_is_refused_when_nobody_is_found(page, add_trip, register):
    add_trip("steel")
    for person in ("7KX9-Q2MB", "nobody@dofc.test", "Ana"):
        assert problems(add(page, person)) == ["Nobody is registered with this name, reference or address."]


def test_adding_needs_a_reason(page, add_trip, register, seats_of):
    add_trip("steel")
    reference = register()
    shown = add(page, reference, " ")
    assert (shown.status, problems(shown)) == (422, ["Enter a reason. It is kept with the registration."])
    assert seats_of(reference) == {}


def test_adding_is_refused_when_they_are_on_it(page, add_trip, register, kinds):
    add_trip("steel")
    reference = register("steel", family_name="Öz")
    before = kinds(reference)
    assert problems(add(page, reference)) == ["Łucja Öz already has a seat on this trip."]
    assert kinds(reference) == before


def test_adding_is_refused_beside_a_seat_at_the_same_time(page, add_trip, register, seats_of):
    add_trip("steel")
    add_trip("wine")
    reference = register("wine", family_name="Öz")
    shown = add(page, reference)
    assert problems(shown) == [
        "Łucja Öz has a seat on “The wine trip”, which is at the same time: take them off that trip first."
    ]
    assert seats_of(reference) == {"wine": "confirmed"}


def test_adding_is_refused_without_a_place_at_the_conference(page, add_trip, register, writing, year):
    add_trip("steel")
    register()
    with writing() as session:
        resize_edition(session, edition_by_year(session, year).id, 1, DELEGATE, NOW)
    waiting = register(family_name="Öz")
    assert problems(add(page, waiting)) == [
        "Łucja Öz has no confirmed place at the conference, so they cannot have a seat. Confirm their place first."
    ]


def test_adding_is_refused_once_cancelled_or_over(page, add_trip, register, writing, change_edition):
    add_trip("steel")
    gone, there = register(family_name="Öz"), register()
    with writing() as session:
        person = session.scalars(select(Registration).where(Registration.reference == gone)).one()
        cancel_registration(session, person.id, DELEGATE, NOW)
    assert problems(add(page, gone)) == ["The registration of Łucja Öz has been cancelled."]
    form = page("/steel/people").form(ADD).fill(person=there, reason="Speaks there")
    change_edition(status="archived")
    assert form.submit().status == 409


def test_adding_is_refused_once_the_trip_has_begun(page, add_trip, register, writing):
    add_trip("steel", starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(hours=1))
    assert problems(add(page, register())) == [
        "“The steel trip” has been cancelled or has begun: nobody can join it now."
    ]


def test_adding_says_that_the_trip_was_cancelled_meanwhile(page, add_trip, register, writing, year, seats_of):
    add_trip("steel")
    reference = register()
    form = page("/steel/people").form(ADD).fill(person=reference, reason="Speaks there")
    with writing() as session:
        seats.cancel_trip(session, edition_by_year(session, year).id, "steel", DELEGATE, NOW)
    assert "nobody is on it" in form.submit().text
    assert seats_of(reference) == {}


def test_moving_somebody_gives_the_seat_there_and_frees_the_one_here(page, add_trip, register, seats_of, trail):
    add_trip("steel", capacity=1)
    add_trip("wine")
    reference, waiting = register("steel", family_name="Öz"), register("steel")
    shown = page("/steel/people")
    address = next(a["href"] for a in shown.all("td a") if reference in a["href"])
    assert address.endswith(f"/steel/people/selected?pick={reference}")
    shown = change(page, reference, "wine")
    assert "Łucja Öz has a seat on “The wine trip”." in shown.text
    assert (seats_of(reference), seats_of(waiting)) == ({"wine": "confirmed"}, {"steel": "offered"})
    assert trail("seat_given") == [{"trip": "wine", "instead_of": "steel", "because": "Changed their mind"}]


def test_moving_somebody_quietly_tells_only_who_moves_up(page, add_trip, register, seats_of, trail, kinds, reading):
    add_trip("steel", capacity=1), add_trip("wine")
    moved, next_one = register("steel"), register("steel")
    before = kinds(moved)
    form = page(f"/steel/people/selected?pick={moved}").form().fill(to="wine", reason="Bus too full", quiet=True)
    assert "has a seat on “The wine trip”. Nobody has been told." in form.submit().text
    assert seats_of(moved) == {"wine": "confirmed"} and seats_of(next_one) == {"steel": "offered"}
    assert kinds(moved) == before and kinds(next_one)[-1] == "trip-offered"
    assert trail("seat_given")[0]["untold"]
    with reading() as session:
        assert faults(session) == []


def test_moving_somebody_is_refused_when_it_is_full_there(page, add_trip, register, seats_of):
    add_trip("steel")
    add_trip("wine", capacity=1)
    register("wine")
    reference = register("steel", family_name="Öz")
    form = page(f"/steel/people/selected?pick={reference}").form()
    shown = change(page, reference, "wine")
    assert form.choices("to") == ["~steel", "wine", "~wine", "-"]
    assert problems(shown) == ["All seats on “The wine trip” are taken. Tick the box to add one for Łucja Öz."]
    assert (shown.form().value("to"), shown.form().value("reason")) == ("wine", "Changed their mind")
    assert seats_of(reference) == {"steel": "confirmed"}


def test_a_chosen_person_gets_a_seat_more_on_a_full_trip_and_those_who_wait_do_not(
    page, add_trip, register, seats_of, trip_now, trail, reading
):
    add_trip("steel", capacity=1)
    register("steel")
    waiting, guest = register("steel"), register(family_name="Öz")
    form = add(page, guest).form(ADD).fill(enlarge=True)
    assert "Łucja" in form.submit().text
    assert (seats_of(guest), seats_of(waiting)) == ({"steel": "confirmed"}, {"steel": "waitlisted"})
    pool = trip_now("steel")[1]
    assert (pool.capacity, pool.taken) == (2, 2)
    assert trail("trip_changed")[-1] == {"trip": "steel", "changes": {"capacity": [1, 2]}}
    with reading() as session:
        assert faults(session) == []


def test_who_waits_or_is_elsewhere_gets_a_seat_more_on_a_full_trip(page, add_trip, register, seats_of, trip_now):
    add_trip("steel")
    add_trip("wine", capacity=1)
    register("wine")
    waiting, elsewhere = register("wine"), register("steel")
    for reference, trip in ((waiting, "wine"), (elsewhere, "steel")):
        form = page(f"/{trip}/people/selected?pick={reference}").form()
        form.fill(to="wine", reason="Speaks there", enlarge=True).submit()
        assert seats_of(reference) == {"wine": "confirmed"}
    assert trip_now("wine")[1].capacity == 3


def test_moving_somebody_is_refused_beside_a_third_trip(page, add_trip, register, seats_of):
    add_trip("steel")
    add_trip("wine", later=True)
    add_trip("museum", later=True)
    reference = register("steel", "wine", family_name="Öz")
    shown = change(page, reference, "museum")
    assert "who has a seat on another trip at the same time: Łucja Öz" in shown.one("[data-obstacle=overlap]").text
    assert not shown.all("button[name=accepted]")
    assert seats_of(reference) == {"steel": "confirmed", "wine": "confirmed"}


@pytest.mark.parametrize(("to", "reason"), [("wine", ""), ("", "Because")])
def test_moving_somebody_needs_a_choice_and_a_reason(page, add_trip, register, seats_of, to, reason):
    add_trip("steel")
    add_trip("wine")
    reference = register("steel")
    form = page(f"/steel/people/selected?pick={reference}").form().fill(reason=reason)
    shown = (form.fill(to=to) if to else form).submit()
    assert (shown.status, len(problems(shown))) == (422, 1)
    assert seats_of(reference) == {"steel": "confirmed"}


def test_moving_to_a_trip_that_is_no_longer_offered_is_refused(page, add_trip, register, seats_of, trip_now, writing):
    add_trip("steel"), add_trip("wine")
    reference = register("steel")
    form = page(f"/steel/people/selected?pick={reference}").form().fill(to="wine", reason="x")
    with writing() as session:
        session.merge(trip_now("wine")[0]).cancelled_at = NOW
    shown = form.submit()
    assert shown.status == 422 and "What you chose can no longer be chosen" in shown.text
    assert seats_of(reference) == {"steel": "confirmed"}


def test_taking_somebody_off_passes_the_seat_on(page, add_trip, register, seats_of, trail, kinds):
    add_trip("steel", capacity=1)
    reference, waiting = register("steel", family_name="Öz"), register("steel")
    shown = change(page, reference, "-")
    assert "Łucja Öz is no longer on “The steel trip”." in shown.text
    assert (seats_of(reference), seats_of(waiting)) == ({}, {"steel": "offered"})
    assert trail("seat_taken") == [{"trip": "steel", "because": "Changed their mind"}]
    assert len(kinds(reference)) == 3


def test_somebody_who_waits_can_be_given_a_seat_or_taken_off_the_list(page, add_trip, register, seats_of):
    add_trip("steel", capacity=1)
    register("steel")
    first, second = register("steel"), register("steel")
    form = page(f"/steel/people/selected?pick={second}").form()
    assert form.choices("to") == ["steel", "-"]
    page("/steel/").form().fill(capacity=2).submit().form().submit("Yes, save")
    assert "Confirm the seat that is offered" in page(f"/steel/people/selected?pick={first}").text
    change(page, first, "steel")
    change(page, second, "-")
    assert (seats_of(first), seats_of(second)) == ({"steel": "confirmed"}, {})


def test_somebody_who_is_not_on_the_trip_can_be_added_by_their_page(organiser, page, add_trip, register, year):
    add_trip("steel")
    reference = register()
    shown = organiser.get(f"/organise/editions/{year}/registrations/{reference}").follow("The steel trip")
    assert shown.form(ADD).value("person") == reference


# Several at once


def shown_on(page, query: str) -> list[str]:
    return [row["data-registration"] for row in page(f"/steel/people{query}").all("tr[data-registration]")]


def test_people_are_found_by_name_by_seat_and_by_category(page, add_trip, register):
    add_trip("steel", capacity=1)
    holder = register("steel", family_name="Kovács")
    waiting = register("steel", given_name="Zoë", category="guest")
    assert shown_on(page, "?q=kovacs") == [holder] and shown_on(page, "?q=zoe") == [waiting]
    assert shown_on(page, "?seat=waitlisted") == shown_on(page, "?category=guest") == [waiting]
    assert "Number 1" in page("/steel/people?q=zoe").text
    assert shown_on(page, "?seat=confirmed&category=guest") == []
    assert "Nobody on this trip matches this search." in page("/steel/people?q=nobody").text
    assert page("/steel/people?seat=nonsense").status == 404
