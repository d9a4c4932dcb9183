"""A member's ballot, for a representative who is signed in."""

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dofc_events.accounts.guards import acting, signed_in
from dofc_events.accounts.rules import RoleName
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.hosting.ballots.queries import represents
from dofc_events.hosting.ballots.views import ballot_page
from dofc_events.hosting.models import Voter
from dofc_events.hosting.queries import organisations_of
from dofc_events.organise.hosting.shared import DESK

blueprint = Blueprint("ballots", __name__)


@blueprint.route(f"{DESK}/ballots/<id:voter_id>", methods=["GET", "POST"])
@signed_in
def ballot(voter_id: int) -> ResponseReturnValue:
    """The ballot of a member, for a representative who is signed in."""
    session = db.session()
    if not organisations_of(session, current_user.id, now(), RoleName.MEMBER):
        abort(403)
    voter = session.get(Voter, voter_id)
    if voter is None or not represents(session, current_user.id, voter, now()):
        abort(404)
    return ballot_page(voter, current_user.id, acting(), url_for(".ballot", voter_id=voter_id))
