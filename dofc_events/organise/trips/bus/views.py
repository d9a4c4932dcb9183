"""The manifest of a learning trip: who may board, printed or on the leader's phone, and as a file."""

from collections.abc import Iterator

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.factors.guards import fresh_factor_for_files
from dofc_events.accounts.guards import acting, edition_staff, may_organise, organisers_only
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone, now
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.organise.shared import EDITION, around, nobody
from dofc_events.organise.trips.bus.forms import BoardingForm
from dofc_events.places.models import Pool
from dofc_events.trips.bus.service import BusFull, NotOnTrip, board, undo_boarding
from dofc_events.trips.models import Trip
from dofc_events.trips.queries import Manifest, manifest_of, trip_by_slug
from dofc_events.web.export import Cell, list_download
from dofc_events.web.forms import form_page

blueprint = Blueprint("bus", __name__)

TRIP = f"{EDITION}/trips/<slug>"
DETAILS = ("family_name", "given_name", "badge_name", "organisation", "phone")


@blueprint.route(f"{TRIP}/manifest", methods=["GET", "POST"])
@edition_staff(RoleName.ORGANISER, RoleName.DESK)
def manifest(edition: Edition, slug: str) -> ResponseReturnValue:
    """The people who may board, each with a button that records it."""
    trip, pool = _trip(edition, slug)
    form = BoardingForm()
    if not form.validate_on_submit():
        people, organises = manifest_of(db.session(), pool.id), may_organise(edition)
        context = {"trip": trip, "pool": pool, "people": people, "organises": organises, "at": now(), **around(edition)}
        return form_page(form, "organise/trips/bus/manifest.html", **context)
    reference = form.board.data or form.undo.data or ""
    _note_boarding(edition, slug, reference, boards=bool(form.board.data))
    return redirect(url_for(".manifest", year=edition.year, slug=slug, _anchor=f"r-{reference}"), 303)


@blueprint.get(f"{TRIP}.csv", defaults={"kind": "csv"})
@blueprint.get(f"{TRIP}.xlsx", defaults={"kind": "xlsx"})
@organisers_only
@fresh_factor_for_files
def manifest_file(edition: Edition, slug: str, kind: str) -> ResponseReturnValue:
    """The people on a trip's manifest as a file; their dietary and access needs only if the trip needs them."""
    trip, pool = _trip(edition, slug)
    details = [*DETAILS, *["dietary"] * trip.needs_dietary, *["access_needs"] * trip.needs_access]
    rows = _rows(manifest_of(db.session(), pool.id), details, edition.zone)
    columns = ["reference", "status", "position", *details, "boarded"]
    return list_download(kind, f"{slug}-{edition.year}", columns, rows, sheet=trip.title)


def _note_boarding(edition: Edition, slug: str, reference: str, *, boards: bool) -> None:
    person = registration_by_reference(db.session(), edition.id, reference)
    if person is None:
        abort(nobody(url_for(".manifest", year=edition.year, slug=slug), _("Go to the list at the bus")))
    act = board if boards else undo_boarding
    try:
        with unit_of_work() as session:
            act(session, edition.id, slug, person.id, acting(), now())
    except BusFull:
        flash(_("All seats on the bus are taken: %(name)s has to wait.", name=person.full_name), "warning")
    except NotOnTrip:
        flash(_("%(name)s no longer has a seat on this trip.", name=person.full_name), "warning")


def _trip(edition: Edition, slug: str) -> tuple[Trip, Pool]:
    found = trip_by_slug(db.session(), edition.id, slug)
    if found is None:
        abort(404)
    return found


def _rows(people: Manifest, details: list[str], zone: str) -> Iterator[list[Cell]]:
    waiting = 0
    for claim in (*people.confirmed, *people.in_line):
        waiting += claim.position is not None
        person = claim.registration
        boarded = in_zone(claim.used_at, zone).replace(tzinfo=None) if claim.used_at else None
        position = waiting if claim.position is not None else ""
        yield [person.reference, str(claim.status), position, *(getattr(person, name) for name in details), boarded]
