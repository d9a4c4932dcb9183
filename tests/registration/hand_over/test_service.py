"""A registration that was handed over, and is taken back before the colleague has opened it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import select

from dofc_events.commands.timers import run_timers
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_token, token_of
from dofc_events.delegates.service import details_of
from dofc_events.notices.models import UntoldNews
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.hand_over.models import HandOver
from dofc_events.registration.hand_over.queries import hand_over_by_token, handed_over_by
from dofc_events.registration.hand_over.service import CannotTakeBack, hand_over, open_handed_over, take_back
from dofc_events.registration.notes.service import tag_one, write_note
from dofc_events.registration.service import RegistrationOver, cancel_registration, change_details
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration, make_trip
from tests.support.groups import CONTACT, make_group, someone
from tests.support.letters import deliver_all, kinds, letters, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ana(session) -> Registration:
    """Ana, with a seat and with what is nobody's business but hers and the organisers'."""
    edition = make_edition(session)
    make_trip(session, edition, "wine")
    personal: dict[str, Any] = {"dietary": "No nuts", "visa_letter": True}
    ana = make_registration(session, edition, given_name="Ana", email="ana@dofc.test", trips=("wine",), **personal)
    write_note(session, ana.id, "Calls back", DELEGATE, NOW)
    tag_one(session, ana.id, "vip", DELEGATE, NOW)
    deliver_all(session)
    return ana


def test_what_was_handed_over_is_taken_back_whole(session, ana):
    before, token = details_of(ana), token_of(ana)
    hand_over(session, ana.id, "Mira", "", "mria@dofc.test", DELEGATE, NOW)
    assert (ana.full_name, ana.dietary, ana.note, ana.tags) == ("Mira", "", "", [])
    assert handed_over_by(session, ana).startswith("Ana")
    typo = token_of(ana)
    assert hand_over_by_token(session, token).registration is ana
    assert hand_over_by_token(session, typo) is None

    taken = take_back(session, ana.id, DELEGATE, LATER)
    assert (details_of(ana), ana.email, ana.note) == (before, "ana@dofc.test", "Calls back")
    assert [tag.word for tag in ana.tags] == ["vip"]
    assert claim_of(session, ana).status == ClaimStatus.CONFIRMED
    assert registration_by_token(session, taken.token) is ana
    assert [registration_by_token(session, old) for old in (token, typo)] == [None, None]
    assert not session.scalars(select(HandOver)).all() and handed_over_by(session, ana) == ""
    with pytest.raises(CannotTakeBack):
        take_back(session, ana.id, DELEGATE, LATER)


@pytest.mark.databases("sqlite", "postgresql")
def test_both_are_told_and_a_link_that_has_not_left_never_leaves(session, ana):
    token = token_of(ana)
    hand_over(session, ana.id, "Mira", "", "mria@dofc.test", DELEGATE, NOW)
    told = letters(session, to="ana@dofc.test")[-1]
    assert f"{token}/take-back" in told.text and f"{token}/take-back" in told.html
    # Until then nothing of theirs is removed.
    for part in (" ".join(told.text.split()), " ".join(told.html.split())):
        assert "removed" not in part and "details have not been passed on. We keep them, so that you can" in part
    take_back(session, ana.id, DELEGATE, LATER)
    # Otherwise the message with the link would be there too.
    assert kinds(session, to="mria@dofc.test") == ["address-changed"]
    told = letters(session, to="mria@dofc.test")[-1]
    assert "has been taken back" in told.html and "you have no place by it" in told.html and "Ana" not in told.html
    assert letters(session, to="ana@dofc.test")[-1].kind == "registration-confirmed"
    trail = select(AuditEntry.act).where(AuditEntry.about == ana.reference).order_by(AuditEntry.id)
    assert session.scalars(trail).all()[-2:] == ["handed_over", "taken_back"]


@pytest.mark.parametrize("closed", [False, True])
def test_whom_it_is_taken_back_from_is_told_to_register_while_that_is_open(session, ana, closed):
    hand_over(session, ana.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    take_back(session, ana.id, DELEGATE, ana.edition.registration_closes_at if closed else LATER)
    told = letters(session, to="mira@dofc.test")[-1]
    assert ("/register" in told.text) == ("/register" in told.html) == ("register yourself" in told.text) != closed


def _changes_until_news_wait(session, registration):
    """So many changes, one soon after the other, that the last is told later."""
    while not session.scalars(select(UntoldNews)).all():
        telephone = f"+387 51 {100_000 + registration.revision}"
        change_details(session, registration.id, replace(details_of(registration), phone=telephone), DELEGATE, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_what_one_was_still_to_be_told_about_their_details_is_not_told_to_the_other(session, ana):
    _changes_until_news_wait(session, ana)
    hand_over(session, ana.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    assert kinds(session, to="mira@dofc.test") == ["registration-confirmed"]
    _changes_until_news_wait(session, ana)
    deliver_all(session)
    take_back(session, ana.id, DELEGATE, LATER)
    assert unsent(session, to="ana@dofc.test")[-1].kind == "registration-confirmed"
    assert not session.scalars(select(UntoldNews)).all()


def test_in_a_calendar_of_both_the_entry_that_goes_is_followed_by_the_one_that_comes(session, ana):
    def last_entry(name: str) -> Any:
        file = letters(session, to=f"{name}@dofc.test")[-1].attachments[0]
        return Calendar.from_ical(file["body"]).walk("VEVENT")[0]

    def passes(of: str, to: str) -> None:
        goes, comes = last_entry(of), last_entry(to)
        assert (goes["UID"], goes["STATUS"], comes["STATUS"]) == (comes["UID"], "CANCELLED", "CONFIRMED")
        assert goes["SEQUENCE"] < comes["SEQUENCE"]

    hand_over(session, ana.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    passes(of="ana", to="mira")
    take_back(session, ana.id, DELEGATE, LATER)
    passes(of="mira", to="ana")


@pytest.mark.databases("sqlite", "postgresql")
def test_nothing_is_taken_back_once_the_colleague_has_opened_it(session, ana):
    token = token_of(ana)
    hand_over(session, ana.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    open_handed_over(session, ana, DELEGATE, NOW)
    assert hand_over_by_token(session, token) is None
    with pytest.raises(CannotTakeBack):
        take_back(session, ana.id, DELEGATE, LATER)
    assert ana.email == "mira@dofc.test"


@pytest.mark.databases("sqlite", "postgresql")
def test_only_the_last_holder_can_take_it_back(session, ana):
    first = token_of(ana)
    hand_over(session, ana.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    second = token_of(ana)
    hand_over(session, ana.id, "Boris", "", "boris@dofc.test", DELEGATE, NOW)
    assert hand_over_by_token(session, first) is None
    assert hand_over_by_token(session, second).name == "Mira"
    take_back(session, ana.id, DELEGATE, LATER)
    assert ana.email == "mira@dofc.test"


def test_nobody_takes_back_who_has_registered_anew_meanwhile(session, ana):
    hand_over(session, ana.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    make_registration(session, ana.edition, email="ana@dofc.test")
    with pytest.raises(CannotTakeBack):
        take_back(session, ana.id, DELEGATE, LATER)


@pytest.mark.databases("sqlite", "postgresql")
def test_what_nobody_opens_is_forgotten_when_the_edition_begins_even_if_it_was_postponed(app, writing, reading):
    with writing() as session:
        edition = make_edition(session)
        person = make_registration(session, edition, access_needs="Ramp")
        hand_over(session, person.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
        edition.starts_on += timedelta(days=7)
        edition.ends_on += timedelta(days=7)
        begins_at = edition.begins_at()
    for moment, left in ((begins_at - timedelta(seconds=1), 1), (begins_at, 0)):
        with app.app_context():
            run_timers(moment)
        with reading() as session:
            assert len(session.scalars(select(HandOver)).all()) == left


def test_what_has_ended_is_not_taken_back(session, ana):
    hand_over(session, ana.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW)
    cancel_registration(session, ana.id, DELEGATE, NOW)
    with pytest.raises(RegistrationOver):
        take_back(session, ana.id, DELEGATE, LATER)


@pytest.mark.parametrize("by", ["", CONTACT.name])
def test_the_contact_of_somebody_without_an_address_reads_whose_was_handed_over_and_takes_it_back(session, by):
    edition = make_edition(session)
    make_registration(session, edition, email=CONTACT.email)
    [asa] = make_group(session, edition, [someone("Åsa")]).people
    person = asa.registration
    hand_over(session, person.id, "Mira", "", "mira@dofc.test", DELEGATE, NOW, by=by)
    told = letters(session, to=CONTACT.email)[-1]
    assert told.subject == f"Åsa Kovač: registration for {edition.name} handed over" and told.recipient_name == ""
    for part in (" ".join(told.text.split()), " ".join(told.html.split())):
        assert f"The registration of Åsa Kovač for {edition.name} has been handed over to Mira." in part
        assert "Hello," in part and "If you did not do this, take it back" in part and "Your own" not in part
    take_back(session, person.id, DELEGATE, LATER)
    assert (person.full_name, person.email, person.email_key) == ("Åsa Kovač", CONTACT.email, None)
    assert letters(session, to=CONTACT.email)[-1].subject.startswith("Åsa Kovač: ")
