"""The outcomes of all editions, and each on a page of its own."""

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import get_locale

from dofc_events.core.countries import country_codes, country_names
from dofc_events.core.db import db
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.queries import Narrowed, choices, public_outcome, public_outcomes
from dofc_events.memory.outcomes.rules import OutcomeKind
from dofc_events.public.shared import description_of_outcome, picture_of_outcome
from dofc_events.web.attachments.shared import file_answer

blueprint = Blueprint("outcomes", __name__)

ON_A_PAGE = 30


@blueprint.get("/outcomes/")
def index() -> str:
    """Outcomes, the latest first: all, or of a year, a kind, a country, a signatory."""
    session, narrowed = db.session(), _narrowed()
    after = request.args.get("after", "")
    begin = (public_outcome(session, after) or abort(404)) if after else None
    found = public_outcomes(session, narrowed, begin, ON_A_PAGE + 1)
    return render_template(
        "public/outcomes/index.html",
        outcomes=found[:ON_A_PAGE],
        is_first=begin is None,
        has_more=len(found) > ON_A_PAGE,
        narrowed=narrowed,
        choices=choices(session),
        country_names=country_names(str(get_locale())),
    )


@blueprint.get("/outcomes/<slug>")
def outcome(slug: str) -> str:
    """One outcome: who takes part, how it stands, what became of it."""
    found = _outcome(slug)
    return render_template(
        "public/outcomes/outcome.html",
        outcome=found,
        edition=found.edition,
        description=description_of_outcome(found),
        share_picture=picture_of_outcome(found),
    )


@blueprint.get("/outcomes/<slug>/files/<content_hash>")
def file(slug: str, content_hash: str) -> Response:
    """A file of an outcome, to be saved: a browser never runs it."""
    found = next((one for one in _outcome(slug).files if one.content_hash == content_hash), None) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)


def _outcome(slug: str) -> Outcome:
    return public_outcome(db.session(), slug) or abort(404)


def _narrowed() -> Narrowed:
    """What the address narrows the list to; 404 for what no outcome can have."""
    given = {name: request.args.get(name, "").strip() for name in ("year", "kind", "country", "signatory")}
    is_year = given["year"].isascii() and given["year"].isdigit() and len(given["year"]) == 4
    if (given["year"] and not is_year) or (given["kind"] and given["kind"] not in [*OutcomeKind]):
        abort(404)
    if given["country"] and given["country"] not in country_codes():
        abort(404)
    return Narrowed(
        year=int(given["year"]) if given["year"] else None,
        kind=OutcomeKind(given["kind"]) if given["kind"] else None,
        country=given["country"],
        signatory=given["signatory"],
    )
