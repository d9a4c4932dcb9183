"""What those who run the network read about hosting: what is to be done, and the calls."""

from typing import Any

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dofc_events.accounts.guards import is_chair
from dofc_events.accounts.rules import RoleName
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.hosting.ballot_queries import roll, voters_of
from dofc_events.hosting.desk_queries import counts_of_proposals, is_scored, turnouts, waiting_for_review
from dofc_events.hosting.guards import everybodys, readers_only
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.queries import all_calls, call_by_year, organisations_of, proposals_of
from dofc_events.hosting.views import blueprint
from dofc_events.mail.queries import mail_health

__all__ = ["blueprint"]

DESK = "/organise/hosting"
# Numbers in addresses that no database column can hold belong to nothing.
CALL = f"{DESK}/calls/<int(max=9999):year>"


def around() -> dict[str, Any]:
    """What every page here has around it: no edition, and for the chair whether mail goes out."""
    return {"edition": None, "mail_health": mail_health(db.session(), now()) if is_chair() else None}


def call_of(year: int) -> HostingCall:
    """The call for hosts of that year; 404 if there is none."""
    return call_by_year(db.session(), year) or abort(404)


@blueprint.get(f"{DESK}/")
@everybodys
def organise() -> ResponseReturnValue:
    """The calls, and what this account has to do."""
    session, at, chairs = db.session(), now(), is_chair()
    reviews = bool(organisations_of(session, current_user.id, at, RoleName.BOARD))
    return render_template(
        "hosting/organise/overview.html",
        calls=all_calls(session),
        counts=counts_of_proposals(session) if chairs or reviews else {},
        turnouts=turnouts(session) if chairs else {},
        to_review=waiting_for_review(session, current_user.id, at) if reviews else [],
        voters=voters_of(session, current_user.id, at),
        reads=chairs or reviews,
        at=at,
        **around(),
    )


@blueprint.get(f"{CALL}/")
@readers_only
def call(year: int) -> ResponseReturnValue:
    """One call: its dates, its proposals, and for the chair what can be done with it."""
    session, call = db.session(), call_of(year)
    return render_template(
        "hosting/organise/call.html",
        call=call,
        proposals=proposals_of(session, call.id),
        roll=roll(session, call.id) if is_chair() else [],
        is_scored=is_scored(session, call.id),
        at=now(),
        **around(),
    )
