"""Hosting, for the people who run the network: what there is to do, and the calls."""

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from dofc_events.accounts.guards import acting, chair_only, is_chair
from dofc_events.conference.queries import members
from dofc_events.conference.rules import Consequence, Effect
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal, ask_first
from dofc_events.hosting.ballots.queries import ballots_of, chaired_members, roll
from dofc_events.hosting.calls import service as calls
from dofc_events.hosting.membership.queries import unsettled
from dofc_events.hosting.queries import all_calls, concerned_by, edition_in_the_way, proposals_of, who_reviews
from dofc_events.hosting.reviews.queries import is_scored, summaries
from dofc_events.hosting.rules import PENDING, ProposalStatus, by_score
from dofc_events.hosting.stages.rules import DATES, Act, Stage, WrongStage, changed_dates, decided_within, extended
from dofc_events.organise.hosting.calls.forms import CallForm, ChangeCallForm, ExtendForm, NewCallForm, ShortlistForm
from dofc_events.organise.hosting.queries import reviewers_with_an_interest, trail_of
from dofc_events.organise.hosting.shared import CALL, DESK, around, call_of, readers_only, withdrawn_names
from dofc_events.organise.shared import before_id, emailed
from dofc_events.organise.trail.hosting.texts import line_of
from dofc_events.web.forms import ButtonForm, answer_errors, form_page
from dofc_events.web.moments import on_the_clock

blueprint = Blueprint("calls", __name__)

ROWS = 50
DRAFT, SUBMITTED = ProposalStatus.DRAFT, ProposalStatus.SUBMITTED


@blueprint.get(f"{CALL}/")
@readers_only
def call(year: int) -> ResponseReturnValue:
    """One call: its dates, its proposals, and for the chair what can be done with it."""
    session, call, at = db.session(), call_of(year), now()
    proposals = proposals_of(session, call.id)
    return render_template(
        "organise/hosting/calls/call.html",
        call=call,
        proposals=proposals,
        likely=unsettled(session, [p for p in proposals if p.status in PENDING]) if is_chair() else {},
        taken=edition_in_the_way(session, year),
        bidding=reviewers_with_an_interest(session, proposals, at) if is_chair() else [],
        roll=roll(session, call.id) if is_chair() else [],
        votes=len(ballots_of(call)),
        chaired=chaired_members(session, call.id, at) if is_chair() else set(),
        is_scored=is_scored(session, call.id),
        at=at,
        **around(),
    )


@blueprint.route(f"{DESK}/calls/new", methods=["GET", "POST"])
@chair_only
def new() -> ResponseReturnValue:
    """Call for hosts of a year."""
    known = all_calls(db.session())
    form = NewCallForm.beginning(known[0].year + 1 if known else now().year + 2)
    context = {"call": None, "asked": None, **around()}
    if not form.validate_on_submit():
        return form_page(form, "organise/hosting/calls/settings.html", **context)
    try:
        ask_first(form.accepted.data or "", _unlikely(form))
        with unit_of_work() as session:
            calls.open_call(session, form.year.data, form.to_details(), form.to_criteria(), acting(), now())
    except NotAgreed as asked:
        return answer_errors(form, "organise/hosting/calls/settings.html", **(context | {"asked": asked}))
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, "organise/hosting/calls/settings.html", **context)
    flash(_("Call saved."), "success")
    return redirect(url_for(".call", year=form.year.data), 303)


@blueprint.route(f"{CALL}/settings", methods=["GET", "POST"])
@chair_only
def settings(year: int) -> ResponseReturnValue:
    """Change what a call says, its windows and its criteria: what can be changed in its stage."""
    call, page = call_of(year), "organise/hosting/calls/settings.html"
    form = ChangeCallForm.of(call, is_scored=is_scored(db.session(), call.id), now=now())
    context = {"call": call, "dates": DATES, "at": now(), "asked": None, **around()}
    if call.stage(now()) is Stage.ANNOUNCED:
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        ask_first(form.accepted.data or "", _unlikely(form))
        with unit_of_work() as session:
            calls.change_call(session, call.id, form.to_details(), acting(), now(), seen=form.before)
            if "criteria" in form:
                criteria, seen = form.to_criteria(), [(c.label, c.weight) for c in call.criteria]
                calls.set_criteria(session, call.id, criteria, acting(), now(), seen=seen)
    except NotAgreed as asked:
        return answer_errors(form, page, **(context | {"asked": asked}))
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    flash(_("Call saved."), "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/delete", methods=["GET", "POST"])
@chair_only
def delete(year: int) -> ResponseReturnValue:
    """Delete a call for which nobody has started a proposal, after asking."""
    call, form = call_of(year), ButtonForm()
    begun = proposals_of(db.session(), call.id, tuple(ProposalStatus))
    if not form.validate_on_submit():
        context = {"call": call, "begun": len(begun), "at": now(), **around()}
        return form_page(form, "organise/hosting/calls/delete.html", **context)
    try:
        with unit_of_work() as session:
            calls.delete_call(session, call.id, acting(), now())
    except (calls.CallNotEmpty, WrongStage):
        return redirect(url_for(".delete", year=year), 303)
    flash(_("The call for hosts %(year)d has been deleted.", year=year), "success")
    return redirect(url_for("organise.hosting.index"), 303)


@blueprint.route(f"{CALL}/extend", methods=["GET", "POST"])
@chair_only
def extend(year: int) -> ResponseReturnValue:
    """Extend a call, after showing what else moves and who is told."""
    call, page = call_of(year), "organise/hosting/calls/extend.html"
    form = ExtendForm(data={"closes_at": on_the_clock(call.closes_at, call.zone)})
    context = {"call": call, "changed": (), "at": now(), **around()}
    if not call.allows(Act.EXTEND, now()):
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    closes_at = form.moment(call)
    after = extended(call.dates, closes_at, call.zone)
    possible = closes_at > max(call.closes_at, now()) and decided_within(year, after, call.zone)
    if possible and form.accepted.data != closes_at.isoformat():
        context |= {"after": after, "changed": changed_dates(call.dates, after)}
        proposals, accounts = concerned_by(db.session(), call.id, context["changed"], now())
        context["told"] = len(proposals) + len(accounts)
        return answer_errors(form, page, **context)
    try:
        with unit_of_work() as session:
            calls.extend_call(session, call.id, closes_at, acting(), now(), seen=call.closes_at)
    except WrongStage:
        return make_response(render_template(page, form=form, **context | {"call": call_of(year)}), 403)
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    told = emailed(_("Everyone whose dates have changed will be told by email."))
    flash(f"{_('Call extended.')} {told}", "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/close", methods=["GET", "POST"])
@chair_only
def close(year: int) -> ResponseReturnValue:
    """Close a call now, after asking."""
    call, form = call_of(year), ButtonForm()
    if not form.validate_on_submit():
        counts = [len(proposals_of(db.session(), call.id, (status,))) for status in (DRAFT, SUBMITTED)]
        context = {"call": call, "drafts": counts[0], "submitted": counts[1], "at": now(), **around()}
        return form_page(form, "organise/hosting/calls/close.html", **context)
    try:
        with unit_of_work() as session:
            calls.close_call(session, call.id, acting(), now())
    except WrongStage:
        flash(_("The call was not open."), "warning")
    else:
        flash(_("The call has been closed. Proposals can no longer be submitted or changed."), "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/start-review", methods=["GET", "POST"])
@chair_only
def start_review(year: int) -> ResponseReturnValue:
    """Put submitted proposals under review, after saying who is told."""
    call, form = call_of(year), ButtonForm()
    if not form.validate_on_submit():
        submitted = proposals_of(db.session(), call.id, (SUBMITTED,))
        likely = unsettled(db.session(), submitted)
        submitted = [proposal for proposal in submitted if proposal.id not in likely]
        told = who_reviews(db.session(), call, submitted, now())
        context = {"call": call, "submitted": submitted, "told": len(told), "likely": likely, "at": now(), **around()}
        return form_page(form, "organise/hosting/calls/start_review.html", **context)
    try:
        with unit_of_work() as session:
            begun = calls.start_review(session, call.id, acting(), now())
    except WrongStage:
        return redirect(url_for(".start_review", year=year), 303)
    if begun:
        flash(ngettext("%(num)d proposal is under review.", "%(num)d proposals are under review.", begun), "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.route(f"{CALL}/shortlist", methods=["GET", "POST"])
@chair_only
def shortlist(year: int) -> ResponseReturnValue:
    """Tick what the members vote on."""
    call, page = call_of(year), "organise/hosting/calls/shortlist.html"
    proposals = proposals_of(db.session(), call.id, (ProposalStatus.UNDER_REVIEW, ProposalStatus.SHORTLISTED))
    summary = summaries(db.session(), call, current_user.id, now())
    order = by_score([proposal.id for proposal in proposals], summary)
    proposals.sort(key=lambda proposal: order.index(proposal.id))
    on_it = [p.reference for p in proposals if p.status == ProposalStatus.SHORTLISTED]
    form = ShortlistForm(data={"references": on_it})
    form.references.choices = [(p.reference, f"{p.proposer}, {p.city}") for p in proposals]
    form.gone = withdrawn_names(call)
    context = {"call": call, "proposals": proposals, "summaries": summary, "at": now(), **around()}
    if not call.allows(Act.SET_SHORTLIST, now()):
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            calls.set_shortlist(session, call.id, form.references.data, acting(), now(), seen=on_it)
    except calls.NotUnderReview as refusal:
        gone = withdrawn_names(call)
        names = [gone[reference] for reference in form.references.data if reference in gone] or [refusal.reference]
        form.references.errors = [
            _("Withdrawn since you opened this page: %(names)s. Check the list again.", names="; ".join(names))
        ]
        return answer_errors(form, page, **context)
    except WrongStage:
        return redirect(url_for(".shortlist", year=year), 303)
    told = emailed(_("Proposers whose status has changed will be told by email."))
    flash(f"{_('Shortlist saved.')} {told}", "success")
    return redirect(url_for(".call", year=year), 303)


@blueprint.get(f"{CALL}/trail")
@chair_only
def trail(year: int) -> ResponseReturnValue:
    """Everything recorded about a call, newest first."""
    call, session = call_of(year), db.session()
    found = trail_of(session, year, before_id=before_id(), limit=ROWS + 1)
    return render_template(
        "organise/hosting/calls/trail.html",
        call=call,
        lines=[line_of(entry, call.zone) for entry in found[:ROWS]],
        is_first=before_id() is None,
        has_more=len(found) > ROWS,
        names={p.reference: p.proposer for p in proposals_of(session, call.id, tuple(ProposalStatus))},
        **around(),
    )


def _unlikely(form: CallForm) -> list[Consequence]:
    """A quorum that the existing members cannot reach."""
    voting = len(members(db.session()))
    too_high = "quorum" in form and voting and form.quorum.data > voting
    return [Consequence(Effect.MORE_THAN_MEMBERS, voting)] if too_high else []
