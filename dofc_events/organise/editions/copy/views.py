"""Copying an edition for another year."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.factors.guards import fresh_factor_for_forms
from dofc_events.accounts.guards import acting, edition_staff
from dofc_events.conference.models import Edition
from dofc_events.conference.service import EditionExists
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.organise.editions.copy.forms import CopyForm
from dofc_events.organise.editions.copy.queries import to_copy
from dofc_events.organise.editions.copy.service import copy_to_draft
from dofc_events.organise.shared import EDITION, around
from dofc_events.places.queries import edition_pool
from dofc_events.web.forms import answer_errors, answer_too_many, form_page

blueprint = Blueprint("copy", __name__)

PAGE = "organise/editions/copy/index.html"


@blueprint.route(f"{EDITION}/copy", methods=["GET", "POST"])
@edition_staff(archived_too=True)
@fresh_factor_for_forms
def index(edition: Edition) -> ResponseReturnValue:
    """Create an edition as a copy of another one. Place and contact are asked for, never copied."""
    pool = edition_pool(db.session(), edition.id)
    proposed = {"year": edition.year + 1, "capacity": pool.capacity if pool else None, "trips": True, "letters": True}
    form = CopyForm(data=proposed)
    context = {"source": edition, "found": to_copy(db.session(), edition, now()), **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, PAGE, **context)
    try:
        with unit_of_work() as session:
            copy_to_draft(session, edition.year, form.to_wishes(), acting(), now())
    except EditionExists:
        form.year.errors = [_("There is already an edition for %(year)d. Enter another year.", year=form.year.data)]
        return answer_errors(form, PAGE, **context)
    except TooManyMessages as refusal:
        return answer_too_many(form, refusal.retry_after, PAGE, **context)
    flash(_("Edition copied as a draft. Its dates have moved to the same days of the week: check them."), "success")
    return redirect(url_for("organise.editions.index", year=form.year.data, _anchor="look-at"), 303)
