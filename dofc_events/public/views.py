"""What anyone sees: the network, its editions, one edition."""

from flask import Blueprint, Flask, Response, abort, jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.exc import SQLAlchemyError

from dofc_events.accounts.guards import may_organise
from dofc_events.conference.queries import coming_editions, edition_with_record, figures, past_editions
from dofc_events.conference.rules import EditionStatus
from dofc_events.config import ROOT
from dofc_events.core.clock import now
from dofc_events.core.countries import country_names
from dofc_events.core.db import db
from dofc_events.hosting.queries import current_call
from dofc_events.mail.queries import mail_health
from dofc_events.public.draw import views as draw
from dofc_events.public.queries import learning_trips, places_left

blueprint = Blueprint("public", __name__)
blueprint.register_blueprint(draw.blueprint)


def register(app: Flask) -> None:
    """Add the public pages to the site."""
    app.register_blueprint(blueprint)


# Links that act for a person, and pages that are of use to those only who are signed in, are not for search engines.
ROBOTS = """\
User-agent: *
Disallow: /organise/
Disallow: /registrations/
Disallow: /hosting/proposals/
Disallow: /hosting/vote/
Disallow: /hosting/co-host/
Disallow: /sign-in
"""


@blueprint.get("/")
def home() -> str:
    """The network, the next edition, the call for hosts, the figures, the past editions."""
    session, moment = db.session(), now()
    coming = coming_editions(session, moment)
    current = coming[0] if coming else None
    call = current_call(session, moment)
    return render_template(
        "public/home.html",
        edition=current,
        later=coming[1:],
        window=current.window(moment) if current else None,
        places=places_left(session, [current.id]).get(current.id) if current else None,
        call=call,
        stage=call.stage(moment) if call else None,
        figures=figures(session, moment),
        past=past_editions(session, moment),
    )


@blueprint.get("/editions/")
def editions() -> str:
    """All editions that are public, the coming ones first."""
    session, moment = db.session(), now()
    coming = coming_editions(session, moment)
    return render_template(
        "public/editions.html",
        coming=coming,
        windows={edition.id: edition.window(moment) for edition in coming},
        places=places_left(session, [edition.id for edition in coming]),
        past=past_editions(session, moment),
    )


@blueprint.get("/editions/<year:year>/")
def edition(year: int) -> str:
    """One edition: what is planned, or what is on record. A draft is shown to its organisers alone."""
    session, moment = db.session(), now()
    found = edition_with_record(session, year)
    if found is None or (found.status == EditionStatus.DRAFT and not may_organise(found)):
        abort(404)
    return render_template(
        "public/edition.html",
        edition=found,
        is_over=found.is_over(moment),
        window=found.window(moment),
        places=places_left(session, [found.id]).get(found.id),
        trips=learning_trips(session, found.id),
        sign_up_window=found.sign_up_window(moment),
        country_names=country_names(str(get_locale())),
    )


@blueprint.get("/healthz")
def health() -> ResponseReturnValue:
    """For monitoring: 503 if the database fails or mail is over ten minutes late; a silent worker is only reported."""
    try:
        mail = mail_health(db.session(), now())
    except SQLAlchemyError:
        return jsonify(status="failing", database="unreachable"), 503
    return jsonify(
        status="failing" if mail.is_late else "ok",
        database="ok",
        oldest_due_seconds=mail.late_seconds,
        worker_seen_at=mail.worker_seen_at.isoformat() if mail.worker_seen_at else None,
        worker_is_silent=mail.worker_is_silent,
    ), 503 if mail.is_late else 200


@blueprint.get("/robots.txt")
def robots() -> Response:
    """The pages that search engines may read."""
    return Response(ROBOTS, mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """The site's sign, for programs that ask for it without having read a page. Not a redirect: the hashed name of the
    file changes with its content, and browsers keep redirects."""
    answer = Response((ROOT / "static" / "img" / "favicon.svg").read_bytes(), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
