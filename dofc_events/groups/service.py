"""Registers several people with one contact. The edition's pool is locked first, as for one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_id
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import Difference, refuse_changed, write
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.core.references import new_reference
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_registration
from dofc_events.delegates.service import category_of, refresh_search
from dofc_events.groups import mails
from dofc_events.groups.models import Group, Member
from dofc_events.groups.queries import (
    Person,
    companions_of,
    compared,
    group_of_contact,
    looked_after,
    made_with,
    names_at,
    offered_to,
    people_of,
    promises_for,
    shortages,
    to_add_files,
    to_confirm,
)
from dofc_events.groups.rules import Choice
from dofc_events.groups.together.service import tell_together
from dofc_events.mail import outbox
from dofc_events.mail.rules import address_key
from dofc_events.notices import mails as notices
from dofc_events.notices.news.service import News, hold
from dofc_events.notices.queries import standing_in
from dofc_events.notices.service import Changes, log, send, told_if_known
from dofc_events.places import service as places
from dofc_events.places.models import Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.answers.service import give_first_answers
from dofc_events.registration.invitations.service import refuse_without_code
from dofc_events.registration.service import (
    RegistrationNotOpen,
    RegistrationOver,
    RegistrationRequest,
    SignUpNotOpen,
    cancel_registration,
    enter,
    locked,
    refuse_closed_sign_up,
    refuse_over,
)
from dofc_events.trips.sign_ups.service import NoSuchTrip, SeatsOverlap, TripOver


@dataclass(frozen=True)
class Contact:
    """Who registers a group, and where to write to them."""

    name: str
    email: str
    language: str
    organisation: str = ""


@dataclass(frozen=True)
class GroupRequest:
    """A form, filled in: each person's own, with the contact's address for those who have none; `form_keys` as made.

    `choice` says what is to become of them if there are too few places, `agreed` that the contact has seen how few.
    """

    contact: Contact
    people: tuple[RegistrationRequest, ...]
    choice: str = ""
    agreed: str = ""


@dataclass(frozen=True)
class Joined:
    """The result of a form. `known` are addresses that were registered already: who has one of them was written to.

    `group` is None if that were all of them. `others`: who stands on a form that was sent before, and was not
    registered by it; by their numbers on it, from 0.
    """

    group: Group | None
    known: tuple[str, ...] = ()
    is_new: bool = True
    people: tuple[Person, ...] = field(default=())
    others: tuple[int, ...] = ()


class NotForPerson(Refusal):
    """One of the people cannot have the trips that were chosen; `number` says which on the form, `cause` why."""

    def __init__(self, number: int, cause: Refusal) -> None:
        super().__init__(str(cause))
        self.number, self.cause = number, cause


class TooManyCompanions(Refusal):
    """A delegate may not bring as many accompanying persons; they can still bring `left`."""

    def __init__(self, left: int) -> None:
        super().__init__(str(left))
        self.left = left


class AlreadyInGroup(Refusal):
    """Somebody of this name is registered with the same contact already; `number` says which on the form, from 0."""

    def __init__(self, number: int, reference: str) -> None:
        super().__init__(reference)
        self.number, self.reference = number, reference


def register_people(
    session: Session,
    edition_id: int,
    request: GroupRequest,
    actor: Actor,
    now: datetime,
    *,
    group_id: int | None = None,
    contact_id: int | None = None,
    accompanying: bool = False,
    keep_mail: bool = False,
) -> Joined:
    """Register several people at once, in their order: each with a place or a position, and the messages that say so.

    They join a group that is there, or a new one, to which the contact belongs whose registration is `contact_id`.
    Everybody with an address is written to there, and the contact once, with a list of all. Of a delegation they get
    promised places first, but for those that open invitations promise. Raises NotAgreed with a Shortage if not all get
    a place, unless `agreed` is its digest and the choice one of Choice. Then as many get one as there are; or,
    TOGETHER, they wait in line until there is one for each at the same moment. `accompanying`: they are persons whom
    the contact brings along. Raises AlreadyInGroup, TooManyCompanions, and what `register_delegate` does for one; of
    trips NotForPerson with it.
    """
    pool = places.lock_edition_pool(session, edition_id)
    edition = edition_by_id(session, edition_id)
    assert edition is not None, "it has a pool"
    earlier = made_with(session, [person.form_key for person in request.people])
    if earlier is not None:
        return Joined(earlier, is_new=False, others=_others(session, earlier, request))
    if (window := edition.window(now)) is not Window.OPEN:
        raise RegistrationNotOpen(window)
    _refuse_repeated(session, edition_id, request)
    companions = [one for one in request.people if one.details.category == edition.companion_category]
    if edition.takes_companions and (accompanying or companions):
        delegate = session.get_one(Registration, contact_id) if accompanying else None
        left = max(0, edition.companions - len(companions_of(session, edition, delegate))) if delegate else 0
        if len(request.people) > left or len(companions) != len(request.people):
            raise TooManyCompanions(left)
    for address in dict.fromkeys([request.contact.email, *(one.email for one in request.people)]):
        outbox.refuse_flood(session, address, now)
    known = tuple(
        one.email for one in request.people if one.has_address and told_if_known(session, edition_id, one.email, now)
    )
    people = [one for one in request.people if one.email not in known or not one.has_address]
    if not people:
        return Joined(None, known)
    for one in people:
        refuse_without_code(session, edition_id, one.details.category, one.code)
    group = session.get_one(Group, group_id, populate_existing=True) if group_id else None
    promise_ids = promises_for(session, pool, group, len(people))
    together = _is_together(session, pool, edition, people, promise_ids, request)
    if group is None:
        group = new_group(session, edition, request.contact, contact_id, now)
    # No two parties have the same number: positions are given once.
    party = pool.next_position if together else None
    pairs = zip(people, promise_ids, strict=True)
    entered = [_enter(session, pool, group, one, now, promise_id, party) for one, promise_id in pairs]
    give_first_answers(
        session, edition.id, [(e.registration, one.answers) for e, one in zip(entered, people, strict=True)], now
    )
    changes = Changes(session, edition, actor, now, keep=keep_mail)
    for one, person in zip(people, entered, strict=True):
        if one.trips:
            _choose(changes, person, one.trips, request.people.index(one))
        log(session, actor, now, "registered", person.registration, status=person.claim.status, group=group.reference)
    changes.record_seats()
    alone = len(to_confirm(entered)) < 2
    joined = [_told(changes, group, *pair, alone=alone) for pair in zip(entered, people, strict=True)]
    said = {"number": len(joined), "waiting": sum(one.status == ClaimStatus.WAITLISTED for one in joined)}
    record(session, actor, now, "group_registered", scope=str(edition.year), about=group.reference, **said)
    files = to_add_files(session, group, now, joined)
    message = mails.group_registered(group, joined, people[0].consent_text, files=files)
    send(session, message, now, keep=keep_mail, asked_for=True)
    if not alone:
        tell_together(session, group, to_confirm(joined), now, keep=keep_mail, asked_for=True)
    return Joined(group, known, people=tuple(joined))


def _others(session: Session, group: Group, request: GroupRequest) -> tuple[int, ...]:
    """Who stands on a form that has registered a group, and is not registered."""
    people = [person.registration for person in people_of(session, group.id)]
    known = {(compared(one.given_name, one.family_name), one.mailed_key) for one in people}

    def is_known(one: RegistrationRequest) -> bool:
        name = compared(one.details.given_name, one.details.family_name)
        if (name, address_key(one.email)) in known:
            return True
        return one.has_address and live_registration(session, group.edition_id, one.email) is not None

    return tuple(number for number, one in enumerate(request.people) if not is_known(one))


def _is_together(
    session: Session,
    pool: Pool,
    edition: Edition,
    people: Sequence[RegistrationRequest],
    promise_ids: Sequence[int | None],
    request: GroupRequest,
) -> bool:
    """Whether these people are all to wait for a place for each."""
    categories = [category_of(session, edition.id, one.details.category) for one in people]
    short = shortages(session, pool, categories, promise_ids)
    ask_first(request.agreed if request.choice in tuple(Choice) else "", short)
    return bool(short) and request.choice == Choice.TOGETHER


def _refuse_repeated(session: Session, edition_id: int, request: GroupRequest) -> None:
    taken = names_at(session, edition_id, request.contact.email)
    for number, one in enumerate(request.people):
        name = compared(one.details.given_name, one.details.family_name)
        if one.has_address:
            continue
        if name in taken:
            raise AlreadyInGroup(number, taken[name])
        taken[name] = ""


def new_group(session: Session, edition: Edition, contact: Contact, contact_id: int | None, now: datetime) -> Group:
    """A group of an edition, to which the contact belongs whose registration is `contact_id`."""
    group = Group(
        edition_id=edition.id,
        edition=edition,
        reference=new_reference(),
        link_version=1,
        organisation=contact.organisation,
        contact_name=contact.name,
        email=contact.email,
        email_key=address_key(contact.email),
        language=contact.language,
        made_at=now,
    )
    session.add(group)
    session.flush()
    if contact_id is not None:
        session.merge(Member(registration_id=contact_id, group_id=group.id, is_contact=True))
        session.flush()
    return group


def _enter(
    session: Session,
    pool: Pool,
    group: Group,
    request: RegistrationRequest,
    now: datetime,
    promise_id: int | None,
    party: int | None,
) -> Person:
    registration, claim = enter(
        session, pool, group.edition, request, now, on_behalf=False, promise_id=promise_id, party=party
    )
    session.add(Member(registration_id=registration.id, group_id=group.id))
    return Person(registration, claim)


def _choose(changes: Changes, person: Person, slugs: Sequence[str], number: int) -> None:
    try:
        refuse_closed_sign_up(changes.edition, changes.now)
        trips = [changes.book.trip(slug) for slug in slugs]
        if person.registration.accompanies and not all(trip.takes_companions for trip in trips):
            raise NoSuchTrip
        changes.book.welcome(person.registration.id)
        has_place = person.status is ClaimStatus.CONFIRMED
        changes.book.choose(person.registration.id, trips, has_place=has_place)
    except (SignUpNotOpen, NoSuchTrip, TripOver, SeatsOverlap) as cause:
        raise NotForPerson(number, cause) from cause


def _told(changes: Changes, group: Group, person: Person, request: RegistrationRequest, *, alone: bool) -> Person:
    """Write to one of the people who has an address; the contact's message lists their seats, too.

    What must be confirmed is announced to the contact, too, in a message of its own: the offer ends with it. Of several
    the contact is told together, and of none `alone`.
    """
    registration, session = person.registration, changes.session
    seats = changes.news.get(registration.id, News()).seats
    has_address = registration.email_key is not None
    if has_address or (alone and person.status is ClaimStatus.OFFERED):
        standing = replace(standing_in(session, registration), at=changes.now)
        if has_address:
            standing = replace(standing, registered_by=group.contact_name, stated=request.consent_text)
        message = notices.status_message(standing, seats)
        send(session, message, changes.now, keep=changes.keep, asked_for=True)
    held = changes.book.claims_of(registration.id) if seats else {}
    return replace(person, seats=tuple((changes.book.trips[id_].title, held[id_]) for id_ in seats))


def change_contact(
    session: Session, group_id: int, name: str, email: str, actor: Actor, now: datetime, *, seen: tuple[str, str]
) -> bool:
    """Write to another contact than was `seen` from now on, who gets a new link; the old address is told.

    Returns whether anything changed. Raises RegistrationOver and TooManyMessages.
    """
    places.lock_edition_pool(session, session.get_one(Group, group_id).edition_id)
    group = session.get_one(Group, group_id, populate_existing=True)
    if group.edition.status == EditionStatus.ARCHIVED:
        raise RegistrationOver
    refuse_changed(seen, (group.contact_name, group.email))
    changes = write(group, {"contact_name": name, "email": email})
    if not changes:
        return False
    if "email" in changes:
        for kind in ("", mails.group_link(group).kind):
            outbox.refuse_flood(session, email, now, kind=kind)
        _write_elsewhere(session, group, seen[1], now, by=seen[0] if "contact_name" in changes else "")
    _contact_changed(session, group, changes, actor, now)
    return True


def follow_contact(session: Session, registration: Registration, old_email: str, actor: Actor, now: datetime) -> None:
    """After a delegate corrected their address: write to the new one, too, about the people they registered."""
    group = group_of_contact(session, registration, old_email)
    if group is not None:
        changes = write(group, {"email": registration.email})
        _write_elsewhere(session, group, old_email, now)
        _contact_changed(session, group, changes, actor, now)


def _write_elsewhere(session: Session, group: Group, old_email: str, now: datetime, *, by: str = "") -> None:
    """Move the group's messages and links to its contact's address, which is a new one; both addresses are told.

    `by` names the contact until now, if the new one is somebody else.
    """
    outbox.withdraw(session, group.reference, now, recipient=old_email)
    group.email_key, group.link_version = address_key(group.email), group.link_version + 1
    moved = move_people(session, group, old_email, now)
    send(session, mails.contact_changed(group, old_email), now, asked_for=True)
    offered = [group.id] if offered_to(session, group, now) else []
    files, names = {group.id: to_add_files(session, group, now)}, [one.full_name for one in moved]
    message = mails.group_link(group, offered=offered, files=files, by=by, names=names)
    send(session, message, now, asked_for=True)


def _contact_changed(session: Session, group: Group, changes: Difference, actor: Actor, now: datetime) -> None:
    scope = str(group.edition.year)
    record(session, actor, now, "contact_changed", scope=scope, about=group.reference, changes=changes)


def cancel_with(
    session: Session, registration_id: int, references: Collection[str], actor: Actor, now: datetime
) -> list[str]:
    """Cancel a delegate's registration, and before it those of the people they look after who have these references.

    Returns the names of these. Raises RegistrationOver.
    """
    registration, _pool = locked(session, registration_id)
    refuse_over(registration, now)
    others = looked_after(session, registration)
    chosen = [one for one in others.people if one.reference in references] if others else []
    cancel_registration(session, registration_id, actor, now, others=chosen)
    return [one.full_name for one in chosen]


def move_people(session: Session, group: Group, old_email: str, now: datetime) -> Sequence[Registration]:
    """Write to the group's contact about everybody who has no address of their own; their links are new ones."""
    query = select(Registration).join(Member, Member.registration_id == Registration.id)
    query = query.where(Member.group_id == group.id, Registration.email_key.is_(None), Registration.ended_at.is_(None))
    people = session.scalars(query.order_by(Registration.id)).all()
    for person in people:
        hold(session, person.id)
        outbox.withdraw(session, person.reference, now, recipient=old_email)
        person.email, person.link_version = group.email, person.link_version + 1
        person.revise(now)
        refresh_search(person)
    session.flush()
    return people
