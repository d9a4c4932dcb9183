"""What needs attention, over all that the account may see."""

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from dofc_events.accounts.guards import grants, is_chair, may_organise, signed_in
from dofc_events.accounts.queries import previous_sign_in
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.queries import all_editions, edition_by_year
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.ballots.queries import voters_of
from dofc_events.hosting.reviews.queries import waiting_for_review
from dofc_events.organise.overview import service
from dofc_events.organise.overview.forms import DigestForm, PutOffForm, ShowAgainForm
from dofc_events.organise.overview.models import Digest
from dofc_events.organise.overview.queries import attention_of
from dofc_events.organise.overview.rules import Often
from dofc_events.organise.shared import around
from dofc_events.places.queries import places_of
from dofc_events.trips.queries import trips_by_edition
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("overview", __name__)


@blueprint.get("/")
@signed_in
def index() -> ResponseReturnValue:
    """The editions the account may see, and what needs attention there."""
    session, mine_to_do = db.session(), grants()
    organises = {g.edition_id for g in mine_to_do if g.role is RoleName.ORGANISER}
    helps = {g.edition_id for g in mine_to_do if g.role is RoleName.DESK} - organises
    editions = all_editions(session)
    mine = [e for e in editions if is_chair() or e.id in organises]
    desk_editions = [e for e in editions if e.id in helps and e not in mine]
    context = around(None) if mine or is_chair() else {}
    at, since = now(), previous_sign_in(session, current_user.id)
    represents = {g.role for g in mine_to_do if g.organisation_id}
    found, later = attention_of(session, current_user, since, at)
    return render_template(
        "organise/overview/index.html",
        attention=found,
        put_off=later,
        tomorrow=(at + timedelta(days=1)).date(),
        editions=mine,
        desk_editions=desk_editions,
        manifests=trips_by_edition(session, [edition.id for edition in desk_editions]),
        places=places_of(session, [e.id for e in mine]),
        represents=represents,
        to_review=waiting_for_review(session, current_user.id, at) if RoleName.BOARD in represents else [],
        voters=voters_of(session, current_user.id, at) if RoleName.MEMBER in represents else [],
        at=at,
        **context,
    )


@blueprint.route("/digest", methods=["GET", "POST"])
@signed_in
def digest() -> ResponseReturnValue:
    """How often the account is told what needs attention."""
    known = db.session().get(Digest, current_user.id)
    often = Often(known.often) if known else Often.DAILY
    form, page = DigestForm(data={"often": often.value}), "organise/overview/digest.html"
    if not form.validate_on_submit():
        return form_page(form, page, **around(None))
    with unit_of_work() as session:
        service.choose(session, current_user.id, Often(form.often.data), now(), seen=often)
    flash(_("Saved."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/attention/put-off")
@signed_in
def put_off() -> ResponseReturnValue:
    """Do not show a line before a day."""
    form = PutOffForm()
    form.today = now().date()
    if not form.validate_on_submit():
        return answer_errors(form, "organise/overview/put_off.html", **around(None))
    account_id, edition_id = current_user.id, _edition_id(form.year.data)
    with unit_of_work() as session:
        service.put_off(session, account_id, edition_id, form.key.data, form.until.data)
    flash(_("Put off. It comes back on that day."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/attention/show-again")
@signed_in
def show_again() -> ResponseReturnValue:
    """Show a line that was put off."""
    form = ShowAgainForm()
    if not form.validate_on_submit():
        return answer_errors(form, "organise/overview/put_off.html", **around(None))
    account_id, edition_id = current_user.id, _edition_id(form.year.data)
    with unit_of_work() as session:
        service.show_again(session, account_id, edition_id, form.key.data)
    return redirect(url_for(".index"), 303)


def _edition_id(year: str) -> int | None:
    """The edition that a line is about; None where it is about none."""
    if not year:
        return None
    found = edition_by_year(db.session(), int(year)) if year.isdecimal() and len(year) == 4 else None
    return found.id if found and may_organise(found) else abort(404)
