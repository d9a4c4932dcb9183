"""The draw of the seats on learning trips, as organisers see it: what it would give, and the button that gives it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.notices.service import terms_of
from dofc_events.organise.shared import EDITION, around, emailed
from dofc_events.organise.trips.draw.forms import PublishDrawForm
from dofc_events.registration.trips import service as seats
from dofc_events.trips.draw.queries import drawn_delegates, tally_of, wishing
from dofc_events.trips.draw.rules import hash_of
from dofc_events.trips.draw.service import DrawChanged, DrawNotDue, Preview, preview_draw
from dofc_events.trips.models import Draw, Trip
from dofc_events.trips.queries import trip_pools
from dofc_events.trips.sign_ups.service import SeatBook
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("draw", __name__)

TEMPLATE = "organise/trips/draw/index.html"


@blueprint.route(f"{EDITION}/trips/draw", methods=["GET", "POST"])
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The result of the draw if it were made now; its button publishes exactly that."""
    form = PublishDrawForm()
    if not form.validate_on_submit():
        return form_page(form, TEMPLATE, **_standing(edition, form))
    try:
        with unit_of_work() as session:
            seats.publish_draw(session, edition.id, form.digest.data, acting(), now())
    except DrawChanged:
        form.form_errors = [
            _(
                "Nothing has been published: the draw’s result has changed since you opened this page. The new "
                "result is below."
            )
        ]
        return answer_errors(form, TEMPLATE, **_standing(edition, form))
    except DrawNotDue:
        flash(_("There is nothing to draw now. The reason is below."), "warning")
    else:
        told = emailed(_("Everyone who took part will be told by email."))
        flash(f"{_('The draw has been published.')} {told}", "success")
    return redirect(url_for(".index", year=edition.year), 303)


def _standing(edition: Edition, form: PublishDrawForm) -> dict[str, Any]:
    """What the page shows, whether there is nothing to draw yet, something to publish, or a result."""
    session, at = db.session(), now()
    draw, preview = session.get(Draw, edition.id), _preview(edition)
    context: dict[str, Any] = {"is_due": preview is not None, "result": None, "wishing": None, **around(edition)}
    if preview is not None:
        form.digest.data = preview.digest
        trip_of = {trip.slug: trip.id for trip in preview.trips}
        given = [(preview.people[name], trip_of.get(slug or "")) for name, slug in preview.result.seats.items()]
        context["result"] = _result(preview.document, preview.trips, given)
    elif draw is not None and draw.document is not None:
        trips = [trip for trip, _pool in trip_pools(session, edition.id)]
        context["result"] = _result(draw.document, trips, drawn_delegates(session, edition.id))
    if edition.collects_wishes:
        context["wishing"] = wishing(session, edition.id)
    return {**context, "seed_hash": hash_of(draw.seed) if draw else None, "window": edition.sign_up_window(at)}


def _preview(edition: Edition) -> Preview | None:
    at = now()
    try:
        return preview_draw(SeatBook(db.session(), edition, terms_of(edition, at), at))
    except DrawNotDue:
        return None


def _result(document: str, trips: Iterable[Trip], given: Iterable[tuple[Registration, int | None]]) -> dict[str, Any]:
    """The numbers of a draw, and by trip (None for nothing) who gets a seat, as names are read aloud."""
    people: defaultdict[int | None, list[Registration]] = defaultdict(list)
    for person, trip_id in sorted(given, key=lambda pair: pair[0].by_name):
        people[trip_id].append(person)
    tally = tally_of(document)
    by_slug = {trip.slug: trip for trip in trips}
    seats_on = [(by_slug[seats.slug], seats.free, people[by_slug[seats.slug].id]) for seats in tally.trips]
    return {"tally": tally, "trips": seats_on, "nothing": people[None]}
