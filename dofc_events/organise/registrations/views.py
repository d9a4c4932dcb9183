"""The list of registrations: searched, narrowed, put in order, with the columns that somebody wants to see."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dofc_events.accounts.guards import organisers_only
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import CategoryState
from dofc_events.core.countries import country_names
from dofc_events.core.db import db
from dofc_events.delegates.doubles.service import count_doubles
from dofc_events.groups.queries import came_with, groups_named
from dofc_events.organise.registrations import queries
from dofc_events.organise.registrations.doubles import views as doubles
from dofc_events.organise.registrations.export import views as export
from dofc_events.organise.registrations.many import views as many
from dofc_events.organise.registrations.person import views as person
from dofc_events.organise.registrations.queries import Counts, Edge, Order, Ranks, Row, Sort
from dofc_events.organise.registrations.saved import views as saved
from dofc_events.organise.registrations.saved.forms import SaveViewForm
from dofc_events.organise.registrations.shared import asked_order, ranks_of
from dofc_events.organise.shared import EDITION, answer_choices, around, asked_filters, id_in_address
from dofc_events.places.rules import PLACE_STATUSES
from dofc_events.questions.queries import answered_by_many, questions_of
from dofc_events.questions.rules import FIELD, NO, YES, pairs_in
from dofc_events.registration.queries import Filters
from dofc_events.registration.saved.queries import saved_views
from dofc_events.trips.queries import seats_of, trip_pools
from dofc_events.web.dates import day

blueprint = Blueprint("registrations", __name__)
for part in (saved, person, many, doubles, export):
    blueprint.register_blueprint(part.blueprint)

# Beside the name. Addresses have these keys: none may ever mean something else.
COLUMNS = {
    "status": _l("Status"),
    "email": _l("Email"),
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
    "group": _l("Group"),
    "note": _l("Note"),
    "registered_at": _l("Registered"),
    "arrived_at": _l("Arrived"),
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


USUAL_COLUMNS = ("status", "email", "organisation", "country", "category", "trips", "registered_at", "arrived_at")


# The orders that the heads of columns lead to.
SORTED_BY = {
    "name": Sort.NAME,
    "status": Sort.STATUS,
    "organisation": Sort.ORGANISATION,
    "country": Sort.COUNTRY,
    "category": Sort.CATEGORY,
    "registered_at": Sort.NEWEST,
}


NUMBERED = (Sort.COUNTRY, Sort.CATEGORY, Sort.STATUS)


LONGEST_NUMBER = 12


@blueprint.get(f"{EDITION}/registrations")
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The list of registrations; the address says which of them, in which order and with which columns."""
    session, filters = db.session(), asked_filters()
    order = asked_order(filters)
    trips = {trip.slug: trip.title for trip, _pool in trip_pools(session, edition.id)}
    arrivals = _arrivals(queries.arrival_days(session, edition.id))
    absent = {"trips": not trips, "arrived_at": not arrivals}
    questions = questions_of(session, edition.id)
    offered = {key: words for key, words in COLUMNS.items() if not absent.get(key)}
    offered |= {one.field: one.caption for one in questions}
    usual = [key for key in offered if key in USUAL_COLUMNS]
    columns = _columns(offered) or usual
    present, countries = queries.present(session, edition.id), country_names(get_locale().language)
    categories = queries.categories(session, edition.id)
    ranks = ranks_of(order, present.countries, categories)
    rows, before = _page(edition.id, filters, order, ranks)
    counts = queries.counts(session, edition.id, filters)
    ids = [row.registration.id for row in rows]
    turns, addresses = (
        _turns(order, rows, before, counts),
        _addresses(filters, order, [] if columns == usual else columns),
    )
    if edge := turns.get(request.args.get("turn", "")):
        # A button turned the page, as without a script no link can take those who are picked along.
        picked = request.args.getlist("pick")
        return redirect(url_for(".index", year=edition.year, pick=picked, **addresses["first_page"] | edge), 303)
    return render_template(
        "organise/registrations/index.html",
        rows=rows,
        before=before,
        counts=counts,
        statuses=PLACE_STATUSES,
        filters=filters,
        order=order,
        sorts=[Order(by) for by in Sort],
        SORTED_BY=SORTED_BY,
        columns={key: str(words) for key, words in offered.items() if key in columns},
        all_columns=offered,
        categories={one.slug: one.label for one in categories if one.state != CategoryState.REMOVED},
        countries={
            code: name for code, name in countries.items() if code in present.countries or code == filters.country
        },
        languages={code: _language(code) for code in sorted({*present.languages, filters.language} - {""})},
        trips=trips,
        seats=seats_of(session, ids) if "trips" in columns else {},
        doubles=count_doubles(session, [edition.id]).get(edition.id, 0),
        arrivals=arrivals,
        tags={word: word for word in queries.tags_at(session, edition.id)},
        tags_of=queries.tags_of(session, ids) if "tags" in columns else {},
        came_with=came_with(session, ids) if "group" in columns else {},
        groups_named=groups_named(session, edition.id, filters.q) if filters.q else (),
        answers_of=answered_by_many(session, ids) if any(key.startswith(FIELD) for key in columns) else {},
        questions=questions,
        answer_choices=answer_choices,
        answered=dict(pairs_in(filters.answers)),
        acts=ACTS,
        views=saved_views(session, edition.id),
        save_form=SaveViewForm(formdata=None),
        picked=request.args.getlist("pick"),
        **addresses,
        **turns,
        **around(edition),
    )


def _page(edition_id: int, filters: Filters, order: Order, ranks: Ranks) -> tuple[list[Row], int]:
    """The page of the list that the address asks for, and how many rows stand before it."""
    session, edge = db.session(), _edge(order)
    rows = queries.registrations(session, edition_id, filters, order=order, ranks=ranks, edge=edge)
    if edge and edge.back and len(rows) < queries.ROWS:
        # There are not as many before it: this is the first page.
        edge, rows = None, queries.registrations(session, edition_id, filters, order=order, ranks=ranks)
    if not edge or not rows:
        return rows, 0
    return rows, queries.count_before(session, edition_id, filters, rows[0], order=order, ranks=ranks)


def _addresses(filters: Filters, order: Order, columns: list[str]) -> dict[str, Any]:
    """What stands in addresses of the list: only what is set, and an order only if it was asked for.

    `narrowed` are the filters, `without` each of them the others, `view` is order and columns. `heads` are the
    addresses of the orders by column; that of the order in which the list stands leads to its reverse.
    """
    narrowed = {name: value for name, value in vars(filters).items() if value}
    view: dict[str, Any] = {"sort": str(order)} if request.args.get("sort") else {}
    if columns:
        view["columns"] = columns
    without = {name: {other: narrowed[other] for other in narrowed if other != name} | view for name in narrowed}
    # Each answer on its own, under the name of its question's field.
    pairs = pairs_in(filters.answers)
    for key, _answer in pairs:
        others = " ".join(f"{one}:{answer}" for one, answer in pairs if one != key)
        without[f"{FIELD}{key}"] = without["answers"] | ({"answers": others} if others else {})
    turned = {name: Order(by, by is order.by and not order.reverse) for name, by in SORTED_BY.items()}
    heads = {name: narrowed | view | {"sort": str(other)} for name, other in turned.items()}
    return {"narrowed": narrowed, "view": view, "first_page": narrowed | view, "without": without, "heads": heads}


def _turns(order: Order, rows: list[Row], before: int, counts: Counts) -> dict[str, Any]:
    """What the addresses of the previous and the next page add to that of the first; None if there is no such page."""

    def edge(name: str, row: Row) -> dict[str, Any]:
        return {name: row.registration.id} | ({} if order.by is Sort.NEWEST else {"from": row.key})

    is_last = not rows or (len(rows) < queries.ROWS if counts.more else before + len(rows) >= counts.total)
    return {
        "previous_page": edge("before", rows[0]) if before else None,
        "next_page": None if is_last else edge("after", rows[-1]),
    }


def _arrivals(days: Sequence[date]) -> dict[str, str]:
    """What the filter offers once somebody has arrived."""
    each = {one.isoformat(): _("Arrived on %(day)s", day=day(one)) for one in days} if len(days) > 1 else {}
    return {YES: _("Have arrived"), NO: _("Have not arrived"), **each} if days else {}


def _columns(offered: Mapping[str, Any]) -> list[str]:
    asked = request.args.getlist("columns")
    if not {*COLUMNS, *offered} >= set(asked):
        abort(404)
    return [key for key in offered if key in asked]


def _edge(order: Order) -> Edge | None:
    """Where the page begins or ends; an address that does not say it in this order's terms means the first page."""
    back, key = "before" in request.args, request.args.get("from", "")
    id_ = id_in_address("before" if back else "after")
    if id_ is None:
        return None
    if order.by not in NUMBERED:
        return Edge(key, id_, back)
    return Edge(int(key), id_, back) if key.isdecimal() and len(key) <= LONGEST_NUMBER else None


def _language(code: str) -> str:
    """A language's name in the reader's own."""
    return str(get_locale().languages.get(code, code))
