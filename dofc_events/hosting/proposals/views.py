"""A proposal, from the empty form to its own pages, behind the link in the email. No GET changes anything."""

from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from dofc_events.conference.queries import members
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.proposals import service
from dofc_events.hosting.proposals.attachments import views as attachments
from dofc_events.hosting.proposals.forms import (
    AnswerForm,
    ChangeProposalForm,
    LostLinkForm,
    NewProposalForm,
    ProposalForm,
    WithdrawForm,
    typed,
)
from dofc_events.hosting.proposals.questions.service import NothingAsked, answer_question
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.proposals.shared import OWN, mine, own_context, own_errors, refuse_unless_open
from dofc_events.hosting.proposals.texts import consent_text
from dofc_events.hosting.queries import call_asked_for, leads_to_erased, typed_token_of
from dofc_events.hosting.rules import (
    ProposalStatus,
    may_become,
)
from dofc_events.hosting.stages.rules import Act
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.web.dates import deadline, moment
from dofc_events.web.errors import LinkNotValid
from dofc_events.web.forms import (
    ButtonForm,
    allow_long_form,
    answer_errors,
    answer_too_late,
    answer_too_many,
    form_page,
    of_this_browser,
)
from dofc_events.web.on_record import say

blueprint = Blueprint("proposals", __name__)
blueprint.register_blueprint(attachments.blueprint)

UNANSWERABLE = (service.AnswersOutOfOrder, service.NotAMember, service.Incomplete)
REFUSALS = (service.CallNotOpen, service.ProposalFixed, TooManyMessages, *UNANSWERABLE)


@blueprint.errorhandler(LinkNotValid)
def link_not_valid(error: LinkNotValid) -> ResponseReturnValue:
    """404, without saying whether the link was wrong or replaced, with the form that emails a current one."""
    say("wrong_link")
    is_erased = leads_to_erased(db.session(), (request.view_args or {})["token"])
    page = "privacy/own/erased.html" if is_erased else "hosting/proposals/link_not_valid.html"
    return make_response(render_template(page, form=LostLinkForm(formdata=None)), 404)


@blueprint.errorhandler(service.CallNotOpen)
def call_not_open(refusal: service.CallNotOpen) -> ResponseReturnValue:
    return _not_open(refusal.call)


@blueprint.errorhandler(service.ProposalFixed)
def proposal_fixed(refusal: service.ProposalFixed) -> ResponseReturnValue:
    """403: what was asked for is no longer possible; the own page says how the proposal stands."""
    token = (request.view_args or {})["token"]
    return make_response(render_template("hosting/proposals/fixed.html", **own_context(mine(token), token)), 403)


@blueprint.route("/hosting/propose", methods=["GET", "POST"])
def propose() -> ResponseReturnValue:
    allow_long_form()
    call = call_asked_for(db.session(), request.form.get("year") or request.args.get("year", ""), now())
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
                form_key=of_this_browser(form.form_key.data),
                actor=PROPOSER,
                now=now(),
            )
    except REFUSALS as refusal:
        return _refused(refusal, form, "hosting/proposals/propose.html", **context)
    token = typed_token_of(proposal)
    if service.answers_of(proposal) != answers:
        return _other_answers(mine(token), token)
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
    return render_template("hosting/proposals/own.html", **own_context(mine(token), token))


@blueprint.route(f"{OWN}/edit", methods=["GET", "POST"])
def edit(token: str) -> ResponseReturnValue:
    allow_long_form()
    proposal = mine(token)
    if request.method == "GET":
        refuse_unless_open(proposal)
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
    except REFUSALS as refusal:
        return _refused(refusal, form, "hosting/proposals/edit.html", **context)
    return _on_from_form(token if changed.link_version == proposal.link_version else typed_token_of(changed))


@blueprint.route(f"{OWN}/check", methods=["GET", "POST"])
def check(token: str) -> ResponseReturnValue:
    proposal = mine(token)
    refuse_unless_open(proposal)
    form = ButtonForm()
    context = own_context(proposal, token)
    if not form.validate_on_submit():
        return form_page(form, "hosting/proposals/check.html", **context)
    try:
        with unit_of_work() as session:
            service.submit_proposal(session, proposal.id, PROPOSER, now())
    except service.Incomplete:
        form.form_errors = [_("You cannot submit your proposal yet: something is missing. See the list below.")]
        return answer_errors(form, "hosting/proposals/check.html", **own_context(mine(token), token))
    flash(_("Your proposal has been submitted."), "success")
    return redirect(url_for(".own", token=token), 303)


@blueprint.route(f"{OWN}/withdraw", methods=["GET", "POST"])
def withdraw(token: str) -> ResponseReturnValue:
    proposal = mine(token)
    if not may_become(proposal.status, ProposalStatus.WITHDRAWN):
        raise service.ProposalFixed(proposal.status)
    form = WithdrawForm(proposal.call.stage(now()))
    if not form.validate_on_submit():
        return form_page(form, "hosting/proposals/withdraw.html", **own_context(proposal, token))
    with unit_of_work() as session:
        service.withdraw_proposal(session, proposal.id, PROPOSER, now())
    return redirect(url_for(".own", token=token), 303)


@blueprint.post(f"{OWN}/public")
def public(token: str) -> ResponseReturnValue:
    """Agree that everyone reads the proposal, or take that back."""
    proposal, form = mine(token), ButtonForm()
    if not form.validate_on_submit():
        return own_errors(form, proposal, token)
    agreed = request.form.get("agreed") == "yes"
    with unit_of_work() as session:
        service.let_everyone_read(session, proposal.id, PROPOSER, now(), agreed=agreed)
    flash(_("Everyone can now read your proposal.") if agreed else _("Your proposal is not public."), "success")
    return redirect(url_for(".own", token=token, _anchor="readers"), 303)


@blueprint.post(f"{OWN}/answer")
def answer(token: str) -> ResponseReturnValue:
    proposal = mine(token)
    form = AnswerForm()
    if not form.validate_on_submit():
        return own_errors(form, proposal, token, answer=form)
    try:
        with unit_of_work() as session:
            answer_question(session, proposal.id, form.text.data, PROPOSER, now())
    except TooManyMessages as refusal:
        context = own_context(proposal, token, answer=form)
        return answer_too_many(form, refusal.retry_after, "hosting/proposals/own.html", **context)
    except NothingAsked:
        abort(404)
    flash(_("Answer saved. All reviewers can read it now."), "success")
    return redirect(url_for(".own", token=token, _anchor="questions"), 303)


def _not_open(call: HostingCall | None) -> ResponseReturnValue:
    return make_response(render_template("hosting/proposals/not_open.html", call=call, at=now()), 403)


def _form_context(proposal: Proposal, token: str) -> dict[str, Any]:
    return {**own_context(proposal, token), "consent_text": consent_text(proposal.call, proposal), "sent_twice": False}


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


def _refused(refusal: Refusal, form: ProposalForm, page: str, **context: Any) -> ResponseReturnValue:
    if isinstance(refusal, TooManyMessages):
        return answer_too_many(form, refusal.retry_after, page, **context)
    if isinstance(refusal, UNANSWERABLE):
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    return _too_late(form, page, **context)


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
    return answer_too_late(form, f"{text} {kept}", page, is_late=True, **context)


def _on_from_form(token: str) -> ResponseReturnValue:
    """Where the button of the form leads: saving to the own page, else on to checking the answers."""
    if "save" in request.form:
        flash(_("Proposal saved."), "success")
        return redirect(url_for(".own", token=token), 303)
    return redirect(url_for(".check", token=token), 303)
