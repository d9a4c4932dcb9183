"""What the clock does to offers of seats: told late, lapsed, kept, ended when the edition begins."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dofc_events.commands.check import faults
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.rules import BATCH
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import NoOpenOffer
from dofc_events.registration import service, timers
from dofc_events.registration.trips import service as seats
from tests.support.crowd import make_crowd
from tests.support.factories import (
    DELEGATE,
    NOW,
    claim_of,
    make_edition,
    make_registration,
    make_three_trips,
    seat_of,
    seats_left,
    seats_of,
)
from tests.support.letters import deliver_all, kinds, letters, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

HOURS = 10
HOUR = timedelta(hours=1)
ENDS = NOW + HOURS * HOUR
MOMENT = timedelta(seconds=1)


@pytest.fixture
def edition(session):
    return make_edition(session, offer_hours=HOURS)


@pytest.fixture
def wine(session, edition):
    return make_three_trips(session, edition)[0]


@pytest.fixture
def people(session, edition, wine):
    """One with the only seat on the wine, three who wait for it; all have been told."""
    registrations = [make_registration(session, edition, trips=("wine",)) for _ in range(4)]
    deliver_all(session)
    return registrations


@pytest.fixture
def offered(session, people):
    """The first of those who wait, with an offer whose message still waits."""
    give_back(session, people[0])
    return people[1]


def give_back(session, person, now=NOW):
    seats.choose_trips(session, person.id, (), any_trip=False, actor=DELEGATE, now=now)


def run(session, now):
    """What the worker does about offers at `now`."""
    for registration_id in queries.offers_told_late(session, now):
        timers.renew_offers(session, registration_id, WORKER, now)
    for registration_id in queries.offers_overdue(session, now):
        timers.lapse_offers(session, registration_id, WORKER, now)
    assert faults(session) == []


def statuses(session, people) -> list[str]:
    return [seats_of(session, person)["wine"] for person in people]


def test_an_offer_of_a_seat_that_lapsed_is_told_and_goes_to_the_next(session, people, offered):
    deliver_all(session)
    run(session, ENDS - MOMENT)
    assert statuses(session, people) == ["cancelled", "offered", "waitlisted", "waitlisted"]
    run(session, ENDS)
    assert statuses(session, people) == ["cancelled", "expired", "offered", "waitlisted"]
    assert kinds(session, to=offered.email)[-2:] == ["trip-offered", "trip-cancelled"]
    assert kinds(session, to=people[2].email)[-1] == "trip-offered"
    assert letters(session, to=offered.email)[-1].subject.startswith("No longer held for you: ")
    assert "was not accepted in time" in " ".join(letters(session, to=offered.email)[-1].text.split())
    assert str(claim_of(session, offered).status) == "confirmed"


def test_who_let_a_seat_lapse_can_ask_for_it_again(session, people, offered):
    deliver_all(session)
    run(session, ENDS)
    seats.choose_trips(session, offered.id, ("wine",), any_trip=False, actor=DELEGATE, now=ENDS)
    assert statuses(session, people) == ["cancelled", "waitlisted", "offered", "waitlisted"]
    assert kinds(session, to=offered.email)[-1] == "trip-waitlisted"


def test_an_offer_of_a_seat_that_was_accepted_does_not_lapse(session, people, offered):
    deliver_all(session)
    seats.accept_seat(session, offered.id, "wine", DELEGATE, NOW)
    timers.lapse_offers(session, offered.id, WORKER, ENDS)
    assert statuses(session, people)[1] == "confirmed"


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.KEPT])
def test_an_offer_of_a_seat_does_not_lapse_before_its_message_is_sent(session, people, offered, state):
    session.execute(update(Message).where(Message.kind == "trip-offered").values(state=state, refusals=1))
    run(session, ENDS + HOUR)
    assert statuses(session, people)[1] == "offered"
    seats.accept_seat(session, offered.id, "wine", DELEGATE, ENDS + HOUR)
    assert kinds(session, to=offered.email) == ["registration-confirmed", "trip-confirmed"]


def test_an_offer_of_a_seat_does_not_lapse_before_a_message_is_sent_that_says_it_with_other_news(
    session, people, offered
):
    """The offer's own message is replaced by that of what the delegate did next, which has another kind."""
    seats.choose_trips(session, offered.id, ("wine", "port"), any_trip=False, actor=DELEGATE, now=NOW + MOMENT)
    (message,) = unsent(session, to=offered.email)
    assert message.kind == "trip-confirmed" and "A seat on “Wine” is free" in message.text
    run(session, ENDS)
    assert statuses(session, people)[1] == "offered"
    deliver_all(session, ENDS)
    run(session, ENDS)
    assert statuses(session, people)[1] == "expired"


def test_an_offer_of_a_seat_that_is_still_to_be_written_does_not_lapse(session, edition, wine):
    people = make_crowd(session, edition, BATCH + 3, trips=("wine",))
    deliver_all(session)
    seats.resize_trip(session, edition.id, "wine", 200, COMMAND, NOW)
    assert unsent(session) == []
    timers.lapse_offers(session, people[1].id, WORKER, ENDS)
    assert statuses(session, people)[1] == "offered"
    news.tell_news(session, queries.untold_news(session, 999, ENDS), ENDS)
    assert {message.kind for message in unsent(session)} == {"trip-offered"} and len(unsent(session)) == BATCH + 2
    assert faults(session) == []


def test_an_offer_of_a_seat_that_is_told_late_gets_its_time_again(session, people, offered, wine):
    (first,) = unsent(session, to=offered.email)
    run(session, NOW + HOUR)
    assert [m.id for m in unsent(session, to=offered.email)] == [first.id]
    late = NOW + 3 * HOUR
    run(session, late)
    (second,) = unsent(session, to=offered.email)
    assert second.id != first.id and second.kind == "trip-offered"
    assert seat_of(session, offered, wine).offered_until == late + HOURS * HOUR
    run(session, late)
    assert [m.id for m in unsent(session, to=offered.email)] == [second.id]


def test_an_offer_of_a_seat_that_was_told_gets_no_more_time_by_a_change_of_address(session, offered, wine):
    deliver_all(session)
    service.correct_address(session, offered.id, "other@dofc.test", DELEGATE, NOW + 5 * HOUR)
    run(session, NOW + 5 * HOUR)
    assert seat_of(session, offered, wine).offered_until == ENDS
    (message,) = unsent(session, to="other@dofc.test")
    assert message.kind == "registration-confirmed" and "/offer" in message.text


def test_an_offer_of_a_seat_is_told_to_the_new_address_when_it_was_not_told_to_the_old(session, people, offered):
    service.correct_address(session, offered.id, "other@dofc.test", DELEGATE, NOW)
    run(session, ENDS)
    assert statuses(session, people)[1] == "offered", "no message has left"


@pytest.mark.parametrize("told", [False, True])
def test_an_open_offer_of_a_seat_ends_when_the_edition_begins(session, edition, people, wine, told):
    begins_at = edition.begins_at()
    give_back(session, people[0], begins_at - HOUR)
    assert seat_of(session, people[1], wine).offered_until == begins_at
    if told:
        deliver_all(session)
    with pytest.raises(NoOpenOffer):
        seats.accept_seat(session, people[1].id, "wine", DELEGATE, begins_at)
    timers.lapse_offers(session, people[1].id, WORKER, begins_at)
    assert statuses(session, people) == ["cancelled", "expired", "waitlisted", "waitlisted"]
    assert seats_left(session, wine) == 1, "nobody moves up any more"
    assert queries.offers_told_late(session, begins_at) == []


def test_an_offer_of_a_seat_that_is_told_late_keeps_its_message_when_the_beginning_leaves_no_more_time(
    session, edition, people, wine
):
    begins_at = edition.begins_at()
    give_back(session, people[0], begins_at - HOUR)
    (message,) = unsent(session, to=people[1].email)
    run(session, begins_at - HOUR / 2)
    assert [m.id for m in unsent(session, to=people[1].email)] == [message.id]


def test_an_offer_of_a_seat_that_ends_because_the_edition_is_archived_was_not_late(session, edition, offered):
    deliver_all(session)
    edition.status = EditionStatus.ARCHIVED
    timers.lapse_offers(session, offered.id, WORKER, NOW + HOUR)
    told = " ".join(letters(session, to=offered.email)[-1].text.split())
    assert "No more seats on “Wine” are given out, so the seat is no longer held for you." in told
    assert "in time" not in told and "on your page" not in told and "You can change" not in told


def test_two_offers_of_one_person_lapse_in_one_message(session, edition, people):
    port = [make_registration(session, edition, trips=("port",))][0]
    seats.choose_trips(session, people[1].id, ("wine", "port"), any_trip=False, actor=DELEGATE, now=NOW)
    give_back(session, people[0])
    give_back(session, port)
    deliver_all(session)
    assert seats_of(session, people[1]) == {"wine": "offered", "port": "offered"}
    run(session, ENDS)
    assert seats_of(session, people[1]) == {"wine": "expired", "port": "expired"}
    assert [m.kind for m in unsent(session, to=people[1].email)] == ["trip-cancelled"]


# Wishes of somebody without a place


@pytest.fixture
def requested(session, edition, wine):
    """Somebody on the edition's waiting list, who asked for the wine; one more has the only place."""
    edition_pool(session, edition.id).capacity = 1
    placed, waiting = (make_registration(session, edition, trips=("wine",)) for _ in range(2))
    deliver_all(session)
    return placed, waiting


def test_wishes_end_with_the_waiting_list(session, edition, requested):
    _, waiting = requested
    timers.close_list(session, [waiting.id], WORKER, edition.begins_at())
    assert seats_of(session, waiting) == {"wine": "cancelled"}
    assert [m.kind for m in unsent(session, to=waiting.email)] == ["registration-expired"]


def test_wishes_end_with_an_offer_of_a_place_that_ends_as_the_edition_begins(session, edition, requested):
    placed, waiting = requested
    begins_at = edition.begins_at()
    service.cancel_registration(session, placed.id, DELEGATE, begins_at - HOUR)
    timers.lapse_offers(session, waiting.id, WORKER, begins_at)
    assert str(claim_of(session, waiting).status) == "expired"
    assert seats_of(session, waiting) == {"wine": "cancelled"}


def test_wishes_stay_when_the_offer_of_a_place_lapses_before(session, requested):
    """People who rejoin the list still want what they asked for."""
    placed, waiting = requested
    service.cancel_registration(session, placed.id, DELEGATE, NOW)
    deliver_all(session)
    run(session, ENDS)
    assert str(claim_of(session, waiting).status) == "expired"
    assert seats_of(session, waiting) == {"wine": "requested"}


def test_worker_queries_find_each_registration_once(session, edition, people):
    seats.resize_trip(session, edition.id, "wine", 3, COMMAND, NOW)
    deliver_all(session)
    assert queries.offers_overdue(session, ENDS) == [people[1].id, people[2].id]
    assert queries.offers_overdue(session, ENDS - MOMENT) == []
    assert session.scalars(select(Message).where(Message.kind == "trip-offered")).all()
