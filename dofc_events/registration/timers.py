"""What the clock does to registrations: offers that were told late or lapse, waiting lists that close.

Each runs inside a unit of work of the worker, asks again under the pool's lock whether it is due, and does nothing
if not.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.delegates.queries import registrations_by_id
from dofc_events.mail import outbox
from dofc_events.notices import mails
from dofc_events.notices.mails import Standing
from dofc_events.notices.news.service import News, hold, leave_untold, take_apart
from dofc_events.notices.queries import OFFERS, offer_is_told, offer_stands, standing_of
from dofc_events.notices.service import Changes, log, send, tell, terms_of
from dofc_events.places import service as places
from dofc_events.places.models import Pool
from dofc_events.places.queries import overdue, place_of
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import locked
from dofc_events.trips.rules import Reason


def lapse_offers(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Let a delegate's offers lapse that no longer stand (see `offer_stands`)."""
    registration, pool = locked(session, registration_id)
    standing = standing_of(session, registration_id)
    changes = Changes(session, standing.edition, actor, now)
    terms = terms_of(standing.edition, now)
    if standing.status is ClaimStatus.OFFERED and not offer_stands(session, standing, standing.claim, now):
        changes.place(
            "hold_lapsed" if standing.claim.is_hold else "offer_lapsed", registration, before=ClaimStatus.OFFERED
        )
        if terms.promotes:
            changes.moved_up(places.expire_claim(session, pool, standing.claim, terms, now))
        else:
            _close_place(session, pool, standing, changes, now)
    for seat in standing.trips:
        if seat.claim and seat.status == ClaimStatus.OFFERED and not offer_stands(session, standing, seat.claim, now):
            changes.book.lapse(registration_id, seat.trip, closed=not overdue(seat.claim, now))
    changes.tell(wait_for_others=True)


def renew_offers(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Give offers whose email is still waiting their full time again, unless the edition begins too soon."""
    registration, _ = locked(session, registration_id)
    standing = standing_of(session, registration_id)
    terms = terms_of(standing.edition, now)
    claims = [standing.claim, *(seat.claim for seat in standing.trips if seat.claim)]
    late = [
        claim
        for claim in claims
        if claim.status == ClaimStatus.OFFERED
        and claim.offered_until != terms.begins_at
        and not offer_is_told(session, registration, claim)
    ]
    if not terms.promotes or not late:
        return
    hold(session, registration_id)
    named = take_apart(session, [registration_id], now) if registration.email_key is None else []
    if not (outbox.withdraw(session, registration.reference, now, kinds=OFFERS) or named):
        return
    for claim in [*late, *(place_of(session, id_) for id_ in named if id_ != registration_id)]:
        places.prolong_offer(session, claim, terms, now)
    for one in registrations_by_id(session, {registration_id, *named}).values():
        log(session, actor, now, "offer_prolonged", one)
    news = News(place=standing.claim in late)
    for seat in standing.trips:
        if seat.claim in late:
            news.add_seat(seat.trip.id, ClaimStatus.WAITLISTED, Reason.MOVED_UP)
    if named:
        # With the others of whom the same message told.
        leave_untold(session, {registration_id: news}, now)
    else:
        tell(session, registration_id, news, now)


def remind_of_offers(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Remind a delegate of offers that lapse soon, once: the first email may be forgotten."""
    registration, _ = locked(session, registration_id)
    standing = standing_of(session, registration_id)
    claims = [standing.claim, *(seat.claim for seat in standing.trips if seat.claim)]
    due = [claim for claim in claims if claim.remind_at and claim.remind_at <= now and not overdue(claim, now)]
    standing_ones = [claim for claim in due if offer_stands(session, standing, claim, now)]
    if not standing_ones:
        return
    for claim in due:
        claim.remind_at = None
    send(session, mails.offer_reminder(replace(standing, at=now), standing_ones), now)
    log(session, actor, now, "offer_reminder", registration)


def close_list(session: Session, registration_ids: Iterable[int], actor: Actor, now: datetime) -> None:
    """Tell those still waiting that no more places will be offered."""
    for registration_id in registration_ids:
        registration, pool = locked(session, registration_id)
        standing = standing_of(session, registration_id)
        if standing.status in (ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED) and not standing.edition.gives_places(
            now
        ):
            changes = Changes(session, standing.edition, actor, now)
            changes.place("list_closed", registration)
            _close_place(session, pool, standing, changes, now)
            changes.tell()


def _close_place(session: Session, pool: Pool, standing: Standing, changes: Changes, now: datetime) -> None:
    """End what somebody waits for or is offered, and requests with it, because the edition gives nothing more.

    All of it can be taken back (`waiting_list.service.reopen_list`), but for an offer whose own time was up.
    """
    terms = terms_of(standing.edition, now)
    if overdue(standing.claim, now):
        places.expire_claim(session, pool, standing.claim, terms, now)
        changes.book.leave(standing.registration.id)
    else:
        places.close_claim(session, pool, standing.claim, terms, now)
        changes.book.close(standing.registration.id)
