"""Tells delegates: every message about what changed for them goes through here, in the commit of what changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_registration
from dofc_events.mail import outbox
from dofc_events.mail.envelope import Envelope
from dofc_events.places.service import Promotion
from dofc_events.registration import mails
from dofc_events.registration.models import UntoldNews
from dofc_events.registration.queries import OFFER_KIND, standing_of
from dofc_events.registration.rules import BATCH


def tell(session: Session, registration_ids: Iterable[int], now: datetime, *, keep: bool = False, **words: Any) -> None:
    """Write to each delegate what they hold now; `words` as in `mails.status_message`.

    With `keep` the message is stored and never sent, for demonstration data.
    """
    for registration_id in registration_ids:
        _took_over(session, registration_id)
        standing = standing_of(session, registration_id)
        # An offer that was accepted, declined or has lapsed must not be announced any more.
        outbox.withdraw(session, standing.registration.reference, now, kind=OFFER_KIND)
        send(session, mails.status_message(standing, **words), now, keep=keep)


def tell_promoted(session: Session, promotions: Iterable[Promotion], actor: Actor, now: datetime) -> None:
    """Tell those who moved up. Where they are many, only note that they are to be told: the worker writes to them."""
    ids = []
    for promotion in promotions:
        registration = session.get_one(Registration, promotion.registration_id)
        registration.revision += 1
        log(session, actor, now, str(promotion.status), registration)
        ids.append(registration.id)
    if len(ids) <= BATCH:
        tell(session, ids, now)
        return
    for registration_id in ids:
        session.merge(UntoldNews(registration_id=registration_id, since=now))


def tell_news(session: Session, registration_ids: Iterable[int], now: datetime) -> None:
    """Write the messages that an act with many recipients left to be written, unless somebody else has since."""
    for registration_id in registration_ids:
        if _took_over(session, registration_id):
            tell(session, [registration_id], now)


def told_if_known(session: Session, edition_id: int, email: str, now: datetime) -> bool:
    """Write to whoever is registered with an address already; False if nobody is."""
    known = live_registration(session, edition_id, email)
    if known is None:
        return False
    send(session, mails.already_registered(standing_of(session, known.id)), now)
    return True


def send(session: Session, envelope: Envelope, now: datetime, *, keep: bool = False) -> None:
    """Put a message about what was just written into the outbox."""
    session.flush()
    outbox.enqueue(session, envelope, now, keep=keep)


def log(session: Session, actor: Actor, now: datetime, act: str, registration: Registration, **details: Any) -> None:
    """Add to the trail what happened to a registration."""
    scope = str(registration.edition.year)
    record(session, actor, now, act, scope=scope, about=registration.reference, **details)


def _took_over(session: Session, registration_id: int) -> bool:
    """Strike out the news that a delegate was still to be told; False if there were none, or somebody was quicker."""
    struck = session.execute(delete(UntoldNews).where(UntoldNews.registration_id == registration_id))
    return bool(struck.rowcount)  # type: ignore[attr-defined]
