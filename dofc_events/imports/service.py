"""Keeps files of people, and registers those people all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed
from dofc_events.core.errors import Refusal
from dofc_events.core.normal import shown_name
from dofc_events.extensions import settings
from dofc_events.imports.models import ImportFile, KnownColumn
from dofc_events.imports.queries import known_columns, registrations_of
from dofc_events.imports.rules import header_key, never_fields
from dofc_events.notices.service import Changes
from dofc_events.places import service as places
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.answers.service import give_first_answers
from dofc_events.registration.on_behalf.service import EditionNotRunning, can_be_added_to
from dofc_events.registration.service import RegistrationRequest, enter


class FileGone(Refusal):
    """The file was removed, or has been kept long enough."""


class DoneBefore(Refusal):
    """The people in this file have already been registered."""


class PlacesChanged(Refusal):
    """Places were taken or became free, or somebody of the file was registered, since the page was made."""


@dataclass(frozen=True)
class Kept:
    """A file as it was sent, and the table it was read as, as bytes."""

    name: str
    content: bytes
    table: bytes


@dataclass(frozen=True)
class Matching:
    """Which field each column is, "" for none, and what is taken where a row has nothing of it."""

    columns: tuple[str, ...]
    fallbacks: Mapping[str, str]


@dataclass(frozen=True)
class Imported:
    """How many were registered with a place, and how many are waiting."""

    confirmed: int
    waitlisted: int


def keep_file(session: Session, edition_id: int, kept: Kept, actor: Actor, now: datetime) -> ImportFile:
    """Keep a file for a day. Raises EditionNotRunning."""
    edition = session.get_one(Edition, edition_id)
    if not can_be_added_to(edition, now):
        raise EditionNotRunning
    file = ImportFile(edition_id=edition_id, name=shown_name(kept.name, 200), added_at=now, added_by=str(actor))
    _store(file, kept, now)
    session.add(file)
    session.flush()
    record(session, actor, now, "import_file_added", scope=str(edition.year), file=file.name)
    return file


def read_again(session: Session, file_id: int, kept: Kept, now: datetime, *, seen: str) -> None:
    """Keep another reading of a file, in place of that with the hash that was `seen`; what was matched is matched anew.

    Raises FileGone and DoneBefore.
    """
    file = _open(session, file_id)
    refuse_changed(seen, file.table_hash)
    _store(file, kept, now)
    file.matching = []


def match_columns(
    session: Session,
    file_id: int,
    header: Sequence[str],
    matching: Matching,
    *,
    seen: Matching | None = None,
) -> None:
    """Say which column is which field, for this file and for others of the edition with these headers.

    What stands in our own files besides fields says nothing about a column of that name in others.
    Raises FileGone and DoneBefore.
    """
    file = _open(session, file_id)
    refuse_changed(seen, Matching(tuple(file.matching), file.fallbacks) if file.matching else None)
    file.matching, file.fallbacks = list(matching.columns), dict(matching.fallbacks)
    known, others = known_columns(session, file.edition_id), never_fields(header)
    for title, field in zip(header, matching.columns, strict=True):
        key = header_key(title)
        if key and title not in others and known.get(key) != field:
            known[key] = field
            session.merge(KnownColumn(edition_id=file.edition_id, header=key, field=field))
    session.flush()


def import_delegates(
    session: Session,
    edition_id: int,
    file_id: int,
    requests: Sequence[RegistrationRequest],
    actor: Actor,
    now: datetime,
    *,
    free: int,
    told: bool,
) -> Imported:
    """Register all of these people or none, in their order: with a place as long as one is free, else at the end of
    the waiting list. With `told` each is written to.

    `free` is how many places the organiser had seen. Raises FileGone, DoneBefore, EditionNotRunning, PlacesChanged,
    NoSuchCategory, ChoiceFull, and NothingFree once nobody can move up and there are not enough places.
    """
    pool = places.lock_edition_pool(session, edition_id)
    file = _open(session, file_id)
    edition = session.get_one(Edition, edition_id)
    if not can_be_added_to(edition, now):
        raise EditionNotRunning
    emails = [request.email for request in requests]
    registered = registrations_of(session, edition.id, emails).values()
    if pool.capacity - pool.taken != free or any(one.ended_at is None for one in registered):
        raise PlacesChanged
    if not edition.gives_places(now) and free < len(requests):
        raise places.NothingFree
    file.done_at = now
    session.flush()
    changes, confirmed, given = Changes(session, edition, actor, now), 0, []
    for request in requests:
        registration, claim = enter(session, pool, edition, request, now, on_behalf=True)
        confirmed += claim.status == ClaimStatus.CONFIRMED
        given.append((registration, request.answers))
        changes.added(registration, ClaimStatus(claim.status), file.name, told=told)
    give_first_answers(session, edition.id, given, now)
    changes.tell()
    counted: dict[str, Any] = {"number": len(requests), "confirmed": confirmed, "told": told}
    record(session, actor, now, "people_imported", scope=str(edition.year), file=file.name, **counted)
    return Imported(confirmed, len(requests) - confirmed)


def forget_file(session: Session, file_id: int, actor: Actor, now: datetime) -> None:
    """Remove a file; its bytes follow when the disk is swept next. Raises FileGone and DoneBefore."""
    file = _open(session, file_id)
    edition = session.get_one(Edition, file.edition_id)
    record(session, actor, now, "import_file_removed", scope=str(edition.year), file=file.name)
    session.delete(file)
    session.flush()


def _open(session: Session, file_id: int) -> ImportFile:
    file = session.get(ImportFile, file_id, with_for_update=True)
    if file is None:
        raise FileGone
    if file.done_at is not None:
        raise DoneBefore
    return file


def _store(file: ImportFile, kept: Kept, now: datetime) -> None:
    for content in (kept.content, kept.table):
        files.store(settings().shared, content, now)
    file.content_hash, file.table_hash = files.hash_of(kept.content), files.hash_of(kept.table)
