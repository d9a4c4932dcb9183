"""What an organiser does for one delegate: register them, change their details, have the link sent again."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, refuse_changed
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_registration, registration_by_form_key
from dofc_events.delegates.service import Details, category_of, details_of
from dofc_events.mail import outbox
from dofc_events.mail.rules import address_key
from dofc_events.notices import mails
from dofc_events.notices.news.service import News
from dofc_events.notices.queries import standing_of
from dofc_events.notices.service import Changes, log, send
from dofc_events.places import service as places
from dofc_events.places.queries import has_room
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.rules import Answers
from dofc_events.registration.answers.service import take_again
from dofc_events.registration.on_behalf.queries import NOTHING_NEEDED, raise_needed
from dofc_events.registration.service import (
    RegistrationOver,
    RegistrationRequest,
    enrol,
    locked,
    readdress,
    refuse_over,
    rewrite_details,
)


class EditionNotRunning(Refusal):
    """Nobody can be registered for a draft or an edition that is over."""


class AlreadyRegistered(Refusal):
    """Somebody is already registered with this address, under `reference`."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class NotCancelled(Refusal):
    """Only a cancelled registration can be reinstated."""


class AnotherPerson(Refusal):
    """The form has registered somebody already, `name`, and now has another name and another address."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Added:
    """The registration that a form led to; `is_new` unless the form was sent before."""

    registration: Registration
    is_new: bool


def add_delegate(session: Session, edition_id: int, request: RegistrationRequest, actor: Actor, now: datetime) -> Added:
    """Register somebody, at any time before the edition is over. The message names the organiser who did.

    Raises EditionNotRunning, AnotherPerson, AlreadyRegistered, NothingFree once nobody can move up and no place is
    free, and what `enrol` raises.
    """
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    earlier = registration_by_form_key(session, request.form_key)
    if earlier is not None:
        refuse_another(earlier, request)
        return Added(earlier, is_new=False)
    if not can_be_added_to(edition, now):
        raise EditionNotRunning
    known = live_registration(session, edition_id, request.email)
    if known is not None:
        raise AlreadyRegistered(known.reference)
    category = category_of(session, edition_id, request.details.category)
    if not edition.gives_places(now) and not has_room(session, pool, category.id):
        raise places.NothingFree
    return Added(enrol(session, pool, edition, request, actor, now, on_behalf=True), is_new=True)


def refuse_another(earlier: Registration, request: RegistrationRequest) -> None:
    """Raise AnotherPerson if a form that registered somebody now has another name and another address."""
    names = request.details.given_name, request.details.family_name
    if names != (earlier.given_name, earlier.family_name) and address_key(request.email) != earlier.email_key:
        raise AnotherPerson(earlier.full_name)


def change_details(
    session: Session,
    registration_id: int,
    details: Details,
    actor: Actor,
    now: datetime,
    *,
    answers: Answers | None = None,
    seen: Details | None = None,
    quiet: bool = False,
) -> bool:
    """Change a delegate's details, which were `seen`, and these `answers`; also after the freeze date.

    The delegate is told, and by whom, unless it is `quiet` or only organisers see the change. Returns whether anything
    changed. Raises RegistrationOver, NoSuchCategory, CategoryFull and ChoiceFull.
    """
    registration, pool = locked(session, registration_id)
    refuse_over(registration, now)
    refuse_changed(seen, details_of(registration))
    quietly = [registration_id] if quiet else []
    fields, told, changes = rewrite_details(session, pool, registration, details, answers, actor, now, quiet=quietly)
    if told:
        changes.news.setdefault(registration_id, News()).details = told
    if fields:
        changes.tell()
    return bool(fields)


def correct_address(
    session: Session, registration_id: int, email: str, actor: Actor, now: datetime, *, seen: str | None = None
) -> bool:
    """Write to a delegate at another address than was `seen` from now on, as delegates can do themselves.

    Returns whether it is another one. Raises RegistrationOver, and AlreadyRegistered if somebody else is registered
    with it, who is not written to.
    """
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    refuse_changed(seen, registration.email)
    if registration.email == email:
        return False
    known = live_registration(session, registration.edition_id, email)
    if known is not None and known.id != registration_id:
        raise AlreadyRegistered(known.reference)
    readdress(session, registration, email, actor, now)
    return True


def reinstate(
    session: Session, registration_id: int, reason: str, actor: Actor, now: datetime, *, agreed: str = ""
) -> None:
    """Confirm a cancelled registration again, for a reason that the delegate is told; its seats are not given back.

    Where no place is free, or somebody waits for it, the edition gets one more that nobody else can get: raises
    NotAgreed with that Raise unless `agreed` is its digest. Raises NotCancelled, EditionNotRunning, and
    AlreadyRegistered if the address has another registration by now.
    """
    registration, pool = locked(session, registration_id)
    edition = registration.edition
    # Somebody who has been erased cannot be told: nobody knows who they were.
    if registration.ended_at is None or not registration.email:
        raise NotCancelled
    if not can_be_added_to(edition, now):
        raise EditionNotRunning
    known = live_registration(session, edition.id, registration.email)
    if known is not None:
        raise AlreadyRegistered(known.reference)
    needed = raise_needed(session, pool, registration.category_id)
    ask_first(agreed, needed)
    more, before, scope = next(iter(needed), NOTHING_NEEDED), pool.capacity, str(edition.year)
    claim = standing_of(session, registration_id).claim
    added_to = {} if more.limit is None else {registration.category_id: 1}
    places.give_places(session, pool, [claim], now, added=int(more.adds_place), added_to=added_to)
    if added := difference({"capacity": before}, {"capacity": pool.capacity}):
        record(session, actor, now, "capacity_changed", scope=scope, changes=added, because=reason)
    if more.limit is not None:
        label = registration.category.label
        said = {"limits": [{label: more.limit}, {label: more.limit + 1}]}
        record(session, actor, now, "limits_changed", scope=scope, changes=said, because=reason)
    lost = take_again(session, registration, now)
    # Those who came meanwhile were not compared with it.
    registration.ended_at, registration.compared = None, False
    changes = Changes(session, edition, actor, now)
    if lost:
        changes.details(registration, lost, told=())
    changes.place("reinstated", registration, confirmed=True, before=ClaimStatus.CANCELLED, because=reason)
    changes.tell()


def send_link(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Email a delegate the link to their registration. Raises RegistrationOver if it was cancelled, TooManyMessages."""
    registration, _ = locked(session, registration_id)
    if registration.ended_at is not None:
        raise RegistrationOver
    message = mails.registration_link(replace(standing_of(session, registration_id), at=now), by_organisers=True)
    outbox.refuse_flood(session, registration.email, now, kind=message.kind)
    log(session, actor, now, "link_asked_for", registration, sent=True)
    send(session, message, now, asked_for=True)


def can_be_added_to(edition: Edition, now: datetime) -> bool:
    """Whether organisers may register somebody: from when an edition is published until it is over."""
    return edition.status == EditionStatus.PUBLISHED and not edition.is_over(now)
