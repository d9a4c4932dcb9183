"""A waiting list that was closed by mistake."""

from datetime import timedelta

import pytest

from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.notices.queries import offers_overdue, standing_of
from dofc_events.places.queries import pool_faults, waiting_for
from dofc_events.registration import service, timers
from dofc_events.registration.offers import service as offers
from dofc_events.registration.trips.service import choose_trips
from dofc_events.registration.waiting_list.queries import count_closed
from dofc_events.registration.waiting_list.service import reopen_list
from dofc_events.trips.queries import asked_for
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration, make_trip
from tests.support.letters import deliver_all, letters

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


REASON = "The organisers’ reason: The year was wrong."


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=1)


@pytest.fixture
def people(session, edition):
    """One with the only place, three who wait; all have been told."""
    registrations = [make_registration(session, edition) for _ in range(4)]
    deliver_all(session)
    return registrations


def statuses(session, people) -> list[str]:
    return [str(claim_of(session, person).status) for person in people]


def closed(session, edition, people, at):
    timers.close_list(session, [p.id for p in people], WORKER, at)
    assert statuses(session, people) == ["confirmed", "expired", "expired", "expired"]


def test_a_list_that_was_closed_by_mistake_is_what_it_was_when_it_is_opened_again(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    late = make_registration(session, edition)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert statuses(session, [*people, late]) == ["confirmed", "waitlisted", "waitlisted", "waitlisted", "waitlisted"]
    line = [standing_of(session, person.id).position for person in (*people[1:], late)]
    assert line == [1, 2, 3, 4]
    again = letters(session, to=people[2].email)[-1]
    assert again.subject == f"You are on the waiting list for {edition.name} again"
    assert "you are number 2 on it, as before" in " ".join(again.text.split())
    assert REASON in " ".join(again.text.split())
    reopen_list(session, edition.id, "Again.", COMMAND, NOW)
    assert letters(session, to=people[2].email)[-1] is again, "nothing is left to open"


def test_a_list_that_is_opened_again_gives_what_became_free(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    service.cancel_registration(session, people[2].id, COMMAND, NOW)
    service.cancel_registration(session, people[0].id, COMMAND, NOW)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert statuses(session, people) == ["cancelled", "offered", "cancelled", "waitlisted"]
    told = " ".join(letters(session, to=people[1].email)[-1].text.split())
    assert "held for you until" in told and "closed by mistake" in told and REASON in told


def test_who_joined_again_meanwhile_keeps_that(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    offers.rejoin_list(session, people[1].id, DELEGATE, NOW)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert [standing_of(session, person.id).position for person in people[1:]] == [3, 1, 2]


def test_a_list_stays_closed_while_the_edition_gives_no_places(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    with pytest.raises(service.RegistrationOver):
        reopen_list(session, edition.id, "No.", COMMAND, edition.begins_at())


@pytest.fixture
def mistyped(session, edition):
    """Lets the clock do what it does while the first day has a wrong year, which is then corrected."""

    def mistyped():
        first, last = edition.starts_on, edition.ends_on
        edition.starts_on = edition.ends_on = first.replace(year=2020)
        session.flush()
        for registration_id in offers_overdue(session, NOW):
            timers.lapse_offers(session, registration_id, WORKER, NOW)
        timers.close_list(session, waiting_for(session, edition.id), WORKER, NOW)
        edition.starts_on, edition.ends_on = first, last
        session.flush()

    return mistyped


def test_an_offer_that_ended_with_the_list_is_made_again_before_all_others(session, edition, people, mistyped):
    service.cancel_registration(session, people[0].id, COMMAND, NOW)
    assert statuses(session, people) == ["cancelled", "offered", "waitlisted", "waitlisted"]
    mistyped()
    assert statuses(session, people) == ["cancelled", "expired", "expired", "expired"]
    assert count_closed(session, edition.id) == 3
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW + timedelta(hours=1))
    assert statuses(session, people) == ["cancelled", "offered", "waitlisted", "waitlisted"]
    assert claim_of(session, people[1]).offered_at == NOW + timedelta(hours=1), "with its whole time"
    assert [standing_of(session, person.id).position for person in people[2:]] == [1, 2]
    assert count_closed(session, edition.id) == 0 and pool_faults(session) == []


def test_who_had_an_offer_that_somebody_else_got_meanwhile_is_the_first_in_line(session, edition, people, mistyped):
    service.cancel_registration(session, people[0].id, COMMAND, NOW)
    mistyped()
    late = make_registration(session, edition)
    assert claim_of(session, late).status == "confirmed"
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert [standing_of(session, person.id).position for person in people[1:]] == [1, 2, 3]


def test_an_offer_whose_own_time_was_up_is_not_made_again(session, edition, people):
    service.cancel_registration(session, people[0].id, COMMAND, NOW)
    deliver_all(session)
    timers.lapse_offers(session, people[1].id, WORKER, claim_of(session, people[1]).offered_until)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert statuses(session, people[:3]) == ["cancelled", "expired", "offered"]


def test_wishes_for_trips_are_what_they_were(session, edition, mistyped):
    for slug in ("bridges", "cellars", "docks"):
        make_trip(session, edition, slug)
    make_registration(session, edition)
    wishes = [["cellars", "bridges"], ["docks", "cellars"], ["cellars"]]
    people = [make_registration(session, edition, trips=tuple(slugs)) for slugs in wishes]

    def line() -> list[list[tuple[str, str, int]]]:
        return [
            [
                (seat.trip.slug, seat.status, seat.claim.position)
                for seat in standing_of(session, who.id).trips
                if seat.claim
            ]
            for who in people
        ]

    before = line()
    mistyped()
    assert {status for seats in line() for _slug, status, _position in seats} == {"cancelled"}
    service.cancel_registration(session, people[2].id, COMMAND, NOW)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert line()[:2] == before[:2] and line()[2][0][1] == "cancelled"
    assert [asked_for(standing_of(session, who.id).trips) for who in people[:2]] == wishes[:2]


@pytest.mark.databases("sqlite", "postgresql")
def test_an_offered_seat_is_offered_again_to_whoever_had_it(session, edition, mistyped):
    make_trip(session, edition, "cellars", capacity=1)
    service.resize_edition(session, edition.id, 4, COMMAND, NOW)
    people = [make_registration(session, edition, trips=("cellars",)) for _ in range(3)]
    deliver_all(session)
    choose_trips(session, people[0].id, (), any_trip=False, actor=DELEGATE, now=NOW)

    def seats() -> list[str]:
        return [standing_of(session, who.id).trips[0].status for who in people[1:]]

    assert seats() == ["offered", "waitlisted"]
    mistyped()
    assert seats() == ["expired", "waitlisted"] and count_closed(session, edition.id) == 1
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert seats() == ["offered", "waitlisted"]
    told = letters(session, to=people[1].email)[-1]
    assert told.kind == "trip-offered" and REASON in " ".join(told.text.split())
