"""Hosting, for the people who run the network: what there is to do, and the calls."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dofc_events.accounts.guards import is_chair
from dofc_events.accounts.rules import RoleName
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.extensions import settings
from dofc_events.hosting.ballots.queries import voters_of
from dofc_events.hosting.proposals.attachments.queries import attached_bytes
from dofc_events.hosting.queries import all_calls, organisations_of
from dofc_events.hosting.reviews.queries import waiting_for_review
from dofc_events.organise.hosting.ballots import views as ballots
from dofc_events.organise.hosting.calls import views as calls
from dofc_events.organise.hosting.decisions import views as decisions
from dofc_events.organise.hosting.hand_over import views as hand_over
from dofc_events.organise.hosting.members import views as members
from dofc_events.organise.hosting.queries import counts_of_proposals, turnouts
from dofc_events.organise.hosting.reviews import views as reviews
from dofc_events.organise.hosting.shared import DESK, around, everybodys
from dofc_events.web.attachments.queries import MEGABYTE

blueprint = Blueprint("hosting", __name__)
for part in (calls, members, reviews, decisions, hand_over, ballots):
    blueprint.register_blueprint(part.blueprint)


@blueprint.get(f"{DESK}/")
@everybodys
def index() -> ResponseReturnValue:
    """The calls, and what this account has to do."""
    session, at, chairs = db.session(), now(), is_chair()
    reviews = bool(organisations_of(session, current_user.id, at, RoleName.BOARD))
    return render_template(
        "organise/hosting/index.html",
        calls=all_calls(session),
        counts=counts_of_proposals(session) if chairs or reviews else {},
        turnouts=turnouts(session) if chairs else {},
        to_review=waiting_for_review(session, current_user.id, at) if reviews else [],
        voters=voters_of(session, current_user.id, at),
        reads=chairs or reviews,
        megabytes=-(-attached_bytes(session) // MEGABYTE) if chairs else 0,
        most_megabytes=settings().uploads_mb,
        at=at,
        **around(),
    )
