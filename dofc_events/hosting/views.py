"""The public pages about hosting: the call for hosts, and after the ballot how it was counted."""

import json
from pathlib import Path

from flask import Blueprint, Flask, abort, render_template, request
from flask.typing import ResponseReturnValue

from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.hosting.ballots import rules as rule
from dofc_events.hosting.ballots import views as ballots
from dofc_events.hosting.ballots.queries import chaired_members, counted, roll, withdrawn_since
from dofc_events.hosting.co_hosts import views as co_hosts
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.proposals import views as proposals
from dofc_events.hosting.queries import all_calls, call_asked_for, call_by_year, proposals_of
from dofc_events.hosting.stages.rules import Stage
from dofc_events.web.downloads import download

blueprint = Blueprint("hosting", __name__)
for part in (proposals, ballots, co_hosts):
    blueprint.register_blueprint(part.blueprint)


def register(app: Flask) -> None:
    """Add the pages of proposers, voters and the public to the site."""
    app.register_blueprint(blueprint)


YEAR = "/hosting/<year:year>"


@blueprint.get("/hosting/")
def index() -> str:
    """The call that is under way, or that of the year which is asked for, and the others."""
    session, at, year = db.session(), now(), request.args.get("year", "")
    call = call_asked_for(session, year, at)
    if year and call is None:
        abort(404)
    is_public = call is not None and call.proposals_public and call.stage(at) is not Stage.NOT_YET
    received = proposals_of(session, call.id) if call and is_public else []
    return render_template(
        "hosting/index.html",
        call=call,
        at=at,
        proposals=[p for p in received if p.public_agreed_at] if is_public else None,
        others=[other for other in all_calls(session) if call is None or other.id != call.id],
    )


@blueprint.get(f"{YEAR}/result")
def result(year: int) -> str:
    """How the ballot is counted, and once it is over what came of it; before, nothing that tells."""
    call = _call_of(year)
    return render_template(
        "hosting/result.html",
        call=call,
        stage=call.stage(now()),
        seed_hash=rule.hash_of(call.seed),
        document=json.loads(call.document) if call.document else None,
        count=counted(call),
        withdrawn=withdrawn_since(db.session(), call),
        roll=roll(db.session(), call.id) if call.document else [],
        chaired=chaired_members(db.session(), call.id, now()) if call.document else set(),
    )


@blueprint.get(f"{YEAR}/ballots.json")
def ballots_json(year: int) -> ResponseReturnValue:
    """What the count was made from, without who voted how; not before the ballot is over."""
    call = _call_of(year)
    if call.document is None:
        abort(404)
    return download("ballots.json", "application/json; charset=utf-8", call.document.encode())


@blueprint.get(f"{YEAR}/count.py")
def count_rule(year: int) -> ResponseReturnValue:
    """The program that makes the count: the very file that runs here."""
    _call_of(year)
    return download("count.py", "text/x-python; charset=utf-8", Path(rule.__file__).read_bytes())


def _call_of(year: int) -> HostingCall:
    call = call_by_year(db.session(), year)
    if call is None:
        abort(404)
    return call
