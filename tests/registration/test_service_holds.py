"""Places that are held until whoever registered confirms them by the link in the email."""

from datetime import timedelta

import pytest

from dofc_events.commands.check import faults
from dofc_events.core.audit import WORKER
from dofc_events.delegates.queries import proof_of, registration_by_proof, registration_by_token, token_of
from dofc_events.mail.rules import MessageState
from dofc_events.notices import queries
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import HOLD
from dofc_events.places.service import NoOpenOffer
from dofc_events.registration import service, timers
from tests.support.factories import (
    DELEGATE,
    NOW,
    claim_of,
    make_edition,
    make_registration,
    make_three_trips,
    seats_of,
)
from tests.support.letters import deliver_all, letters, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

MOMENT = timedelta(seconds=1)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=2, confirms_places=True)


@pytest.fixture(autouse=True)
def sound(session, edition):
    """Whatever a test did, the data is consistent in the end."""
    yield
    assert faults(session) == []
    pool = edition_pool(session, edition.id)
    assert pool.taken <= pool.capacity


def lapse(session, at) -> None:
    for registration_id in queries.offers_overdue(session, at):
        timers.lapse_offers(session, registration_id, WORKER, at)


def test_a_place_is_held_and_not_given_until_it_is_confirmed_by_the_link_in_the_email(session, edition):
    person = make_registration(session, edition)
    claim = claim_of(session, person)
    assert (claim.status, claim.is_hold, claim.offered_until) == ("offered", True, NOW + HOLD)
    (message,) = unsent(session, to=person.email)
    assert "/registrations/" + proof_of(person) in message.text and "Confirm my place" in message.html
    assert message.subject.startswith("Confirm your place at ") and "Place held, not confirmed yet" in message.text
    # Whoever filled in the form sees their own page, which is not enough.
    with pytest.raises(NoOpenOffer):
        service.accept_offer(session, person.id, DELEGATE, NOW)
    service.confirm_hold(session, person.id, DELEGATE, NOW + HOLD - MOMENT)
    claim = claim_of(session, person)
    assert (claim.status, claim.is_hold) == ("confirmed", False)
    assert letters(session, to=person.email)[-1].kind == "registration-confirmed"
    with pytest.raises(NoOpenOffer):
        service.confirm_hold(session, person.id, DELEGATE, NOW + HOLD - MOMENT)


def test_the_link_that_proves_is_none_that_acts_and_ends_with_the_address(session, edition):
    person = make_registration(session, edition)
    proof = proof_of(person)
    assert registration_by_proof(session, proof) is person
    assert registration_by_proof(session, token_of(person)) is registration_by_token(session, proof) is None
    service.correct_address(session, person.id, "other@dofc.test", DELEGATE, NOW)
    session.flush()
    assert registration_by_proof(session, proof) is None
    assert proof_of(person) in unsent(session, to="other@dofc.test")[-1].text


def test_places_that_nobody_confirms_go_to_those_who_came_after_in_order(session, edition):
    """Whoever registers invented people keeps all places from others for half an hour."""
    invented = [make_registration(session, edition) for _ in range(2)]
    first, second, third = (make_registration(session, edition) for _ in range(3))
    deliver_all(session)
    lapse(session, NOW + HOLD - MOMENT)
    assert [claim_of(session, one).status for one in invented] == ["offered"] * 2
    lapse(session, NOW + HOLD)
    assert [claim_of(session, one).status for one in invented] == ["expired"] * 2
    assert [claim_of(session, one).status for one in (first, second, third)] == ["offered", "offered", "waitlisted"]
    # An offer from the waiting list has its own time, and is accepted as ever.
    assert not claim_of(session, first).is_hold and claim_of(session, first).offered_until > NOW + HOLD
    with pytest.raises(NoOpenOffer):
        service.confirm_hold(session, first.id, DELEGATE, NOW + HOLD)
    service.accept_offer(session, first.id, DELEGATE, NOW + HOLD)
    told = unsent(session, to=invented[0].email)[-1]
    assert "was not confirmed by email in time" in told.text and "Not confirmed in time" in told.text


def test_who_comes_back_after_a_hold_does_not_get_the_place_without_the_email(session, edition):
    person = make_registration(session, edition)
    deliver_all(session)
    at = NOW + HOLD
    lapse(session, at)
    service.rejoin_list(session, person.id, DELEGATE, at)
    claim = claim_of(session, person)
    assert (claim.status, claim.is_hold, claim.offered_until) == ("offered", True, at + HOLD)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_hold_has_its_half_hour_from_when_the_email_is_sent(session, edition):
    person = make_registration(session, edition)
    late = NOW + 2 * HOLD
    lapse(session, late)
    assert claim_of(session, person).status == "offered"
    (message,) = unsent(session)
    message.state = MessageState.QUEUED
    session.flush()
    assert queries.offers_told_late(session, late) == [person.id]
    timers.renew_offers(session, person.id, WORKER, late)
    claim = claim_of(session, person)
    assert (claim.is_hold, claim.offered_until) == (True, late + HOLD)


@pytest.mark.databases("sqlite", "postgresql")
def test_seats_wait_for_the_place(session, edition):
    make_three_trips(session, edition)
    person = make_registration(session, edition, trips=("wine",))
    assert seats_of(session, person) == {"wine": "requested"}
    service.confirm_hold(session, person.id, DELEGATE, NOW)
    assert seats_of(session, person) == {"wine": "confirmed"}


def test_a_hold_that_ends_with_the_edition_stands_where_it_came(session, edition):
    person = make_registration(session, edition)
    deliver_all(session)
    begins = edition.begins_at()
    claim = claim_of(session, person)
    claim.offered_until = begins + HOLD
    session.flush()
    lapse(session, begins)
    claim = claim_of(session, person)
    assert (claim.status, claim.position_before) == ("expired", 1)
