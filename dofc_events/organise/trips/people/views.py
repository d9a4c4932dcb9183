"""The people on a trip: finding, adding, moving, putting on the waiting list and taking off by hand."""

from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import live_found_by, live_registration, registration_by_reference
from dofc_events.organise.shared import EDITION, around, emailed
from dofc_events.organise.trips.people.forms import TAKE_OFF, WAIT, AddPersonForm, MoveForm
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.places.service import NothingFree
from dofc_events.registration.many.service import SelectionChanged
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.trips import service as seats
from dofc_events.registration.trips.many.queries import People, Selection, people_on, seats_by_status, selection_of
from dofc_events.registration.trips.many.rules import Aim, Obstacle
from dofc_events.registration.trips.many.service import Move, SeatsFree, TooFewWaiting, move_people
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import TripStanding, trip_by_slug
from dofc_events.trips.sign_ups.service import SeatsOverlap, TripOver
from dofc_events.web.forms import ButtonForm, answer_errors, answer_nothing_to_do, form_page

blueprint = Blueprint("people", __name__)

PEOPLE = f"{EDITION}/trips/<slug>/people"
# What an address says of the list, and of what was picked on it.
OF_THE_LIST, OF_THE_PICKS = ("q", "category", "seat"), ("pick", "all")
NAMES_SHOWN = 10
# People who have it already, or wait for it, are not asked about.
DONE = (Obstacle.HAS_SEAT, Obstacle.ON_LIST)


@blueprint.route(PEOPLE, methods=["GET", "POST"])
@organisers_only
def index(edition: Edition, slug: str) -> ResponseReturnValue:
    """The people on a trip, on its waiting list or with a wish for it; a form adds one, filled in by `?person=`."""
    context = _context(edition, slug)
    trip, page = context["trip"], "organise/trips/people/index.html"
    person = request.args.get("person")
    if person is not None and registration_by_reference(db.session(), edition.id, person) is None:
        abort(404)
    form = AddPersonForm(data={"person": person or ""})
    if trip.cancelled_at is not None:
        return make_response(render_template(page, form=form, **context), 403 if form.is_submitted() else 200)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    found = _found(edition, form)
    if found is None and form.which.choices:
        form.which.errors = [_("Choose who gets the seat, or enter more of the name.")]
        return answer_errors(form, page, **context)
    if found is None:
        form.person.errors = [_("Nobody is registered with this name, reference or address.")]
        return answer_errors(form, page, **context)
    try:
        with unit_of_work() as session:
            seats.give_seat(session, found.id, slug, form.reason.data, acting(), now(), enlarge=form.enlarge.data)
    except Refusal as refusal:
        form.person.errors = [_why_not(refusal, found, trip)]
        return answer_errors(form, page, **context)
    flash(_("%(name)s has a seat on “%(trip)s”.", name=found.full_name, trip=trip.title), "success")
    return redirect(url_for(".index", year=edition.year, slug=slug), 303)


@blueprint.route(f"{PEOPLE}/selected", methods=["GET", "POST"])
@organisers_only
def selected(edition: Edition, slug: str) -> ResponseReturnValue:
    """Move the people picked, put them on a waiting list or take them off, after saying how many they are."""
    trip, pool = trip_by_slug(db.session(), edition.id, slug) or abort(404)
    of_list: dict[str, Any] = {name: request.args[name] for name in OF_THE_LIST if request.args.get(name)}
    picks: dict[str, Any] = {name: values for name, values in request.args.lists() if name in OF_THE_PICKS}
    context = {"trip": trip, "pool": pool, "back": url_for(".index", year=edition.year, slug=slug, **of_list, **picks)}
    context |= {"names_shown": NAMES_SHOWN, "asked": None, **around(edition)}
    if not picks:
        form, nobody = ButtonForm(), {**context, "selection": None}
        form.validate_on_submit()
        return form_page(form, "organise/trips/people/selected.html", **nobody)
    people, page = _asked_people("all" in picks), "organise/trips/people/selected.html"
    selection = selection_of(db.session(), edition, trip, pool.id, people, now())
    form = MoveForm()
    form.to.choices = _choices(edition, selection)
    form.fewer.label.text = _fewer_seats(pool.capacity, selection)
    digest = form.shown(selection)
    if not selection.movers:
        return answer_nothing_to_do(form, page, selection=selection, **context)
    if not form.validate_on_submit():
        return form_page(form, page, selection=selection, **context)
    move = form.move(people, digest)
    try:
        with unit_of_work() as session:
            number = move_people(session, edition.id, slug, move, acting(), now())
    except NotAgreed as asked:
        context |= {"asked": asked, "able": selection.able(move.aim, _to(selection, move))}
        return answer_errors(form, page, selection=selection, **context)
    except Refusal as refusal:
        form.form_errors = [_refused(refusal, selection, move)]
        return answer_errors(form, page, selection=selection, **context)
    flash(_moved(number, selection, move), "success")
    return redirect(url_for(".index", year=edition.year, slug=slug, **of_list), 303)


def _context(edition: Edition, slug: str) -> dict[str, Any]:
    session = db.session()
    trip, pool = trip_by_slug(session, edition.id, slug) or abort(404)
    people = _asked_people(everybody=True)
    narrowed = {name: request.args[name].strip() for name in OF_THE_LIST if request.args.get(name, "").strip()}
    return {
        "trip": trip,
        "pool": pool,
        "people": people_on(session, edition.id, pool.id, people),
        "counts": seats_by_status(session, pool.id),
        "narrowed": narrowed,
        "categories": {category.slug: category.label for category in edition.categories},
        "picked": request.args.getlist("pick"),
        **around(edition),
    }


def _asked_people(everybody: bool) -> People:
    """The people that the address selects; 404 for a status that nobody can have on a trip."""
    seat = request.args.get("seat", "").strip()
    if seat and seat not in LIVE:
        abort(404)
    filters = Filters(q=request.args.get("q", "").strip(), category=request.args.get("category", "").strip())
    references = () if everybody else tuple(dict.fromkeys(request.args.getlist("pick")))
    return People(Audience(filters, references), seat)


def _choices(edition: Edition, selection: Selection) -> list[tuple[str, str]]:
    found = []
    waiting_lists = not edition.collects_wishes
    for there in selection.open_to:
        if _is_to_do(selection, Aim.SEAT, there.trip):
            found.append((there.trip.slug, _to_seat(selection, there)))
        if waiting_lists and _is_to_do(selection, Aim.WAIT, there.trip):
            stays = there.trip.id == selection.here.id
            if stays or selection.missing(there):
                found.append((WAIT + there.trip.slug, _to_list(there, stays=stays)))
    return [*found, (TAKE_OFF, _take_off(selection.held))]


def _is_to_do(selection: Selection, aim: Aim, trip: Trip) -> bool:
    """Whether that is not done already for all of them."""
    done = sum(len(movers) for why, movers in selection.unable(aim, trip).items() if why in DONE)
    return done < len(selection.movers)


def _to_seat(selection: Selection, there: TripStanding) -> str:
    room, missing = _("it is full"), selection.missing(there)
    if there.free:
        room = ngettext("%(num)d seat is free", "%(num)d seats are free", there.free)
    if missing and len(selection.movers) > 1:
        room = _("%(room)s, %(missing)d too few", room=room, missing=missing)
    able = selection.able(Aim.SEAT, there.trip)
    text: str
    if able and all(mover.seats.get(there.trip.id) == ClaimStatus.OFFERED for mover in able):
        text = ngettext(
            "Confirm the seat that is offered on “%(trip)s”",
            "Confirm the seats that are offered on “%(trip)s”",
            len(able),
            trip=there.trip.title,
        )
    elif there.trip.id == selection.here.id:
        text = _("Give a seat on this trip now, ahead of the waiting list (%(room)s)", room=room)
    else:
        text = _("Move to “%(trip)s” (%(room)s)", trip=there.trip.title, room=room)
    return text


def _to_list(there: TripStanding, *, stays: bool) -> str:
    text: str
    if stays:
        text = _("Put at the end of this trip’s waiting list")
    elif there.free:
        text = ngettext(
            "Move to “%(trip)s”: %(num)d gets the free seat, the others join its waiting list",
            "Move to “%(trip)s”: %(num)d get the free seats, the others join its waiting list",
            there.free,
            trip=there.trip.title,
        )
    else:
        text = _("Move to the waiting list of “%(trip)s”", trip=there.trip.title)
    return text


def _take_off(held: int) -> str:
    text: str = _("Take off this trip’s list")
    if held:
        text = ngettext(
            "Take off this trip; the seat goes to the next in line",
            "Take off this trip; the seats go to the next in line",
            held,
        )
    return text


def _fewer_seats(capacity: int, selection: Selection) -> str:
    text: str = _(
        "If they join this trip’s waiting list, take their seats away: %(before)d → %(after)d seats",
        before=capacity,
        after=capacity - selection.held,
    )
    return text


def _moved(number: int, selection: Selection, move: Move) -> str:
    """What was done; who was not told is said to be so."""
    to = _to(selection, move)
    words = {"trip": (to or selection.here).title}
    text: str
    if len(selection.movers) == 1:
        words["name"] = selection.movers[0].name
        if to is None:
            text = _("%(name)s is no longer on “%(trip)s”.", **words)
        elif move.aim is Aim.SEAT:
            text = _("%(name)s has a seat on “%(trip)s”.", **words)
        else:
            text = _("%(name)s has joined the waiting list of “%(trip)s”.", **words)
    elif to is None:
        text = ngettext(
            "%(num)d person is no longer on “%(trip)s”.", "%(num)d people are no longer on “%(trip)s”.", number, **words
        )
    elif move.aim is Aim.SEAT:
        text = ngettext(
            "%(num)d person has a seat on “%(trip)s”.", "%(num)d people have a seat on “%(trip)s”.", number, **words
        )
    else:
        text = ngettext(
            "%(num)d person has joined “%(trip)s” or its waiting list.",
            "%(num)d people have joined “%(trip)s” or its waiting list.",
            number,
            **words,
        )
    told: str = _("Nobody has been told.") if move.quiet else emailed(_("They will be told by email."))
    return f"{text} {told}"


def _to(selection: Selection, move: Move) -> Trip | None:
    """The trip that was chosen."""
    return next((trip for trip in selection.by_id.values() if trip.slug == move.to), None)


def _refused(refusal: Refusal, selection: Selection, move: Move) -> str:
    """Why nothing was done with the people picked."""
    to = _to(selection, move) or selection.here
    text: str
    match refusal:
        case SelectionChanged():
            text = _(
                "Nothing has been done, because something has changed since you opened the page. This is the "
                "current state:"
            )
        case NothingFree() if len(selection.movers) == 1:
            text = _no_seat(selection.movers[0].name, to)
        case NothingFree():
            missing = next((selection.missing(there) for there in selection.open_to if there.trip.id == to.id), 0)
            text = ngettext(
                "%(num)d seat is missing on “%(trip)s”. Tick the box to add it, or pick fewer people.",
                "%(num)d seats are missing on “%(trip)s”. Tick the box to add them, or pick fewer people.",
                missing,
                trip=to.title,
            )
        case SeatsFree(free=free):
            text = ngettext(
                "%(num)d seat is free on “%(trip)s”, so nobody has to wait. Take them off the trip instead, or "
                "change the number of its seats first.",
                "%(num)d seats are free on “%(trip)s”, so nobody has to wait. Take them off the trip instead, or "
                "change the number of its seats first.",
                free,
                trip=to.title,
            )
        case TooFewWaiting(waiting=0):
            text = _("Nobody else is waiting, so they would get their seats back. Tick the box to take the seats away.")
        case TooFewWaiting(waiting=waiting):
            text = ngettext(
                "Only %(num)d other person is waiting, so some of the seats would come back to those you picked. "
                "Tick the box to take the seats away, or pick fewer people.",
                "Only %(num)d other people are waiting, so some of the seats would come back to those you picked. "
                "Tick the box to take the seats away, or pick fewer people.",
                waiting,
            )
        case SeatsOverlap(held=held):
            text = _("Somebody you picked has just been given a seat on “%(held)s”, at the same time.", held=held)
        case _:
            text = _is_over(refusal, to)
    return text


def _why_not(refusal: Refusal, person: Registration, trip: Trip) -> str:
    """Why somebody cannot be given a seat."""
    text: str
    name = person.full_name
    match refusal:
        case NothingFree():
            text = _no_seat(name, trip)
        case seats.HasSeat():
            text = _("%(name)s already has a seat on this trip.", name=name)
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
        case _:
            text = _is_over(refusal, trip)
    return text


def _no_seat(name: str, trip: Trip) -> str:
    text: str = _(
        "All seats on “%(trip)s” are taken. Tick the box to add one for %(name)s.", trip=trip.title, name=name
    )
    return text


def _is_over(refusal: Refusal, trip: Trip) -> str:
    text: str
    match refusal:
        case RegistrationOver():
            text = _("The edition is over.")
        case TripOver():
            text = _("“%(trip)s” has been cancelled or has begun: nobody can join it now.", trip=trip.title)
        case _:
            raise refusal
    return text


def _found(edition: Edition, form: AddPersonForm) -> Registration | None:
    """The registration with that reference or email address or, of those with that name, the one that was chosen."""
    session, words = db.session(), form.person.data
    if "@" in words:
        return live_registration(session, edition.id, words)
    if known := registration_by_reference(session, edition.id, words.upper()):
        return known
    named = live_found_by(session, edition.id, words, limit=NAMES_SHOWN)
    form.which.choices = [(one.reference, f"{one.full_name}, {one.organisation} ({one.reference})") for one in named]
    return next((one for one in named if one.reference == form.which.data), None)
