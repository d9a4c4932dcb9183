"""How an edition was: what its organisers write of it, for its page."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.memory.editions.queries import write_up_of
from dofc_events.memory.editions.service import write_up
from dofc_events.organise.memory.shared import MEMORY, writers_only
from dofc_events.organise.memory.summary.forms import SummaryForm
from dofc_events.organise.shared import around
from dofc_events.web.forms import form_page

blueprint = Blueprint("summary", __name__)


@blueprint.route(f"{MEMORY}/summary", methods=["GET", "POST"])
@writers_only
def index(edition: Edition) -> ResponseReturnValue:
    """Write how the edition was."""
    seen = write_up_of(db.session(), edition.id)
    form = SummaryForm(data={"text": seen})
    if not form.validate_on_submit():
        return form_page(form, "organise/memory/summary/index.html", **around(edition))
    with unit_of_work() as session:
        write_up(session, edition.id, form.text.data, acting(), now(), seen=seen)
    flash(_("Saved."), "success")
    return redirect(url_for("organise.memory.index", year=edition.year), 303)
