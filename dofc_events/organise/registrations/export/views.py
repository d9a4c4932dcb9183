"""The list of registrations as a file, and ready-made lists for the caterer and for name tags."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session

from dofc_events.accounts.guards import organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.organise.registrations.export import queries
from dofc_events.organise.registrations.shared import asked_sort
from dofc_events.organise.shared import EDITION, around, asked_audience
from dofc_events.trips.queries import trip_pools
from dofc_events.web.export import csv_download, xlsx_download

blueprint = Blueprint("export", __name__)

LISTS = f"{EDITION}/lists"


@blueprint.get(f"{EDITION}/registrations.csv")
@organisers_only
def registrations_csv(edition: Edition) -> ResponseReturnValue:
    """The filtered list, all pages of it, as CSV."""
    return csv_download(f"registrations-{edition.year}.csv", *_filtered_list(edition))


@blueprint.get(f"{EDITION}/registrations.xlsx")
@organisers_only
def registrations_xlsx(edition: Edition) -> ResponseReturnValue:
    """The same as a workbook."""
    return xlsx_download(f"registrations-{edition.year}.xlsx", *_filtered_list(edition))


@blueprint.get(f"{LISTS}/caterer")
@organisers_only
def caterer(edition: Edition) -> ResponseReturnValue:
    """How many come and how many of them need what, to print or to pass on."""
    catering = queries.catering_of(db.session(), edition.id)
    return render_template("organise/registrations/export/caterer.html", catering=catering, at=now(), **around(edition))


@blueprint.get(f"{LISTS}/caterer.csv")
@organisers_only
def caterer_csv(edition: Edition) -> ResponseReturnValue:
    """The same as CSV."""
    catering = queries.catering_of(db.session(), edition.id)
    needs = {"dietary": catering.dietary, "access_needs": catering.access}
    rows = [(about, need.text, need.people) for about, said in needs.items() for need in said]
    return csv_download(f"caterer-{edition.year}.csv", ("about", "need", "delegates"), rows)


@blueprint.get(f"{LISTS}/name-tags.csv")
@organisers_only
def name_tags_csv(edition: Edition) -> ResponseReturnValue:
    """What stands on the name tags, for whoever prints them."""
    rows = _read_when_sent(partial(queries.name_tags, edition_id=edition.id, language=get_locale().language))
    return csv_download(f"name-tags-{edition.year}.csv", queries.TAG_COLUMNS, rows)


def _filtered_list(edition: Edition) -> tuple[list[str], Iterator[queries.Row]]:
    """The columns and rows of what the list of registrations shows under the same address, or of those picked there."""
    trips = [trip for trip, _pool in trip_pools(db.session(), edition.id)]
    read = partial(
        queries.export_rows,
        edition_id=edition.id,
        audience=asked_audience(),
        sort=asked_sort(),
        trips=trips,
        zone=edition.zone,
        language=get_locale().language,
    )
    return queries.export_columns(trips), _read_when_sent(read)


def _read_when_sent(read: Callable[[Session], Iterator[queries.Row]]) -> Iterator[queries.Row]:
    """Rows out of the session of whoever takes the first: the view's ends before its answer is sent."""
    yield from read(db.session())
