"""A proposal, from the empty form to its own pages, behind the link in the email. No GET changes anything."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.conference.queries import members
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.hosting.models import Attachment, HostingCall, Proposal
from dofc_events.hosting.proposals import service
from dofc_events.hosting.proposals.forms import (
    AnswerForm,
    AttachmentForm,
    ChangeProposalForm,
    LostLinkForm,
    NewProposalForm,
    ProposalForm,
    labels,
    typed,
)
from dofc_events.hosting.proposals.questions.service import NothingAsked, answer_question
from dofc_events.hosting.proposals.rules import MAX_BYTES, AttachmentFault, AttachmentRefused, checked
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.proposals.texts import consent_text
from dofc_events.hosting.queries import (
    attachment_of,
    call_by_year,
    current_call,
    proposal_by_link,
    questions_of,
    token_of,
)
from dofc_events.hosting.rules import MAX_ATTACHMENTS, PENDING, ProposalStatus, may_become
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.queries import latest_message
from dofc_events.web.dates import deadline, moment
from dofc_events.web.downloads import download
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import ButtonForm, Form, answer_errors, answer_too_late, answer_too_many, form_page

blueprint = Blueprint("proposals", __name__)

OWN = "/hosting/proposals/<token>"
ATTACHMENT = f"{OWN}/attachments/<id:attachment_id>"
# The file, and what a browser wraps around it.
LARGEST_UPLOAD = MAX_BYTES + 64 * 1024
# A form filled to the brim in a script of which each letter takes nine bytes on its way: twice as much as that takes.
LARGEST_FORM = 1024 * 1024

# A file that strangers sent is kept on the disk of whoever asks for it: no page of ours shows it.
DOWNLOAD_POLICY = "sandbox; default-src 'none'"

UNANSWERABLE = (service.AnswersOutOfOrder, service.NotAMember, service.Incomplete)


@blueprint.errorhandler(LinkNotValid)
def link_not_valid(error: LinkNotValid) -> ResponseReturnValue:
    """404, without saying whether the link was wrong or replaced, with the form that emails a current one."""
    return make_response(
        render_template("hosting/proposals/link_not_valid.html", form=LostLinkForm(formdata=None)), 404
    )


@blueprint.errorhandler(service.CallNotOpen)
def call_not_open(refusal: service.CallNotOpen) -> ResponseReturnValue:
    return _not_open(refusal.call)


@blueprint.errorhandler(service.ProposalFixed)
def proposal_fixed(refusal: service.ProposalFixed) -> ResponseReturnValue:
    """403: what was asked for is no longer possible; the own page says how the proposal stands."""
    token = (request.view_args or {})["token"]
    return make_response(render_template("hosting/proposals/fixed.html", **_own(_mine(token), token)), 403)


@blueprint.route("/hosting/propose", methods=["GET", "POST"])
def propose() -> ResponseReturnValue:
    _allow_long_answers()
    call = _call_to_propose_for(request.form.get("year") or request.args.get("year"))
    if call is None or (request.method == "GET" and not call.allows(Act.PROPOSE, now())):
        return _not_open(call)
    form = NewProposalForm(data={"year": str(call.year)})
    form.offer_members(members(db.session()))
    context: dict[str, Any] = {"call": call, "consent_text": consent_text(call)}
    if not call.allows(Act.PROPOSE, now()):
        return _too_late(form, "hosting/proposals/propose.html", **context)
    if not form.validate_on_submit():
        return form_page(form, "hosting/proposals/propose.html", **context)
    answers = form.to_answers()
    try:
        with unit_of_work() as session:
            proposal = service.save_draft(
                session,
                call.year,
                answers,
                language=str(get_locale()),
                consent_text=context["consent_text"],
                form_key=form.form_key.data,
                actor=PROPOSER,
                now=now(),
            )
    except service.CallNotOpen:
        return _too_late(form, "hosting/proposals/propose.html", **context)
    except UNANSWERABLE as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, "hosting/proposals/propose.html", **context)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "hosting/proposals/propose.html", **context)
    token = token_of(proposal)
    if service.answers_of(proposal) != answers:
        return _other_answers(_mine(token), token)
    return _on_from_form(token)


@blueprint.route("/hosting/lost-link", methods=["GET", "POST"])
@limit_by_address(LostLinkForm)
def lost_link() -> ResponseReturnValue:
    form = LostLinkForm()
    if not form.validate_on_submit():
        return form_page(form, "hosting/proposals/lost_link.html")
    with unit_of_work() as session:
        service.send_links(session, form.email.data, now())
    browser["proposals_of"] = form.email.data
    return redirect(url_for(".link_sent"), 303)


@blueprint.get("/hosting/lost-link/sent")
def link_sent() -> ResponseReturnValue:
    """What happens next, in the same words whether or not there is a proposal."""
    if "proposals_of" not in browser:
        return redirect(url_for(".lost_link"), 303)
    return render_template("hosting/proposals/link_sent.html", email=browser["proposals_of"])


@blueprint.get(f"{OWN}/")
def own(token: str) -> ResponseReturnValue:
    return render_template("hosting/proposals/own.html", **_own(_mine(token), token))


@blueprint.route(f"{OWN}/edit", methods=["GET", "POST"])
def edit(token: str) -> ResponseReturnValue:
    _allow_long_answers()
    proposal = _mine(token)
    if request.method == "GET":
        _refuse_unless_open(proposal)
    form = _change_form(proposal)
    context = _form_context(proposal, token)
    if not context["is_open"]:
        return _too_late(form, "hosting/proposals/edit.html", **context)
    if not form.validate_on_submit():
        return form_page(form, "hosting/proposals/edit.html", **context)
    try:
        with unit_of_work() as session:
            changed = service.change_proposal(
                session,
                proposal.id,
                form.to_answers(),
                consent_text=context["consent_text"],
                actor=PROPOSER,
                now=now(),
                seen=service.answers_of(proposal),
            )
    except (service.CallNotOpen, service.ProposalFixed):
        return _too_late(form, "hosting/proposals/edit.html", **context)
    except UNANSWERABLE as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, "hosting/proposals/edit.html", **context)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, "hosting/proposals/edit.html", **context)
    return _on_from_form(token_of(changed))


@blueprint.route(f"{OWN}/check", methods=["GET", "POST"])
def check(token: str) -> ResponseReturnValue:
    proposal = _mine(token)
    _refuse_unless_open(proposal)
    form = ButtonForm()
    context = _own(proposal, token)
    if not form.validate_on_submit():
        return form_page(form, "hosting/proposals/check.html", **context)
    try:
        with unit_of_work() as session:
            service.submit_proposal(session, proposal.id, PROPOSER, now())
    except service.Incomplete:
        form.form_errors = [_("You cannot submit your proposal yet: something is missing. See the list below.")]
        return answer_errors(form, "hosting/proposals/check.html", **_own(_mine(token), token))
    flash(_("Your proposal has been submitted."), "success")
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/withdraw", methods=["GET", "POST"])
def withdraw(token: str) -> ResponseReturnValue:
    proposal = _mine(token)
    form = ButtonForm()
    if not may_become(proposal.status, ProposalStatus.WITHDRAWN):
        raise service.ProposalFixed(proposal.status)
    if not form.validate_on_submit():
        return form_page(form, "hosting/proposals/withdraw.html", **_own(proposal, token))
    with unit_of_work() as session:
        service.withdraw_proposal(session, proposal.id, PROPOSER, now())
    return redirect(url_for(".own", token=token), 303)


@blueprint.post(f"{OWN}/public")
def public(token: str) -> ResponseReturnValue:
    """Agree that everyone can read the proposal, or withdraw that."""
    proposal, form = _mine(token), ButtonForm()
    if not form.validate_on_submit():
        return _own_errors(form, proposal, token)
    agreed = request.form.get("agreed") == "yes"
    with unit_of_work() as session:
        service.let_everyone_read(session, proposal.id, PROPOSER, now(), agreed=agreed)
    flash(_("Everyone can now read your proposal.") if agreed else _("Your proposal is not public."), "success")
    return redirect(url_for(".own", token=token, _anchor="readers"), 303)


@blueprint.post(f"{OWN}/attachments")
def attach(token: str) -> ResponseReturnValue:
    proposal = _mine(token)
    _refuse_unless_open(proposal)
    request.max_content_length = LARGEST_UPLOAD
    try:
        form = AttachmentForm()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        form = AttachmentForm(formdata=None)
        form.refuse(AttachmentRefused(AttachmentFault.TOO_LARGE))
        return make_response(
            render_template("hosting/proposals/own.html", form=form, **_own(proposal, token, attach=form)), 413
        )
    if not accepted:
        return _own_errors(form, proposal, token, attach=form)
    try:
        # Before anybody else waits for it.
        file = checked(form.file.data.filename, form.file.data.read())
        with unit_of_work() as session:
            service.add_attachment(session, proposal.id, file, PROPOSER, now())
    except (AttachmentRefused, service.TooManyAttachments) as refusal:
        form.refuse(refusal)
        return _own_errors(form, _mine(token), token, attach=form)
    return redirect(url_for(".own", token=token, _anchor="attachments"), 303)


@blueprint.get(ATTACHMENT)
def attachment(token: str, attachment_id: int) -> ResponseReturnValue:
    found = attachment_of(db.session(), _mine(token).id, attachment_id)
    if found is None:
        abort(404)
    return attachment_answer(found)


@blueprint.post(f"{ATTACHMENT}/remove")
def remove_attachment(token: str, attachment_id: int) -> ResponseReturnValue:
    proposal = _mine(token)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _own_errors(form, proposal, token)
    with unit_of_work() as session:
        service.remove_attachment(session, proposal.id, attachment_id, PROPOSER, now())
    return redirect(url_for(".own", token=token, _anchor="attachments"), 303)


@blueprint.post(f"{OWN}/answer")
def answer(token: str) -> ResponseReturnValue:
    proposal = _mine(token)
    form = AnswerForm()
    if not form.validate_on_submit():
        return _own_errors(form, proposal, token, answer=form)
    try:
        with unit_of_work() as session:
            answer_question(session, proposal.id, form.text.data, PROPOSER, now())
    except NothingAsked:
        abort(404)
    flash(_("Your answer has been sent to the reviewer who asked. All reviewers can read it below."), "success")
    return redirect(url_for(".own", token=token, _anchor="questions"), 303)


def _mine(token: str) -> Proposal:
    proposal = proposal_by_link(db.session(), token)
    if proposal is None:
        raise LinkNotValid
    return proposal


def _allow_long_answers() -> None:
    request.max_content_length = request.max_form_memory_size = LARGEST_FORM


def _call_to_propose_for(year: str | None) -> HostingCall | None:
    """The call of the year that a form or an address names, else the one under way."""
    if year:
        return call_by_year(db.session(), int(year)) if year.isascii() and year.isdigit() and len(year) == 4 else None
    return current_call(db.session(), now())


def _not_open(call: HostingCall | None) -> ResponseReturnValue:
    return make_response(render_template("hosting/proposals/not_open.html", call=call, at=now()), 403)


def _refuse_unless_open(proposal: Proposal) -> None:
    """As the service would, before somebody types."""
    if proposal.status not in (ProposalStatus.DRAFT, ProposalStatus.SUBMITTED):
        raise service.ProposalFixed(proposal.status)
    if not proposal.call.allows(Act.PROPOSE, now()):
        raise service.CallNotOpen(proposal.call)


def _own(proposal: Proposal, token: str, **forms: Form) -> dict[str, Any]:
    """What the pages about one proposal show; of the `forms` one may be given that was not accepted."""
    questions = questions_of(db.session(), proposal.id)
    names = labels()
    return {
        "proposal": proposal,
        "call": proposal.call,
        "token": token,
        "at": now(),
        "is_open": proposal.status in (ProposalStatus.DRAFT, ProposalStatus.SUBMITTED)
        and proposal.call.allows(Act.PROPOSE, now()),
        "can_withdraw": may_become(proposal.status, ProposalStatus.WITHDRAWN),
        "missing": [(name, names[name]) for name in service.missing_of(proposal)],
        "questions": questions,
        "can_answer": bool(questions) and proposal.status in PENDING,
        "message": latest_message(db.session(), proposal.reference, proposal.email_key),
        "can_attach": len(proposal.attachments) < MAX_ATTACHMENTS,
        "attach": AttachmentForm(formdata=None),
        "answer": AnswerForm(formdata=None),
        **forms,
    }


def _own_errors(form: Form, proposal: Proposal, token: str, **place: Form) -> ResponseReturnValue:
    """The own page again, with what is wrong about a form that was sent from it."""
    return answer_errors(form, "hosting/proposals/own.html", **_own(proposal, token, **place))


def _form_context(proposal: Proposal, token: str) -> dict[str, Any]:
    return {**_own(proposal, token), "consent_text": consent_text(proposal.call, proposal), "sent_twice": False}


def _change_form(proposal: Proposal) -> ChangeProposalForm:
    """The form with what was sent, else with what the proposal says."""
    form = ChangeProposalForm(data=typed(service.answers_of(proposal)))
    form.offer_members(members(db.session()))
    return form


def _other_answers(proposal: Proposal, token: str) -> ResponseReturnValue:
    """The first form again with other answers: the page that changes them, filled in, and nothing changed yet."""
    context = _form_context(proposal, token) | {"sent_twice": True}
    if not context["is_open"]:
        return _too_late(_change_form(proposal), "hosting/proposals/edit.html", **context)
    page = render_template("hosting/proposals/edit.html", form=_change_form(proposal), **context)
    return make_response(page, 422)


def _too_late(form: ProposalForm, page: str, **context: Any) -> ResponseReturnValue:
    """The call closed, or the review began, while somebody typed: the text stays in the form."""
    call = context["call"]
    if now() < call.opens_at:
        text = _("The call is not open yet. It opens at %(moment)s.", moment=moment(call.opens_at, call.zone))
    elif call.allows(Act.PROPOSE, now()):
        text = _("This proposal can no longer be changed.")
    else:
        text = _("The call has closed. It closed at %(moment)s.", moment=deadline(call.closes_at, call.zone))
    kept = _("What you typed has not been saved. Copy it, or send it again if the call is opened again.")
    return answer_too_late(form, f"{text} {kept}", page, **context)


def _on_from_form(token: str) -> ResponseReturnValue:
    """Where the button of the form leads: saving to the own page, else on to checking the answers."""
    if "save" in request.form:
        flash(_("Proposal saved."), "success")
        return redirect(url_for(".own", token=token), 303)
    return redirect(url_for(".check", token=token), 303)


def attachment_answer(attachment: Attachment) -> Response:
    """A proposal's attachment, in a way that no browser runs anything of it."""
    content = files.read(settings().instance, attachment.content_hash)
    answer = download(attachment.name, attachment.media_type, content)
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer
