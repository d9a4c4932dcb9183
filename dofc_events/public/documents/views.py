"""One document: its address has the hash of its bytes, and so never means another one."""

from flask import Blueprint, Response, abort

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.db import db
from dofc_events.memory.documents.queries import published_documents
from dofc_events.web.attachments.shared import file_answer

blueprint = Blueprint("documents", __name__)


@blueprint.get("/editions/<year:year>/documents/<content_hash>")
def document(year: int, content_hash: str) -> Response:
    """A document of an edition, to be saved: a browser never runs it."""
    edition = edition_by_year(db.session(), year)
    if edition is None or edition.status == EditionStatus.DRAFT:
        abort(404)
    published = published_documents(db.session(), edition.id)
    found = next((one for one in published if one.content_hash == content_hash), None) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)
