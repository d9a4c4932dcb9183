"""The files of a letter: added and removed until it is sent."""

from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.letters import queries, service
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import EDITABLE
from dofc_events.organise.letters.attachments.forms import LetterFileForm
from dofc_events.organise.shared import EDITION, around
from dofc_events.web.asking import be_sure_of_file
from dofc_events.web.attachments.rules import CheckedFile
from dofc_events.web.attachments.shared import file_answer, receive_attachment
from dofc_events.web.forms import ButtonForm, answer_errors

blueprint = Blueprint("attachments", __name__)

ATTACHMENTS = f"{EDITION}/letters/<id:letter_id>/attachments"
PAGE = "organise/letters/attachments/index.html"


@blueprint.route(ATTACHMENTS, methods=["GET", "POST"])
@organisers_only
def index(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """The files that travel with a letter, until it is sent; and one more."""
    letter = _letter(edition, letter_id)
    if letter.before or letter.state not in EDITABLE:
        return _too_late(edition, letter_id)
    if request.method == "GET":
        return render_template(PAGE, form=LetterFileForm(), **_page(edition, letter_id))

    def attach(file: CheckedFile) -> None:
        with unit_of_work() as session:
            service.attach_file(session, letter_id, file, acting(), now())

    try:
        refused = receive_attachment(LetterFileForm, attach, PAGE, lambda form: _page(edition, letter_id))
    except service.NotEditable:
        return _too_late(edition, letter_id)
    if refused is not None:
        return refused
    flash(_("File attached. Everybody who gets the letter gets it too."), "success")
    return redirect(url_for(".index", year=edition.year, letter_id=letter_id), 303)


@blueprint.get(f"{ATTACHMENTS}/<id:attachment_id>")
@organisers_only
def file(edition: Edition, letter_id: int, attachment_id: int) -> ResponseReturnValue:
    """One file, to be saved: a browser never runs it."""
    _letter(edition, letter_id)
    found = queries.letter_attachment(db.session(), letter_id, attachment_id) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)


@blueprint.post(f"{ATTACHMENTS}/<id:attachment_id>/remove")
@organisers_only
def remove(edition: Edition, letter_id: int, attachment_id: int) -> ResponseReturnValue:
    """Take a file off the letter."""
    form = ButtonForm()
    _letter(edition, letter_id)
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, attach=LetterFileForm(formdata=None), **_page(edition, letter_id))
    here = url_for(".index", year=edition.year, letter_id=letter_id)
    found = queries.letter_attachment(db.session(), letter_id, attachment_id)
    try:
        with unit_of_work() as session:
            service.detach_file(session, letter_id, attachment_id, acting(), now())
            if found:
                asked = _("Remove “%(file)s” from the letter?", file=found.name)
                be_sure_of_file(asked, back=here, around=partial(around, edition))
    except service.NotEditable:
        return _too_late(edition, letter_id)
    return redirect(here, 303)


def _letter(edition: Edition, letter_id: int) -> Letter:
    return queries.letter_of(db.session(), edition.id, letter_id) or abort(404)


def _page(edition: Edition, letter_id: int) -> dict[str, object]:
    return {"letter": _letter(edition, letter_id), **around(edition)}


def _too_late(edition: Edition, letter_id: int) -> ResponseReturnValue:
    flash(
        _("The files of this letter can no longer be changed: it is being sent, or has been sent, stopped or deleted."),
        "info",
    )
    return redirect(url_for("organise.letters.letter", year=edition.year, letter_id=letter_id), 303)
