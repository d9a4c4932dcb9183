"""The documents of an edition: added, titled, put in order, published, removed."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, ask_first
from dofc_events.memory.documents import service
from dofc_events.memory.documents.queries import documents_of
from dofc_events.memory.models import NewFile
from dofc_events.organise.memory.documents.forms import DocumentsForm
from dofc_events.organise.memory.forms import FilesForm
from dofc_events.organise.memory.shared import MEMORY, receive_files, writers_only
from dofc_events.organise.shared import around
from dofc_events.web.asking import agreed
from dofc_events.web.attachments.shared import file_answer
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("documents", __name__)

DOCUMENTS = f"{MEMORY}/documents"
PAGE = "organise/memory/documents/index.html"


@blueprint.route(DOCUMENTS, methods=["GET", "POST"])
@writers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The documents in their order, with their titles, and which of them anyone may read."""
    seen = service.arranged(db.session(), edition.id)
    form = DocumentsForm.of(seen)
    if not form.validate_on_submit():
        return form_page(form, PAGE, adding=FilesForm(formdata=None), **_page(edition))
    removed = {one.id for one in form.to_arranged() if one.removed}
    try:
        ask_first(agreed(), [one for one in seen if one.id in removed], [])
    except NotAgreed as asked:
        return answer_errors(form, PAGE, asked=asked, adding=FilesForm(formdata=None), **_page(edition))
    with unit_of_work() as session:
        service.arrange_documents(session, edition.id, form.to_arranged(), acting(), now(), seen=seen)
    flash(_("Documents saved."), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.post(f"{DOCUMENTS}/add")
@writers_only
def add(edition: Edition) -> ResponseReturnValue:
    """Add documents, which nobody else sees until they are published."""

    def add_one(file: NewFile) -> None:
        with unit_of_work() as session:
            service.add_document(session, edition.id, file, acting(), now())

    added, refused = receive_files(add_one, PAGE, lambda form: _again(edition, form))
    if refused is not None:
        return refused
    words = ngettext("%(num)d document has been added.", "%(num)d documents have been added.", added)
    flash(f"{words} {_('Publish it by ticking “Published”.')}", "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.get(f"{DOCUMENTS}/<id:document_id>")
@writers_only
def document(edition: Edition, document_id: int) -> ResponseReturnValue:
    """One document, to be saved: a browser never runs it."""
    every = documents_of(db.session(), edition.id)
    found = next((one for one in every if one.id == document_id), None) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)


def _page(edition: Edition) -> dict[str, Any]:
    return {"documents": {str(one.id): one for one in documents_of(db.session(), edition.id)}, **around(edition)}


def _again(edition: Edition, adding: FilesForm) -> dict[str, Any]:
    """What the page shows besides the form that was sent."""
    return {
        "arranging": DocumentsForm.of(service.arranged(db.session(), edition.id), formdata=None),
        "adding": adding,
        **_page(edition),
    }
