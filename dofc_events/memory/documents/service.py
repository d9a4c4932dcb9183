"""Adds documents to an edition, puts them in order, and shows them. Archived editions get theirs, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.service import lock_edition
from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed, write
from dofc_events.extensions import settings
from dofc_events.memory.documents.models import EditionDocument
from dofc_events.memory.documents.queries import document_hashes, document_rows, documents_of
from dofc_events.memory.documents.rules import FIELDS, MAX_DOCUMENTS, REQUIRED
from dofc_events.memory.models import NewFile
from dofc_events.memory.queries import Part
from dofc_events.memory.rules import Row, TooManyFiles


@dataclass(frozen=True)
class Arranged:
    """What organisers decide of one document. One that is `removed` goes."""

    id: int
    title: str
    is_published: bool
    removed: bool = False


def arranged(session: Session, edition_id: int) -> list[Arranged]:
    """The documents of an edition as they stand."""
    return [Arranged(one.id, one.title, one.is_published) for one in documents_of(session, edition_id)]


def add_document(session: Session, edition_id: int, file: NewFile, actor: Actor, now: datetime) -> EditionDocument:
    """Add a checked file to the documents of an edition, unpublished; once, however often it is sent.

    Raises TooManyFiles.
    """
    edition, present = lock_edition(session, edition_id), documents_of(session, edition_id)
    content_hash = files.hash_of(file.content)
    same = next((one for one in present if one.content_hash == content_hash), None)
    if same is not None:
        return same
    if len(present) >= MAX_DOCUMENTS:
        raise TooManyFiles(MAX_DOCUMENTS)
    files.store(settings().shared, file.content, now)
    document = EditionDocument(
        edition_id=edition_id, position=max((one.position for one in present), default=-1) + 1, **file.columns()
    )
    session.add(document)
    session.flush()
    record(session, actor, now, "document_added", scope=str(edition.year), document=file.title)
    return document


def arrange_documents(
    session: Session,
    edition_id: int,
    wanted: Sequence[Arranged],
    actor: Actor,
    now: datetime,
    *,
    seen: Sequence[Arranged],
) -> bool:
    """Let the documents, which were `seen`, stand in this order with these titles; False if they do already.

    Documents that are not mentioned stay behind the others. The bytes of what is removed go later.
    """
    edition = lock_edition(session, edition_id)
    refuse_changed(list(seen), arranged(session, edition_id))
    if list(wanted) == list(seen):
        return False
    documents = {one.id: one for one in documents_of(session, edition_id)}
    for position, one in enumerate(wanted):
        document = documents.pop(one.id, None)
        if document is None:
            continue
        if one.removed:
            session.delete(document)
            record(session, actor, now, "document_removed", scope=str(edition.year), document=document.title)
            continue
        document.position = position
        changes = write(document, {"title": one.title, "is_published": one.is_published})
        if changes:
            record(
                session, actor, now, "document_changed", scope=str(edition.year), document=one.title, changes=changes
            )
    for position, document in enumerate(documents.values(), start=len(wanted)):
        document.position = position
    if [one.id for one in wanted] != [one.id for one in seen]:
        record(session, actor, now, "documents_put_in_order", scope=str(edition.year))
    session.flush()
    return True


def _write(session: Session, row: Row, now: datetime) -> None:
    edition_id = session.scalars(select(Edition.id).where(Edition.year == row["edition"])).one()
    session.execute(delete(EditionDocument).where(EditionDocument.edition_id == edition_id))
    session.add_all(
        EditionDocument(
            edition_id=edition_id,
            position=position,
            is_published=document.get("is_published", False),
            **EditionDocument.from_row(document),
        )
        for position, document in enumerate(row["documents"])
    )
    session.flush()


DOCUMENTS = Part(
    name="documents",
    fields=FIELDS,
    required=REQUIRED,
    key=lambda row: int(row["edition"]),
    rows=document_rows,
    write=_write,
    refers=lambda row: [("editions", row["edition"])],
    files_of=lambda row: [document["hash"] for document in row["documents"]],
    named=document_hashes,
    year=lambda row: int(row["edition"]),
)
