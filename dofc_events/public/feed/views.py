"""/feed.xml and /sitemap.xml."""

from flask import Blueprint, Response, render_template

from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.memory.outcomes.queries import outcomes_by_edition
from dofc_events.public.feed.queries import latest_news, public_editions
from dofc_events.public.shared import description_of

blueprint = Blueprint("feed", __name__)


@blueprint.get("/feed.xml")
def atom() -> Response:
    """Editions and outcomes as an Atom feed (RFC 4287)."""
    at = now()
    news = latest_news(db.session(), at)
    updated = (news[0].at if news else at).isoformat()
    text = render_template("public/feed/atom.xml", news=news, updated=updated, description_of=description_of)
    return Response(text, mimetype="application/atom+xml")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """The pages that search engines should know (sitemaps.org)."""
    session = db.session()
    editions = public_editions(session)
    outcomes = outcomes_by_edition(session, [edition.id for edition in editions])
    text = render_template("public/feed/sitemap.xml", editions=editions, outcomes=outcomes)
    return Response(text, mimetype="application/xml")
