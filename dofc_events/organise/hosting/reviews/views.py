"""Reviewers' pages: all proposals side by side, each on its own page, questions to its proposer, your own scores."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dofc_events.accounts.guards import acting, chair_only, is_chair
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.hosting import queries
from dofc_events.hosting.ballots.queries import references_voted_on
from dofc_events.hosting.conflicts.service import declare_conflict
from dofc_events.hosting.membership.queries import unsettled
from dofc_events.hosting.membership.service import settle_membership
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.proposals.questions.service import ask_question
from dofc_events.hosting.queries import own_among
from dofc_events.hosting.reviews.queries import review_by, reviewed_ids, summaries, visible_reviews
from dofc_events.hosting.reviews.service import give_review, scores_of
from dofc_events.hosting.rules import PENDING, RECEIVED, ProposalStatus, by_score, weighted_score
from dofc_events.organise.hosting.reviews.forms import ConflictForm, MembershipForm, QuestionForm, ReviewForm
from dofc_events.organise.hosting.shared import CALL, DESK, around, call_of, everybodys, readers_only
from dofc_events.organise.shared import emailed
from dofc_events.web.attachments.shared import file_answer
from dofc_events.web.forms import form_page

blueprint = Blueprint("reviews", __name__)

PROPOSAL = f"{DESK}/proposals/<reference>"
# Not a slug: the proposer is not a member.
NO_MEMBER = "none!"


@blueprint.get(f"{CALL}/compare")
@everybodys
def compare(year: int) -> ResponseReturnValue:
    """The proposals of a call side by side; for those who only vote, what is on the ballot."""
    session, call, at, me = db.session(), call_of(year), now(), current_user.id
    proposals = _readable(queries.proposals_of(session, call.id))
    scores = summaries(session, call, me, at)
    sorts = request.args.get("sort") == "score"
    if sorts:
        order = by_score([proposal.id for proposal in proposals], scores)
        proposals.sort(key=lambda proposal: order.index(proposal.id))
    return render_template(
        "organise/hosting/reviews/compare.html",
        call=call,
        proposals=proposals,
        hosted=queries.years_hosted(session, {p.proposed_by_id for p in proposals if p.proposed_by_id}, at),
        own=own_among(session, proposals, me, at),
        reviewed=reviewed_ids(session, call.id, me),
        reviews_here=queries.is_reviewer(session, me, at),
        summaries=scores,
        sorts=sorts,
        at=at,
        **around(),
    )


@blueprint.get(f"{PROPOSAL}/")
@everybodys
def proposal(reference: str) -> ResponseReturnValue:
    """One proposal with all that belongs to it, and what this account may read of its reviews."""
    session, at, me = db.session(), now(), current_user.id
    context = _about(reference)
    proposal = context["proposal"]
    call, organiser = proposal.call, proposal.proposed_by_id
    reviews = visible_reviews(session, call, me, at).get(proposal.id, [])
    weights = {criterion.id: criterion.weight for criterion in call.criteria}
    return render_template(
        "organise/hosting/reviews/proposal.html",
        questions=queries.questions_of(session, proposal.id),
        hosted=queries.years_hosted(session, [organiser], at)[organiser] if organiser else [],
        reviews=reviews,
        weighted={r.id: weighted_score({s.criterion_id: s.score for s in r.scores}, weights) for r in reviews},
        summary=summaries(session, call, me, at).get(proposal.id),
        mine=review_by(session, proposal.id, me),
        represents=queries.contact_represents(session, proposal, at) if is_chair() and organiser else None,
        **context,
    )


@blueprint.get(f"{PROPOSAL}/files/<id:attachment_id>")
@everybodys
def proposal_file(reference: str, attachment_id: int) -> ResponseReturnValue:
    """One attachment, to be saved: a browser never runs it."""
    found = queries.attachment_of(db.session(), _proposal(reference).id, attachment_id) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)


@blueprint.route(f"{PROPOSAL}/question", methods=["GET", "POST"])
@readers_only
def question(reference: str) -> ResponseReturnValue:
    """Ask the proposer a question."""
    form, context, page = QuestionForm(), _about(reference), "organise/hosting/reviews/question.html"
    context["questions"] = queries.questions_of(db.session(), context["proposal"].id)
    if context["asking_refused"]:
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            ask_question(session, context["proposal"].id, current_user.id, form.text.data, acting(), now())
    except Refusal:
        # It was possible a moment ago; the page says why it no longer is.
        return make_response(render_template(page, form=form, **context | _about(reference)), 403)
    told = emailed(_("You will be told by email when the proposer answers."))
    flash(f"{_('Question asked.')} {told}", "success")
    return redirect(url_for(".proposal", reference=reference, _anchor="questions"), 303)


@blueprint.route(f"{PROPOSAL}/review", methods=["GET", "POST"])
@readers_only
def review(reference: str) -> ResponseReturnValue:
    """Score a proposal on each criterion; the review can be changed until reviews end."""
    context, page = _about(reference), "organise/hosting/reviews/review.html"
    proposal = context["proposal"]
    mine = review_by(db.session(), proposal.id, current_user.id)
    form, seen = ReviewForm.of(proposal.call.criteria, mine), scores_of(mine)
    if context["review_refused"]:
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            give_review(session, proposal.id, current_user.id, form.to_scores(), acting(), now(), seen=seen)
    except Refusal:
        return make_response(render_template(page, form=form, **context | _about(reference)), 403)
    flash(_("Review saved. You can change it until reviews end."), "success")
    return redirect(url_for(".proposal", reference=reference, _anchor="reviews"), 303)


@blueprint.route(f"{PROPOSAL}/conflict", methods=["GET", "POST"])
@readers_only
def conflict(reference: str) -> ResponseReturnValue:
    """Declare a conflict of interest; this cannot be undone, so the page asks first."""
    form, context, page = ConflictForm(), _about(reference), "organise/hosting/reviews/conflict.html"
    if context["asking_refused"]:
        return make_response(render_template(page, form=form, **context), 403)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            declare_conflict(session, context["proposal"].id, current_user.id, form.reason.data, acting(), now())
    except Refusal:
        return make_response(render_template(page, form=form, **context | _about(reference)), 403)
    flash(_("Conflict of interest recorded. You will not review this proposal."), "success")
    return redirect(url_for(".proposal", reference=reference), 303)


@blueprint.route(f"{PROPOSAL}/member", methods=["GET", "POST"])
@chair_only
def member(reference: str) -> ResponseReturnValue:
    """Settle whether a proposer with a name similar to a member's is that member."""
    proposal, form, page = _proposal(reference), MembershipForm(), "organise/hosting/reviews/member.html"
    likely = unsettled(db.session(), [proposal]).get(proposal.id, [])
    form.member.choices = [*(one.organisation.slug for one in likely), NO_MEMBER]
    context = {"proposal": proposal, "likely": likely, "call": proposal.call, "no_member": NO_MEMBER, **around()}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    slug = "" if form.member.data == NO_MEMBER else form.member.data
    try:
        with unit_of_work() as session:
            settle_membership(session, proposal.id, slug, acting(), now())
    except Refusal:
        flash(_("This has already been settled."), "warning")
    else:
        flash(_("The proposer is a member.") if slug else _("The proposer is not a member."), "success")
    return redirect(url_for(".proposal", reference=reference), 303)


def _proposal(reference: str) -> Proposal:
    """A proposal that this account may read; 404 for others, for drafts, and for what was withdrawn."""
    proposal = queries.proposal_by_reference(db.session(), reference)
    return proposal if proposal and _readable([proposal]) else abort(404)


def _readable(proposals: Sequence[Proposal]) -> list[Proposal]:
    """What the chair and reviewers read is all that the network has received; voters read what is or was voted on."""
    received = [proposal for proposal in proposals if proposal.status in RECEIVED]
    if is_chair() or queries.is_reviewer(db.session(), current_user.id, now()):
        return received
    open_to_voters = (ProposalStatus.SHORTLISTED, ProposalStatus.ACCEPTED)
    return [p for p in received if p.status in open_to_voters or p.reference in references_voted_on(p.call)]


def _about(reference: str) -> dict[str, Any]:
    """A proposal, and why this account cannot review it or ask about it now: empty where it can."""
    proposal, session, at = _proposal(reference), db.session(), now()
    refused = ""
    if not queries.is_reviewer(session, current_user.id, at):
        refused = "no_reviewer"
    elif own := queries.own_among(session, [proposal], current_user.id, at):
        refused = own[proposal.id].value
    elif proposal.status not in PENDING:
        refused = "decided"
    window = ""
    likely = unsettled(session, [proposal]).get(proposal.id, [])
    if likely:
        window = "unsettled"
    elif at < proposal.call.review_opens_at:
        window = "early"
    elif at >= proposal.call.review_closes_at:
        window = "late"
    return {
        "proposal": proposal,
        "call": proposal.call,
        "likely": likely,
        "asking_refused": refused,
        "review_refused": refused or window,
        "at": at,
        **around(),
    }
