"""What anyone sees: the network, its editions, one edition."""

from datetime import datetime
from hmac import compare_digest

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import SQLAlchemyError

from dofc_events.accounts.guards import may_organise
from dofc_events.conference.queries import coming_editions, edition_with_record, past_editions
from dofc_events.conference.rules import EditionStatus
from dofc_events.config import ROOT
from dofc_events.core import files
from dofc_events.core.clock import now
from dofc_events.core.countries import country_names
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.figures import exposition
from dofc_events.extensions import settings
from dofc_events.health.queries import DATABASE_DOWN, health, site_metrics
from dofc_events.health.rules import FAILING, Trouble, for_everybody
from dofc_events.health.service import Probe, is_news, send_alert
from dofc_events.hosting.queries import current_call, next_host
from dofc_events.mail.render import link
from dofc_events.memory.documents.queries import published_documents
from dofc_events.memory.editions.queries import sources_of, write_up_of
from dofc_events.memory.figures.network.queries import edition_in_figures, network_in_figures, past_in_figures
from dofc_events.memory.outcomes.queries import outcomes_by_edition
from dofc_events.memory.photographs.queries import covers_of, shown_photographs
from dofc_events.public.cards import views as cards
from dofc_events.public.documents import views as documents
from dofc_events.public.draw import views as draw
from dofc_events.public.feed import views as feed
from dofc_events.public.network import views as network_pages
from dofc_events.public.outcomes import views as outcome_pages
from dofc_events.public.photographs import views as photographs
from dofc_events.public.queries import learning_trips, neighbours_of, past_with_record, places_left
from dofc_events.public.report import views as report
from dofc_events.public.shared import (
    description_of,
    event_of,
    network_as_thing,
    picture_of_countries,
    picture_of_edition,
    picture_of_network,
    shown_figures,
)
from dofc_events.web.assets import asset_url
from dofc_events.web.charts import bar

blueprint = Blueprint("public", __name__)
for part in (draw, outcome_pages, documents, photographs, cards, feed, network_pages, report):
    blueprint.register_blueprint(part.blueprint)

# On the page of an edition; all of them are in the gallery.
PHOTOGRAPHS_SHOWN = 6


def register(app: Flask) -> None:
    """Add the public pages to the site."""
    app.register_blueprint(blueprint)
    app.extensions["dofc_probe"] = Probe()


# Links that act for a person, and pages that are of use to those only who are signed in, are not for search engines.
ROBOTS = """\
User-agent: *
Disallow: /organise/
Disallow: /registrations/
Disallow: /hosting/proposals/
Disallow: /hosting/vote/
Disallow: /hosting/co-host/
Disallow: /groups/
Disallow: /sign-in
"""


@blueprint.get("/")
def home() -> str:
    """The network, the next edition, the call for hosts, the figures, the past editions."""
    session, moment = db.session(), now()
    coming = coming_editions(session, moment)
    current, past = coming[0] if coming else None, past_editions(session, moment)
    call, network = current_call(session, moment), network_in_figures(session, moment)
    return render_template(
        "public/home.html",
        at=moment,
        edition=current,
        later=coming[1:],
        host=None if coming else next_host(session, moment),
        window=current.window(moment) if current else None,
        places=places_left(session, [current.id]).get(current.id) if current else None,
        cover=covers_of(session, [current.id]).get(current.id) if current else None,
        call=call,
        stage=call.stage(moment) if call else None,
        figures=network.figures,
        map=picture_of_network(network) if network.editions else None,
        past=past,
        outcomes=outcomes_by_edition(session, [edition.id for edition in past], titles_only=True),
        network_data=network_as_thing(_asset("img/icon-512.png")),
    )


@blueprint.get("/editions/")
def editions() -> str:
    """All editions that are public, the coming ones first."""
    session, moment = db.session(), now()
    coming, past = coming_editions(session, moment), past_with_record(session, moment)
    known, network = past_in_figures(session, past, moment)
    return render_template(
        "public/editions.html",
        at=moment,
        coming=coming,
        host=None if coming else next_host(session, moment),
        windows={edition.id: edition.window(moment) for edition in coming},
        places=places_left(session, [edition.id for edition in coming]) if coming else {},
        past=past,
        outcomes=outcomes_by_edition(session, [edition.id for edition in past], titles_only=True),
        known=known,
        covers=covers_of(session, [edition.id for edition in past]),
        figures=network.figures,
    )


@blueprint.get("/editions/<year:year>/")
def edition(year: int) -> str:
    """One edition: what is planned, or what is on record. A draft is shown to its organisers alone."""
    session, moment = db.session(), now()
    found = edition_with_record(session, year)
    if found is None or (found.status == EditionStatus.DRAFT and not may_organise(found)):
        abort(404)
    known, is_over = edition_in_figures(session, found), found.is_over(moment)
    photographs = shown_photographs(session, found.id, PHOTOGRAPHS_SHOWN)
    return render_template(
        "public/edition.html",
        at=moment,
        edition=found,
        is_over=is_over,
        known=known,
        map=picture_of_countries(known) if is_over else None,
        shown=shown_figures(known) if is_over else None,
        bar=bar,
        neighbours=neighbours_of(session, found) if is_over else (),
        window=found.window(moment),
        places=places_left(session, [found.id]).get(found.id),
        cover=photographs.cover,
        photographs=photographs.some,
        photographs_in_all=photographs.in_all,
        trips=learning_trips(session, found.id),
        outcomes=outcomes_by_edition(session, [found.id])[found.id],
        write_up=write_up_of(session, found.id),
        documents=published_documents(session, found.id),
        sources=sources_of(session, found.id),
        sign_up_window=found.sign_up_window(moment),
        country_names=country_names(str(get_locale())),
        description=description_of(found),
        share_picture=picture_of_edition(found),
        event=event_of(found),
    )


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """For monitoring: 503 if the database cannot be used, no mail leaves, or no worker is there."""
    session, moment = db.session(), now()
    try:
        found = health(session, settings().disk, moment, files_answer=files.answers(settings().shared))
        session.close()
        is_writable = _probe().is_writable(moment)
        troubles = [*([] if is_writable else [Trouble.DATABASE_NOT_WRITABLE]), *found.troubles]
        # While there is a worker, it tells.
        if is_writable and settings().alert_url and Trouble.WORKER_SILENT in troubles:
            _tell(settings().alert_url or "", troubles, moment)
    except SQLAlchemyError:
        return jsonify(status="failing", database="unreachable", trouble=[Trouble.DATABASE_UNREACHABLE]), 503
    is_failing, mail = bool(FAILING & set(troubles)), found.mail
    return jsonify(
        status="failing" if is_failing else "ok",
        trouble=troubles,
        database="ok" if is_writable else "not_writable",
        waiting=mail.waiting,
        oldest_seconds=mail.oldest_seconds,
        oldest_due_seconds=mail.late_seconds,
        dead=mail.dead,
        mail_error=for_everybody(mail.mail_error),
        mail_tried_at=_iso(mail.mail_tried_at),
        worker_seen_at=_iso(mail.worker_seen_at),
        worker_is_silent=mail.worker_is_silent,
        worker_failed_step=mail.failed_step,
        worker_failed_at=_iso(mail.failed_at),
        files="ok" if found.files_answer else "unreachable",
        free_disk_mb=found.free_disk_mb,
    ), 503 if is_failing else 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus, with the token of the settings; without it there is no such page."""
    token, given = settings().metrics_token, request.headers.get("Authorization", "")
    if token is None or not compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(404)
    try:
        known = site_metrics(db.session(), settings().disk, now(), files_answer=files.answers(settings().shared))
    except SQLAlchemyError:
        known = [DATABASE_DOWN]
    return Response(exposition(known), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _asset(name: str) -> str:
    return settings().base_url + asset_url(name)


def _tell(url: str, troubles: list[Trouble], moment: datetime) -> None:
    with unit_of_work() as session:
        is_new = is_news(session, troubles, moment)
    if is_new:
        send_alert(url, settings().base_url, troubles, moment)


def _probe() -> Probe:
    probe: Probe = current_app.extensions["dofc_probe"]
    return probe


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@blueprint.get("/robots.txt")
def robots() -> Response:
    """The pages that search engines may read."""
    return Response(f"{ROBOTS}\nSitemap: {link('public.feed.sitemap')}\n", mimetype="text/plain")


@blueprint.get("/site.webmanifest")
def manifest() -> Response:
    """What a telephone shows of the site on its home screen."""
    answer = jsonify(
        name="Days of Clusters",
        short_name="DofC",
        start_url=url_for(".home"),
        display="browser",
        background_color="#faf7f2",
        theme_color="#faf7f2",
        icons=[
            {"src": asset_url(f"img/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
            for size in (192, 512)
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """The site's sign, for programs that ask for it without having read a page. Not a redirect: the hashed name of the
    file changes with its content, and browsers keep redirects."""
    answer = Response((ROOT / "static" / "img" / "favicon.svg").read_bytes(), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
