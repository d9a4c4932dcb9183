"""The delegate's acts. Each runs inside the caller's unit of work: fact, audit entry and message commit together.

Each locks the edition's pool first, so that whatever it then reads (who is registered, who waits) stays true until it
commits; the database's constraints stand behind that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Window
from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_reference, new_secret
from dofc_events.delegates.links import token_of
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_registration, registration_by_form_key
from dofc_events.delegates.service import (
    Details,
    details_of,
    keep_consent_text,
    refresh_search_text,
    write_details,
)
from dofc_events.mail import outbox
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.rules import address_key
from dofc_events.places import service as places
from dofc_events.places.models import Pool
from dofc_events.places.queries import waiting_position
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration import mails
from dofc_events.registration.models import UntoldNews
from dofc_events.registration.queries import OFFER_KIND, offer_stands, standing_of
from dofc_events.registration.rules import BATCH, Outcome, details_are_frozen


@dataclass(frozen=True)
class RegistrationRequest:
    """A registration form, filled in. `form_key` tells one form from another, however often it is sent."""

    details: Details
    email: str
    language: str
    consent_text: str
    form_key: str


@dataclass(frozen=True)
class Registered:
    """What a form led to. `token` opens the delegate's own page; "" where the address is somebody's already."""

    outcome: Outcome
    token: str = ""


class RegistrationNotOpen(Refusal):
    """The window has not opened yet or is closed; `window` says which."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.value)
        self.window = window


class DetailsFrozen(Refusal):
    """The details are read-only: after the freeze date, after the edition, after cancelling."""


class RegistrationOver(Refusal):
    """The registration was cancelled, or the edition is over: nothing can be done with it any more."""


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

    Raises RegistrationNotOpen, NoSuchCategory, and TooManyMessages when the address was written to too often.
    With `keep_mail` the message is stored and not sent, for demonstration data.
    """
    edition = session.get_one(Edition, edition_id)
    pool = places.lock_edition_pool(session, edition_id)
    earlier = registration_by_form_key(session, request.form_key)
    if earlier is not None:
        same = details_of(earlier) == request.details and earlier.email == request.email
        return Registered(Outcome.SENT_BEFORE if same else Outcome.OTHER_ANSWERS, token_of(earlier))
    window = edition.window(now)
    if window is not Window.OPEN:
        raise RegistrationNotOpen(window)
    outbox.refuse_flood(session, request.email, now)
    if _told_if_known(session, edition_id, request.email, now):
        return Registered(Outcome.ADDRESS_KNOWN)
    registration = Registration(
        edition_id=edition_id,
        edition=edition,
        reference=new_reference(),
        form_key=request.form_key,
        link_version=1,
        revision=0,
        email=request.email,
        email_key=address_key(request.email),
        language=request.language,
        consent_version=keep_consent_text(session, request.consent_text, request.language, now),
        consented_at=now,
        registered_at=now,
    )
    with session.no_autoflush:
        write_details(session, registration, request.details)
    session.add(registration)
    session.flush()
    claim = places.claim_place(session, pool, registration.id, now)
    _record(session, actor, now, "registered", registration, status=claim.status)
    standing = mails.Standing(registration, edition, claim, waiting_position(session, claim))
    outbox.enqueue(session, mails.status_message(standing), now, keep=keep_mail)
    return Registered(Outcome.REGISTERED, token_of(registration))


def change_details(session: Session, registration_id: int, details: Details, actor: Actor, now: datetime) -> bool:
    """Change what a delegate said; they are told what changed. Returns whether anything did.

    Raises DetailsFrozen and NoSuchCategory.
    """
    registration, _ = _locked(session, registration_id)
    _refuse_frozen(registration, now)
    changes = write_details(session, registration, details)
    if not changes:
        return False
    registration.revision += 1
    _record(session, actor, now, "details_changed", registration, changes=changes)
    _send(session, mails.registration_changed(standing_of(session, registration_id), list(changes)), now)
    return True


def hand_over(
    session: Session, registration_id: int, given_name: str, family_name: str, email: str, actor: Actor, now: datetime
) -> Registered:
    """Pass a registration with all that it holds to a colleague; both are told, and the link is the colleague's.

    What was said about the person (telephone, diet, access, visa, photographs, job) does not pass on. Raises
    DetailsFrozen, and TooManyMessages when the colleague's address was written to too often.
    """
    registration, _ = _locked(session, registration_id)
    _refuse_frozen(registration, now)
    outbox.refuse_flood(session, email, now)
    if _told_if_known(session, registration.edition_id, email, now):
        return Registered(Outcome.ADDRESS_KNOWN)
    old_email, old_name = registration.email, registration.full_name
    before = {"name": old_name, "email": old_email}
    registration.given_name, registration.family_name = given_name, family_name
    registration.badge_name = registration.job_title = registration.phone = ""
    registration.dietary = registration.access_needs = ""
    registration.visa_letter = registration.photo_consent = False
    # Sent once more, the former delegate's form would lead to the colleague's page.
    registration.form_key = new_secret()
    _move_to_address(session, registration, email, now)
    _record(session, actor, now, "handed_over", registration, before=before, name=registration.full_name, email=email)
    standing = standing_of(session, registration_id)
    _send(session, mails.handed_over(standing, email=old_email, name=old_name), now)
    _tell(session, [registration_id], now, handed_over_by=old_name)
    return Registered(Outcome.REGISTERED, token_of(registration))


def correct_address(session: Session, registration_id: int, email: str, actor: Actor, now: datetime) -> Registered:
    """Write to another address from now on: the link changes, the new address gets the news, the old one a notice.

    Messages not sent yet to the old address are withdrawn. If the new address is registered already, nothing changes
    but that it is written to. Raises RegistrationOver, and TooManyMessages.
    """
    registration, _ = _locked(session, registration_id)
    _refuse_over(registration, now)
    if registration.email == email:
        return Registered(Outcome.SENT_BEFORE, token_of(registration))
    outbox.refuse_flood(session, email, now)
    if registration.email_key != address_key(email) and _told_if_known(session, registration.edition_id, email, now):
        return Registered(Outcome.ADDRESS_KNOWN)
    old_email = registration.email
    _move_to_address(session, registration, email, now)
    _record(session, actor, now, "address_corrected", registration, before=old_email, after=email)
    standing = standing_of(session, registration_id)
    _send(session, mails.address_changed(standing, email=old_email), now)
    _tell(session, [registration_id], now)
    return Registered(Outcome.REGISTERED, token_of(registration))


def cancel_registration(
    session: Session, registration_id: int, actor: Actor, now: datetime, *, keep_mail: bool = False
) -> None:
    """Give up a registration for good; its place goes to the next in line. Raises RegistrationOver.

    With `keep_mail` the delegate's message is stored and not sent, for demonstration data.
    """
    registration, pool = _locked(session, registration_id)
    _refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    registration.ended_at = now
    registration.revision += 1
    moved_up = places.cancel_claim(session, pool, standing.claim, _terms(registration.edition, now), now)
    _record(session, actor, now, "cancelled", registration)
    _tell(session, [registration_id], now, keep=keep_mail)
    _tell_promoted(session, moved_up, actor, now)


def accept_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Take the place that is offered. Raises NoOpenOffer once the deadline has passed, and RegistrationOver."""
    registration, _ = _locked(session, registration_id)
    _refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    if not offer_stands(session, standing, now):
        raise places.NoOpenOffer
    places.accept_claim(session, standing.claim, now)
    registration.revision += 1
    _record(session, actor, now, "offer_accepted", registration)
    _tell(session, [registration_id], now)


def decline_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Turn down the place that is offered, which ends the registration. Raises NoOpenOffer and RegistrationOver."""
    _locked(session, registration_id)
    if not offer_stands(session, standing_of(session, registration_id), now):
        raise places.NoOpenOffer
    cancel_registration(session, registration_id, actor, now)


def rejoin_list(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """After a lapsed offer: a place if one is free, else the end of the list.

    Raises NotWaitingAgain and RegistrationOver.
    """
    registration, pool = _locked(session, registration_id)
    _refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    if registration.edition.has_begun(now) or standing.status is not ClaimStatus.EXPIRED:
        raise places.NotWaitingAgain
    places.claim_again(session, pool, standing.claim, now)
    registration.revision += 1
    _record(session, actor, now, "joined_list_again", registration)
    _tell(session, [registration_id], now)


def resize_edition(session: Session, edition_id: int, capacity: int, actor: Actor, now: datetime) -> None:
    """Change how many places an edition has; what becomes free is offered at once. Raises CapacityBelowTaken."""
    edition = session.get_one(Edition, edition_id)
    pool = places.lock_edition_pool(session, edition_id)
    before = pool.capacity
    if before == capacity:
        return
    moved_up = places.resize_pool(session, pool, capacity, _terms(edition, now), now)
    record(session, actor, now, "capacity_changed", scope=str(edition.year), before=before, after=capacity)
    _tell_promoted(session, moved_up, actor, now)


def send_link(session: Session, edition_id: int, email: str, now: datetime) -> None:
    """Mail somebody the link to their registration, if there is one; the answer must not say whether there is.

    An address that was written to often enough is not written to again for a while, without a word for the same reason.
    """
    registration = live_registration(session, edition_id, email)
    if registration is None:
        return
    try:
        outbox.refuse_flood(session, email, now)
    except outbox.TooManyMessages:
        return
    _send(session, mails.registration_link(standing_of(session, registration.id)), now)


def lapse_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Let an offer lapse that does not stand any more (see `offer_stands`); does nothing otherwise."""
    registration, pool = _locked(session, registration_id)
    standing = standing_of(session, registration_id)
    if standing.status is not ClaimStatus.OFFERED or offer_stands(session, standing, now):
        return
    registration.revision += 1
    moved_up = places.expire_claim(session, pool, standing.claim, _terms(registration.edition, now), now)
    _record(session, actor, now, "offer_lapsed", registration)
    _tell(session, [registration_id], now)
    _tell_promoted(session, moved_up, actor, now)


def renew_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Give an offer whose message still waits its whole time again, unless the edition's beginning leaves no more."""
    registration, _ = _locked(session, registration_id)
    standing = standing_of(session, registration_id)
    terms = _terms(standing.edition, now)
    if not terms.promotes or standing.claim.offered_until == terms.begins_at:
        return
    if not outbox.withdraw(session, registration.reference, now, kind=OFFER_KIND):
        return
    places.prolong_offer(session, standing.claim, terms, now)
    _record(session, actor, now, "offer_prolonged", registration)
    _send(session, mails.status_message(standing), now)


def close_list(session: Session, edition_id: int, registration_ids: Iterable[int], actor: Actor, now: datetime) -> None:
    """Tell those who still wait that no more places will be offered."""
    pool = places.lock_edition_pool(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    for registration_id in registration_ids:
        standing = standing_of(session, registration_id)
        if standing.status is ClaimStatus.WAITLISTED:
            standing.registration.revision += 1
            places.expire_claim(session, pool, standing.claim, _terms(edition, now), now)
            _record(session, actor, now, "list_closed", standing.registration)
            _tell(session, [registration_id], now)


def tell_news(session: Session, registration_ids: Iterable[int], now: datetime) -> None:
    """Write the messages that an act with many recipients left to be written."""
    _tell(session, registration_ids, now)


def _locked(session: Session, registration_id: int) -> tuple[Registration, Pool]:
    edition_id = session.get_one(Registration, registration_id).edition_id
    pool = places.lock_edition_pool(session, edition_id)
    # Read again: it may have changed while we waited for the lock.
    registration = session.get_one(Registration, registration_id, populate_existing=True)
    return registration, pool


def _terms(edition: Edition, now: datetime) -> places.OfferTerms:
    return places.OfferTerms(edition.offer_hours, edition.zone, edition.begins_at(), edition.gives_places(now))


def _refuse_over(registration: Registration, now: datetime) -> None:
    if registration.ended_at is not None or registration.edition.is_over(now):
        raise RegistrationOver


def _refuse_frozen(registration: Registration, now: datetime) -> None:
    edition = registration.edition
    if details_are_frozen(edition.details_freeze_at(), edition.is_over(now), registration.ended_at is not None, now):
        raise DetailsFrozen


def _told_if_known(session: Session, edition_id: int, email: str, now: datetime) -> bool:
    known = live_registration(session, edition_id, email)
    if known is None:
        return False
    _send(session, mails.already_registered(standing_of(session, known.id)), now)
    return True


def _move_to_address(session: Session, registration: Registration, email: str, now: datetime) -> None:
    outbox.withdraw(session, registration.reference, now, recipient=registration.email)
    registration.email, registration.email_key = email, address_key(email)
    registration.link_version += 1
    registration.revision += 1
    refresh_search_text(registration)
    session.flush()


def _tell_promoted(session: Session, promotions: Iterable[places.Promotion], actor: Actor, now: datetime) -> None:
    ids = []
    for promotion in promotions:
        registration = session.get_one(Registration, promotion.registration_id)
        registration.revision += 1
        _record(session, actor, now, str(promotion.status), registration)
        ids.append(registration.id)
    if len(ids) <= BATCH:
        _tell(session, ids, now)
        return
    for registration_id in ids:
        session.merge(UntoldNews(registration_id=registration_id, since=now))


def _tell(
    session: Session, registration_ids: Iterable[int], now: datetime, *, keep: bool = False, handed_over_by: str = ""
) -> None:
    for registration_id in registration_ids:
        session.execute(delete(UntoldNews).where(UntoldNews.registration_id == registration_id))
        standing = standing_of(session, registration_id)
        # An offer that was accepted, declined or has lapsed must not be announced any more.
        outbox.withdraw(session, standing.registration.reference, now, kind=OFFER_KIND)
        _send(session, mails.status_message(standing, handed_over_by), now, keep=keep)


def _send(session: Session, envelope: Envelope, now: datetime, *, keep: bool = False) -> None:
    session.flush()
    outbox.enqueue(session, envelope, now, keep=keep)


def _record(
    session: Session, actor: Actor, now: datetime, act: str, registration: Registration, **details: Any
) -> None:
    scope = str(registration.edition.year)
    record(session, actor, now, act, scope=scope, about=registration.reference, **details)
