"""Organisers' pages about learning trips: what is on offer, how seats are given, and who is on a trip."""

from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import TripMode
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal, ask_first
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_registration, registration_by_reference
from dofc_events.organise.shared import EDITION, around
from dofc_events.organise.trips import queries as trip_queries
from dofc_events.organise.trips.bus import views as bus
from dofc_events.organise.trips.draw import views as draw
from dofc_events.organise.trips.forms import (
    TAKE_OFF,
    AddPersonForm,
    ChangeTripForm,
    MovePersonForm,
    NewTripForm,
    OrderForm,
    SignUpForm,
)
from dofc_events.places.models import Pool
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import NothingFree
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.trips import service as seats
from dofc_events.trips import service as trips_service
from dofc_events.trips.draw.service import AlreadyDrawn
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import TripRow, TripStanding, trip_by_slug, trip_pools, trip_rows, trips_of
from dofc_events.trips.service import PLACE_AND_TIME, details_of
from dofc_events.trips.sign_ups.service import SeatsOverlap, TripOver
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("trips", __name__)
for part in (draw, bus):
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
    """What is said of a trip, and its seats; before a move takes seats away, it is said whose."""
    trip, pool = _trip(edition, slug)
    form = ChangeTripForm.of(edition, trip, pool.capacity)
    told = sum(len(people) for people in trip_queries.people_on(db.session(), pool.id).values())
    context = {"trip": trip, "pool": pool, "told": told, "asked": None, **around(edition)}
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
    """Cancel a trip, after asking."""
    trip, pool = _trip(edition, slug)
    people, form = trip_queries.people_on(db.session(), pool.id), ButtonForm()
    if not form.validate_on_submit():
        return form_page(form, "organise/trips/cancel.html", trip=trip, people=people, **around(edition))
    with unit_of_work() as session:
        seats.cancel_trip(session, edition.id, slug, acting(), now())
    flash(_("“%(trip)s” has been cancelled. Everyone concerned will be told by email.", trip=trip.title), "success")
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
        ask_first(form.accepted.data or "", form.passed(now()))
        with unit_of_work() as session:
            seats.set_sign_up(session, edition.id, mode, *form.window(), acting(), now(), seen=seen)
    except NotAgreed as asked:
        return answer_errors(form, "organise/trips/sign_up.html", **(context | {"asked": asked}))
    except AlreadyDrawn:
        form.mode.errors = [_("The draw has been published, so how seats are given can no longer change.")]
        return answer_errors(form, "organise/trips/sign_up.html", **context)
    _say_saved(told if form.mode.data != edition.trip_mode else 0)
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{TRIP}/people", methods=["GET", "POST"])
@organisers_only
def people(edition: Edition, slug: str) -> ResponseReturnValue:
    """Who is on a trip, waits or has asked for it. `?person=` names somebody who is moved, taken off or added."""
    trip, pool = _trip(edition, slug)
    session, person = db.session(), None
    if "person" in request.args:
        person = registration_by_reference(session, edition.id, request.args["person"]) or abort(404)
    context = {"trip": trip, "pool": pool, "people": trip_queries.people_on(session, pool.id), **around(edition)}
    if person and any(person.id == there.registration.id for line in context["people"].values() for there in line):
        return _move(edition, trip, person, context)
    return _add(edition, trip, person, context)


def _add(edition: Edition, trip: Trip, person: Registration | None, context: dict[str, Any]) -> ResponseReturnValue:
    page, context = "organise/trips/people.html", {**context, "person": None}
    form = AddPersonForm(data={"person": person.reference if person else ""})
    if trip.cancelled_at is not None:
        return make_response(render_template(page, form=form, **context), 403 if form.is_submitted() else 200)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    found = _found(edition, form.person.data)
    if found is None:
        form.person.errors = [_("Nobody is registered with this reference or address.")]
    elif any(found.id == there.registration.id for there in context["people"][ClaimStatus.CONFIRMED]):
        form.person.errors = [_("%(name)s already has a seat on this trip.", name=found.full_name)]
    else:
        try:
            with unit_of_work() as session:
                seats.give_seat(
                    session, found.id, trip.slug, form.reason.data, acting(), now(), enlarge=form.enlarge.data
                )
        except Refusal as refusal:
            form.person.errors = [_why_not(refusal, found, trip)]
        else:
            flash(_("%(name)s has a seat on “%(trip)s”.", name=found.full_name, trip=trip.title), "success")
            return redirect(url_for(".people", year=edition.year, slug=trip.slug), 303)
    return answer_errors(form, page, **context)


def _move(edition: Edition, trip: Trip, person: Registration, context: dict[str, Any]) -> ResponseReturnValue:
    page, form = "organise/trips/people.html", MovePersonForm()
    standings = trips_of(db.session(), edition.id, person.id)
    (here,) = (standing for standing in standings if standing.trip.id == trip.id)
    open_to = [s for s in standings if s.status != ClaimStatus.CONFIRMED and s.trip.can_be_joined(now())]
    form.to.choices = [*((s.trip.slug, _to_trip(here, s)) for s in open_to), (TAKE_OFF, _take_off(here))]
    others = {standing.trip.slug: standing.trip for standing in open_to}
    is_full = any(not standing.free and not standing.is_held for standing in open_to)
    context = {**context, "person": person, "here": here, "is_full": is_full}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    to, reason, said = form.to.data, form.reason.data, {"quiet": form.quiet.data}
    try:
        with unit_of_work() as session:
            if to == TAKE_OFF:
                seats.take_seat(session, person.id, trip.slug, reason, acting(), now(), **said)
            else:
                said |= {"instead_of": "" if to == trip.slug else trip.slug, "enlarge": form.enlarge.data}
                seats.give_seat(session, person.id, to, reason, acting(), now(), **said)
    except Refusal as refusal:
        form.to.errors = [_why_not(refusal, person, others[to])]
        return answer_errors(form, page, **context)
    words = {"name": person.full_name, "trip": trip.title if to == TAKE_OFF else others[to].title}
    flash(_moved(words, off=to == TAKE_OFF, quiet=form.quiet.data), "success")
    return redirect(url_for(".people", year=edition.year, slug=trip.slug), 303)


def _moved(words: dict[str, str], *, off: bool, quiet: bool) -> str:
    text: str
    if off and quiet:
        text = _("%(name)s is no longer on “%(trip)s” and has not been told.", **words)
    elif off:
        text = _("%(name)s is no longer on “%(trip)s”.", **words)
    elif quiet:
        text = _("%(name)s has a seat on “%(trip)s” and has not been told.", **words)
    else:
        text = _("%(name)s has a seat on “%(trip)s”.", **words)
    return text


def _to_trip(here: TripStanding, there: TripStanding) -> str:
    room = ngettext("%(num)d seat is free", "%(num)d seats are free", there.free) if there.free else _("it is full")
    text: str
    if there.is_held:
        text = _("Confirm the seat that is offered on “%(trip)s”", trip=there.trip.title)
    elif there is here:
        text = _("Give a seat on this trip now, ahead of the waiting list (%(room)s)", room=room)
    else:
        text = _("Move to “%(trip)s” (%(room)s)", trip=there.trip.title, room=room)
    return text


def _take_off(here: TripStanding) -> str:
    text: str = (
        _("Take off this trip; the seat goes to the next in line") if here.is_held else _("Take off this trip’s list")
    )
    return text


def _why_not(refusal: Refusal, person: Registration, trip: Trip) -> str:
    """Why somebody cannot be given a seat."""
    text: str
    name = person.full_name
    match refusal:
        case NothingFree():
            text = _(
                "All seats on “%(trip)s” are taken. Tick the box to add one for %(name)s.", trip=trip.title, name=name
            )
        case SeatsOverlap(held=held):
            text = _(
                "%(name)s has a seat on “%(held)s”, which is at the same time: take them off that trip first.",
                name=name,
                held=held,
            )
        case seats.NoPlace():
            text = _(
                "%(name)s has no confirmed place at the conference, so they cannot have a seat. Confirm their "
                "place first.",
                name=name,
            )
        case RegistrationOver() if person.ended_at is not None:
            text = _("The registration of %(name)s has been cancelled.", name=name)
        case RegistrationOver():
            text = _("The edition is over.")
        case TripOver():
            text = _("“%(trip)s” has been cancelled or has begun: nobody can join it now.", trip=trip.title)
        case _:
            raise refusal
    return text


def _found(edition: Edition, words: str) -> Registration | None:
    """The registration with that reference or email address."""
    if "@" in words:
        return live_registration(db.session(), edition.id, words)
    return registration_by_reference(db.session(), edition.id, words.upper())


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
    if told:
        flash(
            ngettext(
                "Saved. %(num)d person will be told by email.", "Saved. %(num)d people will be told by email.", told
            ),
            "success",
        )
    else:
        flash(_("Saved."), "success")
