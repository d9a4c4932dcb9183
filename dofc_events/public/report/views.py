"""Reports to print: one edition, or all of them."""

from flask import Blueprint, abort, render_template
from flask_babel import get_locale

from dofc_events.conference.queries import edition_with_record
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import now
from dofc_events.core.countries import country_names
from dofc_events.core.db import db
from dofc_events.memory.figures.network.queries import edition_in_figures, network_in_figures
from dofc_events.memory.figures.queries import frozen_record
from dofc_events.memory.figures.shared import growth_chart
from dofc_events.memory.outcomes.queries import outcomes_by_edition
from dofc_events.public.queries import past_with_record
from dofc_events.public.shared import description_of, picture_of_edition
from dofc_events.web.charts import bar

blueprint = Blueprint("report", __name__)


@blueprint.get("/editions/<year:year>/report")
def edition(year: int) -> str:
    """One edition that is over, on paper."""
    session = db.session()
    found = edition_with_record(session, year)
    if found is None or found.status == EditionStatus.DRAFT or not found.is_over(now()):
        abort(404)
    record, names = frozen_record(session, found), country_names(str(get_locale()))
    in_order = {code: place for place, code in enumerate(names)}
    countries = record.figures.countries if record else []
    return render_template(
        "public/report/edition.html",
        edition=found,
        known=edition_in_figures(session, found),
        outcomes=outcomes_by_edition(session, [found.id]),
        record=record,
        countries=sorted(countries, key=lambda share: (-share[1], in_order[share[0]])),
        curve=growth_chart([record.growth]) if record and record.growth and record.growth.days else None,
        bar=bar,
        description=description_of(found),
        share_picture=picture_of_edition(found),
        country_names=names,
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
