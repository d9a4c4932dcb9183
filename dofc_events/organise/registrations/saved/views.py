"""Saved views: what the list of registrations shows, kept under a name for all organisers of the edition."""

from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.organise.registrations.saved.forms import SaveViewForm
from dofc_events.organise.registrations.shared import asked_order, of_the_list
from dofc_events.organise.shared import EDITION, around, asked_filters
from dofc_events.registration.saved import service as saved
from dofc_events.registration.saved.queries import saved_views
from dofc_events.web.asking import be_sure
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("saved", __name__)

TEMPLATE = "organise/registrations/saved/index.html"


@blueprint.route(f"{EDITION}/registrations/saved", methods=["GET", "POST"])
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """Save what the address says of the list, or remove what was saved."""
    form = SaveViewForm()
    if request.method == "GET":
        # Typed before another view was removed.
        form.name.data = request.args.get("name", "")
    # An address that the list would not know is none to keep.
    asked_order(asked_filters())
    if not form.validate_on_submit():
        return form_page(form, TEMPLATE, **_context(edition))
    of_list, name = of_the_list(), form.name.data
    try:
        with unit_of_work() as session:
            query, replacing = urlencode(of_list, doseq=True), "replace" in request.form
            saved.save_view(session, edition.id, name, query, acting(), now(), replacing=replacing)
    except saved.NameTaken:
        return answer_errors(form, TEMPLATE, **_context(edition) | {"taken": name})
    except saved.TooManyViews:
        form.name.errors = [_("There are already %(number)d views. Remove one first.", number=saved.MAX_VIEWS)]
        return answer_errors(form, TEMPLATE, **_context(edition))
    flash(_("View “%(name)s” saved for all organisers of this edition.", name=name), "success")
    return redirect(url_for("organise.registrations.index", year=edition.year, **of_list), 303)


@blueprint.post(f"{EDITION}/registrations/saved/<id:view_id>/remove")
@organisers_only
def remove(edition: Edition, view_id: int) -> ResponseReturnValue:
    """Remove a saved view."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, TEMPLATE, saving=SaveViewForm(), **_context(edition))
    here = url_for(".index", year=edition.year, **of_the_list(), name=request.form.get("name") or None)
    try:
        with unit_of_work() as session:
            name = saved.remove_view(session, edition.id, view_id, acting(), now())
            asked, act = _("Remove the view “%(name)s”?", name=name), _("Remove the view")
            meaning = _("It will be gone for all organisers of this edition. The registrations stay as they are.")
            be_sure(asked, meaning, act, back=here, around=partial(around, edition))
    except saved.NoSuchView:
        flash(_("This view has already been removed."), "info")
    else:
        flash(_("View “%(name)s” removed.", name=name), "success")
    return redirect(here, 303)


def _context(edition: Edition) -> dict[str, object]:
    of_list = {name: [value for value in values if value] for name, values in of_the_list().items()}
    return {"views": saved_views(db.session(), edition.id), "of_list": of_list, "taken": "", **around(edition)}
