"""What the head of a delegation may do, and no more."""

from datetime import timedelta

import pytest

from dofc_events.commands.check import faults
from dofc_events.core.audit import Actor
from dofc_events.groups.invitations import service
from dofc_events.groups.queries import invitation_by_token, token_of_invitation
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_registration_request
from tests.support.groups import make_delegation, make_group, make_promise, someone, stand
from tests.support.letters import kinds, letters

pytestmark = pytest.mark.databases("sqlite")
HEAD = Actor("contact")


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=3)


def test_who_is_invited_registers_with_a_promised_place(session, edition):
    _group, invitation = make_delegation(session, edition)
    assert kinds(session, to="guest@own.test") == ["delegation-invitation"]
    request = make_registration_request(given_name="Guest", email="guest@own.test")
    joined = service.join(session, invitation.id, request, DELEGATE, NOW)
    assert service.join(session, invitation.id, request, DELEGATE, NOW).token == joined.token
    assert stand(session, edition)["Guest"][0] == "confirmed"
    with pytest.raises(service.NotNow):
        service.join(session, invitation.id, make_registration_request(), DELEGATE, NOW)
    # Who has cancelled may come after all.
    cancel_registration(session, invitation.registration_id, DELEGATE, NOW)
    assert service.join(session, invitation.id, make_registration_request(), DELEGATE, NOW).token


def test_nobody_is_invited_for_a_place_that_is_not_left(session, edition):
    group, _ = make_delegation(session, edition, places=2)
    service.invite(session, group.id, [("B", "b@own.test")], HEAD, NOW)
    with pytest.raises(service.TooFewLeft):
        service.invite(session, group.id, [("C", "c@own.test")], HEAD, NOW)
    other = make_promise(session, make_edition(session, year=2031), "Other", places=2)
    with pytest.raises(service.AlreadyInvited):
        service.invite(session, other.id, [("C", "c@own.test"), ("D", "C@own.test")], HEAD, NOW)


def test_a_place_that_an_open_invitation_promises_cannot_be_given_back(session, edition):
    group, invitation = make_delegation(session, edition, places=2)
    with pytest.raises(service.TooFewLeft):
        service.give_back(session, group.id, 2, HEAD, NOW)
    service.take_back(session, group.id, invitation.id, HEAD, NOW)
    service.give_back(session, group.id, 2, HEAD, NOW)
    assert group.places == 0


def test_the_head_registers_colleagues_beside_those_who_are_invited_and_not_in_their_places(session, edition):
    group, invitation = make_delegation(session, edition)
    make_group(session, edition, [someone(name) for name in ("Ana", "Boro", "Ceca")], choice="split", group_id=group.id)
    assert stand(session, edition)["Ceca"] == ("waitlisted", 1)
    service.join(session, invitation.id, make_registration_request(given_name="Guest"), DELEGATE, NOW)
    assert stand(session, edition)["Guest"][0] == "confirmed"
    assert faults(session) == []


def test_somebody_is_reminded_once_a_day(session, edition):
    group, invitation = make_delegation(session, edition)
    with pytest.raises(service.NotNow):
        service.remind(session, group.id, invitation.id, HEAD, NOW)
    later = NOW + timedelta(days=1)
    service.remind(session, group.id, invitation.id, HEAD, later)
    with pytest.raises(service.NotNow):
        service.remind(session, group.id, invitation.id, HEAD, later)
    assert kinds(session, to="guest@own.test") == ["delegation-invitation"] * 2


def test_an_invitation_that_is_taken_back_opens_nothing(session, edition):
    group, invitation = make_delegation(session, edition)
    number = invitation.id
    service.take_back(session, group.id, number, HEAD, NOW)
    assert letters(session, to="guest@own.test") == []
    with pytest.raises(service.NotOfGroup):
        service.join(session, number, make_registration_request(), DELEGATE, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_nor_does_it_open_the_invitation_that_comes_after_it(session, edition):
    group, invitation = make_delegation(session, edition)
    token = token_of_invitation(invitation)
    service.take_back(session, group.id, invitation.id, HEAD, NOW)
    service.invite(session, group.id, [("Ola", "ola@own.test")], HEAD, NOW)
    assert invitation_by_token(session, token) is None


def test_a_head_reaches_nothing_of_another_group(session, edition):
    group, _ = make_delegation(session, edition, places=1)
    other, theirs = make_delegation(session, make_edition(session, year=2031), "Other")
    stranger = make_registration(session, edition)
    plain = make_group(session, edition, [someone("Ana")]).people[0].registration
    with pytest.raises(service.NotOfGroup):
        service.remind(session, group.id, theirs.id, HEAD, NOW + timedelta(days=2))
    with pytest.raises(service.NotOfGroup):
        service.take_back(session, group.id, theirs.id, HEAD, NOW)
    for person in (stranger, plain):
        with pytest.raises(service.NotOfGroup):
            service.replace_person(session, group.id, person.reference, ("X", ""), "x@own.test", HEAD, NOW)
    assert other.promise_id is not None


def test_a_person_is_replaced_with_the_same_place_and_nothing_else(session, edition):
    group = make_promise(session, edition)
    [ana] = make_group(session, edition, [someone("Ana", "ana@own.test", dietary="No nuts")], group_id=group.id).people
    service.replace_person(session, group.id, ana.registration.reference, ("Boro", ""), "boro@own.test", HEAD, NOW)
    assert list(stand(session, edition)) == ["Boro"]
    assert (ana.registration.dietary, ana.registration.email_key) == ("", "boro@own.test")
