"""The files of a letter: added and removed until it is sent."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.letters import queries, service
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import EDITABLE, MAX_ATTACHED
from dofc_events.organise.letters.attachments.forms import LetterFileForm
from dofc_events.organise.shared import EDITION, around
from dofc_events.web.attachments.queries import check_upload
from dofc_events.web.attachments.rules import AttachmentRefused
from dofc_events.web.downloads import download
from dofc_events.web.forms import ButtonForm, answer_busy, answer_errors, answer_too_many, form_page
from dofc_events.web.on_record import say
from dofc_events.web.security import DOWNLOAD_POLICY
from dofc_events.web.uploads import TooManyUploads, refuse_flood_of_uploads

blueprint = Blueprint("attachments", __name__)

ATTACHMENTS = f"{EDITION}/letters/<id:letter_id>/attachments"
PAGE = "organise/letters/attachments/index.html"
# The files, and what a browser wraps around one.
LARGEST_UPLOAD = MAX_ATTACHED + 64 * 1024


@blueprint.route(ATTACHMENTS, methods=["GET", "POST"])
@organisers_only
def index(edition: Edition, letter_id: int) -> ResponseReturnValue:
    """The files that travel with a letter, until it is sent; and one more."""
    letter = _letter(edition, letter_id)
    if letter.before or letter.state not in EDITABLE:
        return _too_late(edition, letter_id)
    context = {"letter": letter, **around(edition)}
    request.max_content_length = LARGEST_UPLOAD
    try:
        form = LetterFileForm()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        form = LetterFileForm(formdata=None)
        form.refuse(service.FilesTooLarge())
        return make_response(render_template(PAGE, form=form, **context), 413)
    if not accepted:
        return form_page(form, PAGE, **context)
    # Checked outside of the transaction.
    content = form.file.data.read()
    try:
        refuse_flood_of_uploads(len(content))
        file = check_upload(form.file.data.filename, content)
        with unit_of_work() as session:
            service.attach_file(session, letter_id, file, acting(), now())
    except service.NotEditable:
        return _too_late(edition, letter_id)
    except (AttachmentRefused, service.FilesTooLarge) as refusal:
        say("file_refused", reason=str(refusal) or type(refusal).__name__)
        form.refuse(refusal)
        return answer_errors(form, PAGE, **_again(edition, letter_id))
    except TooManyUploads as refusal:
        return answer_too_many(form, refusal.retry_after, PAGE, **_again(edition, letter_id))
    except TooBusy as refusal:
        return answer_busy(form, refusal.retry_after, PAGE, **_again(edition, letter_id))
    flash(_("File attached. Everybody who gets the letter gets it too."), "success")
    return redirect(url_for(".index", year=edition.year, letter_id=letter_id), 303)


@blueprint.get(f"{ATTACHMENTS}/<id:attachment_id>")
@organisers_only
def file(edition: Edition, letter_id: int, attachment_id: int) -> ResponseReturnValue:
    """One file, to be saved: a browser never runs it."""
    _letter(edition, letter_id)
    found = queries.letter_attachment(db.session(), letter_id, attachment_id) or abort(404)
    answer = download(found.name, found.media_type, files.read(settings().shared, found.content_hash))
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer


@blueprint.post(f"{ATTACHMENTS}/<id:attachment_id>/remove")
@organisers_only
def remove(edition: Edition, letter_id: int, attachment_id: int) -> ResponseReturnValue:
    """Take a file off the letter."""
    form = ButtonForm()
    _letter(edition, letter_id)
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, attach=LetterFileForm(formdata=None), **_again(edition, letter_id))
    try:
        with unit_of_work() as session:
            service.detach_file(session, letter_id, attachment_id, acting(), now())
    except service.NotEditable:
        return _too_late(edition, letter_id)
    return redirect(url_for(".index", year=edition.year, letter_id=letter_id), 303)


def _letter(edition: Edition, letter_id: int) -> Letter:
    return queries.letter_of(db.session(), edition.id, letter_id) or abort(404)


def _again(edition: Edition, letter_id: int) -> dict[str, object]:
    """What the page shows; read anew, as the transaction that read it first may have ended."""
    return {"letter": _letter(edition, letter_id), **around(edition)}


def _too_late(edition: Edition, letter_id: int) -> ResponseReturnValue:
    flash(
        _("The files of this letter can no longer be changed: it is being sent, has been sent or was deleted."), "info"
    )
    return redirect(url_for("organise.letters.letter", year=edition.year, letter_id=letter_id), 303)
