"""What needs attention, over all that the account may see."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dofc_events.accounts.guards import grants, is_chair, signed_in
from dofc_events.accounts.queries import previous_sign_in
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.queries import all_editions
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.organise.overview.queries import attention
from dofc_events.organise.shared import around
from dofc_events.places.queries import places_of
from dofc_events.trips.queries import trips_by_edition

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
@signed_in
def index() -> ResponseReturnValue:
    """The editions the account may see, and what needs attention there."""
    session, mine_to_do = db.session(), grants()
    organises = {g.edition_id for g in mine_to_do if g.role is RoleName.ORGANISER}
    helps = {g.edition_id for g in mine_to_do if g.role is RoleName.DESK} - organises
    editions = all_editions(session)
    mine = [e for e in editions if is_chair() or e.id in organises]
    desk_editions = [e for e in editions if e.id in helps and e not in mine]
    context = around(None) if mine or is_chair() else {}
    at, since = now(), previous_sign_in(session, current_user.id)
    going_on = [edition for edition in mine if edition.status != EditionStatus.ARCHIVED]
    return render_template(
        "organise/overview/index.html",
        attention=attention(session, going_on, chairs=is_chair(), since=since, now=at),
        editions=mine,
        desk_editions=desk_editions,
        manifests=trips_by_edition(session, [edition.id for edition in desk_editions]),
        places=places_of(session, [e.id for e in mine]),
        represents=any(g.organisation_id for g in mine_to_do),
        at=at,
        **context,
    )
