"""The chair's page about who needs a second factor."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.factors import queries
from dofc_events.accounts.factors.guards import fresh_factor_for_forms
from dofc_events.accounts.factors.service import change_policy
from dofc_events.accounts.guards import acting, chair_only
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.errors import NotAgreed, ask_first
from dofc_events.organise.accounts.factors.forms import PolicyForm, usual_first_day
from dofc_events.organise.shared import around
from dofc_events.web.forms import answer_errors, form_page

blueprint = Blueprint("factors", __name__)

PAGE = "organise/accounts/factors/index.html"


@blueprint.route("/accounts/factors", methods=["GET", "POST"])
@chair_only
@fresh_factor_for_forms
def index() -> ResponseReturnValue:
    """Say which roles need a second factor, after saying how many people have none yet."""
    seen = queries.policy(db.session())
    form, context = PolicyForm.of(seen), {"usual": usual_first_day(now()), **around(None)}
    if not form.validate_on_submit():
        return form_page(form, PAGE, **context)
    wanted = form.to_policy()
    without = queries.without_factor(db.session(), wanted, now())
    try:
        if wanted != seen:
            ask_first(form.accepted.data or "", [without] if without else [])
        with unit_of_work() as session:
            changed = change_policy(session, wanted, acting(), now(), seen=seen)
    except NotAgreed as asked:
        must = wanted.starts_at is not None and wanted.starts_at <= now()
        return answer_errors(form, PAGE, asked=asked, must=must, **context)
    flash(_("Saved.") if changed else _("Nothing has been changed."), "success" if changed else "info")
    return redirect(url_for(".index"), 303)
