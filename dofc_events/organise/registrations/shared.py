"""What the list of registrations, the pages about one of them and its files share."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

from flask import abort, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from dofc_events.conference.models import Category, Edition
from dofc_events.core.countries import country_names
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import registration_by_reference
from dofc_events.organise.registrations.queries import Order, Ranks, Sort
from dofc_events.organise.shared import nobody
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.queries import Filters

OF_THE_LIST = {*(field.name for field in fields(Filters)), "sort", "columns"}


def registration_at(edition: Edition, reference: str) -> Registration:
    """One registration of an edition, or 404."""
    found = registration_by_reference(db.session(), edition.id, reference)
    here = url_for("organise.registrations.index", year=edition.year)
    return found or abort(nobody(here, _("Go to the registrations")))


def of_the_list() -> dict[str, Any]:
    """What the address says of the list from which people came, and to which they go back."""
    return {name: values for name, values in request.args.lists() if name in OF_THE_LIST}


def asked_order(filters: Filters) -> Order:
    """The order that the address asks for, and else the usual one; 404 for an unknown one.

    The waiting list is shown in line, unless another order is asked for.
    """
    asked = request.args.get("sort")
    if not asked:
        return Order(Sort.STATUS) if filters.status == ClaimStatus.WAITLISTED else Order()
    try:
        return Order.read(asked)
    except ValueError:
        abort(404)


def ranks_of(order: Order, countries: Collection[str], categories: Iterable[Category]) -> Ranks:
    """The numbers of these categories in their order, or of these countries in the one that a reader expects."""
    if order.by is Sort.CATEGORY:
        return {category.id: number for number, category in enumerate(categories)}
    return {code: number for number, code in enumerate(country_names(get_locale().language)) if code in countries}
