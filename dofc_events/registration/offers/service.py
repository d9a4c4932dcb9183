"""What delegates do with a place that is offered or held, or was."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.notices import mails
from dofc_events.notices.queries import offer_stands, standing_of
from dofc_events.notices.service import Changes, hold_of
from dofc_events.places import service as places
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import cancel_registration, locked, refuse_over


def accept_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Take the place that is offered. Raises NoOpenOffer once the deadline has passed, and RegistrationOver."""
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    if standing.claim.by_email or not offer_stands(session, standing, standing.claim, now):
        raise places.NoOpenOffer
    _take_up(session, standing, "offer_accepted", actor, now)


def accept_by_email(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Take the place that is held or offered, as only the link in the email can (`delegates.queries.proof_of`).

    Raises NoOpenOffer once the time is up, and RegistrationOver.
    """
    registration, _ = locked(session, registration_id)
    refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    if not standing.claim.by_email or not offer_stands(session, standing, standing.claim, now):
        raise places.NoOpenOffer
    _take_up(session, standing, "hold_confirmed" if standing.claim.is_hold else "offer_accepted", actor, now)


def _take_up(session: Session, standing: mails.Standing, act: str, actor: Actor, now: datetime) -> None:
    places.accept_claim(session, standing.claim, now)
    changes = Changes(session, standing.edition, actor, now)
    changes.place(act, standing.registration, confirmed=True)
    changes.tell(standing.registration.id)


def decline_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Decline the offered place, which ends the registration. Raises NoOpenOffer and RegistrationOver."""
    locked(session, registration_id)
    standing = standing_of(session, registration_id)
    if not offer_stands(session, standing, standing.claim, now):
        raise places.NoOpenOffer
    cancel_registration(session, registration_id, actor, now)


def rejoin_list(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """After a lapsed offer or hold: a place, or one on hold, if one is free, else the end of the list.

    Raises NotWaitingAgain and RegistrationOver.
    """
    registration, pool = locked(session, registration_id)
    refuse_over(registration, now)
    standing = standing_of(session, registration_id)
    if registration.edition.has_begun(now) or standing.status is not ClaimStatus.EXPIRED:
        raise places.NotWaitingAgain
    category_id, hold = registration.category_id, hold_of(registration.edition, now)
    places.claim_again(session, pool, standing.claim, now, category_id=category_id, hold=hold)
    changes = Changes(session, registration.edition, actor, now)
    is_confirmed = standing.claim.status == ClaimStatus.CONFIRMED
    changes.place("joined_list_again", registration, confirmed=is_confirmed)
    changes.tell(registration_id)
