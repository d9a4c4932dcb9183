"""The memory as a whole: which parts it has, and what rows from outside do to them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.core.db import take_turns
from dofc_events.core.errors import ChangedMeanwhile
from dofc_events.extensions import settings
from dofc_events.memory.archive.rules import write_archive
from dofc_events.memory.documents.models import EditionDocument
from dofc_events.memory.documents.service import DOCUMENTS
from dofc_events.memory.editions.models import FactSource, WriteUp
from dofc_events.memory.editions.queries import not_archived, organisation_slugs
from dofc_events.memory.editions.service import EDITIONS, ORGANISATIONS, SERIES_PART, faults_in_series
from dofc_events.memory.figures.exchange.service import FIGURES
from dofc_events.memory.history.rules import history_rows
from dofc_events.memory.outcomes.exchange.service import OUTCOMES
from dofc_events.memory.outcomes.models import FollowUp, Outcome, OutcomeFile, Party
from dofc_events.memory.photographs.exchange.service import PHOTOGRAPHS
from dofc_events.memory.queries import Change, Part, Reference, changes_to
from dofc_events.memory.reading.queries import ReadFile, bytes_in, refuse_missing
from dofc_events.memory.rules import MAX_FAULTS, Fault, FaultKind, FileRefused, Row, faults_of
from dofc_events.memory.trips.rules import FOR_PEOPLE
from dofc_events.memory.trips.service import TRIPS, with_seats_given

# A new part of the memory is a line here: exported, imported, kept from the sweep and checked. What a part refers to
# comes before it.
PARTS: tuple[Part, ...] = (ORGANISATIONS, EDITIONS, SERIES_PART, OUTCOMES, DOCUMENTS, TRIPS, PHOTOGRAPHS, FIGURES)

# What an edition in use has settings for; an import leaves that to its organisers.
OF_SETTINGS = frozenset(
    ("city", "country", "venue", "venue_address", "zone", "starts_on", "starts_at", "ends_on", "ends_at", "is_demo")
) | {"summary", "programme", "cost", "languages", "dress", "faq"}


def named_by_memory(session: Session) -> set[str]:
    """The hashes of all files that the memory names."""
    return {content_hash for part in PARTS for content_hash in part.named(session)}


def export_memory(session: Session, target: BinaryIO) -> tuple[int, int]:
    """Write the whole memory, with its files; returns how many rows and files. Raises FileNotFoundError."""
    rows = {part.name: part.rows(session) for part in PARTS}
    files_of = {part.name: part.files_of for part in PARTS}
    return write_archive(target, rows, files_of, lambda content_hash: files.opened(settings().shared, content_hash))


def rows_in(session: Session, read: ReadFile) -> dict[str, list[Row]]:
    """The checked rows of a file that was read. Raises FileRefused."""
    facts = read.facts
    rows = read.rows if facts is None else history_rows(facts, organisation_slugs(session))
    check_rows(rows)
    return rows


def keep_files(
    file: BinaryIO | None, read: ReadFile, changes: Iterable[Change], now: datetime, *, only_look: bool = False
) -> None:
    """Store the files that changes name, before a transaction; with `only_look` see that they are there.

    Raises FileRefused if one is missing or damaged.
    """
    named = {one: None for change in changes for one in change.part.files_of(change.row)}
    refuse_missing(read, named)
    for content_hash in named:
        if file is not None and content_hash in read.places:
            content = bytes_in(file, read, content_hash)
            if not only_look:
                files.store(settings().shared, content, now)


def forget_edition(session: Session, edition_id: int) -> None:
    """Delete what is kept of an edition that is being deleted: a draft."""
    outcomes = select(Outcome.id).where(Outcome.edition_id == edition_id)
    for of_outcome in (Party, FollowUp, OutcomeFile):
        session.execute(delete(of_outcome).where(of_outcome.outcome_id.in_(outcomes)))
    for of_edition in (Outcome, EditionDocument, WriteUp, FactSource):
        session.execute(delete(of_edition).where(of_edition.edition_id == edition_id))


def check_rows(rows: Mapping[str, Any]) -> None:
    """Raise FileRefused, with the first faults at least, unless every row is one that its part can write."""
    faults = [Fault(FaultKind.UNKNOWN_KEY, name[:60]) for name in rows if name not in {part.name for part in PARTS}]
    for part in PARTS:
        keys: set[Any] = set()
        for number, row in enumerate(rows.get(part.name, ()), start=1):
            where = f"{part.name} {_said_to_be(part, row) or number}"
            found = list(islice(faults_of(row, part.fields, part.required, where), MAX_FAULTS))
            if not found and part.key(row) in keys:
                found = [Fault(FaultKind.TWICE, where)]
            if not found:
                keys.add(part.key(row))
            faults += found
            if len(faults) >= MAX_FAULTS:
                raise FileRefused(*faults)
    if faults:
        raise FileRefused(*faults)


def changes_by(session: Session, rows: Mapping[str, Sequence[Row]]) -> list[Change]:
    """What checked rows would change, in the order in which it has to be done; nothing is written.

    Raises FileRefused if a row names what is not there, changes the settings of an edition that is in use, or leaves
    one with days or a number that cannot be.
    """
    changes = [change for part in PARTS for change in changes_to(session, part, rows.get(part.name, ()))]
    faults = [*_dangling(session, changes), *_in_use(session, changes), *faults_in_series(session, changes)]
    if faults:
        raise FileRefused(*faults[:MAX_FAULTS])
    return changes


def import_rows(
    session: Session,
    rows: Mapping[str, Sequence[Row]],
    actor: Actor,
    now: datetime,
    *,
    seen: Sequence[Change] | None = None,
) -> list[Change]:
    """Make the memory what checked rows say, and return what that changed. What they do not say stays.

    Raises FileRefused, and ChangedMeanwhile if that is no longer what somebody has `seen` it to be.
    """
    # Two at once would find the same things missing.
    take_turns(session)
    changes = changes_by(session, rows)
    if seen is not None and summary_of(seen) != summary_of(changes):
        raise ChangedMeanwhile
    for change in changes:
        change.part.write(session, change.row, now)
        if (year := change.part.year(change.row)) is not None:
            told = {name: [_in_short(value) for value in pair] for name, pair in change.fields.items()}
            about = {"part": change.part.name, "thing": str(change.key)}
            record(session, actor, now, "memory_imported", scope=str(year), changes=told, **about)
    if changes:
        record(session, actor, now, "memory_loaded", count=len(changes))
    session.flush()
    return changes


def summary_of(changes: Iterable[Change]) -> list[tuple[str, Any, Any]]:
    """What tells changes apart."""
    return [(change.part.name, change.key, change.fields) for change in changes]


def _said_to_be(part: Part, row: Any) -> str:
    try:
        return str(part.key(row))[:60]
    except (KeyError, TypeError, ValueError):
        return ""


def _in_short(value: Any) -> Any:
    """A value for the trail: of a list of rows how many there are."""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {said}" for name, said in value.items())
    return len(value) if isinstance(value, list) and any(isinstance(one, dict) for one in value) else value


def _dangling(session: Session, changes: Sequence[Change]) -> list[Fault]:
    """What the changes refer to that is neither there nor among them."""
    wanted: dict[Reference, str] = {}
    for change in changes:
        for reference in change.part.refers(change.row):
            wanted.setdefault(reference, f"{change.part.name} {change.key}: {reference[1]}")
    coming: set[Reference] = {(change.part.name, change.key) for change in changes}
    missing = wanted.keys() - coming
    present = {
        (p.name, p.key(row)) for p in PARTS if any(name == p.name for name, _ in missing) for row in p.rows(session)
    }
    kinds = {EDITIONS.name: FaultKind.NO_SUCH_EDITION, ORGANISATIONS.name: FaultKind.NO_SUCH_ORGANISATION}
    return [Fault(kinds[one[0]], wanted[one]) for one in wanted if one in missing - present]


def _in_use(session: Session, changes: Sequence[Change]) -> list[Fault]:
    """What people rely on here: settings and trips of editions in use, and trips on which somebody has a seat."""
    relied_on = [change for change in changes if change.part is TRIPS or _is_of_settings(change)]
    in_use = not_archived(session, {year for change in relied_on if (year := change.part.year(change.row))})
    faults = [
        Fault(FaultKind.NOT_ARCHIVED, str(change.key)) for change in relied_on if change.part.year(change.row) in in_use
    ]
    moved = {change.key for change in changes if change.part is TRIPS and FOR_PEOPLE & change.fields.keys()}
    given = sorted(with_seats_given(session, moved))
    return faults + [Fault(FaultKind.SEATS_GIVEN, key) for key in given]


def _is_of_settings(change: Change) -> bool:
    return change.part is EDITIONS and (change.is_new or bool(OF_SETTINGS & change.fields.keys()))
