"""Places that are held until whoever registered confirms them by the link in the email."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.service import at_place_and_time, place_and_time_of
from dofc_events.core.audit import WORKER, AuditEntry
from dofc_events.delegates.queries import proof_of, registration_by_proof, registration_by_token, token_of
from dofc_events.mail.rules import MessageState
from dofc_events.notices import mails, queries
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import HOLD
from dofc_events.places.service import NoOpenOffer
from dofc_events.registration import service, timers
from dofc_events.registration.offers import service as offers
from dofc_events.registration.trips import service as seats
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
        offers.accept_offer(session, person.id, DELEGATE, NOW)
    offers.accept_by_email(session, person.id, DELEGATE, NOW + HOLD - MOMENT)
    claim = claim_of(session, person)
    assert (claim.status, claim.is_hold) == ("confirmed", False)
    assert letters(session, to=person.email)[-1].kind == "registration-confirmed"
    with pytest.raises(NoOpenOffer):
        offers.accept_by_email(session, person.id, DELEGATE, NOW + HOLD - MOMENT)


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
    # An offer from the waiting list has its own time, and needs the email too.
    assert not claim_of(session, first).is_hold and claim_of(session, first).offered_until > NOW + HOLD
    offers.accept_by_email(session, first.id, DELEGATE, NOW + HOLD)
    told = unsent(session, to=invented[0].email)[-1]
    assert "was not confirmed by email in time" in told.text and "Not confirmed in time" in told.text


def test_who_comes_back_after_a_hold_does_not_get_the_place_without_the_email(session, edition):
    person = make_registration(session, edition)
    deliver_all(session)
    at = NOW + HOLD
    lapse(session, at)
    offers.rejoin_list(session, person.id, DELEGATE, at)
    claim = claim_of(session, person)
    assert (claim.status, claim.is_hold, claim.offered_until) == ("offered", True, at + HOLD)


def offered(session, edition):
    """Somebody from the waiting list who has just been offered the place of another."""
    others = [make_registration(session, edition) for _ in range(2)]
    person = make_registration(session, edition)
    service.cancel_registration(session, others[0].id, DELEGATE, NOW)
    assert claim_of(session, person).status == "offered"
    return person


def test_an_offer_from_the_waiting_list_is_accepted_by_the_link_in_the_email_alone(session, edition):
    person = offered(session, edition)
    claim = claim_of(session, person)
    assert (claim.is_hold, claim.by_email) == (False, True) and claim.offered_until > NOW + HOLD
    (message,) = (one for one in unsent(session, to=person.email) if one.kind == "registration-offered")
    for part in (message.text, message.html):
        assert f"/registrations/{proof_of(person)}/confirm" in part and "/offer" not in part
    with pytest.raises(NoOpenOffer):
        offers.accept_offer(session, person.id, DELEGATE, NOW)
    offers.accept_by_email(session, person.id, DELEGATE, claim.offered_until - MOMENT)
    claim = claim_of(session, person)
    assert (claim.status, claim.by_email) == ("confirmed", False)
    acts = select(AuditEntry.act).where(AuditEntry.about == person.reference)
    assert "offer_accepted" in session.scalars(acts).all()


def test_whatever_reminds_of_such_an_offer_or_sends_the_link_again_has_the_link_that_accepts(session, edition):
    person = offered(session, edition)
    standing = queries.standing_of(session, person.id)
    was = at_place_and_time({**place_and_time_of(edition), "venue": "Elsewhere"})
    for message in (
        mails.offer_reminder(standing, [standing.claim]),
        mails.edition_changed(standing, was, "edition-changed", "Moved.", "<p>Moved.</p>"),
        mails.registration_link(standing),
    ):
        for part in (message.text, message.html):
            assert f"/registrations/{proof_of(person)}/confirm" in part and "/offer" not in part, message.kind


def test_such_an_offer_is_declined_without_the_email(session, edition):
    person = offered(session, edition)
    offers.decline_offer(session, person.id, DELEGATE, NOW)
    assert claim_of(session, person).status == "cancelled"


@pytest.mark.parametrize("confirms", [True, False])
def test_an_offer_is_accepted_as_its_email_said_whatever_is_set_later(session, edition, confirms):
    edition.confirms_places = confirms
    person = offered(session, edition)
    edition.confirms_places = not confirms
    session.flush()
    right, wrong = offers.accept_offer, offers.accept_by_email
    if confirms:
        right, wrong = wrong, right
    with pytest.raises(NoOpenOffer):
        wrong(session, person.id, DELEGATE, NOW)
    right(session, person.id, DELEGATE, NOW)
    assert claim_of(session, person).status == "confirmed"


@pytest.mark.databases("sqlite", "postgresql")
def test_a_hold_has_its_half_hour_from_when_the_email_is_sent(session, edition):
    person = make_registration(session, edition)
    # What is held stays so, also if the edition no longer asks for it.
    edition.confirms_places = False
    late = NOW + 2 * HOLD
    lapse(session, late)
    assert claim_of(session, person).status == "offered"
    (message,) = unsent(session)
    message.state = MessageState.QUEUED
    session.flush()
    assert queries.offers_told_late(session, late) == [person.id]
    timers.renew_offers(session, person.id, WORKER, late)
    claim = claim_of(session, person)
    assert (claim.is_hold, claim.by_email, claim.offered_until) == (True, True, late + HOLD)


@pytest.mark.databases("sqlite", "postgresql")
def test_seats_wait_for_the_place(session, edition):
    make_three_trips(session, edition)
    person = make_registration(session, edition, trips=("wine",))
    assert seats_of(session, person) == {"wine": "requested"}
    offers.accept_by_email(session, person.id, DELEGATE, NOW)
    assert seats_of(session, person) == {"wine": "confirmed"}


def test_seats_are_accepted_with_the_own_link(session, edition):
    """They are offered to those who have a place, and so have proved their address."""
    make_three_trips(session, edition)
    first, second = (make_registration(session, edition, trips=("wine",)) for _ in range(2))
    for person in (first, second):
        offers.accept_by_email(session, person.id, DELEGATE, NOW)
    seats.choose_trips(session, first.id, (), any_trip=False, actor=DELEGATE, now=NOW)
    assert seats_of(session, second) == {"wine": "offered"}
    seats.accept_seat(session, second.id, "wine", DELEGATE, NOW)
    assert seats_of(session, second) == {"wine": "confirmed"}


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
    letter = letters(session, to=person.email)[-1]
    assert letter.subject == f"Your place at {edition.name} is no longer held"
    assert "Your place is no longer held: no more places" in letter.text
