"""What a co-host reads and confirms, behind its own link. No GET changes anything."""

from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.co_hosts import service
from dofc_events.hosting.co_hosts.queries import co_host_by_link
from dofc_events.hosting.models import CoHost
from dofc_events.hosting.rules import PENDING
from dofc_events.hosting.stages.rules import Act
from dofc_events.web.forms import ButtonForm, form_page

blueprint = Blueprint("co_hosts", __name__)


@blueprint.route("/hosting/co-host/<token>", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """What the proposal says, and the button by which an organisation confirms that it hosts with the proposer."""
    form, page = ButtonForm(), "hosting/co_hosts/confirm.html"
    co_host, context = _context(token)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            service.confirm_co_host(session, co_host.id, service.CO_HOST, now())
    except service.TooLateToConfirm:
        # Read anew: the unit of work has ended what was read before, which may have changed.
        return make_response(render_template(page, form=form, **_context(token)[1] | {"is_open": False}), 403)
    flash(_("Thank you. %(name)s is a co-host of this proposal.", name=co_host.name), "success")
    return redirect(url_for(".confirm", token=token), 303)


def _context(token: str) -> tuple[CoHost, dict[str, Any]]:
    co_host = co_host_by_link(db.session(), token) or abort(404)
    proposal = co_host.proposal
    is_open = proposal.status in PENDING and proposal.call.allows(Act.CONFIRM, now())
    context = {"co_host": co_host, "proposal": proposal, "call": proposal.call, "token": token, "is_open": is_open}
    return co_host, context
