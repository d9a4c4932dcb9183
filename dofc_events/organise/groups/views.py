"""Places promised to delegations, and the groups of an edition: what is promised, and who used what."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from dofc_events.accounts.guards import acting, organisers_only
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import members
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, Refusal, ask_first
from dofc_events.groups.delegations import service
from dofc_events.groups.delegations.queries import group_by_reference, groups_at, invitations_of
from dofc_events.groups.models import Group
from dofc_events.groups.queries import people_of
from dofc_events.organise.groups.forms import PromiseForm
from dofc_events.organise.shared import EDITION, around, emailed
from dofc_events.places.queries import edition_pool
from dofc_events.registration.on_behalf.service import EditionNotRunning
from dofc_events.web.errors import gone
from dofc_events.web.forms import ButtonForm, answer_errors, form_page

blueprint = Blueprint("groups", __name__)

GROUPS = f"{EDITION}/groups"
GROUP = f"{GROUPS}/<reference>"
PROMISE, WITHDRAW = "organise/groups/promise.html", "organise/groups/withdraw.html"


@blueprint.get(GROUPS)
@organisers_only
def index(edition: Edition) -> ResponseReturnValue:
    """Delegations and other groups, with their numbers."""
    rows, pool = groups_at(db.session(), edition.id), edition_pool(db.session(), edition.id)
    return render_template("organise/groups/index.html", rows=rows, pool=pool, **around(edition))


@blueprint.route(f"{GROUPS}/new", methods=["GET", "POST"])
@organisers_only
def new(edition: Edition) -> ResponseReturnValue:
    """Promise places to an organisation; its head is told by email."""
    pool = edition_pool(db.session(), edition.id)
    if pool is None:
        abort(404)
    form, context = PromiseForm.of(edition), _context(edition, None)
    if not form.validate_on_submit():
        return form_page(form, PROMISE, **context)
    try:
        with unit_of_work() as session:
            group = service.promise_places(session, edition.id, form.to_promised(), acting(), now())
            reference = group.reference
    except EditionNotRunning:
        form.form_errors = [_("Places can only be promised while the edition is published and not yet over.")]
        return answer_errors(form, PROMISE, **context)
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, PROMISE, **context)
    number = form.places.data
    words = ngettext("%(num)d place has been promised.", "%(num)d places have been promised.", number)
    flash(words, "success")
    return redirect(url_for(".group", year=edition.year, reference=reference), 303)


@blueprint.get(f"{GROUP}/")
@organisers_only
def group(edition: Edition, reference: str) -> ResponseReturnValue:
    """Who belongs to a group, and who was invited."""
    found = _group(edition, reference)
    shown = {"people": people_of(db.session(), found.id), "invitations": invitations_of(db.session(), found.id)}
    return render_template("organise/groups/group.html", **shown, **_context(edition, found))


@blueprint.route(f"{GROUP}/change", methods=["GET", "POST"])
@organisers_only
def change(edition: Edition, reference: str) -> ResponseReturnValue:
    """Change what is promised, after showing how many people that affects."""
    found = _promised(edition, reference)
    seen, context = service.promised_of(found), _context(edition, found)
    form = PromiseForm.of(edition, seen)
    if not form.validate_on_submit():
        return form_page(form, PROMISE, **context)
    agreed = form.accepted.data or ""
    try:
        with unit_of_work() as session:
            changed = service.change_promise(
                session, found.id, form.to_promised(), acting(), now(), seen=seen, agreed=agreed
            )
    except NotAgreed as asked:
        return answer_errors(form, PROMISE, **(context | {"asked": asked}))
    except service.NoPromise:
        raise
    except Refusal as refusal:
        form.show_refusal(refusal)
        return answer_errors(form, PROMISE, **context)
    flash(_said(changed), "success")
    return redirect(url_for(".group", year=edition.year, reference=reference), 303)


@blueprint.route(f"{GROUP}/withdraw", methods=["GET", "POST"])
@organisers_only
def withdraw(edition: Edition, reference: str) -> ResponseReturnValue:
    """Stop keeping places for a delegation, after saying how many are unused."""
    found, form = _promised(edition, reference), ButtonForm()
    context = _context(edition, found) | {"asked": _asked(service.withdrawing(db.session(), found))}
    if not form.validate_on_submit():
        return form_page(form, WITHDRAW, **context)
    try:
        with unit_of_work() as session:
            agreed = request.form.get("accepted", "")
            unused = service.withdraw_promise(session, found.id, acting(), now(), agreed=agreed)
    except NotAgreed as asked:
        return answer_errors(form, WITHDRAW, **(context | {"asked": asked}))
    words = ngettext("%(num)d unused place is free again.", "%(num)d unused places are free again.", unused)
    flash(words, "success")
    return redirect(url_for(".group", year=edition.year, reference=reference), 303)


def _said(changed: bool) -> Any:
    if not changed:
        return _("Nothing has been changed.")
    return f"{_('Changes saved.')} {emailed(_('The head will be told by email.'))}"


def _asked(consequences: Sequence[service.Consequence]) -> NotAgreed | None:
    try:
        ask_first("", consequences)
    except NotAgreed as asked:
        return asked
    return None


def _group(edition: Edition, reference: str) -> Group:
    found = group_by_reference(db.session(), edition.id, reference)
    if found is None:
        abort(404)
    return found


def _promised(edition: Edition, reference: str) -> Group:
    found = _group(edition, reference)
    if found.promise_id is None:
        raise service.NoPromise
    return found


@blueprint.errorhandler(service.NoPromise)
def _not_kept(refusal: service.NoPromise) -> ResponseReturnValue:
    assert request.view_args is not None
    heading = _("No places are kept for this group")
    text = _("A colleague may have withdrawn the promise, or its date has passed.")
    return gone(heading, text, url_for(".group", **request.view_args), _("Go to the group"))


def _context(edition: Edition, found: Group | None) -> dict[str, Any]:
    row = groups_at(db.session(), edition.id, only=found.id)[0] if found else None
    pool = edition_pool(db.session(), edition.id)
    free = pool.capacity - pool.taken if pool else 0
    return {
        "group": found,
        "row": row,
        "free": free,
        "asked": None,
        "members": members(db.session()),
        **around(edition),
    }
