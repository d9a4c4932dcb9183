"""The form for a lost link, which anyone can fill in."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import VISITOR, record
from dofc_events.core.references import new_reference
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_registration_id
from dofc_events.mail import outbox
from dofc_events.notices import mails
from dofc_events.notices.queries import standing_of
from dofc_events.places.models import Claim
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.queries import answered_by
from dofc_events.trips.queries import trips_of

# The id of no registration.
NOBODY = 0


def send_link(session: Session, edition_id: int, email: str, now: datetime) -> None:
    """Email somebody the link to their registration, if there is one; the answer must not say whether there is.

    An address that was written to often enough is not written to again for a while, without a word for the same reason.
    """
    known = live_registration_id(session, edition_id, email)
    # An unknown address takes the same time, or the response time would reveal which addresses are known.
    standing = _stranger(session, edition_id, email) if known is None else standing_of(session, known)
    envelope = mails.registration_link(replace(standing, at=now))
    is_meant = not outbox.is_flooded(session, email, now, kind=envelope.kind) and known is not None
    scope, about = envelope.scope, envelope.about if is_meant else ""
    record(session, VISITOR, now, "link_asked_for", scope=scope, about=about, sent=is_meant)
    outbox.enqueue_if(is_meant, session, envelope, now)


def _stranger(session: Session, edition_id: int, email: str) -> mails.Standing:
    """Somebody who is not registered, as a message could be written to them. Nothing of it is stored."""
    edition = session.get_one(Edition, edition_id)
    names = {"given_name": "", "family_name": "", "reference": new_reference(), "link_version": 1}
    registration = Registration(edition_id=edition_id, email=email, language="en", **names)
    claim = Claim(status=ClaimStatus.CANCELLED, pool=edition_pool(session, edition_id))
    trips, answers = (
        tuple(trips_of(session, edition_id)),
        answered_by(session, NOBODY) if edition.asks_questions else (),
    )
    return mails.Standing(registration, edition, claim, None, trips, answers)
