"""Acts of an organiser for one delegate follow the same rules; the delegate is told, and the actor is on record."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.commands.check import faults
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.audit import Actor, history_of
from dofc_events.core.errors import NotAgreed
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.queries import token_of
from dofc_events.delegates.service import details_of
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.queries import messages_about
from dofc_events.mail.rules import LINK_LIMITS
from dofc_events.places.limits.service import set_limit
from dofc_events.places.models import Pool
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import NothingFree
from dofc_events.registration.lost_link.service import send_link
from dofc_events.registration.on_behalf import service as on_behalf
from dofc_events.registration.on_behalf.queries import Raise
from dofc_events.registration.service import RegistrationOver, cancel_registration
from tests.support.factories import (
    DELEGATE,
    NOW,
    claim_of,
    make_edition,
    make_registration,
    make_registration_request,
    make_trip,
    seats_of,
)

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

ELENA = Actor("account", "elena@dofc.test")
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=1)


@pytest.fixture
def add(session, edition):
    """`add()`: another person whom Elena registers."""

    def add(now=NOW, request=None, **changes):
        request = request or make_registration_request(**changes)
        return on_behalf.add_delegate(session, edition.id, request, ELENA, now)

    return add


def words(message: Message) -> str:
    return " ".join(message.text.split())


def test_add_gives_a_place_and_then_positions_and_never_oversells(session, edition, add):
    people = [add().registration for _number in range(3)]
    claims = [claim_of(session, person) for person in people]
    assert [(claim.status, claim.position) for claim in claims] == [
        ("confirmed", None),
        ("waitlisted", 1),
        ("waitlisted", 2),
    ]
    pool = session.scalars(select(Pool)).one()
    assert (pool.capacity, pool.taken) == (1, 1)


@pytest.mark.parametrize(("days", "window"), [(-40, Window.NOT_YET), (160, Window.CLOSED)])
def test_add_goes_on_when_registration_is_not_open(edition, add, days, window):
    moment = NOW + timedelta(days=days)
    assert edition.window(moment) is window
    assert add(moment).is_new


def test_add_tells_the_person_who_registered_them_and_what_was_stated(session, add):
    person = add(consent_text="Elena stated that they agreed.").registration
    [message] = messages_about(session, person.reference)
    assert message.kind == "registration-confirmed"
    assert "The organisers have registered you." in words(message)
    assert "Elena stated that they agreed." in words(message) and "Elena stated that they agreed." in message.html
    [entry] = history_of(session, person.reference)
    assert (entry.act, entry.actor, entry.details) == ("registered", str(ELENA), {"status": "confirmed"})
    assert session.get_one(ConsentText, person.consent_version).text == "Elena stated that they agreed."


def test_own_registrations_do_not_say_that_organisers_made_them(session, edition):
    [message] = messages_about(session, make_registration(session, edition).reference)
    assert "organisers have registered you" not in words(message)


def test_add_gives_the_seats_that_are_asked_for(session, edition, add):
    make_trip(session, edition, "wine")
    assert seats_of(session, add(trips=("wine",)).registration) == {"wine": "confirmed"}


def test_add_names_who_is_registered_with_the_address_and_writes_to_nobody(session, edition, add):
    known = make_registration(session, edition, email="ana@dofc.test")
    with pytest.raises(on_behalf.AlreadyRegistered) as refused:
        add(email="ANA@dofc.test")
    assert refused.value.reference == known.reference
    assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_add_of_one_form_twice_is_one_registration(session, add):
    request = make_registration_request()
    first, again = add(request=request), add(request=request)
    assert first.is_new and not again.is_new and first.registration is again.registration
    assert session.scalar(select(func.count()).select_from(Registration)) == 1


@pytest.mark.parametrize("status", [EditionStatus.DRAFT, EditionStatus.ARCHIVED])
def test_add_is_refused_unless_the_edition_is_published(edition, add, status):
    edition.status = status
    with pytest.raises(on_behalf.EditionNotRunning):
        add()


def test_add_is_refused_once_the_edition_is_over(edition, add):
    add(edition.finishes_at() - timedelta(seconds=1))
    with pytest.raises(on_behalf.EditionNotRunning):
        add(edition.finishes_at())


def test_add_puts_nobody_on_a_list_that_is_closed(edition, add):
    add()
    with pytest.raises(NothingFree):
        add(edition.begins_at())


def test_what_organisers_save_is_not_refused_for_what_was_asked_for(session, edition, add):
    person = add(email="ana@dofc.test").registration
    for _number in range(LINK_LIMITS[0][0]):
        on_behalf.send_link(session, person.id, ELENA, NOW)
    with pytest.raises(TooManyMessages):
        on_behalf.send_link(session, person.id, ELENA, NOW)
    assert on_behalf.change_details(session, person.id, replace(details_of(person), dietary="Nuts"), ELENA, NOW)
    cancel_registration(session, person.id, ELENA, NOW)
    assert add(email="ana@dofc.test").is_new


def test_what_we_write_of_our_own_accord_does_not_count_against_a_lost_link(session, edition, add):
    person = add(email="ana@dofc.test").registration
    for dietary in ("Nuts", "Fish", "Milk", "Eggs", "Soy", "Celery"):
        on_behalf.change_details(session, person.id, replace(details_of(person), dietary=dietary), ELENA, NOW)
    send_link(session, edition.id, "ana@dofc.test", NOW)
    assert messages_about(session, person.reference)[-1].kind == "registration-link"


def test_correcting_an_address_to_one_that_is_taken_writes_to_nobody(session, edition):
    person, other = make_registration(session, edition), make_registration(session, edition)
    before = len(session.scalars(select(Message)).all())
    with pytest.raises(on_behalf.AlreadyRegistered) as refusal:
        on_behalf.correct_address(session, person.id, other.email.upper(), ELENA, NOW)
    assert refusal.value.reference == other.reference
    assert len(session.scalars(select(Message)).all()) == before


def test_change_goes_on_after_the_freeze_date_and_says_by_whom(session, edition):
    person = make_registration(session, edition)
    frozen = edition.details_freeze_at()
    details = replace(details_of(person), organisation="Trakya Küme", dietary="No nuts")
    assert on_behalf.change_details(session, person.id, details, ELENA, frozen)
    message = messages_about(session, person.reference)[-1]
    assert message.kind == "registration-changed"
    assert "The organisers changed this for you" in words(message) and "organisers changed this" in message.html
    entry = history_of(session, person.reference)[-1]
    assert (entry.act, entry.actor) == ("details_changed", str(ELENA))
    assert entry.details["changes"] == {
        "organisation": ["Trakya Cluster", "Trakya Küme"],
        "dietary": ["", "No nuts"],
    }
    assert not on_behalf.change_details(session, person.id, details, ELENA, frozen)


def test_nothing_is_changed_of_what_has_ended(session, edition):
    person, other = make_registration(session, edition), make_registration(session, edition)
    cancel_registration(session, person.id, DELEGATE, NOW)
    for who, moment in ((person, NOW), (other, edition.finishes_at())):
        with pytest.raises(RegistrationOver):
            on_behalf.change_details(session, who.id, details_of(who), ELENA, moment)


@pytest.mark.databases("sqlite", "postgresql")
def test_reinstating_takes_a_free_place_and_keeps_reference_and_link(session):
    edition = make_edition(session, capacity=2)
    trip = make_trip(session, edition)
    person = make_registration(session, edition, trips=(trip.slug,))
    link = token_of(person)
    cancel_registration(session, person.id, DELEGATE, NOW)
    on_behalf.reinstate(session, person.id, "Found a deputy.", ELENA, LATER)
    assert (claim_of(session, person).status, person.ended_at, token_of(person)) == ("confirmed", None, link)
    assert seats_of(session, person) == {trip.slug: "cancelled"}
    told = messages_about(session, person.reference)[-1]
    assert told.kind == "registration-confirmed" and "reinstated your registration" in words(told)
    assert "Their reason: Found a deputy." in words(told) and "not given back" in words(told)
    assert history_of(session, person.reference)[-1].act == "reinstated"
    assert not person.compared
    assert faults(session) == []


@pytest.mark.parametrize("waits", [False, True])
def test_reinstating_passes_nobody_but_with_one_more_place_that_was_agreed_to(session, edition, waits):
    person, other = make_registration(session, edition), make_registration(session, edition)
    cancel_registration(session, person.id, DELEGATE, NOW)
    assert claim_of(session, other).status == "offered"
    others = [other, *([make_registration(session, edition)] if waits else [])]
    before = [claim_of(session, one).status for one in others]
    with pytest.raises(NotAgreed) as asked:
        on_behalf.reinstate(session, person.id, "Speaks.", ELENA, LATER)
    assert asked.value.consequences[0] == [Raise(capacity=1, waiting=int(waits), adds_place=True, limit=None)]
    on_behalf.reinstate(session, person.id, "Speaks.", ELENA, LATER, agreed=asked.value.digest)
    assert claim_of(session, person).status == "confirmed"
    assert [claim_of(session, one).status for one in others] == before
    assert claim_of(session, person).pool.capacity == 2
    assert faults(session) == []


def test_reinstating_raises_the_limit_of_a_full_category(session):
    edition = make_edition(session, capacity=5)
    person = make_registration(session, edition, category="guest")
    cancel_registration(session, person.id, DELEGATE, NOW)
    make_registration(session, edition, category="guest")
    set_limit(session, edition_pool(session, edition.id), person.category_id, 1)
    with pytest.raises(NotAgreed) as asked:
        on_behalf.reinstate(session, person.id, "Speaks.", ELENA, LATER)
    assert asked.value.consequences[0] == [Raise(capacity=5, waiting=0, adds_place=False, limit=1)]
    on_behalf.reinstate(session, person.id, "Speaks.", ELENA, LATER, agreed=asked.value.digest)
    assert edition_pool(session, edition.id).capacity == 5
    assert session.scalar(select(Pool.capacity).where(Pool.category_id == person.category_id)) == 2
    assert faults(session) == []


def test_reinstating_is_for_what_is_cancelled_of_a_running_edition_and_an_address_that_is_free(session, edition):
    person = make_registration(session, edition, email="ana@dofc.test")
    with pytest.raises(on_behalf.NotCancelled):
        on_behalf.reinstate(session, person.id, "x", ELENA, LATER)
    cancel_registration(session, person.id, DELEGATE, NOW)
    again = make_registration(session, edition, email="Ana@dofc.test")
    with pytest.raises(on_behalf.AlreadyRegistered) as known:
        on_behalf.reinstate(session, person.id, "x", ELENA, LATER)
    assert known.value.reference == again.reference
    edition.status = EditionStatus.ARCHIVED
    with pytest.raises(on_behalf.EditionNotRunning):
        on_behalf.reinstate(session, person.id, "x", ELENA, LATER)


def test_send_link_writes_and_records_it(session, edition):
    person = make_registration(session, edition)
    on_behalf.send_link(session, person.id, ELENA, NOW)
    message = messages_about(session, person.reference)[-1]
    assert message.kind == "registration-link" and "The organisers asked us to send it to you" in words(message)
    entry = history_of(session, person.reference)[-1]
    assert (entry.act, entry.actor, entry.details) == ("link_asked_for", str(ELENA), {"sent": True})


def test_send_link_leads_nobody_to_what_was_cancelled(session, edition):
    person = make_registration(session, edition)
    cancel_registration(session, person.id, DELEGATE, NOW)
    with pytest.raises(RegistrationOver):
        on_behalf.send_link(session, person.id, ELENA, NOW)
