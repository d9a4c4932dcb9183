"""Reports to print: one edition, or all of them."""

from flask import Blueprint, abort, render_template
from flask_babel import get_locale

from dofc_events.conference.queries import edition_with_record
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import now
from dofc_events.core.countries import country_names
from dofc_events.core.db import db
from dofc_events.memory.figures.network.queries import edition_in_figures, network_in_figures
from dofc_events.memory.outcomes.queries import outcomes_by_edition
from dofc_events.public.queries import past_with_record
from dofc_events.public.shared import description_of, picture_of_edition, shown_figures
from dofc_events.web.charts import bar

blueprint = Blueprint("report", __name__)


@blueprint.get("/editions/<year:year>/report")
def edition(year: int) -> str:
    """One edition that is over, on paper."""
    session = db.session()
    found = edition_with_record(session, year)
    if found is None or found.status == EditionStatus.DRAFT or not found.is_over(now()):
        abort(404)
    known = edition_in_figures(session, found)
    return render_template(
        "public/report/edition.html",
        edition=found,
        known=known,
        outcomes=outcomes_by_edition(session, [found.id]),
        shown=shown_figures(known),
        bar=bar,
        description=description_of(found),
        share_picture=picture_of_edition(found),
        country_names=country_names(str(get_locale())),
    )


@blueprint.get("/editions/report")
def every() -> str:
    """All editions that are over, on paper."""
    session, at = db.session(), now()
    network = network_in_figures(session, at)
    past = [one for one in past_with_record(session, at) if not one.is_demo]
    return render_template(
        "public/report/every.html",
        network=network,
        known={one.edition_id: one for one in network.editions},
        editions=past,
        outcomes=outcomes_by_edition(session, [one.id for one in past]),
        country_names=country_names(str(get_locale())),
    )
