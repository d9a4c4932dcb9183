"""What anyone sees of hosting: the call for hosts, and after the ballot how it was counted."""

import json
from pathlib import Path

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.extensions import settings
from dofc_events.hosting import count as rule
from dofc_events.hosting.ballot_queries import counted, roll
from dofc_events.hosting.models import Attachment, HostingCall
from dofc_events.hosting.queries import all_calls, call_by_year, current_call, proposals_of
from dofc_events.hosting.rules import Stage

blueprint = Blueprint("hosting", __name__)

YEAR = "/hosting/<int(max=9999):year>"
# A file that strangers sent is kept on the disk of whoever asks for it: no page of ours shows it.
DOWNLOAD_POLICY = "sandbox; default-src 'none'"


@blueprint.get("/hosting/")
def index() -> str:
    """The call that is under way, and those before and after it."""
    session, at = db.session(), now()
    current = current_call(session, at)
    is_public = current is not None and current.proposals_public and current.stage(at) is not Stage.NOT_YET
    return render_template(
        "hosting/index.html",
        call=current,
        at=at,
        proposals=proposals_of(session, current.id) if current and is_public else None,
        others=[call for call in all_calls(session) if current is None or call.id != current.id],
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
        roll=roll(db.session(), call.id) if call.document else [],
    )


@blueprint.get(f"{YEAR}/ballots.json")
def ballots(year: int) -> ResponseReturnValue:
    """What the count was made from, without who voted how; not before the ballot is over."""
    call = _call_of(year)
    if call.document is None:
        abort(404)
    return download("ballots.json", "application/json; charset=utf-8", call.document.encode())


@blueprint.get(f"{YEAR}/count.py")
def count_rule(year: int) -> ResponseReturnValue:
    """The program that counts: the very file that runs here."""
    _call_of(year)
    return download("count.py", "text/x-python; charset=utf-8", Path(rule.__file__).read_bytes())


def attachment_answer(attachment: Attachment) -> Response:
    """A proposal's attachment, in a way that no browser runs anything of it."""
    content = files.read(settings().instance, attachment.content_hash)
    answer = download(attachment.name, attachment.media_type, content)
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer


def download(name: str, content_type: str, content: bytes) -> Response:
    """A file to be saved under a name, not shown."""
    answer = Response(content, content_type=content_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _call_of(year: int) -> HostingCall:
    call = call_by_year(db.session(), year)
    if call is None:
        abort(404)
    return call
