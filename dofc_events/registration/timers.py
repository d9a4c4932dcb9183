"""What the clock does to registrations: offers that were told late or lapse, waiting lists that close.

Each runs inside a unit of work of the worker, asks again under the pool's lock whether it is due, and does nothing
if not.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.mail import outbox
from dofc_events.places import service as places
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration import mails
from dofc_events.registration.news import log, send, tell, tell_promoted
from dofc_events.registration.queries import OFFER_KIND, offer_stands, standing_of
from dofc_events.registration.service import locked, terms_of


def lapse_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Let an offer lapse that does not stand any more (see `offer_stands`); does nothing otherwise."""
    registration, pool = locked(session, registration_id)
    standing = standing_of(session, registration_id)
    if standing.status is not ClaimStatus.OFFERED or offer_stands(session, standing, now):
        return
    registration.revision += 1
    moved_up = places.expire_claim(session, pool, standing.claim, terms_of(registration.edition, now), now)
    log(session, actor, now, "offer_lapsed", registration)
    tell(session, [registration_id], now)
    tell_promoted(session, moved_up, actor, now)


def renew_offer(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Give an offer whose message still waits its whole time again, unless the edition's beginning leaves no more."""
    registration, _ = locked(session, registration_id)
    standing = standing_of(session, registration_id)
    terms = terms_of(standing.edition, now)
    if not terms.promotes or standing.claim.offered_until == terms.begins_at:
        return
    if not outbox.withdraw(session, registration.reference, now, kind=OFFER_KIND):
        return
    places.prolong_offer(session, standing.claim, terms, now)
    log(session, actor, now, "offer_prolonged", registration)
    send(session, mails.status_message(standing), now)


def close_list(session: Session, registration_ids: Iterable[int], actor: Actor, now: datetime) -> None:
    """Tell those who still wait that no more places will be offered."""
    for registration_id in registration_ids:
        registration, pool = locked(session, registration_id)
        standing = standing_of(session, registration_id)
        if standing.status is ClaimStatus.WAITLISTED and not registration.edition.gives_places(now):
            registration.revision += 1
            places.expire_claim(session, pool, standing.claim, terms_of(registration.edition, now), now)
            log(session, actor, now, "list_closed", registration)
            tell(session, [registration_id], now)
