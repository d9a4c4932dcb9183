"""What those who run the network read about hosting: what is to be done, and the calls."""

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dofc_events.accounts.guards import acting, chair_only, is_chair
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.hosting.ballots.queries import roll
from dofc_events.hosting.calls import service as calls
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.queries import all_calls, is_scored, proposals_of, summaries
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.organise.hosting.calls.forms import ChangeCallForm, ExtendForm, NewCallForm, ShortlistForm
from dofc_events.organise.hosting.shared import CALL, DESK, around, call_of, readers_only
from dofc_events.web.forms import ButtonForm, answer_errors, form_page
from dofc_events.web.moments import on_the_clock

blueprint = Blueprint("calls", __name__)


@blueprint.get(f"{CALL}/")
@readers_only
def call(year: int) -> ResponseReturnValue:
    """One call: its dates, its proposals, and for the chair what can be done with it."""
    session, call = db.session(), call_of(year)
    return render_template(
        "organise/hosting/calls/call.html",
        call=call,
        proposals=proposals_of(session, call.id),
        roll=roll(session, call.id) if is_chair() else [],
        is_scored=is_scored(session, call.id),
        at=now(),
        **around(),
    )


@blueprint.route(f"{DESK}/calls/new", methods=["GET", "POST"])
@chair_only
def new() -> ResponseReturnValue:
    """Call for hosts of a year."""
    known = all_calls(db.session())
    form = NewCallForm.beginning(known[0].year + 1 if known else now().year + 2)
    context = {"call": None, **around()}
    if not form.validate_on_submit():
        return form_page(form, "organise/hosting/calls/settings.html", **context)
    try:
        with unit_of_work() as session:
            calls.open_call(session, form.year.data, form.to_details(), form.to_criteria(), acting(), now())
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, "organise/hosting/calls/settings.html", **context)
    flash(_("Call saved. Proposals can be submitted once it opens."), "success")
    return redirect(url_for(".call", year=form.year.data), 303)


@blueprint.route(f"{CALL}/settings", methods=["GET", "POST"])
@chair_only
def settings(year: int) -> ResponseReturnValue:
    """Change what a call says, its windows and its criteria."""
    call = call_of(year)
    form = ChangeCallForm.of(call, is_scored=is_scored(db.session(), call.id))
    context = {"call": call, **around()}
    if not form.validate_on_submit():
        return form_page(form, "organise/hosting/calls/settings.html", **context)
    try:
        with unit_of_work() as session:
            calls.change_call(session, call.id, form.to_details(), acting(), now(), seen=form.before)
            if "criteria" in form:
                criteria, seen = form.to_criteria(), [(c.label, c.weight) for c in call.criteria]
                calls.set_criteria(session, call.id, criteria, acting(), now(), seen=seen)
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, "organise/hosting/calls/settings.html", **context)
    flash(_("Call saved."), "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/extend", methods=["GET", "POST"])
@chair_only
def extend(year: int) -> ResponseReturnValue:
    """Give proposers more time; what comes after moves by as many days."""
    call, page = call_of(year), "organise/hosting/calls/extend.html"
    form = ExtendForm(data={"closes_at": on_the_clock(call.closes_at, call.zone)})
    context = {"call": call, "is_late": now() >= call.review_opens_at, **around()}
    if context["is_late"]:
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            calls.extend_call(session, call.id, form.moment(call), acting(), now(), seen=call.closes_at)
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    flash(_("The call now closes later. The review and the ballot have moved with it."), "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/close", methods=["GET", "POST"])
@chair_only
def close(year: int) -> ResponseReturnValue:
    """Take no more proposals from now on, after asking."""
    call, form = call_of(year), ButtonForm()
    if not form.validate_on_submit():
        return form_page(
            form, "organise/hosting/calls/close.html", call=call, drafts=_drafts(call), at=now(), **around()
        )
    try:
        with unit_of_work() as session:
            calls.close_call(session, call.id, acting(), now())
    except calls.CallNotRunning:
        flash(_("The call was not open."), "warning")
    else:
        flash(_("The call has been closed. Proposals can no longer be submitted or changed."), "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/start-review", methods=["GET", "POST"])
@chair_only
def start_review(year: int) -> ResponseReturnValue:
    """Put under review what was submitted, after saying who is told."""
    call, form = call_of(year), ButtonForm()
    if not form.validate_on_submit():
        submitted = proposals_of(db.session(), call.id, (ProposalStatus.SUBMITTED,))
        context = {"call": call, "submitted": submitted, "at": now(), **around()}
        return form_page(form, "organise/hosting/calls/start_review.html", **context)
    try:
        with unit_of_work() as session:
            told = calls.start_review(session, call.id, acting(), now())
    except calls.CallStillOpen:
        flash(_("The call is still open: close it first."), "warning")
    else:
        flash(
            ngettext("%(num)d proposal is under review.", "%(num)d proposals are under review.", told),
            "success",
        )
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/shortlist", methods=["GET", "POST"])
@chair_only
def shortlist(year: int) -> ResponseReturnValue:
    """Tick what the members vote on."""
    call, page = call_of(year), "organise/hosting/calls/shortlist.html"
    proposals = proposals_of(db.session(), call.id, (ProposalStatus.UNDER_REVIEW, ProposalStatus.SHORTLISTED))
    on_it = [p.reference for p in proposals if p.status == ProposalStatus.SHORTLISTED]
    form = ShortlistForm(data={"references": on_it})
    form.references.choices = [p.reference for p in proposals]
    summary = summaries(db.session(), call, current_user.id, now())
    is_fixed = call.ballot_opened_at is not None or call.counted_at is not None
    is_early = now() < call.closes_at
    context = {"call": call, "proposals": proposals, "summaries": summary, **around()}
    context |= {"is_fixed": is_fixed, "is_early": is_early}
    if is_fixed or is_early:
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            calls.set_shortlist(session, call.id, form.references.data, acting(), now(), seen=on_it)
    except calls.NotUnderReview as refusal:
        form.references.errors = [
            _("%(reference)s has been withdrawn meanwhile. Look at the list again.", reference=refusal.reference)
        ]
        return answer_errors(form, page, **context)
    flash(_("Shortlist saved. Proposers whose status has changed will be told by email."), "success")
    return redirect(url_for(".call", year=year), 303)


def _drafts(call: HostingCall) -> int:
    return len(proposals_of(db.session(), call.id, (ProposalStatus.DRAFT,)))
