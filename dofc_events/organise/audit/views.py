"""The trail of an edition: who did what, when. It has no form, and no address changes it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dofc_events.accounts.guards import organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.db import db
from dofc_events.organise.audit import queries as audit_queries
from dofc_events.organise.shared import EDITION, around, asked_turn
from dofc_events.organise.trail.texts import ACTS, line_of
from dofc_events.trips.queries import trip_pools

blueprint = Blueprint("audit", __name__)

ROWS = 50


@blueprint.get(f"{EDITION}/audit")
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """Everything recorded about an edition, newest first."""
    session = db.session()
    filters = audit_queries.TrailFilters(**{n: request.args.get(n, "").strip() for n in ("act", "actor", "q")})
    page = audit_queries.trail_of(session, edition, filters, turn=asked_turn(), size=ROWS)
    trip_titles = {trip.slug: trip.title for trip, _pool in trip_pools(session, edition.id)}
    lines = [line_of(entry, edition, trip_titles) for entry in page.entries]
    return render_template(
        "organise/audit/index.html",
        lines=lines,
        before=page.before,
        total=page.total,
        filters=filters,
        acts=ACTS,
        # Without what is empty, for addresses that lead to the same list.
        narrowed={name: value for name, value in vars(filters).items() if value},
        names=audit_queries.names_of(session, {line.about for line in lines}),
        team=audit_queries.team_of(session, edition.id),
        **around(edition),
    )
