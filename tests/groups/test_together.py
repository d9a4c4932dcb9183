"""What a contact is told of several people at once, and does for them: one email, one button."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import WORKER, AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.groups.lost_link.service import send_group_link
from dofc_events.groups.queries import (
    group_by_proof,
    group_by_token,
    groups_to_remind,
    groups_told_now,
    proof_of_group,
    token_of_group,
)
from dofc_events.groups.service import cancel_with, change_contact
from dofc_events.groups.together.service import confirm_places, remind_contact, tell_contacts
from dofc_events.notices import queries
from dofc_events.places.queries import edition_pool, waiting_for
from dofc_events.places.rules import HOLD
from dofc_events.registration import timers
from dofc_events.registration.service import cancel_registration, correct_address, resize_edition
from dofc_events.registration.waiting_list.service import reopen_list
from tests.registration.trips.conftest import tell_due
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.groups import CONTACT, make_group, someone, stand
from tests.support.letters import deliver_all, letters, unsent

NAMES = ("Ana", "Boro", "Ceca", "Dana", "Ema")
MOMENT = timedelta(seconds=1)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=5, confirms_places=True)


def join(session, edition, names=NAMES):
    return make_group(session, edition, [someone(name) for name in names])


def worked(session, at) -> None:
    """What the worker does in a round, and that the data is consistent before and after it."""
    assert faults(session) == []
    for registration_id in queries.offers_told_late(session, at):
        timers.renew_offers(session, registration_id, WORKER, at)
    for registration_id in queries.offers_overdue(session, at):
        timers.lapse_offers(session, registration_id, WORKER, at)
    for group_id in groups_to_remind(session, at):
        remind_contact(session, group_id, WORKER, at)
    for registration_id in queries.offers_to_remind_of(session, at):
        timers.remind_of_offers(session, registration_id, WORKER, at)
    tell_contacts(session, groups_told_now(session, 99, at), at)
    tell_due(session, at)
    assert faults(session) == []


def statuses(session, edition) -> list[str]:
    return [status for status, _ in stand(session, edition).values()]


def kinds_to(session, address=CONTACT.email) -> list[str]:
    return [message.kind for message in letters(session, to=address)]


@pytest.mark.databases("sqlite")
def test_places_held_at_one_contact_are_announced_in_one_email_and_taken_by_one_button(session, edition):
    group = join(session, edition).group
    assert kinds_to(session) == ["group-registered", "registration-offered"]
    held = letters(session)[-1]
    for body in (held.text, held.html):
        assert all(f"{name} Kovač" in body for name in NAMES)
        assert body.count(f"/groups/{proof_of_group(group)}/confirm") == 1
    assert held.subject.startswith("Confirm 5 places at ")
    # Whoever filled in the form sees the group's page, which is not enough.
    assert group_by_proof(session, proof_of_group(group)) is group
    assert group_by_proof(session, token_of_group(group)) is group_by_token(session, proof_of_group(group)) is None
    deliver_all(session)
    assert confirm_places(session, group.id, DELEGATE, NOW + HOLD - MOMENT) == 5
    worked(session, NOW + HOLD)
    assert statuses(session, edition) == ["confirmed"] * 5
    assert kinds_to(session)[2:] == ["registration-confirmed"]
    assert letters(session)[-1].subject.startswith("5 places at ")
    acts = session.scalars(select(AuditEntry.act).where(AuditEntry.act == "hold_confirmed")).all()
    assert len(acts) == 5, "the trail of each says so"
    assert confirm_places(session, group.id, DELEGATE, NOW + HOLD) == 0


def test_places_that_a_contact_does_not_confirm_lapse_and_one_email_says_so(session, edition):
    group = join(session, edition).group
    waiting = make_registration(session, edition, given_name="Filip", email="filip@own.test")
    deliver_all(session)
    at = NOW + HOLD
    for _ in range(2):
        worked(session, at)
    assert statuses(session, edition) == ["expired"] * 5 + ["offered"]
    assert kinds_to(session)[2:] == ["registration-expired"]
    lapse = letters(session, to=CONTACT.email)[-1]
    assert all(f"{name} Kovač" in lapse.text for name in NAMES) and "/confirm" not in lapse.text
    assert edition_pool(session, edition.id).taken == 1
    assert confirm_places(session, group.id, DELEGATE, at) == 0, "they are the next one's"
    assert [message.kind for message in unsent(session, to=waiting.email)] == ["registration-offered"]


@pytest.mark.databases("sqlite")
def test_places_that_end_because_the_edition_is_archived_were_not_confirmed_too_late(session, edition):
    join(session, edition)
    deliver_all(session)
    edition.status = EditionStatus.ARCHIVED
    for _ in range(2):
        worked(session, NOW)
    letter = letters(session, to=CONTACT.email)[-1]
    assert letter.subject == f"5 places at {edition.name} are no longer held"
    told = " ".join(letter.text.split())
    assert "are no longer held: no more places are given out. " in told
    assert "We are sorry that these people did not get places." in told
    assert told.count("Status: No longer held") == 5
    edition.status = EditionStatus.PUBLISHED
    reopen_list(session, edition.id, "It was archived too soon.", DELEGATE, NOW)
    worked(session, NOW)
    again = letters(session, to=CONTACT.email)[-1]
    assert again.subject.startswith("5 places at ") and "It was archived too soon." in " ".join(again.text.split())


@pytest.mark.databases("sqlite")
def test_offers_and_waits_that_end_because_the_edition_is_archived_are_told_apart(session):
    edition = make_edition(session, year=2031, capacity=2)
    first = [make_registration(session, edition, email=f"first{number}@own.test") for number in range(2)]
    make_group(session, edition, [someone(name) for name in NAMES[:4]], choice="split")
    for person in first:
        cancel_registration(session, person.id, DELEGATE, NOW)
    deliver_all(session)
    edition.status = EditionStatus.ARCHIVED
    waiting = waiting_for(session, edition.id)
    for _ in range(2):
        worked(session, NOW)
    timers.close_list(session, waiting, WORKER, NOW)
    *_, offers, wait, _other_wait = letters(session, to=CONTACT.email)
    assert offers.subject == f"2 places at {edition.name} are no longer held"
    said = " ".join(offers.text.split())
    assert "The 2 places offered to your group are no longer held: no more places are given out." in said
    assert "- Ana Kovač" in said and "- Ceca Kovač" not in said
    assert wait.subject == f"Ceca Kovač: The waiting list for {edition.name} has closed"


@pytest.mark.databases("sqlite")
def test_places_do_not_lapse_before_their_one_email_has_left_and_get_their_full_time_again(session, edition):
    group = join(session, edition).group
    late = NOW + HOLD + timedelta(minutes=5)
    worked(session, late)
    assert statuses(session, edition) == ["offered"] * 5
    assert kinds_to(session) == ["group-registered", "registration-offered"], "the one that was late is withdrawn"
    assert "Confirm them before then" in letters(session)[-1].text
    deliver_all(session, late)
    assert confirm_places(session, group.id, DELEGATE, late + HOLD - MOMENT) == 5


@pytest.mark.databases("sqlite")
def test_what_has_not_left_names_nobody_who_gave_the_place_up_or_has_another_address_now(session, edition):
    people = [one.registration for one in join(session, edition).people]
    cancel_registration(session, people[0].id, DELEGATE, NOW)
    correct_address(session, people[1].id, "boro@own.test", DELEGATE, NOW)
    worked(session, NOW)
    offers = [message for message in unsent(session) if message.kind == "registration-offered"]
    assert [message.recipient for message in offers] == ["boro@own.test", CONTACT.email]
    assert "Ana" not in offers[1].text and "Boro" not in offers[1].text and "Ema" in offers[1].text
    assert offers[1].subject.startswith("Confirm 3 places")


@pytest.mark.databases("sqlite")
def test_places_of_a_party_that_waited_are_offered_in_one_email(session):
    edition = make_edition(session, capacity=2, confirms_places=True)
    group = make_group(session, edition, [someone(name) for name in NAMES], choice="together").group
    resize_edition(session, edition.id, 5, DELEGATE, NOW)
    worked(session, NOW)
    assert statuses(session, edition) == ["offered"] * 5
    assert kinds_to(session)[1:] == ["registration-offered"]
    assert letters(session)[-1].subject.startswith("5 places at ")
    deliver_all(session)
    soon = NOW + timedelta(hours=70)
    worked(session, soon)
    worked(session, soon)
    assert kinds_to(session)[2:] == ["offer-reminder"], "once, of all"
    assert ": accept 5 places at " in letters(session)[-1].subject
    assert confirm_places(session, group.id, DELEGATE, soon) == 5, "for as long as offers last"
    worked(session, soon)
    assert kinds_to(session)[2:] == ["registration-confirmed"], "what it reminded of is taken"


@pytest.mark.databases("sqlite")
def test_the_link_that_is_mailed_again_and_to_a_new_contact_still_confirms(session, edition):
    group = join(session, edition).group
    send_group_link(session, edition.id, CONTACT.email, NOW)
    assert proof_of_group(group) in letters(session)[-1].text
    old = proof_of_group(group)
    seen = (group.contact_name, group.email)
    change_contact(session, group.id, "Vera", "vera@new.test", DELEGATE, NOW, seen=seen)
    assert group_by_proof(session, old) is None
    assert proof_of_group(group) in letters(session, to="vera@new.test")[-1].text
    confirm_places(session, group.id, DELEGATE, NOW)
    worked(session, NOW)
    assert proof_of_group(group) not in letters(session, to="vera@new.test")[-1].text
    send_group_link(session, edition.id, "vera@new.test", NOW)
    assert "/confirm" not in letters(session)[-1].text


@pytest.mark.databases("sqlite")
def test_who_leaves_with_a_delegate_is_in_one_email(session):
    edition = make_edition(session, capacity=9)
    contact = make_registration(session, edition, email=CONTACT.email)
    people = make_group(session, edition, [someone(n) for n in NAMES], contact_id=contact.id).people
    deliver_all(session)
    cancel_with(session, contact.id, [one.registration.reference for one in people[:3]], DELEGATE, NOW)
    worked(session, NOW + timedelta(hours=1))
    assert statuses(session, edition) == ["cancelled"] * 4 + ["confirmed"] * 2
    [told] = letters(session)[2:]
    assert told.subject.startswith("Your registration for ") and told.about == contact.reference
    for part in (" ".join(told.text.split()), told.html):
        assert "You have also cancelled for Ana Kovač, Boro Kovač, Ceca Kovač." in part and "Dana Kovač" in part
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_what_is_offered_to_who_leaves_with_a_delegate_is_not_announced_any_more(session, edition):
    contact = make_registration(session, edition, email=CONTACT.email)
    [ana] = make_group(session, edition, [someone("Ana")], contact_id=contact.id).people
    assert ana.status == "offered"
    cancel_with(session, contact.id, [ana.registration.reference], DELEGATE, NOW)
    worked(session, NOW + timedelta(hours=1))
    assert [message.kind for message in letters(session)[-1:]] == ["registration-cancelled"]
    assert not any(m.kind == "registration-offered" and m.about == ana.registration.reference for m in letters(session))
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_the_page_behind_the_link_confirms_for_all_and_the_groups_page_does_not(client, writing):
    with time_machine.travel(NOW, tick=False) as clock:
        with writing() as session:
            edition = make_edition(session, capacity=5, confirms_places=True)
            group = join(session, edition, NAMES[:3]).group
            links = re.findall(r"/groups/\S+/confirm", letters(session)[-1].text)
            own, page = token_of_group(group), links[0]
            person = token_of(session.scalars(select(Registration)).first())
        shown = client.get(f"/groups/{own}/")
        assert "3 places are held for your group and not taken yet." in shown.text and "/confirm" not in shown.text
        assert "confirm the place there" in client.get(f"/registrations/{person}/").text
        assert client.get(f"/groups/{own}/confirm").status == 404
        form = client.get(page)
        assert len(form.all("[data-member]")) == 3
        done = form.form("/confirm").submit()
        assert "3 places are confirmed." in done.text and len(done.all("[data-status=confirmed]")) == 3
        assert "There are no places to confirm" in client.get(page).text
        assert form.form("/confirm").submit().status == 403, "sent again it changes nothing"
        clock.shift(HOLD)
        assert "no places to confirm" in client.get(page).text
