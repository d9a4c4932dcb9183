"""Several people at once: places for all, for some, or for all later; and who is told."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.errors import NotAgreed
from dofc_events.delegates.models import Registration
from dofc_events.delegates.service import category_of, details_of
from dofc_events.groups.queries import people_of
from dofc_events.groups.rules import Shortage
from dofc_events.groups.service import AlreadyInGroup, change_contact
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.rules import ADDRESS_LIMITS
from dofc_events.places.limits.service import set_limit
from dofc_events.places.queries import edition_pool
from dofc_events.registration.service import (
    cancel_registration,
    change_details,
    correct_address,
    register_delegate,
    resize_edition,
)
from tests.registration.trips.conftest import HOUR, tell_due
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_registration_request
from tests.support.groups import CONTACT, make_group, someone, stand
from tests.support.letters import letters

FIVE = ("Ana", "Boro", "Ceca", "Dana", "Ema")


def five(**changes):
    return [someone(name, **changes) for name in FIVE]


def told(session) -> list[tuple[str, str]]:
    return [(m.kind, m.recipient) for m in session.scalars(select(Message).order_by(Message.id))]


def of(session, name: str) -> Registration:
    return session.scalars(select(Registration).where(Registration.given_name == name)).one()


@pytest.mark.databases("sqlite")
def test_a_form_for_many_people_fills_nobodys_mailbox(session):
    """Whoever registers them has the links of those without an address, and the contact's may be anybody's."""
    edition = make_edition(session)
    make_group(session, edition, [someone(f"Guest {number}") for number in range(12)])
    at = NOW + HOUR
    for person in session.scalars(select(Registration).order_by(Registration.id)).all():
        change_details(session, person.id, replace(details_of(person), dietary="No nuts"), DELEGATE, at)
        cancel_registration(session, person.id, DELEGATE, at)
    assert faults(session) == []
    for half_hours in range(1, 60):
        tell_due(session, at + half_hours * HOUR / 2)
    written = [message.queued_at for message in session.scalars(select(Message).order_by(Message.id))]
    assert len(written) == 2 + 12, "each is told at last, and the first at once of either change"
    for count, span in ADDRESS_LIMITS:
        assert all(later - earlier >= span for earlier, later in zip(written, written[count:], strict=False))


@pytest.mark.databases("sqlite")
def test_places_to_be_confirmed_at_one_contact_count_as_emails_to_it(session):
    edition = make_edition(session, confirms_places=True)
    for name in ("Ana", "Boro"):
        make_group(session, edition, [someone(name), someone(f"{name} II")])
    make_group(session, edition, [someone("Ceca")])
    assert [kind for kind, _ in told(session)] == [
        *["group-registered", "registration-offered"] * 2,
        "registration-offered",
        "group-registered",
    ]
    with pytest.raises(TooManyMessages):
        make_group(session, edition, [someone("Filip")])


def test_register_people_gives_places_to_all_and_one_message_to_the_contact(session):
    edition = make_edition(session)
    joined = make_group(session, edition, [someone("Ana", "ana@cluster.test"), someone("Boro"), someone("Ceca")])
    assert [status for status, _ in stand(session, edition).values()] == ["confirmed"] * 3
    assert told(session) == [("registration-confirmed", "ana@cluster.test"), ("group-registered", CONTACT.email)]
    assert [one.registration.email_key for one in people_of(session, joined.group.id)] == [
        "ana@cluster.test",
        None,
        None,
    ]
    message = session.scalars(select(Message).where(Message.kind == "group-registered")).one()
    assert message.text.count("/registrations/") == 3
    assert "Ana Kovač" in message.text
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_register_people_sent_twice_registers_once(session):
    edition = make_edition(session)
    first = make_group(session, edition, five(), key="k" * 20)
    again = make_group(session, edition, five(), key="k" * 20)
    assert (again.group, again.is_new) == (first.group, False)
    assert len(stand(session, edition)) == 5
    assert len(told(session)) == 1


def test_register_people_asks_when_there_are_too_few_places(session):
    edition = make_edition(session, capacity=3)
    with pytest.raises(NotAgreed) as asked:
        make_group(session, edition, five())
    assert asked.value.consequences == ([Shortage(asked=5, now=3)],)
    assert stand(session, edition) == {}


@pytest.mark.databases("sqlite")
def test_register_people_splits_a_group_that_chose_it(session):
    edition = make_edition(session, capacity=3)
    make_group(session, edition, five(), choice="split")
    assert list(stand(session, edition).values()) == [("confirmed", None)] * 3 + [("waitlisted", 1), ("waitlisted", 2)]
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_register_people_keeps_a_group_together_until_there_is_a_place_for_each(session):
    edition = make_edition(session, capacity=3, offer_hours=0)
    make_group(session, edition, five(), choice="together")
    assert {status for status, _ in stand(session, edition).values()} == {"waitlisted"}
    assert faults(session) == []
    # Two places are too few for them: who comes alone gets one.
    alone = make_registration(session, edition, given_name="Filip")
    assert stand(session, edition)["Filip"] == ("confirmed", None)
    resize_edition(session, edition.id, 5, DELEGATE, NOW)
    assert {status for status, _ in stand(session, edition).values()} == {"waitlisted", "confirmed"}
    cancel_registration(session, alone.id, DELEGATE, NOW)
    assert [status for name, (status, _) in stand(session, edition).items() if name != "Filip"] == ["confirmed"] * 5
    assert faults(session) == []


def test_a_group_that_waits_together_gets_smaller_with_each_who_cancels(session):
    edition = make_edition(session, capacity=3, offer_hours=0)
    make_group(session, edition, five(), choice="together")
    for name in ("Ana", "Boro"):
        cancel_registration(session, of(session, name).id, DELEGATE, NOW)
    assert [stand(session, edition)[name][0] for name in FIVE[2:]] == ["confirmed"] * 3
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_a_group_waits_together_for_categories_that_are_limited(session):
    edition = make_edition(session, capacity=30, offer_hours=0)
    set_limit(session, edition_pool(session, edition.id), category_of(session, edition.id, "guest").id, 1)
    people = [someone("Ana", category="guest"), someone("Boro", category="guest"), someone("Ceca")]
    make_group(session, edition, people, choice="together")
    assert {status for status, _ in stand(session, edition).values()} == {"waitlisted"}
    assert faults(session) == []
    make_registration(session, edition, given_name="Filip", category="guest")
    assert stand(session, edition)["Filip"][0] == "confirmed"


@pytest.mark.databases("sqlite")
def test_who_is_behind_a_group_is_not_passed_by_it(session):
    """A party stands where its first stands, and gets nothing that somebody before it waits for."""
    edition = make_edition(session, capacity=1, offer_hours=0)
    make_registration(session, edition, given_name="Holds")
    make_registration(session, edition, given_name="First")
    make_group(session, edition, five()[:2], choice="together")
    resize_edition(session, edition.id, 3, DELEGATE, NOW)
    assert [stand(session, edition)[name][0] for name in ("First", "Ana", "Boro")] == [
        "confirmed",
        "waitlisted",
        "waitlisted",
    ]
    resize_edition(session, edition.id, 4, DELEGATE, NOW)
    assert {status for status, _ in stand(session, edition).values()} == {"confirmed"}


@pytest.mark.databases("sqlite")
def test_register_people_refuses_a_name_that_the_contact_has_registered_already(session):
    edition = make_edition(session)
    make_group(session, edition, [someone("Ana")])
    with pytest.raises(AlreadyInGroup) as refused:
        make_group(session, edition, [someone("Boro"), someone("ANA")])
    assert refused.value.number == 1
    other = type(CONTACT)("Other", "other@cluster.test", "en")
    make_group(session, edition, [someone("Ana", email="ana@own.test")], contact=other)
    assert len(stand(session, edition)) == 1


@pytest.mark.databases("sqlite")
def test_an_address_that_is_known_is_written_to_and_not_registered_again(session):
    edition = make_edition(session)
    make_registration(session, edition, email="ana@own.test", given_name="Before")
    joined = make_group(session, edition, [someone("Ana", "ana@own.test"), someone("Boro")])
    assert joined.known == ("ana@own.test",)
    assert list(stand(session, edition)) == ["Before", "Boro"]
    assert ("already-registered", "ana@own.test") in told(session)


@pytest.mark.databases("sqlite")
def test_register_people_refuses_to_flood_an_address(session):
    edition = make_edition(session)
    for number in range(5):
        make_group(session, edition, [someone(f"Ana {number}")])
    with pytest.raises(TooManyMessages):
        make_group(session, edition, [someone("Boro")])


@pytest.mark.databases("sqlite")
def test_what_changes_for_somebody_without_an_address_is_told_to_the_contact(session):
    edition = make_edition(session)
    make_group(session, edition, [someone("Ana"), someone("Boro")])
    cancel_registration(session, of(session, "Ana").id, DELEGATE, NOW)
    assert told(session)[-1] == ("registration-cancelled", CONTACT.email)
    message = session.scalars(select(Message).order_by(Message.id.desc())).first()
    text = " ".join(message.text.split())
    assert "Hello, Ana Kovač has no email address of their own here, so emails about this" in text
    assert (message.subject.partition(":")[0], message.recipient_name) == ("Ana Kovač", "")
    correct_address(session, of(session, "Boro").id, "boro@own.test", DELEGATE, NOW)
    assert of(session, "Boro").email_key == "boro@own.test"
    assert told(session)[-2:] == [("address-changed", CONTACT.email), ("registration-confirmed", "boro@own.test")]
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_the_contact_of_a_group_can_register_too(session):
    edition = make_edition(session)
    make_group(session, edition, [someone("Ana")])
    request = make_registration_request(email=CONTACT.email)
    assert register_delegate(session, edition.id, request, DELEGATE, NOW).token


@pytest.mark.databases("sqlite")
def test_a_new_contact_reads_who_made_them_that_and_of_whom_the_same_at_another_address_only_gets_the_link(session):
    group = make_group(session, make_edition(session), [someone("Ana"), someone("Ceca", "ceca@own.test")]).group
    change_contact(session, group.id, CONTACT.name, "vera@new.test", DELEGATE, NOW, seen=(CONTACT.name, CONTACT.email))
    assert "Here is the link to your group" in letters(session, to="vera@new.test")[-1].text
    seen = (CONTACT.name, "vera@new.test")
    change_contact(session, group.id, "Zoja", "zoja@new.test", DELEGATE, NOW, seen=seen)
    told = letters(session, to="zoja@new.test")[-1]
    assert told.subject == f"You are now the contact of a group at {group.edition.name}"
    for part in (" ".join(told.text.split()), " ".join(told.html.split())):
        assert f"Vera Ilić has made you the contact of a group at {group.edition.name}." in part
        assert "now come to you: Ana Kovač. You can" in part and "it is a mistake, write to the organisers" in part
        assert "again" not in part
