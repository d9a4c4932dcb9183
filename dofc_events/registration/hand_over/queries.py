"""Reads over registrations that were handed over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dofc_events.conference.models import Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import read_link
from dofc_events.registration.hand_over.models import HandOver

# Acts that give a registration a new link.
NEW_LINK = ("handed_over", "taken_back", "address_corrected")


def hand_over_by_token(session: Session, token: str) -> HandOver | None:
    """What was handed over with this link, which no longer opens anything; None once it cannot be taken back."""
    reference, version = read_link(token) or ("", 0)
    query = select(HandOver).join(HandOver.registration).options(joinedload(HandOver.registration))
    return session.scalar(query.where(Registration.reference == reference, HandOver.link_version == version))


def was_taken_back(session: Session, token: str) -> bool:
    """Whether the last that changed the link of a registration, to which this one led, is that it was taken back."""
    signed = read_link(token)
    if signed is None:
        return False
    changed = select(AuditEntry.act).where(AuditEntry.about == signed[0], AuditEntry.act.in_(NEW_LINK))
    return session.scalar(changed.order_by(AuditEntry.id.desc()).limit(1)) == "taken_back"


def hand_overs_to_forget(session: Session, now: datetime) -> Sequence[int]:
    """Registrations that nobody has opened since they were handed over, and whose edition is beginning."""
    theirs = select(Registration.edition_id).join(HandOver, HandOver.registration_id == Registration.id)
    begun = [e.id for e in session.scalars(select(Edition).where(Edition.id.in_(theirs))) if e.has_begun(now)]
    query = select(HandOver.registration_id).join(HandOver.registration).where(Registration.edition_id.in_(begun))
    return session.scalars(query).all() if begun else ()


def handed_over_by(session: Session, registration: Registration) -> str:
    """The name of whoever handed over a registration that is still unopened; "" for nobody."""
    # The first link belongs to the person who registered.
    unopened = session.get(HandOver, registration.id) if registration.link_version > 1 else None
    return str(unopened.before.get("by") or unopened.name) if unopened else ""
