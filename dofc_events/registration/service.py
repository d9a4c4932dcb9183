"""The delegate's acts. Each runs inside the caller's unit of work: fact, audit entry and message commit together.

Each locks the edition's pool first, so that whatever it then reads (who is registered, who waits) stays true until it
commits; the database's constraints stand behind that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from dofc_events.conference.models import Category, Edition
from dofc_events.conference.rules import Window
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_reference
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import on_record, token_of
from dofc_events.delegates.service import (
    Details,
    NoSuchCategory,
    add_registration,
    details_of,
    keep_consent_text,
    write_details,
)
from dofc_events.mail import outbox
from dofc_events.mail.queries import is_undeliverable
from dofc_events.mail.rules import address_key
from dofc_events.notices import mails
from dofc_events.notices.news.service import News
from dofc_events.notices.queries import files_for, standing_of
from dofc_events.notices.service import Changes, hold_of, log, send, tell, tell_known, terms_of, told_if_known
from dofc_events.places import service as places
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import place_of, waiting_position
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.queries import answered_by, answers_of
from dofc_events.questions.rules import Answers
from dofc_events.registration.addresses.service import move_to_address
from dofc_events.registration.answers.service import give_answers, give_back, give_first_answers, moved_up
from dofc_events.registration.invitations.service import by_address, if_invited
from dofc_events.registration.rules import AFTER_READDRESSING, Outcome
from dofc_events.trips.queries import trips_of, wishes_of


@dataclass(frozen=True)
class RegistrationRequest:
    """A registration form, filled in. `form_key` tells one form from another, however often it is sent.

    `trips` are the slugs of the learning trips that are asked for, the first choice first; `answers` are those to the
    edition's own questions that it asked; `code` opens a category by invitation. Without `has_address` the address is
    that of the contact who registers somebody.
    """

    details: Details
    email: str
    language: str
    consent_text: str
    form_key: str
    trips: tuple[str, ...] = ()
    any_trip: bool = False
    answers: Answers = field(default_factory=dict)
    code: str = ""
    has_address: bool = True


@dataclass(frozen=True)
class Registered:
    """The result of a form. `token` opens the delegate's own page; "" if an email says what came of it."""

    outcome: Outcome
    token: str = ""


class _NotOpen(Refusal):
    def __init__(self, window: Window) -> None:
        super().__init__(window.value)
        self.window = window


class RegistrationNotOpen(_NotOpen):
    """Registration has not opened yet, or has closed; `window` says which."""


class SignUpNotOpen(_NotOpen):
    """Sign-up for learning trips has not opened yet, or has closed; `window` says which."""


class DetailsFrozen(Refusal):
    """The details are read-only: after the freeze date, after the edition, after cancelling."""


class RegistrationOver(Refusal):
    """The registration has been cancelled, or the edition is over: it can no longer be changed."""


def register_delegate(
    session: Session,
    edition_id: int,
    request: RegistrationRequest,
    actor: Actor,
    now: datetime,
    *,
    keep_mail: bool = False,
) -> Registered:
    """Register one person: a place, or a position on the waiting list, and the message that says so.

    What is asked for of learning trips is given with the place, or waits for it. Raises RegistrationNotOpen,
    NoSuchCategory, NotInvited, NoSuchTrip, SignUpNotOpen, ChoiceFull, and TooManyMessages when the address was written
    to too often. With `keep_mail` the message is stored and not sent, for demonstration data.
    """
    pool = places.lock_edition_pool(session, edition_id)
    said = request.details.category, request.form_key, request.email
    edition, category, earlier, known = on_record(session, edition_id, *said)
    if earlier is not None:
        if by_address(session, earlier.category, request.code):
            return Registered(Outcome.ANSWERED_BY_EMAIL)
        return sent_before(session, earlier, request)
    if (window := edition.window(now)) is not Window.OPEN:
        raise RegistrationNotOpen(window)
    if category is None:
        raise NoSuchCategory
    address_decides = by_address(session, category, request.code)
    outbox.refuse_flood(session, request.email, now)
    if tell_known(session, known, now):
        return Registered(Outcome.ANSWERED_BY_EMAIL if address_decides else Outcome.ADDRESS_KNOWN)
    register = partial(enrol, session, pool, edition, request, actor, now, category=category, keep_mail=keep_mail)
    if address_decides:
        if_invited(session, edition, category, request.email, request.language, register, now, keep=keep_mail)
        return Registered(Outcome.ANSWERED_BY_EMAIL)
    return Registered(Outcome.REGISTERED, token_of(register()))


def enrol(
    session: Session,
    pool: Pool,
    edition: Edition,
    request: RegistrationRequest,
    actor: Actor,
    now: datetime,
    *,
    category: Category | None = None,
    on_behalf: bool = False,
    keep_mail: bool = False,
    promise_id: int | None = None,
) -> Registration:
    """Register a person who may register: place or position, seats, and message. The caller has locked the pool.

    `on_behalf`: an organiser filled in the form, and the message says so. `promise_id` is as in `claim_place`. Raises
    NoSuchCategory, NoSuchTrip, ChoiceFull and SignUpNotOpen.
    """
    registration, claim = enter(
        session, pool, edition, request, now, category=category, on_behalf=on_behalf, promise_id=promise_id
    )
    give_first_answers(session, edition.id, [(registration, request.answers)], now)
    changes = Changes(session, edition, actor, now, keep=keep_mail)
    if request.trips:
        refuse_closed_sign_up(edition, now)
        changes.book.welcome(registration.id)
        wanted = [changes.book.trip(slug) for slug in request.trips]
        changes.book.choose(registration.id, wanted, has_place=claim.status == ClaimStatus.CONFIRMED)
    log(session, actor, now, "registered", registration, status=claim.status)
    changes.record_seats()
    # A new delegate has not been sent anything that would have to be withdrawn.
    seats = changes.news.get(registration.id, News()).seats
    # Nor has anything of a trip that was not asked for.
    trips = tuple(trips_of(session, edition.id, registration.id)) if request.trips else ()
    answers = answered_by(session, registration.id) if any(request.answers.values()) else ()
    position, files = waiting_position(session, claim), files_for(session, edition, request.details.category, answers)
    standing = mails.Standing(registration, edition, claim, position, trips, answers, files=files, at=now)
    message = mails.status_message(standing, seats, stated_consent=request.consent_text if on_behalf else "")
    send(session, message, now, keep=keep_mail, asked_for=not on_behalf)
    return registration


def enter(
    session: Session,
    pool: Pool,
    edition: Edition,
    request: RegistrationRequest,
    now: datetime,
    *,
    category: Category | None = None,
    on_behalf: bool,
    promise_id: int | None = None,
    party: int | None = None,
) -> tuple[Registration, Claim]:
    """Write somebody down, with the place or position that they get; no answers, no seat, no message, no trail.

    The pool is locked already. Where organisers register, nobody needs their approval, or to confirm a held place.
    `promise_id` and `party` as in `claim_place`. Raises NoSuchCategory, and RegistrationNotOpen once no list is kept.
    """
    registration = Registration(
        edition_id=edition.id,
        edition=edition,
        reference=new_reference(),
        form_key=request.form_key,
        link_version=1,
        revision=0,
        revised_at=now,
        email=request.email,
        email_key=address_key(request.email) if request.has_address else None,
        language=request.language,
        consent_version=keep_consent_text(session, request.consent_text, request.language, now),
        consented_at=now,
        registered_at=now,
        # Said, so that nobody has to read it back.
        ended_at=None,
        any_trip=request.any_trip,
    )
    add_registration(session, registration, request.details, category)
    hold = None if on_behalf else hold_of(edition, now)
    requested = registration.category.needs_approval and not on_behalf
    claim = places.claim_place(
        session, pool, registration, now, hold=hold, requested=requested, promise_id=promise_id, party=party
    )
    waits = claim.status in (ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED)
    if waits and not on_behalf and not edition.gives_places(now):
        raise RegistrationNotOpen(Window.CLOSED)
    return registration, claim


def change_details(
    session: Session,
    registration_id: int,
    details: Details,
    actor: Actor,
    now: datetime,
    *,
    answers: Answers | None = None,
    seen: Details | None = None,
) -> bool:
    """Change a delegate's details, which were `seen`, and these `answers`; they are told what changed.

    Returns whether anything did. Raises DetailsFrozen, NoSuchCategory, CategoryFull, and ChoiceFull.
    """
    registration, pool = locked(session, registration_id)
    refuse_frozen(registration, now)
    refuse_changed(seen, details_of(registration))
    fields, told, changes = rewrite_details(session, pool, registration, details, answers, actor, now)
    if fields:
        changes.news.setdefault(registration_id, News()).own_details = told
        changes.tell(registration_id)
    return bool(fields)


def rewrite_details(
    session: Session,
    pool: Pool,
    registration: Registration,
    details: Details,
    answers: Answers | None,
    actor: Actor,
    now: datetime,
    *,
    quiet: Collection[int] = (),
) -> tuple[tuple[str, ...], tuple[str, ...], Changes]:
    """Write details and answers, with the pool locked; from now on a place counts in the limit of its new category.

    Returns which fields are different, which of them the delegate sees, and people who move up because of it. Raises
    NoSuchCategory, CategoryFull and ChoiceFull.
    """
    before, changes = registration.category_id, Changes(session, registration.edition, actor, now, quiet=quiet)
    written = write_details(session, registration, details)
    told, is_another = (*written,), registration.category_id != before
    if answers or (is_another and registration.edition.asks_questions):
        given = give_answers(session, registration, answers or {}, now, is_another=is_another)
        written, told = written | given.written.changes, (*told, *given.written.told)
        moved_up(session, changes, given.moved_up)
    if written:
        registration.revise(now)
        log(session, actor, now, "details_changed", registration, quiet=registration.id in quiet, changes=written)
    if is_another:
        moved = [(place_of(session, registration.id), before)]
        changes.moved_up(places.change_category(session, pool, moved, terms_of(registration.edition, now), now))
    return tuple(written), told, changes


def sent_before(session: Session, earlier: Registration, request: RegistrationRequest) -> Registered:
    """The registration that a form made the first time it was sent, and whether it says the same now."""
    known, asked_for = answers_of(answered_by(session, earlier.id)), {*wishes_of(session, earlier.id)}
    same = (details_of(earlier), earlier.email, asked_for) == (request.details, request.email, {*request.trips})
    same = same and all(known.get(key, ()) == values for key, values in request.answers.items())
    return Registered(Outcome.SENT_BEFORE if same else Outcome.OTHER_ANSWERS, token_of(earlier))


def correct_address(
    session: Session, registration_id: int, email: str, actor: Actor, now: datetime, *, seen: str | None = None
) -> Registered:
    """Write to another address from now on: the link changes, the new address gets the news, the old one a notice.

    Messages not sent yet to the old address are withdrawn. If the new address is registered already, nothing changes
    but that it is written to. `seen` is the address until now. Raises RegistrationOver, and TooManyMessages.
    """
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    refuse_changed(seen, registration.email)
    if registration.email == email:
        return Registered(Outcome.SENT_BEFORE, token_of(registration))
    outbox.refuse_flood(session, email, now)
    if registration.email_key != address_key(email) and told_if_known(session, registration.edition_id, email, now):
        return Registered(Outcome.ADDRESS_KNOWN)
    readdress(session, registration, email, actor, now, asked_for=True)
    return Registered(Outcome.REGISTERED, token_of(registration))


def readdress(
    session: Session, registration: Registration, email: str, actor: Actor, now: datetime, *, asked_for: bool = False
) -> None:
    """Write to another address, which is nobody else's, from now on; the registration's pool is locked."""
    old_email, of = registration.email, "" if registration.email_key else registration.full_name
    bounced = is_undeliverable(session, registration.reference, registration.mailed_key)
    move_to_address(session, registration, email, now)
    log(session, actor, now, "address_corrected", registration, changes={"email": [old_email, email]})
    # A mailbox that refused our last message would refuse this one too.
    if not bounced:
        message = mails.address_changed(standing_of(session, registration.id), email=old_email, of=of)
        send(session, message, now, asked_for=asked_for)
    for follow in AFTER_READDRESSING:
        follow(session, registration, old_email, actor, now)
    tell(session, registration.id, News(place=True), now, asked_for=asked_for)


def cancel_registration(
    session: Session,
    registration_id: int,
    actor: Actor,
    now: datetime,
    *,
    others: Sequence[Registration] = (),
    keep_mail: bool = False,
) -> None:
    """Give up a registration for good; its place and its seats go to the next in line. Raises RegistrationOver.

    Before it those of `others`, who leave with it and whose emails go to the delegate: one email tells of all. With
    `keep_mail` messages are stored and not sent, for demonstration data.
    """
    registration, pool = locked(session, registration_id)
    refuse_over(registration, now)
    changes = Changes(session, registration.edition, actor, now, keep=keep_mail)
    for one in (*others, registration):
        standing = standing_of(session, one.id)
        changes.cancelled(one, standing.status)
        next_in_line = places.cancel_claim(session, pool, standing.claim, terms_of(one.edition, now), now)
        moved_up(session, changes, give_back(session, one.edition, [one], now))
        changes.book.leave(one.id)
        changes.moved_up(next_in_line)
    changes.tell(registration_id, together=[one.id for one in others])


def resize_edition(session: Session, edition_id: int, capacity: int, actor: Actor, now: datetime) -> None:
    """Change how many places an edition has; free ones are offered immediately. Raises CapacityBelowTaken."""
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    before = pool.capacity
    # Also where the number stays: later dates may let somebody move up who could not before, on trips too.
    next_in_line = places.resize_pool(session, pool, capacity, terms_of(edition, now), now)
    if before != capacity:
        said = {"capacity": [before, capacity]}
        record(session, actor, now, "capacity_changed", scope=str(edition.year), changes=said)
    changes = Changes(session, edition, actor, now)
    changes.moved_up(next_in_line)
    for trip in changes.book.trips.values():
        changes.book.pass_on(trip)
    changes.tell()


def locked(session: Session, registration_id: int) -> tuple[Registration, Pool]:
    """A registration and its edition's pool, the pool's row locked until the unit of work ends."""
    edition_id = session.get_one(Registration, registration_id).edition_id
    pool = places.lock_edition_pool(session, edition_id)
    # Read again: it may have changed while we waited for the lock.
    registration = session.get_one(Registration, registration_id, populate_existing=True)
    return registration, pool


def refuse_over(registration: Registration, now: datetime) -> None:
    """Raise RegistrationOver if a registration can no longer be changed."""
    if registration.ended_at is not None or registration.edition.is_over(now):
        raise RegistrationOver


def refuse_closed_sign_up(edition: Edition, now: datetime) -> None:
    """Raise SignUpNotOpen unless sign-up for learning trips is open."""
    if (window := edition.sign_up_window(now)) is not Window.OPEN:
        raise SignUpNotOpen(window)


def refuse_frozen(registration: Registration, now: datetime) -> None:
    """Raise DetailsFrozen if a delegate's details are read-only."""
    if registration.is_frozen(now):
        raise DetailsFrozen
