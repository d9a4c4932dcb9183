"""Reads over registrations that were handed over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import read_link
from dofc_events.registration.hand_over.models import HandOver


def hand_over_by_token(session: Session, token: str) -> HandOver | None:
    """What was handed over with this link, which no longer opens anything; None once it cannot be taken back."""
    reference, version = read_link(token) or ("", 0)
    query = select(HandOver).join(HandOver.registration).options(joinedload(HandOver.registration))
    return session.scalar(query.where(Registration.reference == reference, HandOver.link_version == version))


def hand_overs_to_forget(session: Session, now: datetime) -> Sequence[int]:
    """Registrations that nobody has opened since they were handed over, and whose edition is beginning."""
    return session.scalars(select(HandOver.registration_id).where(HandOver.forget_at <= now)).all()


def handed_over_by(session: Session, registration: Registration) -> str:
    """The name of whoever handed over a registration that is still unopened; "" for nobody."""
    # The first link belongs to the person who registered.
    unopened = session.get(HandOver, registration.id) if registration.link_version > 1 else None
    return str(unopened.before.get("by") or unopened.name) if unopened else ""
