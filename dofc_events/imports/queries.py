"""Files that are being imported, and who of them is registered already or may be."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dofc_events.core import files
from dofc_events.core.db import in_pieces
from dofc_events.delegates.doubles.rules import Likeness, Traits, keys_of_name, why_one_person
from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.delegates.service import Details
from dofc_events.extensions import settings
from dofc_events.imports.models import ImportFile, KnownColumn
from dofc_events.imports.reading.rules import Table, table_from
from dofc_events.imports.rules import KEPT_FOR
from dofc_events.mail.rules import address_key
from dofc_events.registration.service import RegistrationRequest

# Of those who share a word of the name with somebody, so many are compared; who shares the most comes first.
MAX_CANDIDATES = 20


@dataclass(frozen=True)
class Likely:
    """Somebody who is registered, and why a row may be about the same person.

    Or somebody who has cancelled, whose address the row has.
    """

    registration: Registration
    why: tuple[Likeness, ...]


def import_file(session: Session, edition_id: int, file_id: int, now: datetime) -> ImportFile | None:
    """A file of this edition that is still kept."""
    query = select(ImportFile).where(ImportFile.id == file_id, ImportFile.edition_id == edition_id)
    return session.scalar(query.where(ImportFile.added_at > now - KEPT_FOR))


def import_files(session: Session, edition_id: int, now: datetime) -> Sequence[ImportFile]:
    """The files of an edition whose people have not been registered yet, the latest first."""
    query = select(ImportFile).options(joinedload(ImportFile.sender))
    query = query.where(ImportFile.edition_id == edition_id, ImportFile.done_at.is_(None))
    return session.scalars(query.where(ImportFile.added_at > now - KEPT_FOR).order_by(ImportFile.id.desc())).all()


def kept_hashes(session: Session) -> set[str]:
    """The hashes of all files that wait to be imported, and of the tables they were read as."""
    rows = session.execute(select(ImportFile.content_hash, ImportFile.table_hash))
    return {content_hash for row in rows for content_hash in row}


def files_to_forget(session: Session, now: datetime) -> Sequence[int]:
    """The ids of the files that have been kept long enough."""
    return session.scalars(select(ImportFile.id).where(ImportFile.added_at <= now - KEPT_FOR)).all()


def table_of_file(file: ImportFile) -> Table:
    """What it was read as. Raises FileNotFoundError where its bytes are not there, as after a restore."""
    return table_from(json.loads(files.read(settings().shared, file.table_hash)))


def known_columns(session: Session, edition_id: int) -> dict[str, str]:
    """The field that each column was matched with last time, by its header."""
    query = select(KnownColumn.header, KnownColumn.field).where(KnownColumn.edition_id == edition_id)
    return dict(session.execute(query).all())


def registrations_of(session: Session, edition_id: int, emails: Iterable[str]) -> dict[str, Registration]:
    """What these addresses are registered as, by their keys; of those that are not, what was cancelled last."""
    keys, found = {address_key(email) for email in emails}, dict[str, Registration]()
    query = select(Registration).options(joinedload(Registration.category)).order_by(Registration.id)
    for some in in_pieces(keys):
        here = Registration.edition_id == edition_id, Registration.email_key.in_(some)
        for registration in session.scalars(query.where(*here)):
            if (other := found.get(registration.mailed_key)) is None or other.ended_at:
                found[registration.mailed_key] = registration
    return found


def likely_registered(
    session: Session, edition_id: int, requests: Mapping[int, RegistrationRequest]
) -> dict[int, list[Likely]]:
    """Registrations that may be these people's under another address, by the number of the row."""
    traits = {number: _traits_of(request.details, address_key(request.email)) for number, request in requests.items()}
    candidates = _candidates(session, edition_id, traits)
    people = _people(session, {id_ for ids in candidates.values() for id_ in ids})
    theirs = {id_: _traits_of(person, person.email_key or "") for id_, person in people.items()}
    found: dict[int, list[Likely]] = {}
    for number, ids in candidates.items():
        for id_ in ids:
            if why := why_one_person(traits[number], theirs[id_]):
                found.setdefault(number, []).append(Likely(people[id_], why))
    return found


def _candidates(session: Session, edition_id: int, traits: Mapping[int, Traits]) -> dict[int, list[int]]:
    rows_of: dict[str, list[int]] = defaultdict(list)
    rows_of_phone: dict[str, list[int]] = defaultdict(list)
    for number, one in traits.items():
        for key in keys_of_name(one):
            rows_of[key].append(number)
        if one.phone:
            rows_of_phone[one.phone].append(number)
    shared: dict[int, Counter[int]] = defaultdict(Counter)
    here = Registration.edition_id == edition_id, Registration.ended_at.is_(None)
    words = select(SearchWord.word, Registration.id).join(Registration, Registration.id == SearchWord.registration_id)
    phones = select(Registration.phone, Registration.id)
    for column, query, rows in ((SearchWord.word, words, rows_of), (Registration.phone, phones, rows_of_phone)):
        for some in in_pieces(rows):
            for said, id_ in session.execute(query.where(*here, column.in_(some))):
                for number in rows[said]:
                    shared[number][id_] += 1
    return {number: [id_ for id_, _ in counted.most_common(MAX_CANDIDATES)] for number, counted in shared.items()}


def _people(session: Session, ids: Iterable[int]) -> dict[int, Registration]:
    query = select(Registration).options(joinedload(Registration.category))
    found = (p for some in in_pieces(ids) for p in session.scalars(query.where(Registration.id.in_(some))))
    return {person.id: person for person in found}


def _traits_of(said: Details | Registration, email_key: str) -> Traits:
    return Traits(said.given_name, said.family_name, email_key, said.phone, said.organisation, said.country)
