"""Passing a registration on to a colleague, and taking it back. Both lock the edition's pool first."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.core.changes import difference
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_secret
from dofc_events.delegates.models import Registration, Tag
from dofc_events.delegates.queries import live_registration_id, token_of
from dofc_events.mail import outbox
from dofc_events.mail.queries import is_undeliverable
from dofc_events.mail.rules import address_key
from dofc_events.notices import mails
from dofc_events.notices.news.service import News, take_over
from dofc_events.notices.queries import standing_of
from dofc_events.notices.service import log, send, tell, told_if_known
from dofc_events.questions.answers.service import put_back, take_typed
from dofc_events.registration.addresses.service import move_to_address
from dofc_events.registration.hand_over.models import HandOver
from dofc_events.registration.rules import Outcome
from dofc_events.registration.service import Registered, locked, refuse_frozen, refuse_over

# The person's own details, and what organisers wrote about them: none of it is passed on.
TEXTS = ("badge_name", "job_title", "phone", "dietary", "access_needs", "note")
TICKS = ("visa_letter", "photo_consent")


class OwnAddress(Refusal):
    """Nobody can hand over to their own address."""


class CannotTakeBack(Refusal):
    """The colleague has opened the registration, or the former address has registered again."""


def hand_over(
    session: Session,
    registration_id: int,
    given_name: str,
    family_name: str,
    email: str,
    actor: Actor,
    now: datetime,
    *,
    by: str = "",
) -> Registered:
    """Pass a registration with all that it holds to a colleague; both are told, and the link is the colleague's.

    `by` names who does it, if it is not the delegate.

    What was said about the person (telephone, diet, access, visa, photographs, job, answers that were typed) does not
    pass on, nor do the organisers' note and tags, which the trail keeps. Answers that were picked do, with their
    places. Raises DetailsFrozen, OwnAddress, and TooManyMessages when the
    colleague's address was written to too often.
    """
    registration, _ = locked(session, registration_id)
    refuse_frozen(registration, now)
    if registration.email_key == address_key(email):
        raise OwnAddress
    outbox.refuse_flood(session, email, now)
    if told_if_known(session, registration.edition_id, email, now):
        return Registered(Outcome.ADDRESS_KNOWN)
    token, old_email, old_name = token_of(registration), registration.email, registration.full_name
    had_address = registration.email_key is not None
    before = _passed_on(registration)
    kept = HandOver(registration_id=registration_id, link_version=registration.link_version)
    kept.before = _person(registration) | {"typed": take_typed(session, registration_id), "by": by}
    kept.before["has_address"] = had_address
    session.merge(kept)
    registration.given_name, registration.family_name = given_name, family_name
    for name in TEXTS:
        setattr(registration, name, "")
    registration.tags = []
    registration.visa_letter = registration.photo_consent = False
    # If it were sent again, the former delegate's form would lead to the colleague's page.
    registration.form_key = new_secret()
    _pass_to(session, registration, email, now)
    changes = difference(before, _passed_on(registration))
    log(session, actor, now, "handed_over", registration, changes=changes, name=registration.full_name, email=email)
    standing = standing_of(session, registration_id)
    told = mails.handed_over(standing, email=old_email, name=old_name, token=token, by=by, to_contact=not had_address)
    send(session, told, now, asked_for=True)
    # In a calendar that both look into, the colleague's entry comes after the one that is taken out.
    registration.revise(now)
    tell(session, registration_id, News(place=True), now, asked_for=True, handed_over_by=by or old_name)
    return Registered(Outcome.REGISTERED, token_of(registration))


def take_back(session: Session, registration_id: int, actor: Actor, now: datetime) -> Registered:
    """Give a registration back to the person who handed it over; its link is a new one, which is emailed.

    Raises CannotTakeBack, and RegistrationOver.
    """
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    handed = session.get(HandOver, registration_id, with_for_update=True)
    if handed is None:
        raise CannotTakeBack
    former: dict[str, Any] = dict(handed.before)
    former.pop("by", None)
    # What was handed over before there were questions has no answers.
    email, tags, typed = former.pop("email"), former.pop("tags"), former.pop("typed", {})
    is_own = former.pop("has_address", True)
    if is_own and live_registration_id(session, registration.edition_id, email) not in (None, registration_id):
        raise CannotTakeBack
    colleague, was = registration.email, _passed_on(registration)
    refused = is_undeliverable(session, registration.reference, registration.mailed_key)
    for name, value in former.items():
        # Organisers may have written something since.
        setattr(registration, name, getattr(registration, name) if name == "note" and registration.note else value)
    known = {tag.word for tag in registration.tags}
    registration.tags += [Tag(word=word) for word in tags if word not in known]
    put_back(session, registration_id, typed)
    _pass_to(session, registration, email, now, is_own=is_own)
    session.delete(handed)
    changes = difference(was, _passed_on(registration))
    log(session, actor, now, "taken_back", registration, changes=changes, name=registration.full_name, email=email)
    # A mailbox that refused the link would refuse this too.
    if not refused:
        standing = replace(standing_of(session, registration_id), at=now)
        send(session, mails.taken_back(standing, email=colleague), now, asked_for=True)
    registration.revise(now)
    tell(session, registration_id, News(place=True), now, asked_for=True)
    return Registered(Outcome.REGISTERED, token_of(registration))


def open_handed_over(session: Session, registration: Registration, actor: Actor, now: datetime) -> None:
    """Record that the new delegate has the registration: the former delegate's details are now gone for good."""
    if registration.link_version == 1:
        # Still the link of the person who registered.
        return
    if session.execute(delete(HandOver).where(HandOver.registration_id == registration.id)).rowcount:  # type: ignore[attr-defined]
        log(session, actor, now, "hand_over_opened", registration)


def _pass_to(session: Session, registration: Registration, email: str, now: datetime, *, is_own: bool = True) -> None:
    """Give it somebody else's address; what the person until now was still to be told is nobody's business any more."""
    move_to_address(session, registration, email, now, is_own=is_own)
    take_over(session, registration.id)


def _person(registration: Registration) -> dict[str, Any]:
    """The person of a registration, and all that is removed when it is handed over, by column name."""
    names = ("given_name", "family_name", "email", *TEXTS, *TICKS)
    return {name: getattr(registration, name) for name in names} | {"tags": [tag.word for tag in registration.tags]}


def _passed_on(registration: Registration) -> dict[str, Any]:
    """What the trail keeps when a registration is handed over: whose it is, and what organisers wrote on it."""
    tags = [tag.word for tag in registration.tags]
    return {"name": registration.full_name, "email": registration.email, "note": registration.note, "tags": tags}
