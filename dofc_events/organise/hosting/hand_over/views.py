"""The hand-over list of an edition: both hosts read it, add to it, and tick off what is done for their side."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, grants
from dofc_events.accounts.rules import Access, RoleName, access_to_edition
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import latest_edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.hand_over.service import add_item, tick_item
from dofc_events.hosting.queries import hand_over_items
from dofc_events.hosting.rules import HandOverKind, Side
from dofc_events.organise.hosting.hand_over.forms import ItemForm, TickForm
from dofc_events.organise.hosting.shared import around, hosts_only
from dofc_events.organise.shared import EDITION
from dofc_events.web.forms import form_page

blueprint = Blueprint("hand_over", __name__)

HAND_OVER = f"{EDITION}/hand-over"


@blueprint.route(HAND_OVER, methods=["GET", "POST"])
@hosts_only
def index(coming: Edition, sides: set[Side]) -> ResponseReturnValue:
    """What goes from the last host to the next; each button ticks one item off for one side, or takes that back."""
    form, items = TickForm(), hand_over_items(db.session(), coming.id)
    if not form.validate_on_submit():
        last = latest_edition(db.session(), coming.year)
        context = {"items": items, "sides": sides, "last": last, **_around(coming)}
        return form_page(form, "organise/hosting/hand_over/index.html", **context)
    pressed = form.pressed()
    if pressed is None or pressed[0] not in sides or pressed[1] not in {item.id for item in items}:
        abort(404)
    side, item_id = pressed
    with unit_of_work() as session:
        tick_item(session, coming.id, item_id, side, acting(), now(), done=bool(form.tick.data))
    return redirect(url_for(".index", year=coming.year, _anchor=f"item-{item_id}"), 303)


@blueprint.route(f"{HAND_OVER}/new", methods=["GET", "POST"])
@hosts_only
def add(coming: Edition, sides: set[Side]) -> ResponseReturnValue:
    """Add something to the list."""
    form = ItemForm()
    if not form.validate_on_submit():
        return form_page(form, "organise/hosting/hand_over/add.html", **_around(coming))
    with unit_of_work() as session:
        add_item(session, coming.id, HandOverKind(form.kind.data), form.text.data, acting(), now())
    flash(_("Item added."), "success")
    return redirect(url_for(".index", year=coming.year), 303)


def _around(coming: Edition) -> dict[str, Any]:
    """The pages of the edition around it, for those who have them: the last host has not."""
    organises = access_to_edition(grants(), coming.id, (RoleName.ORGANISER,)) is Access.GRANTED
    return {**around(), "coming": coming, "edition": coming if organises else None}
