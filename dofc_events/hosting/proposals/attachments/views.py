"""The files of a proposal: added, read and removed by its proposer."""

from flask import Blueprint, abort, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.proposals.attachments.service import (
    add_attachment,
    remove_attachment,
)
from dofc_events.hosting.proposals.forms import ProposalFileForm
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.proposals.shared import (
    OWN,
    mine,
    own_context,
    own_errors,
    refuse_unless_open,
)
from dofc_events.hosting.queries import attachment_of, came_by_mail
from dofc_events.web.asking import be_sure_of_file
from dofc_events.web.attachments.rules import CheckedFile
from dofc_events.web.attachments.shared import file_answer, receive_attachment
from dofc_events.web.forms import ButtonForm

blueprint = Blueprint("attachments", __name__)

ATTACHMENT = f"{OWN}/attachments/<id:attachment_id>"
PAGE = "hosting/proposals/own.html"


@blueprint.post(f"{OWN}/attachments")
def add(token: str) -> ResponseReturnValue:
    proposal = mine(token)
    refuse_unless_open(proposal)
    if not came_by_mail(token):
        # Before anything that was sent is read.
        return _address_unknown(proposal, token)

    def keep(file: CheckedFile) -> None:
        with unit_of_work() as session:
            add_attachment(session, proposal.id, file, PROPOSER, now())

    refused = receive_attachment(
        ProposalFileForm, keep, PAGE, lambda form: own_context(mine(token), token, attach=form)
    )
    if refused is not None:
        return refused
    return redirect(url_for("hosting.proposals.own", token=token, _anchor="attachments"), 303)


@blueprint.get(ATTACHMENT)
def attachment(token: str, attachment_id: int) -> ResponseReturnValue:
    found = attachment_of(db.session(), mine(token).id, attachment_id) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)


@blueprint.post(f"{ATTACHMENT}/remove")
def remove(token: str, attachment_id: int) -> ResponseReturnValue:
    proposal = mine(token)
    form = ButtonForm()
    if not form.validate_on_submit():
        return own_errors(form, proposal, token)
    here = url_for("hosting.proposals.own", token=token, _anchor="attachments")
    found = attachment_of(db.session(), proposal.id, attachment_id)
    with unit_of_work() as session:
        remove_attachment(session, proposal.id, attachment_id, PROPOSER, now())
        if found:
            be_sure_of_file(_("Remove “%(file)s” from your proposal?", file=found.name), back=here)
    return redirect(here, 303)


def _address_unknown(proposal: Proposal, token: str) -> ResponseReturnValue:
    """403: anybody can type an address, and fill our disk in its name."""
    form = ProposalFileForm(formdata=None)
    form.form_errors = [_("Nothing has been added: open your proposal with the link that we emailed to you first.")]
    page = render_template(PAGE, form=form, **own_context(proposal, token, attach=form))
    return make_response(page, 403)
