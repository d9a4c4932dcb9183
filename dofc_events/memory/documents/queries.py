"""The documents of editions."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.memory.documents.models import EditionDocument
from dofc_events.memory.rules import Row, said


def documents_of(session: Session, edition_id: int) -> list[EditionDocument]:
    """All documents of an edition in their order, for its organisers."""
    found = select(EditionDocument).where(EditionDocument.edition_id == edition_id)
    return list(session.scalars(found.order_by(EditionDocument.position, EditionDocument.id)))


def published_documents(session: Session, edition_id: int) -> list[EditionDocument]:
    """What anyone may read of an edition's documents."""
    return [document for document in documents_of(session, edition_id) if document.is_published]


def document_hashes(session: Session) -> set[str]:
    """The hashes of all documents, published or not."""
    return set(session.scalars(select(EditionDocument.content_hash)))


def document_rows(session: Session) -> Iterator[Row]:
    """The documents of each edition that is no draft, by year."""
    found = select(EditionDocument, Edition.year).join(Edition, Edition.id == EditionDocument.edition_id)
    public = found.where(Edition.status != EditionStatus.DRAFT)
    rows: dict[int, list[Row]] = {}
    for document, year in session.execute(public.order_by(Edition.year, EditionDocument.position, EditionDocument.id)):
        rows.setdefault(year, []).append({**document.as_row(), **said(is_published=document.is_published)})
    for year, documents in rows.items():
        yield {"edition": year, "documents": documents}
