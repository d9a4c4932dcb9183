"""The door: on a phone, with a queue in front. Two letters find a person with a place, who is then ticked."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, edition_staff, may_organise
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone, now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.delegates.rules import folded
from dofc_events.extensions import limiter
from dofc_events.groups.queries import came_with
from dofc_events.organise.door import queries as door_queries
from dofc_events.organise.door.forms import ArrivalForm
from dofc_events.organise.shared import EDITION, before_id, nobody
from dofc_events.places.queries import categories_with_places, edition_pool
from dofc_events.places.service import NothingFree
from dofc_events.registration.arrivals.service import (
    DoorClosed,
    NotExpected,
    note_arrival,
    register_at_door,
    undo_arrival,
)
from dofc_events.registration.on_behalf.forms import OnBehalfForm
from dofc_events.registration.on_behalf.service import AlreadyRegistered, AnotherPerson, can_be_added_to
from dofc_events.registration.texts import stated_consent
from dofc_events.trips.queries import seats_of
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("door", __name__)

# A page of the door comes through bad Wi-Fi within a second; on paper one is long enough for most conferences.
ROWS = 25
PRINTED = 800


# Everyone at the venue may share one address, and the queue cannot wait ten minutes because of that.
@blueprint.route(f"{EDITION}/check-in", methods=["GET", "POST"])
@limiter.exempt
@edition_staff(RoleName.ORGANISER, RoleName.DESK, archived_too=True)
def check_in(edition: Edition) -> ResponseReturnValue:
    """The people who are expected, found by search or by letter, each with a button that checks them in."""
    form, template = ArrivalForm(), "organise/door/check_in.html"
    if not form.validate_on_submit():
        return form_page(form, template, **_door(edition))
    reference = form.arrived.data or form.undo.data or ""
    try:
        _note(edition, reference, arrived=bool(form.arrived.data))
    except DoorClosed:
        return make_response(render_template(template, form=form, **_door(edition)), 403)
    return redirect(url_for(".check_in", year=edition.year, person=reference, **_narrowed()), 303)


@blueprint.get(f"{EDITION}/check-in/list")
@edition_staff(RoleName.ORGANISER, RoleName.DESK)
def check_in_list(edition: Edition) -> ResponseReturnValue:
    """Everybody who is expected, to print for when the network fails."""
    rows = door_queries.people_expected(
        db.session(), edition.id, _today(edition), limit=PRINTED + 1, after_id=before_id()
    )
    return render_template(
        "organise/door/check_in_list.html",
        rows=rows[:PRINTED],
        is_first=before_id() is None,
        has_more=len(rows) > PRINTED,
        came_with=came_with(db.session(), [one.registration.id for one in rows]),
        at=now(),
        **_frame(edition),
    )


@blueprint.route(f"{EDITION}/check-in/new", methods=["GET", "POST"])
@limiter.exempt
@edition_staff(RoleName.ORGANISER, RoleName.DESK)
def new(edition: Edition) -> ResponseReturnValue:
    """Register somebody who came without a registration, where organisers allow it."""
    form, template = OnBehalfForm(), "organise/door/new.html"
    pool = edition_pool(db.session(), edition.id)
    if pool is None or not edition.registers_at_door or not can_be_added_to(edition, now()):
        return make_response(render_template(template, form=None, **_frame(edition)), 403)
    free = pool.capacity - pool.taken
    context = {"free": free, "known": "", "stated": stated_consent(edition), **_frame(edition)}
    form.offer_categories(categories_with_places(db.session(), edition.id))
    if not form.validate_on_submit():
        return form_page(form, template, **context)
    try:
        with unit_of_work() as session:
            added = register_at_door(session, edition.id, form.to_request(edition), acting(), now())
            reference = added.registration.reference
    except AnotherPerson as refusal:
        form.begin_anew_after(refusal.name)
        return answer_errors(form, template, **context)
    except AlreadyRegistered as refusal:
        form.email.errors = [_("This address is already registered.")]
        return answer_errors(form, template, **context | {"known": refusal.reference})
    except NothingFree:
        form.form_errors = [_("No place is free, or people are waiting for one: ask the organisers.")]
        return answer_errors(form, template, **context | {"free": 0})
    return redirect(url_for(".check_in", year=edition.year, person=reference), 303)


def _note(edition: Edition, reference: str, *, arrived: bool) -> None:
    person = registration_by_reference(db.session(), edition.id, reference)
    if person is None:
        abort(nobody(url_for(".check_in", year=edition.year), _("Go to the door")))
    act = note_arrival if arrived else undo_arrival
    try:
        with unit_of_work() as session:
            act(session, person.id, acting(), now())
    except NotExpected:
        flash(_("%(name)s has no confirmed place: ask the organisers.", name=person.full_name), "warning")


def _door(edition: Edition) -> dict[str, Any]:
    """What the door shows: the person just ticked, else those found by a search, else by a letter, else everybody."""
    session, narrowed, reference = db.session(), _narrowed(), request.args.get("person", "")
    today, after = _today(edition), None
    if reference:
        one = door_queries.person_at_the_door(session, edition.id, today, reference)
        people = [one] if one else abort(404)
    elif "q" in narrowed:
        people = door_queries.people_found(session, edition.id, today, narrowed["q"], limit=ROWS + 1)
    else:
        # A letter in an address may be typed as a capital.
        letter = folded(narrowed.get("letter", ""))
        after, limit = before_id(), ROWS + 1
        people = door_queries.people_expected(session, edition.id, today, letter=letter, after_id=after, limit=limit)
    shown = people[:ROWS]
    return {
        "people": shown,
        "is_first": after is None,
        "has_more": len(people) > ROWS,
        "ticked": bool(reference),
        # The evening before, people do arrive.
        "is_early": edition.starts_on is not None and today + timedelta(days=1) < edition.starts_on,
        "narrowed": narrowed,
        "letters": door_queries.letters_at(session, edition.id, today),
        "came_with": came_with(session, [one.registration.id for one in shown]),
        "seats": seats_of(session, [one.registration.id for one in shown]),
        **door_queries.on_record(session, edition.year, [one.registration.reference for one in shown]),
        **_frame(edition),
    }


def _frame(edition: Edition) -> dict[str, Any]:
    """Organisers have the pages of their edition around this one; the desk gets no links it may not follow.

    Nobody here needs the state of the outbox.
    """
    return {"organises": may_organise(edition), "edition": edition}


def _today(edition: Edition) -> date:
    """People arrive anew on each day of the edition."""
    return in_zone(now(), edition.zone).date()


def _narrowed() -> dict[str, Any]:
    """How this page was found; without what is empty, for addresses that lead to the same list."""
    given = {name: request.args.get(name, "").strip() for name in ("q", "letter")}
    return {name: value for name, value in given.items() if value}
