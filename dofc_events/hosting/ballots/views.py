"""A member's ballot: by a representative's personal link, or signed in."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.forms import SignInForm
from dofc_events.accounts.models import Account
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.ballots.forms import UNUSABLE, BallotForm
from dofc_events.hosting.ballots.queries import KnownBallot, known_ballot, on_the_ballot, voter_by_link
from dofc_events.hosting.ballots.rules import NONE_OF_THESE
from dofc_events.hosting.ballots.service import BallotNotOpen, MemberInactive, NotARepresentative, cast_ballot
from dofc_events.hosting.models import Proposal, Voter
from dofc_events.hosting.queries import proposals_of
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import Act
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("ballots", __name__)


@blueprint.route("/hosting/vote/<token>", methods=["GET", "POST"])
def vote(token: str) -> ResponseReturnValue:
    """The ballot, for anybody with a representative's link."""
    found = voter_by_link(db.session(), token, now())
    if found is None:
        return make_response(
            render_template("hosting/ballots/link_not_valid.html", form=SignInForm(formdata=None)), 404
        )
    voter, account = found
    return ballot_page(voter, account.id, Actor("account", account.email), url_for(".vote", token=token))


def ballot_page(voter: Voter, account_id: int, actor: Actor, here: str) -> ResponseReturnValue:
    if voter.struck_at or not voter.call.allows(Act.VOTE, now()):
        return _not_open(voter)
    form, seen = BallotForm(), known_ballot(db.session(), voter, account_id)
    context = _context(voter, account_id, seen)
    withdrawn = proposals_of(db.session(), voter.call_id, (ProposalStatus.WITHDRAWN,))
    form.offer({**context["names"], NONE_OF_THESE: _("None of these")}, _names(withdrawn), seen)
    if not form.validate_on_submit():
        return form_page(form, "hosting/ballots/vote.html", here=here, **context)
    try:
        with unit_of_work() as session:
            ranking = form.ranking.ranking()
            changed = cast_ballot(session, voter.id, account_id, ranking, actor, now(), seen=seen)
    except UNUSABLE as refusal:
        form.ranking.refuse(refusal)
        current = known_ballot(db.session(), voter, account_id)
        return answer_errors(form, "hosting/ballots/vote.html", here=here, **_context(voter, account_id, current))
    except (BallotNotOpen, MemberInactive):
        return _not_open(voter)
    except NotARepresentative:
        abort(404)
    flash(_("Your member’s ballot has been cast.") if changed else _("Your ballot is unchanged."), "success")
    return redirect(here, 303)


def _context(voter: Voter, account_id: int, known: KnownBallot) -> dict[str, Any]:
    """What is on the ballot, and how this account cast it."""
    proposals, own = on_the_ballot(db.session(), voter, db.session.get_one(Account, account_id))
    cast = known.ranking
    left = {NONE_OF_THESE, *(proposal.reference for proposal in proposals)}
    return {
        "voter": voter,
        "call": voter.call,
        "proposals": proposals,
        "own": own,
        "cast": cast,
        "cast_at": known.cast_at,
        "empty": bool(cast) and not left.intersection(cast),
        "names": _names(proposals),
    }


def _names(proposals: Iterable[Proposal]) -> dict[str, str]:
    return {proposal.reference: f"{proposal.city}, {proposal.proposer}" for proposal in proposals}


def _not_open(voter: Voter) -> ResponseReturnValue:
    page = render_template("hosting/ballots/not_open.html", voter=voter, call=voter.call, at=now())
    return make_response(page, 403)
