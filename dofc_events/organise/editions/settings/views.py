"""Everything that an edition's organisers decide, a page for each part, which is saved on its own."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import details_of, missing_to_publish
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal
from dofc_events.organise.editions.settings import service
from dofc_events.organise.editions.settings.categories.forms import CategoriesForm
from dofc_events.organise.editions.settings.forms import (
    ContactForm,
    DatesForm,
    PartForm,
    PlacesForm,
    TextsForm,
)
from dofc_events.organise.shared import EDITION, around
from dofc_events.places.queries import categories_with_places, edition_pool
from dofc_events.trips.queries import trip_pools
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("settings", __name__)
SETTINGS = f"{EDITION}/settings"


@blueprint.get(SETTINGS)
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """The parts of the settings, and what stands in each."""
    session = db.session()
    missing = missing_to_publish(details_of(edition), has_categories=edition.has_open_category)
    return render_template(
        "organise/editions/settings/index.html",
        pool=edition_pool(session, edition.id),
        categories=categories_with_places(session, edition.id),
        trips=len(trip_pools(session, edition.id)),
        missing=missing if edition.status == EditionStatus.DRAFT else (),
        **around(edition),
    )


@blueprint.route(f"{SETTINGS}/texts", methods=["GET", "POST"])
@organisers_only
def texts(edition: Edition) -> ResponseReturnValue:
    """What is said about the edition."""
    return _part(edition, "texts", TextsForm)


@blueprint.route(f"{SETTINGS}/dates", methods=["GET", "POST"])
@organisers_only
def dates(edition: Edition) -> ResponseReturnValue:
    """Where and when it is, and when one registers."""
    return _part(edition, "dates", DatesForm)


@blueprint.route(f"{SETTINGS}/places", methods=["GET", "POST"])
@organisers_only
def places(edition: Edition) -> ResponseReturnValue:
    """How many places there are, and how what becomes free is offered."""
    pool = edition_pool(db.session(), edition.id)
    promised = pool.promised if pool else 0
    return _part(edition, "places", PlacesForm, taken=pool.taken - promised if pool else 0, promised=promised)


@blueprint.route(f"{SETTINGS}/categories", methods=["GET", "POST"])
@organisers_only
def categories(edition: Edition) -> ResponseReturnValue:
    """The kinds of delegates: their names, order and limits."""
    present = categories_with_places(db.session(), edition.id)
    limited = {one.slug: one.taken for one in present if one.limit is not None}
    return _part(edition, "categories", CategoriesForm, limited=limited)


@blueprint.route(f"{SETTINGS}/contact", methods=["GET", "POST"])
@organisers_only
def contact(edition: Edition) -> ResponseReturnValue:
    """The contact that delegates write to."""
    return _part(edition, "contact", ContactForm)


def _part(edition: Edition, name: str, form_class: type[PartForm], **shown: Any) -> ResponseReturnValue:
    seen, page = service.settings_of(db.session(), edition), f"organise/editions/settings/{name}.html"
    form, context = form_class.of(edition, seen), {"asked": None, **shown, **around(edition)}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    wishes, accepted = form.to_wishes(), form.accepted.data or ""
    try:
        with unit_of_work() as session:
            to_tell = service.change_settings(
                session, edition.id, wishes, acting(), now(), seen=seen, accepted=accepted
            )
    except NotAgreed as asked:
        return answer_errors(form, page, **(context | {"asked": asked}))
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, page, **context)
    flash(_("Settings saved."), "success")
    if to_tell:
        return redirect(url_for("organise.letters.send", year=edition.year, letter_id=to_tell), 303)
    return redirect(url_for(f".{name}", year=edition.year), 303)
