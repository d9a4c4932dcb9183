"""Outcomes and documents of editions, to begin with."""

from typing import Any

from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import COMMAND
from dofc_events.memory.documents.models import EditionDocument
from dofc_events.memory.documents.service import Arranged, add_document, arrange_documents, arranged
from dofc_events.memory.models import NewFile
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.rules import OutcomeKind
from dofc_events.memory.outcomes.service import OutcomeDetails, add_file, create_outcome, publish_outcome
from tests.support import uploads
from tests.support.factories import NOW

PDF = uploads.pdf()


def paper(title: str = "Signed copy", content: bytes = PDF) -> NewFile:
    """A file that was checked."""
    return NewFile(title, "copy.pdf", "application/pdf", content)


def make_outcome(
    session: Session,
    edition: Edition,
    title: str = "Memorandum on clusters",
    kind: OutcomeKind = OutcomeKind.MEMORANDUM,
    *,
    published: bool = True,
    file: NewFile | None = None,
    **said: Any,
) -> Outcome:
    """An outcome of an edition."""
    details = OutcomeDetails(kind=kind, title=title, **said)
    outcome = create_outcome(session, edition.id, details, COMMAND, NOW)
    if file:
        add_file(session, edition.id, outcome.slug, file, COMMAND, NOW)
    if published:
        publish_outcome(session, edition.id, outcome.slug, COMMAND, NOW)
    return outcome


def make_document(
    session: Session, edition: Edition, title: str = "Programme", *, published: bool = True
) -> EditionDocument:
    """A document of an edition."""
    document = add_document(session, edition.id, paper(title, PDF + title.encode()), COMMAND, NOW)
    if published:
        seen = arranged(session, edition.id)
        wanted = [Arranged(one.id, one.title, is_published=True) for one in seen]
        arrange_documents(session, edition.id, wanted, COMMAND, NOW, seen=seen)
    return document
