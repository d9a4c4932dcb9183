"""What the clock does to registrations that were handed over."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.notices.service import log
from dofc_events.registration.hand_over.models import HandOver


def forget_hand_over(session: Session, registration_id: int, actor: Actor, now: datetime) -> None:
    """Delete the details of a former delegate, who can no longer take the registration back."""
    kept = session.get(HandOver, registration_id, with_for_update=True)
    if kept is not None and kept.registration.edition.has_begun(now):
        session.delete(kept)
        log(session, actor, now, "hand_over_forgotten", kept.registration)
