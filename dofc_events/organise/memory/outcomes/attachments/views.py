"""The files of an outcome: the signed copy, a translation, a press release."""

from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.memory.models import NewFile
from dofc_events.memory.outcomes import service
from dofc_events.memory.outcomes.models import Outcome, OutcomeFile
from dofc_events.memory.outcomes.queries import outcome_of
from dofc_events.organise.memory.forms import FilesForm
from dofc_events.organise.memory.shared import MEMORY, receive_files, writers_only
from dofc_events.organise.shared import around
from dofc_events.web.asking import be_sure_of_file
from dofc_events.web.attachments.shared import file_answer
from dofc_events.web.forms import ButtonForm, answer_errors

blueprint = Blueprint("attachments", __name__)

FILES = f"{MEMORY}/outcomes/<slug>/files"
PAGE = "organise/memory/outcomes/attachments/index.html"


@blueprint.get(FILES)
@writers_only
def index(edition: Edition, slug: str) -> ResponseReturnValue:
    """The files of an outcome, and a form that adds some."""
    return render_template(PAGE, form=FilesForm(formdata=None), **_page(edition, slug))


@blueprint.post(f"{FILES}/add")
@writers_only
def add(edition: Edition, slug: str) -> ResponseReturnValue:
    """Add files to an outcome, which are public while it is."""
    _outcome(edition, slug)

    def add_one(file: NewFile) -> None:
        with unit_of_work() as session:
            service.add_file(session, edition.id, slug, file, acting(), now())

    _added, refused = receive_files(add_one, PAGE, lambda form: _page(edition, slug))
    if refused is not None:
        return refused
    flash(_("Files added."), "success")
    return redirect(url_for(".index", year=edition.year, slug=slug), 303)


@blueprint.get(f"{FILES}/<id:file_id>")
@writers_only
def file(edition: Edition, slug: str, file_id: int) -> ResponseReturnValue:
    """One file, to be saved: a browser never runs it."""
    found = _file(edition, slug, file_id) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)


@blueprint.post(f"{FILES}/<id:file_id>/remove")
@writers_only
def remove(edition: Edition, slug: str, file_id: int) -> ResponseReturnValue:
    """Take a file off an outcome."""
    _outcome(edition, slug)
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, adding=FilesForm(formdata=None), **_page(edition, slug))
    here = url_for(".index", year=edition.year, slug=slug)
    found = _file(edition, slug, file_id)
    with unit_of_work() as session:
        service.remove_file(session, edition.id, slug, file_id, acting(), now())
        if found:
            asked = _("Remove “%(file)s” from the outcome?", file=found.title)
            be_sure_of_file(asked, back=here, around=partial(around, edition))
    flash(_("File removed."), "success")
    return redirect(here, 303)


def _file(edition: Edition, slug: str, file_id: int) -> OutcomeFile | None:
    return next((one for one in _outcome(edition, slug).files if one.id == file_id), None)


def _page(edition: Edition, slug: str) -> dict[str, object]:
    return {"outcome": _outcome(edition, slug), **around(edition)}


def _outcome(edition: Edition, slug: str) -> Outcome:
    return outcome_of(db.session(), edition.id, slug) or abort(404)
