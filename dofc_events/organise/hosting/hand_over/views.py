"""The hand-over list of an edition: both hosts read it, add to it, and tick off what is done for their side."""

from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.guards import acting, grants
from dofc_events.accounts.rules import Access, RoleName, access_to_edition
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import latest_edition
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.hand_over.queries import hand_over_item, hand_over_items
from dofc_events.hosting.hand_over.service import (
    add_file,
    add_item,
    change_item,
    details_of,
    remove_file,
    tick_item,
)
from dofc_events.hosting.models import HandOverFile, HandOverItem
from dofc_events.hosting.rules import HandOverKind, Side
from dofc_events.memory.figures.shared import growth_chart
from dofc_events.organise.hosting.hand_over.forms import ChangeItemForm, ItemFileForm, ItemForm, TickForm
from dofc_events.organise.hosting.hand_over.queries import lessons_of
from dofc_events.organise.hosting.shared import around, hosts_only
from dofc_events.organise.shared import EDITION
from dofc_events.web.asking import be_sure_of_file
from dofc_events.web.attachments.rules import CheckedFile
from dofc_events.web.attachments.shared import file_answer, receive_attachment
from dofc_events.web.charts import bar
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("hand_over", __name__)

HAND_OVER = f"{EDITION}/hand-over"
ITEM, FILES = (f"organise/hosting/hand_over/{name}.html" for name in ("item", "files"))


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
    form.year = coming.year
    if not form.validate_on_submit():
        return form_page(form, "organise/hosting/hand_over/add.html", **_around(coming))
    with unit_of_work() as session:
        add_item(session, coming.id, HandOverKind(form.kind.data), form.to_details(), acting(), now())
    flash(_("Item added."), "success")
    return redirect(url_for(".index", year=coming.year), 303)


@blueprint.route(f"{HAND_OVER}/<id:item_id>", methods=["GET", "POST"])
@hosts_only
def item(coming: Edition, sides: set[Side], item_id: int) -> ResponseReturnValue:
    """One item: its words, and who sees to it by when."""
    found = _item(coming, item_id)
    form = ChangeItemForm.of(found, coming.year)
    if not form.validate_on_submit():
        return form_page(form, ITEM, item=found, **_around(coming))
    seen = details_of(found)
    with unit_of_work() as session:
        change_item(session, coming.id, item_id, form.to_details(), acting(), now(), seen=seen)
    flash(_("Item saved."), "success")
    return redirect(url_for(".index", year=coming.year, _anchor=f"item-{item_id}"), 303)


@blueprint.route(f"{HAND_OVER}/<id:item_id>/files", methods=["GET", "POST"])
@hosts_only
def attachments(coming: Edition, sides: set[Side], item_id: int) -> ResponseReturnValue:
    """The files of an item, and a form for another; on a page of their own, so that nothing typed elsewhere is lost."""
    if request.method == "GET":
        return render_template(FILES, form=ItemFileForm(), **_files(coming, item_id))

    def keep(file: CheckedFile) -> None:
        with unit_of_work() as session:
            add_file(session, coming.id, item_id, file, acting(), now())

    refused = receive_attachment(ItemFileForm, keep, FILES, lambda form: _files(coming, item_id))
    if refused is not None:
        return refused
    flash(_("File added."), "success")
    return redirect(url_for(".attachments", year=coming.year, item_id=item_id), 303)


@blueprint.get(f"{HAND_OVER}/<id:item_id>/files/<id:file_id>")
@hosts_only
def file(coming: Edition, sides: set[Side], item_id: int, file_id: int) -> ResponseReturnValue:
    """One file, to be saved: a browser never runs it."""
    found = _file(coming, item_id, file_id) or abort(404)
    return file_answer(found.name, found.media_type, found.content_hash)


@blueprint.post(f"{HAND_OVER}/<id:item_id>/files/<id:file_id>/remove")
@hosts_only
def detach(coming: Edition, sides: set[Side], item_id: int, file_id: int) -> ResponseReturnValue:
    """Take a file off an item."""
    form, found = ButtonForm(), _file(coming, item_id, file_id)
    if not form.validate_on_submit():
        return answer_errors(form, FILES, attach=ItemFileForm(formdata=None), **_files(coming, item_id))
    here = url_for(".attachments", year=coming.year, item_id=item_id)
    with unit_of_work() as session:
        remove_file(session, coming.id, item_id, file_id, acting(), now())
        if found:
            asked = _("Remove “%(file)s” from this item?", file=found.name)
            be_sure_of_file(asked, back=here, around=partial(_around, coming))
    flash(_("File removed."), "success")
    return redirect(here, 303)


@blueprint.get(f"{HAND_OVER}/last")
@hosts_only
def last(coming: Edition, sides: set[Side]) -> ResponseReturnValue:
    """What the last edition can teach: its figures, when things happened, its letters and its answers."""
    edition = latest_edition(db.session(), coming.year) or abort(404)
    taught = lessons_of(db.session(), edition, now())
    grown = taught.record.growth
    return render_template(
        "organise/hosting/hand_over/last.html",
        last=edition,
        is_over=edition.is_over(now()),
        taught=taught,
        curve=growth_chart([grown]) if grown and grown.days else None,
        bar=bar,
        **_around(coming),
    )


def _item(coming: Edition, item_id: int) -> HandOverItem:
    return hand_over_item(db.session(), coming.id, item_id) or abort(404)


def _file(coming: Edition, item_id: int, file_id: int) -> HandOverFile | None:
    return next((one for one in _item(coming, item_id).files if one.id == file_id), None)


def _files(coming: Edition, item_id: int) -> dict[str, Any]:
    return {"item": _item(coming, item_id), **_around(coming)}


def _around(coming: Edition) -> dict[str, Any]:
    """The pages of the edition around it, for those who have them: the last host has not."""
    organises = access_to_edition(grants(), coming.id, (RoleName.ORGANISER,)) is Access.GRANTED
    return {**around(), "coming": coming, "edition": coming if organises else None}
