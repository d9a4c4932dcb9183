"""The files of a proposal: added, read and removed by its proposer."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.core.clock import now
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.proposals.attachments.service import (
    TooManyAttachments,
    add_attachment,
    remove_attachment,
)
from dofc_events.hosting.proposals.forms import ProposalFileForm
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.proposals.shared import (
    OWN,
    attachment_answer,
    mine,
    own_context,
    own_errors,
    refuse_unless_open,
)
from dofc_events.hosting.queries import attachment_of, came_by_mail
from dofc_events.web.attachments.queries import check_upload
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentFault, AttachmentRefused
from dofc_events.web.forms import ButtonForm, answer_busy, answer_too_many
from dofc_events.web.on_record import say
from dofc_events.web.uploads import TooManyUploads, refuse_flood_of_uploads

blueprint = Blueprint("attachments", __name__)

ATTACHMENT = f"{OWN}/attachments/<id:attachment_id>"
# The file, and what a browser wraps around it.
LARGEST_UPLOAD = MAX_BYTES + 64 * 1024


@blueprint.post(f"{OWN}/attachments")
def add(token: str) -> ResponseReturnValue:
    proposal = mine(token)
    refuse_unless_open(proposal)
    if not came_by_mail(token):
        # Before anything that was sent is read.
        return _address_unknown(proposal, token)
    request.max_content_length = LARGEST_UPLOAD
    try:
        form = ProposalFileForm()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        form = ProposalFileForm(formdata=None)
        form.refuse(AttachmentRefused(AttachmentFault.TOO_LARGE))
        return make_response(
            render_template("hosting/proposals/own.html", form=form, **own_context(proposal, token, attach=form)), 413
        )
    if not accepted:
        return own_errors(form, proposal, token, attach=form)
    try:
        # Outside of the transaction, and it does not keep the connection that read the page.
        db.session.close()
        content = form.file.data.read()
        refuse_flood_of_uploads(len(content))
        file = check_upload(form.file.data.filename, content)
        with unit_of_work() as session:
            add_attachment(session, proposal.id, file, PROPOSER, now())
    except (AttachmentRefused, TooManyAttachments) as refusal:
        say("file_refused", reason=str(refusal) or type(refusal).__name__)
        form.refuse(refusal)
        return own_errors(form, mine(token), token, attach=form)
    except TooManyUploads as refusal:
        return answer_too_many(
            form, refusal.retry_after, "hosting/proposals/own.html", **own_context(mine(token), token, attach=form)
        )
    except TooBusy as refusal:
        return answer_busy(
            form, refusal.retry_after, "hosting/proposals/own.html", **own_context(mine(token), token, attach=form)
        )
    return redirect(url_for("hosting.proposals.own", token=token, _anchor="attachments"), 303)


@blueprint.get(ATTACHMENT)
def attachment(token: str, attachment_id: int) -> ResponseReturnValue:
    found = attachment_of(db.session(), mine(token).id, attachment_id)
    if found is None:
        abort(404)
    return attachment_answer(found)


@blueprint.post(f"{ATTACHMENT}/remove")
def remove(token: str, attachment_id: int) -> ResponseReturnValue:
    proposal = mine(token)
    form = ButtonForm()
    if not form.validate_on_submit():
        return own_errors(form, proposal, token)
    with unit_of_work() as session:
        remove_attachment(session, proposal.id, attachment_id, PROPOSER, now())
    return redirect(url_for("hosting.proposals.own", token=token, _anchor="attachments"), 303)


def _address_unknown(proposal: Proposal, token: str) -> ResponseReturnValue:
    """403: anybody can type an address, and fill our disk in its name."""
    form = ProposalFileForm(formdata=None)
    form.form_errors = [_("Nothing has been added: open your proposal with the link that we emailed to you first.")]
    page = render_template("hosting/proposals/own.html", form=form, **own_context(proposal, token, attach=form))
    return make_response(page, 403)
