"""Where the account is signed in: one browser after another, or all at once, can be signed out."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from dofc_events.accounts import sessions
from dofc_events.accounts.factors.guards import fresh_factor_for_files
from dofc_events.accounts.guards import acting, session_secret, signed_in
from dofc_events.accounts.queries import sessions_of
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.core.references import hash_secret
from dofc_events.organise.shared import around
from dofc_events.privacy.handed_out.queries import as_json, data_of_account
from dofc_events.privacy.shared import handed_out
from dofc_events.web.forms import ButtonForm, answer_errors
from dofc_events.web.on_record import say

blueprint = Blueprint("sessions", __name__)

PAGE = "organise/sessions/index.html"


@blueprint.get("/sessions")
@signed_in
def index() -> ResponseReturnValue:
    """The browsers in which the account is signed in."""
    return render_template(PAGE, form=ButtonForm(), **_context(), **around(None))


@blueprint.get("/sessions/my-data")
@signed_in
def my_data() -> ResponseReturnValue:
    """What is kept about the account, for its holder to read."""
    return render_template(
        "organise/sessions/my_data.html", kept=data_of_account(db.session(), current_user), **around(None)
    )


@blueprint.get("/sessions/my-data.json")
@signed_in
@fresh_factor_for_files
def my_data_json() -> ResponseReturnValue:
    """The same as a file."""
    say("exported", file="my-data.json")
    kept = data_of_account(db.session(), current_user)
    return handed_out(None, as_json(kept, now(), account=current_user.id))


@blueprint.post("/sessions/<id:session_id>/end")
@signed_in
def end(session_id: int) -> ResponseReturnValue:
    """Sign one of them out."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, **_context(), **around(None))
    with unit_of_work() as session:
        ended = sessions.end(session, current_user.id, acting(), now(), session_id=session_id)
    if not ended:
        abort(404)
    flash(_("That browser has been signed out."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/sessions/end")
@signed_in
def end_all() -> ResponseReturnValue:
    """Sign all of them out, this one too."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, PAGE, **_context(), **around(None))
    with unit_of_work() as session:
        sessions.end(session, current_user.id, acting(), now())
    logout_user()
    browser.clear()
    flash(_("You have been signed out everywhere."), "success")
    return redirect(url_for("accounts.sign_in"), 303)


def _context() -> dict[str, object]:
    return {"sessions": sessions_of(db.session(), current_user.id, now()), "here": hash_secret(session_secret())}
