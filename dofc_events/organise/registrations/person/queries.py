"""Reads of the page about one registration: what else the same address registered for, what it consented to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, contains_eager

from dofc_events.conference.models import Edition
from dofc_events.core.audit import history_of
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.organise.trail.texts import TrailLine, line_of
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.rules import Reason


@dataclass(frozen=True)
class Other:
    """Another registration of the same address, with its edition."""

    registration: Registration
    status: ClaimStatus
    is_hold: bool
    position_before: int | None


def other_registrations(session: Session, registration: Registration) -> list[Other]:
    """What the address registered for at earlier editions, and at this one under another reference; newest first."""
    r, year = Registration, registration.edition.year
    at_edition = and_(Pool.id == Claim.pool_id, Pool.edition_id == r.edition_id)
    query = (
        select(r, Claim.status, Claim.is_hold, Claim.position_before).join(r.edition).options(contains_eager(r.edition))
    )
    query = query.join(Claim, Claim.registration_id == r.id).join(Pool, at_edition)
    query = query.where(r.email_key == (registration.email_key or ""), r.id != registration.id)
    query = query.where(or_(Edition.year < year, r.edition_id == registration.edition_id))
    return [
        Other(found, ClaimStatus(status), is_hold, position_before)
        for found, status, is_hold, position_before in session.execute(query.order_by(Edition.year.desc(), r.id.desc()))
    ]


def references_here(registration: Registration, others: Sequence[Other]) -> list[str]:
    """Under which references the address is, or was, registered for the same edition."""
    here = [o.registration for o in others if o.registration.edition_id == registration.edition_id]
    return [registration.reference, *(other.reference for other in here)]


def history(session: Session, registration: Registration, trip_titles: Mapping[str, str]) -> list[TrailLine]:
    """What happened to a registration, oldest first; what was done by hand once, as the act that has the reason."""
    entries = history_of(session, registration.reference)
    told = [e for e in entries if e.act != "seat_changed" or e.details.get("reason") != Reason.BY_HAND]
    return [line_of(entry, registration.edition, trip_titles) for entry in told]


def consent_given(session: Session, registration: Registration) -> ConsentText:
    """The text that a delegate consented to."""
    return session.get_one(ConsentText, registration.consent_version)
