"""The list of registrations as a file, and ready-made lists for the caterer and for name tags."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dofc_events.accounts.factors.guards import fresh_factor_for_files
from dofc_events.accounts.guards import organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.mail.render import link
from dofc_events.organise.registrations.export import queries
from dofc_events.organise.registrations.shared import asked_order
from dofc_events.organise.shared import EDITION, around, asked_audience
from dofc_events.questions.queries import questions_of
from dofc_events.trips.queries import trip_pools
from dofc_events.web.export import list_download

blueprint = Blueprint("export", __name__)

LISTS = f"{EDITION}/lists"


@blueprint.get(f"{EDITION}/registrations.csv", defaults={"kind": "csv"})
@blueprint.get(f"{EDITION}/registrations.xlsx", defaults={"kind": "xlsx"})
@organisers_only
@fresh_factor_for_files
def registrations_file(edition: Edition, kind: str) -> ResponseReturnValue:
    """The filtered list, all pages of it, as CSV or as a workbook."""
    name = f"registrations-{edition.year}"
    return list_download(kind, name, *_filtered_list(edition), sheet=_("Registrations %(year)d", year=edition.year))


@blueprint.get(f"{LISTS}/caterer")
@organisers_only
def caterer(edition: Edition) -> ResponseReturnValue:
    """How many come and how many of them need what, to print or to pass on."""
    catering = queries.catering_of(db.session(), edition.id)
    return render_template("organise/registrations/export/caterer.html", catering=catering, at=now(), **around(edition))


@blueprint.get(f"{LISTS}/caterer.csv", defaults={"kind": "csv"})
@blueprint.get(f"{LISTS}/caterer.xlsx", defaults={"kind": "xlsx"})
@organisers_only
@fresh_factor_for_files
def caterer_file(edition: Edition, kind: str) -> ResponseReturnValue:
    """The caterer's list as CSV or as a workbook."""
    catering = queries.catering_of(db.session(), edition.id)
    needs = {"dietary": catering.dietary, "access_needs": catering.access}
    rows = [(about, need.text, need.people) for about, said in needs.items() for need in said]
    columns, sheet = ("about", "need", "delegates"), _("Caterer %(year)d", year=edition.year)
    return list_download(kind, f"caterer-{edition.year}", columns, rows, sheet=sheet)


@blueprint.get(f"{LISTS}/name-tags.csv", defaults={"kind": "csv"})
@blueprint.get(f"{LISTS}/name-tags.xlsx", defaults={"kind": "xlsx"})
@organisers_only
@fresh_factor_for_files
def name_tags_file(edition: Edition, kind: str) -> ResponseReturnValue:
    """The text of the name tags, for printing."""
    rows = _read_when_sent(partial(queries.name_tags, edition_id=edition.id, language=get_locale().language))
    sheet = _("Name tags %(year)d", year=edition.year)
    return list_download(kind, f"name-tags-{edition.year}", queries.TAG_COLUMNS, rows, sheet=sheet)


def _filtered_list(edition: Edition) -> tuple[list[str], Iterator[queries.Row]]:
    """The columns and rows of what the list of registrations shows under the same address, or of those picked there."""
    trips = [trip for trip, _pool in trip_pools(db.session(), edition.id)]
    audience = asked_audience()
    questions = questions_of(db.session(), edition.id)
    read = partial(
        queries.export_rows,
        edition_id=edition.id,
        audience=audience,
        order=asked_order(audience.filters),
        trips=trips,
        questions=questions,
        zone=edition.zone,
        language=get_locale().language,
        link_to=partial(_link_to_file, edition.year),
    )
    return queries.export_columns(trips, questions), _read_when_sent(read)


def _link_to_file(year: int, reference: str, key: str) -> str:
    return link("organise.registrations.person.files.file", year=year, reference=reference, key=key)


def _read_when_sent(read: Callable[[Session], Iterator[queries.Row]]) -> Iterator[queries.Row]:
    """Read rows in a session of their own: the view's ends before its answer is sent."""
    yield from read(db.session())
