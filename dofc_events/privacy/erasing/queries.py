"""What is still kept about somebody, and where it is quoted."""

import json
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.privacy.kept.queries import about, says_something, table_of
from dofc_events.privacy.kept.rules import Ends, Whose, rows_of
from dofc_events.questions.models import Answer


def is_gone(registration: Registration) -> bool:
    """Whether the registration no longer names its person."""
    return (registration.email_key or "").startswith(GONE_KEY)


def still_named() -> ColumnElement[bool]:
    """The condition for registrations that name their person."""
    return or_(Registration.email_key.is_(None), Registration.email_key.not_like(f"{GONE_KEY}%"))


def quoting(scope: str, values: Iterable[str]) -> Select[AuditEntry]:
    """Entries of the trail in whose details one of these stands."""
    said = cast(AuditEntry.details, Text)
    # JSON writes what is not ASCII as numbers.
    found = [said.contains(form, autoescape=True) for value in values for form in {value, json.dumps(value)[1:-1]}]
    return select(AuditEntry).where(AuditEntry.scope == scope, or_(*found)).order_by(AuditEntry.id)


def former_addresses(session: Session, reference: str) -> set[str]:
    """The addresses that a registration had before they were corrected."""
    query = select(AuditEntry).where(AuditEntry.about == reference, AuditEntry.act == "address_corrected")
    return {str(entry.changes["email"][0]) for entry in session.scalars(query)}


def values_of(session: Session, registration: Registration) -> list[str]:
    """What tells a person from others, as it was typed: looked for where no table says whose it is."""
    r = registration
    typed = [r.email, r.reference, r.phone, r.full_name, r.given_name, r.family_name, r.badge_name]
    answers = session.scalars(select(Answer.text).where(Answer.registration_id == r.id, Answer.text != ""))
    return [value for value in [*typed, r.email_key, *answers, *former_addresses(session, r.reference)] if value]


def erasure_faults(session: Session) -> list[str]:
    """What is still kept about somebody whose name is gone; one sentence for each table."""
    gone = select(Registration.id).where(~still_named())
    faults = []
    for row in rows_of(Whose.DELEGATE):
        # What is replaced is so in one statement with the address; the trail is said to be nameless in itself.
        if row.ends in (Ends.BLANKED, Ends.DELETED):
            left = select(func.count()).select_from(table_of(row)).where(about(row, gone), says_something(row))
            if number := session.scalar(left):
                faults.append(
                    f"{row.table}: {number} rows still say something of people who have been erased ({row.what})"
                )
    return faults
