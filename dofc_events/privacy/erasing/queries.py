"""What is still kept about somebody, and where it is quoted."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.hosting.queries import attached_hashes
from dofc_events.imports.queries import kept_hashes
from dofc_events.letters.queries import attached_to_letters
from dofc_events.memory.service import named_by_memory
from dofc_events.privacy.kept.queries import about, says_something, table_of
from dofc_events.privacy.kept.rules import Ends, Whose, rows_of
from dofc_events.questions.models import Answer
from dofc_events.questions.queries import answer_hashes


def still_named() -> ColumnElement[bool]:
    """The condition for registrations that name their person."""
    # People whom a contact registered may have no address, and so no key.
    return or_(Registration.email_key.is_(None), Registration.email_key.not_like(f"{GONE_KEY}%"))


def others_reached_by(session: Session, edition_id: int, address: str) -> bool:
    """Whether there are people at an edition who have no address of their own, and are reached at this one."""
    lent = Registration.edition_id == edition_id, Registration.email_key.is_(None), Registration.email == address
    query = select(Registration.id).where(*lent, Registration.ended_at.is_(None)).limit(1)
    return session.scalar(query) is not None


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


@dataclass(frozen=True)
class Traces:
    """What tells a person from others, to be looked for where no table says whose it is.

    `telling` leads to nobody else: the address, unless it is a contact's, and the reference. `typed` is what was typed
    besides, and `files` the names of the person's own files.
    """

    telling: tuple[str, ...]
    typed: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def all(self) -> list[str]:
        return [*self.telling, *self.typed, *self.files]


def traces_of(session: Session, registration: Registration) -> Traces:
    """Everything of a registration that may stand elsewhere."""
    r = registration
    answers = session.execute(select(Answer.text, Answer.content_hash).where(Answer.registration_id == r.id)).all()
    addresses = (r.email, r.email_key, *former_addresses(session, r.reference)) if r.email_key else ()
    typed = r.phone, r.full_name, r.given_name, r.family_name, r.badge_name, *(text for text, _ in answers)
    files = (content_hash for _, content_hash in answers)
    return Traces(*(tuple(filter(None, some)) for some in ((*addresses, r.reference), typed, files)))


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


def named_files(session: Session) -> set[str]:
    """The hashes of all files that some row names: the sweep and erasing spare them, a backup has them."""
    return (
        attached_hashes(session)
        | attached_to_letters(session)
        | answer_hashes(session)
        | kept_hashes(session)
        | named_by_memory(session)
    )
