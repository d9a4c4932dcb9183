"""Organisers' pages about an edition as a whole: its figures, its settings, its life from draft to archive."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _
from markupsafe import Markup

from dofc_events.accounts.guards import acting, chair_only, edition_staff, organisers_only
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import all_editions
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import (
    EditionExists,
    EditionNotPublished,
    NotADraft,
    NotReady,
    details_of,
    first_known_day,
    missing_to_publish,
)
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import Refusal
from dofc_events.hosting.hand_over.queries import hand_overs_of
from dofc_events.hosting.queries import came_of_a_call
from dofc_events.memory.figures.queries import COUNTED, arrivals_of, figures_of, frozen_record, growth_of
from dofc_events.memory.figures.rules import Arrivals, weeks
from dofc_events.memory.figures.service import archive as archive_edition
from dofc_events.memory.figures.service import take_out as take_out_of_archive
from dofc_events.memory.figures.shared import MAX_TICKS, growth_chart
from dofc_events.organise.editions import service
from dofc_events.organise.editions.copy import views as copying
from dofc_events.organise.editions.copy.queries import marks_of
from dofc_events.organise.editions.forms import NewEditionForm, ReopenForm, YearForm
from dofc_events.organise.editions.settings import views as settings
from dofc_events.organise.editions.settings.service import trips_without_seats, unlikely_days, unlikely_zone
from dofc_events.organise.shared import EDITION, around, emailed
from dofc_events.places.queries import categories_with_places, count_offered, edition_pool, places_of
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import waited_for
from dofc_events.registration.service import RegistrationOver
from dofc_events.registration.waiting_list.queries import count_closed
from dofc_events.registration.waiting_list.service import reopen_list
from dofc_events.trips.queries import trip_rows
from dofc_events.web.charts import Series, Tick, bar, line_chart
from dofc_events.web.dates import day
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("editions", __name__)
blueprint.register_blueprint(settings.blueprint)
blueprint.register_blueprint(copying.blueprint)


@blueprint.route("/editions/new", methods=["GET", "POST"])
@chair_only
def new() -> ResponseReturnValue:
    """Create the edition for a year."""
    form, context = NewEditionForm(), {"copyable": _with_places(), **around(None)}
    if not form.validate_on_submit():
        return form_page(form, "organise/editions/new.html", **context)
    try:
        with unit_of_work() as session:
            service.open_draft(
                session, form.year.data, form.to_details(), form.capacity.data, _first_categories(), acting(), now()
            )
    except EditionExists:
        return _year_is_taken(form, "organise/editions/new.html", **context)
    flash(_("Edition created as a draft that nobody else can see. Complete its settings next."), "success")
    return redirect(url_for(".settings.index", year=form.year.data), 303)


@blueprint.get(f"{EDITION}/")
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The overview of one edition."""
    session, at = db.session(), now()
    places = places_of(session, [edition.id]).get(edition.id)
    kept = frozen_record(session, edition)
    breakdown = kept.figures if kept else figures_of(session, edition) if places else None
    growth, arrivals = growth_of(session, edition, at, kept), kept.arrivals if kept else arrivals_of(session, edition)
    asked = questions_of(session, edition.id) if edition.asks_questions else ()
    return render_template(
        "organise/editions/index.html",
        places=places,
        limits=[one for one in categories_with_places(session, edition.id) if one.limit is not None],
        kept=kept,
        breakdown=breakdown,
        questions={one.key: one for one in asked},
        waited_for={one.key: waited_for(asked, one) for one in asked},
        growth=growth,
        growth_chart=growth_chart(growth),
        arrivals=arrivals,
        arrivals_chart=_arrivals_chart(arrivals),
        weeks=weeks(max((len(one.days) for one in growth), default=0)),
        trips=trip_rows(session, edition),
        counted=COUNTED,
        bar=bar,
        window=edition.window(at),
        hand_overs=hand_overs_of(session, edition),
        closed=count_closed(session, edition.id) if places and edition.gives_places(at) else 0,
        missing=_missing(edition) if edition.status == EditionStatus.DRAFT else (),
        marks=marks_of(session, edition) if edition.status == EditionStatus.DRAFT else None,
        came_of_a_call=edition.status == EditionStatus.DRAFT and came_of_a_call(session, edition),
        at=at,
        **around(edition),
    )


@blueprint.route(f"{EDITION}/publish", methods=["GET", "POST"])
@organisers_only
def publish(edition: Edition) -> ResponseReturnValue:
    """Show a draft to everyone, after asking."""
    form, details = ButtonForm(), details_of(edition)
    unlikely = [*unlikely_days(db.session(), edition, details), *unlikely_zone(details)]
    unlikely += trips_without_seats(db.session(), edition)
    context = {"missing": _missing(edition), "unlikely": unlikely, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, "organise/editions/publish.html", **context)
    try:
        with unit_of_work() as session:
            service.publish(session, edition.id, acting(), now())
    except NotReady as refusal:
        return answer_errors(form, "organise/editions/publish.html", **{**context, "missing": refusal.missing})
    flash(_("%(edition)s has been published.", edition=edition.name), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{EDITION}/archive", methods=["GET", "POST"])
@organisers_only
def archive(edition: Edition) -> ResponseReturnValue:
    """Archive an edition, after asking."""
    form = ButtonForm()
    if not form.validate_on_submit():
        at, places = now(), places_of(db.session(), [edition.id]).get(edition.id)
        context = {
            "waiting": places.counts[ClaimStatus.WAITLISTED] + places.counts[ClaimStatus.REQUESTED] if places else 0,
            "confirmed": places.counts[ClaimStatus.CONFIRMED] if places else 0,
            "offered": count_offered(db.session(), edition.id),
            "is_over": edition.is_over(at),
            "begun": edition.has_begun(at),
        }
        return form_page(form, "organise/editions/archive.html", **context, **around(edition))
    try:
        with unit_of_work() as session:
            archive_edition(session, edition.id, acting(), now())
    except EditionNotPublished:
        flash(_("A draft cannot be archived: nobody has seen it."), "warning")
    else:
        flash(_("%(edition)s has been archived.", edition=edition.name), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{EDITION}/take-out", methods=["GET", "POST"])
@edition_staff(RoleName.ORGANISER, archived_too=True)
def take_out(edition: Edition) -> ResponseReturnValue:
    """Take an edition out of the archive, after asking."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return form_page(form, "organise/editions/take_out.html", **around(edition))
    with unit_of_work() as session:
        take_out_of_archive(session, edition.id, acting(), now())
    flash(_("%(edition)s has been taken out of the archive.", edition=edition.name), "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{EDITION}/waiting-list", methods=["GET", "POST"])
@organisers_only
def reopen(edition: Edition) -> ResponseReturnValue:
    """Undo that the waiting list was closed, after asking."""
    form, closed, at = ReopenForm(), count_closed(db.session(), edition.id), now()
    context = {"closed": closed, "begun": edition.has_begun(at), **around(edition)}
    context["is_possible"] = edition.gives_places(at)
    if not form.validate_on_submit():
        return form_page(form, "organise/editions/reopen.html", **context)
    try:
        with unit_of_work() as session:
            reopen_list(session, edition.id, form.reason.data, acting(), now())
    except RegistrationOver:
        context["is_possible"] = False
        return make_response(render_template("organise/editions/reopen.html", form=form, **context), 403)
    flash(f"{_('The waiting list is open again.')} {emailed(_('Everyone on it will be told by email.'))}", "success")
    return redirect(url_for(".index", year=edition.year), 303)


@blueprint.route(f"{EDITION}/year", methods=["GET", "POST"])
@edition_staff()
def change_year(edition: Edition) -> ResponseReturnValue:
    """Give a draft another year."""
    form, page = YearForm(obj=edition), "organise/editions/year.html"
    context = {"first_day": first_known_day(details_of(edition)), **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    year = form.year.data
    try:
        with unit_of_work() as session:
            moves, seen = form.moves_dates.data, edition.year
            service.change_year(session, edition.id, year, acting(), now(), moves_dates=moves, seen=seen)
    except EditionExists:
        return _year_is_taken(form, page, **context)
    except (NotADraft, service.CameOfACall) as refusal:
        form.form_errors = [_why_it_stays(refusal)]
        return answer_errors(form, page, **context)
    if form.moves_dates.data:
        flash(_("The draft is now for %(year)d. All its dates have moved with it: check them.", year=year), "success")
    else:
        flash(_("The draft is now for %(year)d. Its dates have not changed: check them.", year=year), "success")
    return redirect(url_for(".settings.index", year=year), 303)


@blueprint.route(f"{EDITION}/delete", methods=["GET", "POST"])
@edition_staff()
def delete(edition: Edition) -> ResponseReturnValue:
    """Delete a draft, after asking."""
    form, page = ButtonForm(), "organise/editions/delete.html"
    if not form.validate_on_submit():
        return form_page(form, page, **around(edition))
    try:
        with unit_of_work() as session:
            service.delete_draft(session, edition.id, acting(), now())
    except (NotADraft, service.CameOfACall) as refusal:
        form.form_errors = [_why_it_stays(refusal)]
        return answer_errors(form, page, **around(edition))
    flash(_("The draft of %(edition)s has been deleted.", edition=edition.name), "success")
    return redirect(url_for("organise.overview.index"), 303)


def _why_it_stays(refusal: Refusal) -> str:
    text: str = (
        _("This edition has been published, so others have seen it. You can no longer do this.")
        if isinstance(refusal, NotADraft)
        else _(
            "This edition comes from a call for hosts, whose result was announced for its year, so its year stays and "
            "it cannot be deleted. If it will not take place, leave it as a draft: the public cannot see it."
        )
    )
    return text


def _arrivals_chart(arrivals: Sequence[Arrivals]) -> Markup:
    """A line for each day over the same hours, the last day before the others."""
    begins = arrivals[0].from_ if arrivals else 0
    length = max((len(one.by_quarter) for one in arrivals), default=0)
    hours = range(-begins % 4, length, 4 * max(1, ceil(length / 4 / MAX_TICKS)))
    return line_chart(
        "arrivals",
        _("People who had arrived by each time of day"),
        "; ".join(_("%(day)s: %(number)d", day=day(one.day), number=one.total) for one in arrivals),
        [Series(format_date(one.day, "d MMM"), one.by_quarter) for one in reversed(arrivals)],
        [Tick(step, f"{(begins + step) // 4}:00") for step in hours],
    )


def _missing(edition: Edition) -> tuple[str, ...]:
    missing = missing_to_publish(details_of(edition), has_categories=edition.has_open_category)
    return missing if edition_pool(db.session(), edition.id) else (*missing, "capacity")


def _with_places() -> list[Edition]:
    """The editions that were prepared on this site; others have little to copy."""
    editions = all_editions(db.session())
    places = places_of(db.session(), [edition.id for edition in editions])
    return [edition for edition in editions if edition.id in places]


def _first_categories() -> list[str]:
    """The categories most editions have; organisers can change them."""
    return [_("Member of the network"), _("Guest"), _("Speaker"), _("Public authority"), _("Press")]


def _year_is_taken(form: Any, template: str, **context: Any) -> ResponseReturnValue:
    form.year.errors = [_("There is already an edition for %(year)d. Enter another year.", year=form.year.data)]
    return answer_errors(form, template, **context)
