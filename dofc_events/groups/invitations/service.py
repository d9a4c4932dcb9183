"""What the head of a delegation does with its places. Each act locks the edition's pool first."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_id
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.audit import Actor
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_form_key, token_of
from dofc_events.groups import mails
from dofc_events.groups.delegations.queries import groups_at, invitations_of
from dofc_events.groups.delegations.rules import REMIND_AFTER
from dofc_events.groups.delegations.service import locked_group, promise_of, record_of, tell_moved_up
from dofc_events.groups.models import Group, Invitation, Member
from dofc_events.groups.queries import is_answered
from dofc_events.mail import outbox
from dofc_events.mail.rules import address_key
from dofc_events.notices.service import send, terms_of, told_if_known
from dofc_events.places.promises.service import resize_promise
from dofc_events.registration.hand_over.service import hand_over
from dofc_events.registration.invitations.service import refuse_without_code
from dofc_events.registration.rules import Outcome
from dofc_events.registration.service import Registered, RegistrationNotOpen, RegistrationRequest, enrol, sent_before


class AlreadyInvited(Refusal):
    """Somebody with this address was invited already; `email` says which."""

    def __init__(self, email: str) -> None:
        super().__init__(email)
        self.email = email


class TooFewLeft(Refusal):
    """More places would have been promised to people, or given back, than are left."""


class NotNow(Refusal):
    """The invitation was answered, or its last email was sent less than REMIND_AFTER ago."""


class NotOfGroup(Refusal):
    """The group has no such person, or no such invitation."""


def give_back(session: Session, group_id: int, number: int, actor: Actor, now: datetime) -> None:
    """The head gives back places that nobody uses or is invited to. Raises NoPromise, and TooFewLeft if more."""
    group, pool = locked_group(session, group_id)
    assert group.places is not None
    promise_id, terms = promise_of(group), terms_of(group.edition, now)
    _refuse_more_than_left(session, group, number)
    moved_up = resize_promise(session, pool, promise_id, group.places - number, terms, now)
    changes = {"places": [group.places, group.places - number]}
    group.places -= number
    session.flush()
    record_of(session, actor, now, "places_given_back", group, number=number, changes=changes)
    tell_moved_up(session, group.edition, moved_up, actor, now)


def invite(
    session: Session, group_id: int, people: Sequence[tuple[str, str]], actor: Actor, now: datetime
) -> list[Invitation]:
    """Email people, by name and address, a link to register with a promised place.

    Raises NoPromise, RegistrationNotOpen, AlreadyInvited, TooFewLeft, and TooManyMessages.
    """
    group, _pool = locked_group(session, group_id)
    promise_of(group)
    _refuse_closed(session, group, now)
    known = {one.email_key: one for one in invitations_of(session, group_id)}
    _refuse_more_than_left(session, group, len(people))
    invited = []
    for name, email in people:
        if address_key(email) in known:
            raise AlreadyInvited(email)
        outbox.refuse_flood(session, email, now)
        one = Invitation(group=group, group_id=group_id, name=name, email=email, email_key=address_key(email))
        one.invited_at, known[one.email_key] = now, one
        session.add(one)
        session.flush()
        send(session, mails.delegation_invitation(one), now, asked_for=True)
        invited.append(one)
    record_of(session, actor, now, "people_invited", group, number=len(invited))
    return invited


def remind(session: Session, group_id: int, invitation_id: int, actor: Actor, now: datetime) -> None:
    """Email somebody once more who has not registered. Raises NotOfGroup, NotNow, and what `invite` does."""
    group, _pool = locked_group(session, group_id)
    promise_of(group)
    _refuse_closed(session, group, now)
    one = _invitation(session, group_id, invitation_id)
    if one.registration_id is not None or (one.reminded_at or one.invited_at) + REMIND_AFTER > now:
        raise NotNow
    outbox.refuse_flood(session, one.email, now)
    one.reminded_at = now
    record_of(session, actor, now, "invitation_reminded", group)
    send(session, mails.delegation_invitation(one, again=True), now, asked_for=True)


def take_back(session: Session, group_id: int, invitation_id: int, actor: Actor, now: datetime) -> str:
    """End an invitation that nobody has answered, and its link; returns whose. Raises NotOfGroup and NotNow."""
    group, _pool = locked_group(session, group_id)
    one = _invitation(session, group_id, invitation_id)
    if one.registration_id is not None or group.edition.status == EditionStatus.ARCHIVED:
        raise NotNow
    outbox.withdraw(session, group.reference, now, recipient=one.email)
    session.delete(one)
    session.flush()
    record_of(session, actor, now, "invitation_taken_back", group)
    return one.name


def replace_person(
    session: Session, group_id: int, reference: str, name: tuple[str, str], email: str, actor: Actor, now: datetime
) -> Registered:
    """Somebody else comes instead of one of the group, with the same place; both are told.

    Nothing that the one said of themselves is passed on. Raises NotOfGroup, and what `hand_over` does.
    """
    group, _pool = locked_group(session, group_id)
    found = select(Member.registration_id).join(Registration, Registration.id == Member.registration_id)
    found = found.where(Member.group_id == group.id, Registration.reference == reference)
    registration_id = session.scalar(found)
    if registration_id is None or group.places is None:
        raise NotOfGroup
    return hand_over(session, registration_id, *name, email, actor, now, by=group.contact_name)


def join(session: Session, invitation_id: int, request: RegistrationRequest, actor: Actor, now: datetime) -> Registered:
    """Register somebody the head invited, with a promised place if any is left.

    Raises NotNow if the invitation was answered, NotOfGroup if it was taken back, and what `register_delegate` raises.
    """
    found = session.get(Invitation, invitation_id)
    if found is None:
        raise NotOfGroup
    group, pool = locked_group(session, found.group_id)
    earlier = registration_by_form_key(session, request.form_key)
    if earlier is not None:
        return sent_before(session, earlier, request)
    one = _invitation(session, group.id, invitation_id)
    if is_answered(session, one):
        raise NotNow
    edition = _refuse_closed(session, group, now)
    refuse_without_code(session, edition.id, request.details.category, request.code)
    outbox.refuse_flood(session, request.email, now)
    if told_if_known(session, edition.id, request.email, now):
        return Registered(Outcome.ADDRESS_KNOWN)
    registration = enrol(session, pool, edition, request, actor, now, promise_id=group.promise_id)
    session.add(Member(registration_id=registration.id, group_id=group.id))
    one.registration_id = registration.id
    session.flush()
    return Registered(Outcome.REGISTERED, token_of(registration))


def _refuse_closed(session: Session, group: Group, now: datetime) -> Edition:
    """The edition of a group, at which people can register. Raises RegistrationNotOpen."""
    edition = edition_by_id(session, group.edition_id)
    assert edition is not None, "it has the group"
    if (window := edition.window(now)) is not Window.OPEN:
        raise RegistrationNotOpen(window)
    return edition


def _refuse_more_than_left(session: Session, group: Group, number: int) -> None:
    [row] = groups_at(session, group.edition_id, only=group.id)
    if number > row.left:
        raise TooFewLeft


def _invitation(session: Session, group_id: int, invitation_id: int) -> Invitation:
    one = session.get(Invitation, invitation_id, populate_existing=True)
    if one is None or one.group_id != group_id:
        raise NotOfGroup
    return one
