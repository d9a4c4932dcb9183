"""Organisers' pages about learning trips: what is on offer, how seats are given, and who is on a trip."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import TripMode
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal, ask_first
from dofc_events.organise.shared import EDITION, around, emailed
from dofc_events.organise.trips import queries as trip_queries
from dofc_events.organise.trips.bus import views as bus
from dofc_events.organise.trips.draw import views as draw
from dofc_events.organise.trips.forms import ChangeTripForm, NewTripForm, OrderForm, SignUpForm
from dofc_events.organise.trips.people import views as people
from dofc_events.places.models import Pool
from dofc_events.places.queries import edition_pool
from dofc_events.registration.trips import service as seats
from dofc_events.registration.trips.many.queries import people_on
from dofc_events.trips import service as trips_service
from dofc_events.trips.draw.service import AlreadyDrawn
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import TripRow, has_been_seen, trip_by_slug, trip_pools, trip_rows
from dofc_events.trips.service import PLACE_AND_TIME, details_of
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("trips", __name__)
for part in (people, draw, bus):
    blueprint.register_blueprint(part.blueprint)

TRIPS = f"{EDITION}/trips"
TRIP = f"{TRIPS}/<slug>"


@blueprint.get(TRIPS)
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The learning trips of an edition, in their order, and how their seats are given."""
    rows = trip_rows(db.session(), edition)
    form = OrderForm.of([row.trip.slug for row in rows])
    return render_template("organise/trips/index.html", form=form, **_list(edition, rows))


@blueprint.post(f"{TRIPS}/order")
@organisers_only
def order(edition: Edition) -> ResponseReturnValue:
    """Put the trips into another order, which all pages follow."""
    _with_places(edition)
    rows = trip_rows(db.session(), edition)
    seen = [row.trip.slug for row in rows]
    form = OrderForm.of(seen)
    if not form.validate_on_submit():
        return answer_errors(form, "organise/trips/index.html", **_list(edition, rows))
    with unit_of_work() as session:
        trips_service.put_in_order(session, edition.id, form.in_order(), acting(), now(), seen=seen)
    flash(_("Order saved."), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{TRIPS}/new", methods=["GET", "POST"])
@organisers_only
def new(edition: Edition) -> ResponseReturnValue:
    """Add a trip."""
    _with_places(edition)
    form, context = NewTripForm.of(edition), {"trip": None, "asked": None, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, "organise/trips/trip.html", **context)
    details, capacity = form.to_details(), form.capacity.data
    slug = form.slug_among([trip.slug for trip, _pool in trip_pools(db.session(), edition.id)])
    try:
        ask_first(form.accepted.data or "", trips_service.oddities(edition, details, now()))
        with unit_of_work() as session:
            trips_service.add_trip(session, edition.id, slug, details, capacity, acting(), now())
    except NotAgreed as asked:
        return answer_errors(form, "organise/trips/trip.html", **(context | {"asked": asked}))
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, "organise/trips/trip.html", **context)
    flash(_("“%(trip)s” has been added.", trip=form.title.data), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{TRIP}/", methods=["GET", "POST"])
@organisers_only
def trip(edition: Edition, slug: str) -> ResponseReturnValue:
    """Change a trip and its seats; before a move takes seats away, the page shows whose."""
    trip, pool = _trip(edition, slug)
    form = ChangeTripForm.of(edition, trip, pool.capacity)
    told = sum(len(people) for people in people_on(db.session(), edition.id, pool.id).values())
    context = {"trip": trip, "pool": pool, "told": told, "asked": None, **around(edition)}
    context["seen"] = has_been_seen(db.session(), edition, pool.id)
    if not form.validate_on_submit():
        return form_page(form, "organise/trips/trip.html", **context)
    details, capacity, accepted = form.to_details(), form.capacity.data, form.accepted.data or ""
    seen = details_of(trip), pool.capacity
    try:
        with unit_of_work() as session:
            seats.change_trip(
                session, edition.id, slug, details, capacity, acting(), now(), accepted=accepted, seen=seen
            )
    except NotAgreed as asked:
        return answer_errors(form, "organise/trips/trip.html", **(context | {"asked": asked}))
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, "organise/trips/trip.html", **context)
    _say_saved(told if any(getattr(details, name) != getattr(trip, name) for name in PLACE_AND_TIME) else 0)
    return redirect(url_for(".trip", year=edition.year, slug=slug), 303)


@blueprint.route(f"{TRIP}/cancel", methods=["GET", "POST"])
@organisers_only
def cancel(edition: Edition, slug: str) -> ResponseReturnValue:
    """Cancel a trip, or delete one that delegates cannot know of, after asking."""
    trip, pool = _trip(edition, slug)
    form = ButtonForm()
    if not form.validate_on_submit():
        affected = people_on(db.session(), edition.id, pool.id)
        context = {"trip": trip, "people": affected, "seen": has_been_seen(db.session(), edition, pool.id)}
        return form_page(form, "organise/trips/cancel.html", **context, **around(edition))
    with unit_of_work() as session:
        stays = seats.cancel_trip(session, edition.id, slug, acting(), now())
    if stays:
        told = emailed(_("Everyone concerned will be told by email."))
        flash(f"{_('“%(trip)s” has been cancelled.', trip=trip.title)} {told}", "success")
    else:
        flash(_("“%(trip)s” has been deleted.", trip=trip.title), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{TRIPS}/sign-up", methods=["GET", "POST"])
@organisers_only
def sign_up(edition: Edition) -> ResponseReturnValue:
    """How seats are given, and when delegates can sign up."""
    _with_places(edition)
    form, told = SignUpForm.of(edition), trip_queries.told_of_another_mode(db.session(), edition)
    context = {"told": told, "asked": None, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, "organise/trips/sign_up.html", **context)
    mode, seen = TripMode(form.mode.data), (edition.trip_mode, edition.trips_open_at, edition.trips_close_at)
    try:
        trips = [trip for trip, _pool in trip_pools(db.session(), edition.id)]
        ask_first(form.accepted.data or "", form.consequences(now(), told, trips))
        with unit_of_work() as session:
            seats.set_sign_up(session, edition.id, mode, *form.window(), acting(), now(), seen=seen)
    except NotAgreed as asked:
        return answer_errors(form, "organise/trips/sign_up.html", **(context | {"asked": asked}))
    except AlreadyDrawn:
        form.mode.errors = [_("The draw has been published, so how seats are given can no longer change.")]
        return answer_errors(form, "organise/trips/sign_up.html", **context)
    _say_saved(told if form.mode.data != edition.trip_mode else 0)
    return redirect(url_for(".index", year=edition.year), 303)


def _trip(edition: Edition, slug: str) -> tuple[Trip, Pool]:
    found = trip_by_slug(db.session(), edition.id, slug)
    if found is None:
        abort(404)
    return found


def _with_places(edition: Edition) -> None:
    """An edition whose registrations are not kept here has no seats to give either."""
    if edition_pool(db.session(), edition.id) is None:
        abort(404)


def _list(edition: Edition, rows: list[TripRow]) -> dict[str, Any]:
    running = [row for row in rows if row.trip.cancelled_at is None]
    return {
        "rows": rows,
        "all_collide": len(running) > 1 and all(len(row.overlaps) == len(running) - 1 for row in running),
        "has_places": edition_pool(db.session(), edition.id) is not None,
        "window": edition.sign_up_window(now()),
        **around(edition),
    }


def _say_saved(told: int) -> None:
    words = _("Saved.")
    if told:
        words += " " + emailed(
            ngettext("%(num)d person will be told by email.", "%(num)d people will be told by email.", told)
        )
    flash(words, "success")
