"""A member's ballot: by a representative's personal link, or signed in."""

from typing import Any

from flask import abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dofc_events.accounts.forms import SignInForm
from dofc_events.accounts.guards import acting, signed_in
from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.ballot_forms import UNUSABLE, BallotForm
from dofc_events.hosting.ballot_queries import on_the_ballot, ranking_of, represents, voter_by_link
from dofc_events.hosting.ballots import BallotNotOpen, NotARepresentative, cast_ballot
from dofc_events.hosting.count import NONE_OF_THESE
from dofc_events.hosting.models import Voter
from dofc_events.hosting.queries import organisations_of
from dofc_events.hosting.views import blueprint
from dofc_events.web.forms import answer_errors, form_page

__all__ = ["blueprint"]


@blueprint.route("/hosting/vote/<token>", methods=["GET", "POST"])
def vote(token: str) -> ResponseReturnValue:
    """The ballot, for whoever holds a representative's link."""
    found = voter_by_link(db.session(), token, now())
    if found is None:
        return make_response(render_template("hosting/vote_link_not_valid.html", form=SignInForm(formdata=None)), 404)
    voter, account = found
    return _ballot(voter, account.id, Actor("account", account.email), url_for(".vote", token=token))


@blueprint.route("/organise/hosting/ballots/<int(max=2147483647):voter_id>", methods=["GET", "POST"])
@signed_in
def ballot(voter_id: int) -> ResponseReturnValue:
    """The same ballot, for a representative who is signed in."""
    session = db.session()
    if not organisations_of(session, current_user.id, now(), RoleName.MEMBER):
        abort(403)
    voter = session.get(Voter, voter_id)
    if voter is None or not represents(session, current_user.id, voter, now()):
        abort(404)
    return _ballot(voter, current_user.id, acting(), url_for(".ballot", voter_id=voter_id))


def _ballot(voter: Voter, account_id: int, actor: Actor, here: str) -> ResponseReturnValue:
    if not voter.call.takes_ballots(now()):
        return _not_open(voter)
    form = BallotForm()
    context = _context(voter, account_id)
    choices = [proposal.reference for proposal in context["proposals"]]
    form.ranking.offer([*choices, NONE_OF_THESE], () if form.is_submitted() else context["cast"])
    if not form.validate_on_submit():
        return form_page(form, "hosting/vote.html", here=here, **context)
    try:
        with unit_of_work() as session:
            changed = cast_ballot(session, voter.id, account_id, form.ranking.ranking(), actor, now())
    except UNUSABLE as refusal:
        form.ranking.refuse(refusal)
        return answer_errors(form, "hosting/vote.html", here=here, **_context(voter, account_id))
    except BallotNotOpen:
        return _not_open(voter)
    except NotARepresentative:
        abort(404)
    flash(_("Your member’s ballot is cast.") if changed else _("The ballot is as it was."), "success")
    return redirect(here, 303)


def _context(voter: Voter, account_id: int) -> dict[str, Any]:
    """What is on the ballot, and how this account cast it."""
    proposals, own = on_the_ballot(db.session(), voter)
    return {
        "voter": voter,
        "call": voter.call,
        "proposals": proposals,
        "own": own,
        "cast": ranking_of(db.session(), voter.id, account_id),
        "names": {proposal.reference: f"{proposal.city}, {proposal.proposer}" for proposal in proposals},
    }


def _not_open(voter: Voter) -> ResponseReturnValue:
    page = render_template("hosting/vote_not_open.html", voter=voter, call=voter.call, at=now())
    return make_response(page, 403)
