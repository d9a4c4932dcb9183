"""Registering, changing, handing over, correcting the address, cancelling."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.audit import history_of
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.queries import found_by, registration_by_token, token_of
from dofc_events.delegates.service import NoSuchCategory, details_of
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.rules import MessageState
from dofc_events.notices.service import told_if_known
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration import service
from dofc_events.registration.hand_over import service as hand_overs
from dofc_events.registration.offers import service as offers
from dofc_events.registration.rules import Outcome
from tests.support.factories import (
    DELEGATE,
    NOW,
    claim_of,
    make_edition,
    make_registration,
    make_registration_request,
)
from tests.support.letters import deliver_all, kinds, letters

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

LATER = NOW + timedelta(days=1)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=2)


@pytest.fixture
def register(session, edition):
    """Sends a form to the edition."""

    def send(request, now=NOW):
        return service.register_delegate(session, edition.id, request, DELEGATE, now)

    return send


def count(session) -> int:
    return session.scalar(select(func.count()).select_from(Registration))


def words_of(registration) -> set[str]:
    return {known.word for known in registration.search_words}


def acts(session, registration) -> list[str]:
    return [entry.act for entry in history_of(session, registration.reference)]


# Registering


@pytest.mark.databases("sqlite", "postgresql")
def test_register_gives_a_place_and_one_message(session, edition, register):
    request = make_registration_request(given_name="Žofia", family_name="", email="zofia@dofc.test")
    registered = register(request)
    assert registered.outcome is Outcome.REGISTERED
    registration = registration_by_token(session, registered.token)
    assert (registration.full_name, registration.email, details_of(registration)) == (
        "Žofia",
        "zofia@dofc.test",
        request.details,
    )
    assert claim_of(session, registration).status == ClaimStatus.CONFIRMED
    assert kinds(session) == ["registration-confirmed"]
    assert acts(session, registration) == ["registered"]
    assert session.get(ConsentText, registration.consent_version).text == request.consent_text


def test_register_puts_on_the_waiting_list_when_all_places_are_taken(session, edition, register):
    for _ in range(2):
        make_registration(session, edition)
    registered = register(make_registration_request(email="third@dofc.test"))
    claim = claim_of(session, registration_by_token(session, registered.token))
    assert (claim.status, claim.position) == (ClaimStatus.WAITLISTED, 1)
    assert kinds(session, to="third@dofc.test") == ["registration-waitlisted"]


@pytest.mark.databases("sqlite", "postgresql")
def test_register_with_the_same_form_twice_is_one_registration_and_one_message(session, register):
    request = make_registration_request()
    first, second = register(request), register(request, NOW + timedelta(hours=30))
    assert (second.outcome, second.token) == (Outcome.SENT_BEFORE, first.token)
    assert (count(session), kinds(session)) == (1, ["registration-confirmed"])


def test_register_with_the_same_form_again_is_answered_even_after_the_close(session, edition, register):
    request = make_registration_request()
    first = register(request)
    assert register(request, edition.registration_closes_at).token == first.token


def test_register_with_the_same_form_and_other_answers_changes_nothing(session, register):
    request = make_registration_request(organisation="One")
    first = register(request)
    for other in (
        replace(request, details=replace(request.details, organisation="Two")),
        replace(request, email="other@dofc.test"),
    ):
        again = register(other)
        assert (again.outcome, again.token) == (Outcome.OTHER_ANSWERS, first.token)
    registration = registration_by_token(session, first.token)
    assert (registration.organisation, count(session), len(letters(session))) == ("One", 1, 1)


def test_register_with_a_known_address_says_nothing_and_writes_to_it(session, register):
    register(make_registration_request(email="Known@dofc.test"))
    again = register(make_registration_request(email="known@DOFC.test", given_name="Stranger"))
    assert again == service.Registered(Outcome.ADDRESS_KNOWN)
    assert (count(session), kinds(session)) == (1, ["registration-confirmed", "already-registered"])
    assert "Stranger" not in letters(session)[-1].text


def test_register_anew_after_cancelling_stands_at_the_end_with_a_new_reference(session, edition, register):
    first = make_registration(session, edition, email="again@dofc.test")
    others = [make_registration(session, edition) for _ in range(3)]
    service.cancel_registration(session, first.id, DELEGATE, NOW)
    again = registration_by_token(session, register(make_registration_request(email="again@dofc.test")).token)
    assert again.reference != first.reference
    assert [claim_of(session, r).position for r in (others[2], again)] == [2, 3]
    assert claim_of(session, first).status == ClaimStatus.CANCELLED


@pytest.mark.parametrize(
    ("changes", "window"),
    [
        ({"registration_closes_at": NOW}, Window.CLOSED),
        ({"registration_opens_at": NOW + timedelta(seconds=1)}, Window.NOT_YET),
        ({"registration_opens_at": None}, Window.NOT_YET),
        ({"status": EditionStatus.DRAFT}, Window.NOT_YET),
        ({"status": EditionStatus.ARCHIVED}, Window.CLOSED),
    ],
)
def test_register_is_refused_when_registration_is_not_open(session, changes, window):
    edition = make_edition(session, **changes)
    with pytest.raises(service.RegistrationNotOpen) as refusal:
        service.register_delegate(session, edition.id, make_registration_request(), DELEGATE, NOW)
    assert refusal.value.window is window
    assert (count(session), letters(session)) == (0, [])


def test_register_is_refused_in_a_category_of_another_edition(register):
    with pytest.raises(NoSuchCategory):
        register(make_registration_request(category="speaker"))


def test_register_writes_to_one_address_five_times_an_hour(session, register):
    for _ in range(5):
        register(make_registration_request(email="victim@dofc.test"))
    with pytest.raises(TooManyMessages) as refusal:
        register(make_registration_request(email="VICTIM@dofc.test"), NOW + timedelta(minutes=10))
    assert 0 < refusal.value.retry_after <= 50 * 60 + 1
    register(make_registration_request(email="other@dofc.test"))
    register(make_registration_request(email="victim@dofc.test"), NOW + timedelta(hours=1, seconds=1))


# Changing details


@pytest.mark.databases("sqlite", "postgresql")
def test_change_details_tells_what_changed(session, edition):
    registration = make_registration(session, edition)
    wanted = replace(details_of(registration), organisation="Ruse Cluster", visa_letter=True, category="guest")
    assert service.change_details(session, registration.id, wanted, DELEGATE, LATER)
    assert (details_of(registration), registration.revision) == (wanted, 1)
    assert session.scalars(select(Registration.id).where(found_by("ruse cluster"))).all() == [registration.id]
    assert kinds(session)[-1] == "registration-changed"
    assert "organisation, what you are attending as, invitation letter for a visa" in " ".join(
        letters(session)[-1].text.split()
    )
    assert history_of(session, registration.reference)[-1].details["changes"]["visa_letter"] == [False, True]


def test_change_details_is_silent_when_nothing_changes(session, edition):
    registration = make_registration(session, edition)
    assert not service.change_details(session, registration.id, details_of(registration), DELEGATE, LATER)
    assert (registration.revision, len(letters(session)), acts(session, registration)) == (0, 1, ["registered"])


@pytest.mark.parametrize("freezes_at", [None, LATER])
def test_details_are_frozen_from_the_freeze_date_or_the_close_on(session, freezes_at):
    edition = make_edition(session, freezes_at=freezes_at)
    registration = make_registration(session, edition)
    frozen_at = freezes_at or edition.registration_closes_at
    wanted = replace(details_of(registration), organisation="Ruse Cluster")
    with pytest.raises(service.DetailsFrozen):
        service.change_details(session, registration.id, wanted, DELEGATE, frozen_at)
    with pytest.raises(service.DetailsFrozen):
        hand_overs.hand_over(session, registration.id, "A", "B", "b@dofc.test", DELEGATE, frozen_at)
    assert service.change_details(session, registration.id, wanted, DELEGATE, frozen_at - timedelta(seconds=1))
    service.correct_address(session, registration.id, "new@dofc.test", DELEGATE, frozen_at)
    service.cancel_registration(session, registration.id, DELEGATE, frozen_at)


# Handing over


@pytest.fixture
def handed(session, edition):
    """A registration with everything filled in, handed over to Mira; returns it and its former token and form."""
    request = make_registration_request(
        email="old@dofc.test",
        given_name="Former",
        family_name="Delegate",
        badge_name="Boss",
        job_title="Boss",
        phone="+359 2 123 4567",
        dietary="No nuts",
        access_needs="Ramp",
        visa_letter=True,
        photo_consent=True,
    )
    old_token = service.register_delegate(session, edition.id, request, DELEGATE, NOW).token
    registration = registration_by_token(session, old_token)
    deliver_all(session)
    hand_overs.hand_over(session, registration.id, "Mira", "", "mira@dofc.test", DELEGATE, LATER)
    return registration, old_token, request


def test_hand_over_keeps_the_place_and_clears_what_was_personal(session, handed):
    registration, old_token, request = handed
    kept = replace(
        request.details,
        given_name="Mira",
        family_name="",
        badge_name="",
        job_title="",
        phone="",
        dietary="",
        access_needs="",
        visa_letter=False,
        photo_consent=False,
    )
    assert details_of(registration) == kept
    assert claim_of(session, registration).status == ClaimStatus.CONFIRMED
    assert registration_by_token(session, old_token) is None
    assert registration_by_token(session, token_of(registration)) is registration
    assert words_of(registration) >= {"mira", "miradofctest"} and "former" not in words_of(registration)


@pytest.mark.databases("sqlite", "postgresql")
def test_hand_over_tells_both(session, handed):
    registration, _, _ = handed
    (old,) = letters(session, to="old@dofc.test")[1:]
    (new,) = letters(session, to="mira@dofc.test")
    assert (old.kind, old.recipient_name, new.kind) == (
        "registration-changed",
        "Former Delegate",
        "registration-confirmed",
    )
    token = token_of(registration)
    assert token not in old.text + old.html and "Mira" in old.text
    assert token in new.text and "Former Delegate" in new.text
    assert new.attachments


def test_hand_over_does_not_let_the_former_delegate_in_by_their_form(session, handed, register):
    registration, _, request = handed
    again = register(request, LATER)
    assert again.token != token_of(registration)
    assert registration_by_token(session, again.token) is not registration


def test_hand_over_changes_nothing_when_the_colleague_is_registered(session, edition):
    registration, colleague = make_registration(session, edition), make_registration(session, edition)
    before = details_of(registration), registration.email, registration.link_version
    handed = hand_overs.hand_over(session, registration.id, "A", "B", colleague.email, DELEGATE, LATER)
    assert handed == service.Registered(Outcome.ADDRESS_KNOWN)
    assert (details_of(registration), registration.email, registration.link_version) == before
    assert kinds(session, to=colleague.email) == ["registration-confirmed", "already-registered"]
    assert kinds(session, to=registration.email) == ["registration-confirmed"]


# Correcting the address


def test_correct_address_moves_everything_and_tells_the_old_one_next_to_nothing(session, edition):
    registration = make_registration(session, edition, email="typo@dofc.test", given_name="Ľudmila", family_name="Ős")
    old_token, name = token_of(registration), registration.full_name
    corrected = service.correct_address(session, registration.id, "right@dofc.test", DELEGATE, LATER)
    assert registration_by_token(session, old_token) is None
    assert registration_by_token(session, corrected.token) is registration
    (notice,) = letters(session, to="typo@dofc.test")
    assert notice.kind == "address-changed"
    said = "".join((notice.subject, notice.text, notice.html, notice.recipient_name, str(notice.attachments)))
    for secret in ("right@dofc.test", corrected.token, "/registrations/", "Ľudmila", name, registration.reference):
        assert secret not in said
    (status,) = letters(session, to="right@dofc.test")
    assert status.kind == "registration-confirmed" and corrected.token in status.text
    assert words_of(registration) >= {"right", "rightdofctest"} and "typo" not in words_of(registration)


def test_correct_address_leaves_what_was_sent_already(session, edition):
    registration = make_registration(session, edition, email="typo@dofc.test")
    deliver_all(session)
    service.correct_address(session, registration.id, "right@dofc.test", DELEGATE, LATER)
    assert kinds(session, to="typo@dofc.test") == ["registration-confirmed", "address-changed"]


def test_correct_address_changes_nothing_when_the_new_one_is_registered(session, edition):
    registration, other = make_registration(session, edition), make_registration(session, edition)
    email, token = registration.email, token_of(registration)
    corrected = service.correct_address(session, registration.id, other.email.upper(), DELEGATE, LATER)
    assert corrected == service.Registered(Outcome.ADDRESS_KNOWN)
    assert (registration.email, token_of(registration)) == (email, token)
    assert kinds(session, to=other.email) == ["registration-confirmed", "already-registered"]
    assert kinds(session, to=email) == ["registration-confirmed"]


def test_correct_address_to_the_same_is_nothing(session, edition):
    registration = make_registration(session, edition)
    token = token_of(registration)
    corrected = service.correct_address(session, registration.id, registration.email, DELEGATE, LATER)
    assert (corrected.token, len(letters(session))) == (token, 1)


def test_correct_address_may_change_its_spelling_alone(session, edition):
    registration = make_registration(session, edition, email="anna@dofc.test")
    corrected = service.correct_address(session, registration.id, "Anna@dofc.test", DELEGATE, LATER)
    assert (corrected.outcome, registration.email) == (Outcome.REGISTERED, "Anna@dofc.test")


def test_correct_address_is_limited_per_address(session, edition):
    registrations = [make_registration(session, edition) for _ in range(6)]
    for registration in registrations[:5]:
        service.correct_address(session, registration.id, "victim@dofc.test", DELEGATE, LATER)
    with pytest.raises(TooManyMessages):
        service.correct_address(session, registrations[5].id, "victim@dofc.test", DELEGATE, LATER)


# Cancelling


def test_cancel_ends_it_and_tells_once(session, edition):
    registration = make_registration(session, edition)
    service.cancel_registration(session, registration.id, DELEGATE, LATER)
    assert (registration.ended_at, claim_of(session, registration).status) == (LATER, ClaimStatus.CANCELLED)
    assert kinds(session, to=registration.email) == ["registration-confirmed", "registration-cancelled"]
    assert acts(session, registration) == ["registered", "cancelled"]
    with pytest.raises(service.RegistrationOver):
        service.cancel_registration(session, registration.id, DELEGATE, LATER)
    with pytest.raises(service.DetailsFrozen):
        service.change_details(session, registration.id, details_of(registration), DELEGATE, LATER)
    with pytest.raises(service.RegistrationOver):
        service.correct_address(session, registration.id, "new@dofc.test", DELEGATE, LATER)


def test_cancel_says_what_was_given_up_and_clears_only_calendars_that_had_it(session):
    edition = make_edition(session, capacity=1)
    placed, first, second = (make_registration(session, edition) for _ in range(3))
    service.cancel_registration(session, placed.id, DELEGATE, LATER)
    service.cancel_registration(session, second.id, DELEGATE, LATER)
    offers.decline_offer(session, first.id, DELEGATE, LATER)
    told = [letters(session, to=r.email)[-1] for r in (placed, first, second)]
    assert [len(message.attachments) for message in told] == [1, 0, 0]
    said = ("Your place is now free for the next in line", "You declined the place", "You have left the waiting list")
    assert [words in " ".join(m.text.split()) for words, m in zip(said, told, strict=True)] == [True] * 3


def test_correct_address_writes_nothing_to_a_mailbox_that_refused(session, edition):
    registration = make_registration(session, edition)
    old = registration.email
    letters(session, to=old)[0].state = MessageState.DEAD
    told_if_known(session, edition.id, old, NOW)
    assert kinds(session, to=old)[-1] == "already-registered", "which still waits"
    service.correct_address(session, registration.id, "new@dofc.test", DELEGATE, LATER)
    # What was refused is withdrawn, and no notice follows it.
    assert kinds(session, to=old) == []
    assert kinds(session, to="new@dofc.test") == ["registration-confirmed"]


@pytest.mark.parametrize("ends", [{"status": EditionStatus.ARCHIVED}, {"ends_on": NOW.date(), "starts_on": NOW.date()}])
def test_nothing_can_be_done_when_the_edition_is_over(session, edition, ends):
    registration = make_registration(session, edition)
    for name, value in ends.items():
        setattr(edition, name, value)
    session.flush()
    for act in (service.cancel_registration, offers.accept_offer, offers.rejoin_list):
        with pytest.raises(service.RegistrationOver):
            act(session, registration.id, DELEGATE, LATER)
    with pytest.raises(service.RegistrationOver):
        service.correct_address(session, registration.id, "new@dofc.test", DELEGATE, LATER)
