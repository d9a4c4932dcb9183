"""The list of registrations: searched, narrowed, put in order, with the columns that somebody wants to see."""

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from dofc_events.accounts.guards import organisers_only
from dofc_events.conference.models import Edition
from dofc_events.core.countries import country_names
from dofc_events.core.db import db
from dofc_events.delegates.doubles.service import count_doubles
from dofc_events.organise.registrations import queries
from dofc_events.organise.registrations.doubles import views as doubles
from dofc_events.organise.registrations.export import views as export
from dofc_events.organise.registrations.many import views as many
from dofc_events.organise.registrations.person import views as person
from dofc_events.organise.registrations.queries import After, Row, Sort
from dofc_events.organise.registrations.shared import asked_sort
from dofc_events.organise.shared import EDITION, around, asked_filters, before_id
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.queries import Filters
from dofc_events.trips.queries import seats_of, trip_pools

blueprint = Blueprint("registrations", __name__)
for part in (person, many, doubles, export):
    blueprint.register_blueprint(part.blueprint)

# Beside the name. Addresses have these keys: none may ever mean something else.
COLUMNS = {
    "status": _l("Status"),
    "organisation": _l("Organisation"),
    "job_title": _l("Job title"),
    "country": _l("Country"),
    "category": _l("Category"),
    "trips": _l("Learning trips"),
    "badge_name": _l("Name on the badge"),
    "phone": _l("Mobile phone"),
    "dietary": _l("Dietary needs"),
    "access_needs": _l("Access needs"),
    "visa_letter": _l("Invitation letter"),
    "photo_consent": _l("Photographs"),
    "language": _l("Language"),
    "tags": _l("Tags"),
    "note": _l("Note"),
    "registered_at": _l("Registered"),
}


# What can be done with the people selected, most frequent first.
ACTS = {
    "write": _l("Write to them"),
    "tag": _l("Add a tag to them"),
    "untag": _l("Remove a tag from them"),
    "category": _l("Change their category"),
    "approve": _l("Accept their requests"),
    "confirm": _l("Confirm from the waiting list"),
    "cancel": _l("Cancel their registrations"),
    "xlsx": _l("Save as an Excel file"),
    "csv": _l("Save as a CSV file"),
}


USUAL_COLUMNS = ("status", "organisation", "country", "category", "trips", "registered_at")


NUMBERED = (Sort.COUNTRY, Sort.STATUS)


LONGEST_NUMBER = 12


@blueprint.get(f"{EDITION}/registrations")
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """Who is registered: who of them, in which order and with which columns is said by the address."""
    session, filters, sort = db.session(), asked_filters(), asked_sort()
    trips = {trip.slug: trip.title for trip, _pool in trip_pools(session, edition.id)}
    offered = {key: words for key, words in COLUMNS.items() if trips or key != "trips"}
    usual = [key for key in offered if key in USUAL_COLUMNS]
    columns = _columns() or usual
    present, countries = queries.present(session, edition.id), country_names(get_locale().language)
    ranks = {code: number for number, code in enumerate(countries) if code in present.countries}
    rows = queries.registrations(session, edition.id, filters, sort=sort, countries=ranks, after=_after(sort))
    counts = queries.counts_by_status(session, edition.id, filters)
    ids = [row.registration.id for row in rows]
    return render_template(
        "organise/registrations/index.html",
        rows=rows[: queries.ROWS],
        counts=counts,
        total=counts[ClaimStatus(filters.status)] if filters.status else sum(counts.values()),
        filters=filters,
        sort=sort,
        sorts=list(Sort),
        columns={key: str(words) for key, words in offered.items() if key in columns},
        all_columns=offered,
        categories={category.slug: category.label for category in edition.categories},
        countries={code: name for code, name in countries.items() if code in ranks or code == filters.country},
        languages={code: _language(code) for code in sorted({*present.languages, filters.language} - {""})},
        trips=trips,
        seats=seats_of(session, ids) if "trips" in columns else {},
        doubles=count_doubles(session, [edition.id]).get(edition.id, 0),
        tags={word: word for word in queries.tags_at(session, edition.id)},
        tags_of=queries.tags_of(session, ids) if "tags" in columns else {},
        acts=ACTS,
        picked=request.args.getlist("pick"),
        **_addresses(filters, sort, [] if columns == usual else columns, rows),
        **around(edition),
    )


def _addresses(filters: Filters, sort: Sort, columns: list[str], rows: list[Row]) -> dict[str, Any]:
    """What stands in addresses of the list: only what is set, and not the usual order.

    `narrowed` are the filters, `without` each of them the others, `view` is order and columns.
    """
    narrowed = {name: value for name, value in vars(filters).items() if value}
    view: dict[str, Any] = {} if sort is Sort.NEWEST else {"sort": sort.value}
    if columns:
        view["columns"] = columns
    addresses = {"narrowed": narrowed, "view": view, "first_page": narrowed | view, "next_page": None}
    if len(rows) > queries.ROWS:
        last = rows[queries.ROWS - 1]
        key = {} if sort is Sort.NEWEST else {"from": last.key}
        addresses["next_page"] = narrowed | view | key | {"after": last.registration.id}
    without = {name: {other: narrowed[other] for other in narrowed if other != name} | view for name in narrowed}
    return addresses | {"without": without}


def _columns() -> list[str]:
    asked = request.args.getlist("columns")
    if not COLUMNS.keys() >= set(asked):
        abort(404)
    return [key for key in COLUMNS if key in asked]


def _after(sort: Sort) -> After | None:
    """Where the page begins; an address that does not say it, or not in this order's terms, means the first page."""
    id_, key = before_id(), request.args.get("from", "")
    if id_ is None:
        return None
    if sort not in NUMBERED:
        return After(key, id_)
    return After(int(key), id_) if key.isdecimal() and len(key) <= LONGEST_NUMBER else None


def _language(code: str) -> str:
    """A language's name in the reader's own."""
    return str(get_locale().languages.get(code, code))
