"""Pages for signing in and out."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from dofc_events.accounts import sessions
from dofc_events.accounts.factors import views as factors
from dofc_events.accounts.factors.queries import awaited_of, is_asked_to_set_up
from dofc_events.accounts.forms import SignInForm
from dofc_events.accounts.guards import (
    AWAITED_ON,
    accounts_known_here,
    acting,
    begin_session,
    remember_here,
    session_secret,
    signed_in,
    unsent_form,
    unsent_had_files,
    unsent_waits,
)
from dofc_events.accounts.models import Account
from dofc_events.accounts.queries import account_by_id, account_of_link
from dofc_events.accounts.rules import SIGN_IN_LINK_LASTS, Awaited, browser_name
from dofc_events.accounts.service import SignInLinkNotValid, ask_for_link, use_link
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.mail.guards import limit_by_address
from dofc_events.mail.queries import mail_health
from dofc_events.web.forms import ButtonForm, form_page
from dofc_events.web.on_record import say

blueprint = Blueprint("accounts", __name__)
blueprint.register_blueprint(factors.blueprint)


def register(app: Flask) -> None:
    """Add signing in and out to the site, and to all pages that speak of an email whether any leaves."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(mail_is_late=lambda: mail_health(db.session(), now()).is_late)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limit_by_address(SignInForm)
def sign_in() -> ResponseReturnValue:
    """Ask for a sign-in link."""
    form = SignInForm()
    if not form.validate_on_submit():
        kept = {"unsent": unsent_waits(), "had_files": unsent_had_files()}
        return form_page(form, "accounts/sign_in.html", delivers=settings().mail_is_delivered, **kept)
    with unit_of_work() as session:
        ask_for_link(session, form.email.data, now())
    browser["asked_for"] = form.email.data
    return redirect(url_for(".sent"), 303)


@blueprint.get("/sign-in/sent")
def sent() -> ResponseReturnValue:
    """What happens next, in the same words whether or not there is an account."""
    return render_template(
        "accounts/sent.html",
        address=browser.get("asked_for"),
        minutes=int(SIGN_IN_LINK_LASTS.total_seconds() // 60),
        delivers=settings().mail_is_delivered,
        unsent=unsent_waits(),
    )


@blueprint.get("/sign-in/unsent")
@signed_in
def unsent() -> ResponseReturnValue:
    """The form in which a session ended; it has no token, so that it is shown again, and not accepted unseen."""
    kept = unsent_form()
    if kept is None:
        flash(_("What you typed before you signed in is no longer available. Please enter it again."), "warning")
        return redirect(url_for("organise.overview.index"), 303)
    path, fields = kept
    return render_template("accounts/unsent.html", path=path, fields=fields, had_files=unsent_had_files())


@blueprint.route("/sign-in/<secret>", methods=["GET", "POST"])
def sign_in_link(secret: str) -> ResponseReturnValue:
    """Use a link: only its button does, because mail scanners open links too."""
    form = ButtonForm()
    if not form.validate_on_submit():
        account, page = account_of_link(db.session(), secret, now()), "accounts/confirm.html"
        return form_page(form, page, secret=secret, account=account) if account else _link_not_valid()
    known, before, browser_is = accounts_known_here(), session_secret(), browser_name(request.user_agent.string)
    try:
        with unit_of_work() as session:
            account_id, at = use_link(session, secret, now()), now()
            awaits, is_known = awaited_of(session, account_id, at), account_id in known
            begun = sessions.begin(
                session, account_id, browser_is, at, known=is_known, instead_of=before, awaits=awaits
            )
    except SignInLinkNotValid:
        return _link_not_valid()
    account = account_by_id(db.session(), account_id)
    return redirect(_first_page(account, begun, awaits) if account else url_for(".sign_in"), 303)


@blueprint.route("/sign-out", methods=["GET", "POST"])
def sign_out() -> ResponseReturnValue:
    """End the session."""
    form = ButtonForm()
    if not current_user.is_authenticated:
        # Somebody whose session has ended in the meantime already has what they wanted.
        return redirect(url_for("public.home"), 303)
    if not form.validate_on_submit():
        return form_page(form, "accounts/sign_out.html")
    account_id, secret = current_user.id, session_secret()
    with unit_of_work() as session:
        sessions.sign_out(session, account_id, secret, acting(), now())
    logout_user()
    browser.clear()
    return redirect(url_for("public.home"), 303)


def _first_page(account: Account, secret: str, awaits: Awaited | None) -> str:
    """Sign this browser in, as far as a link does, and return the path of the page that comes first."""
    wanted = begin_session(account, secret)
    if awaits is None:
        remember_here(account.id)
        if not is_asked_to_set_up(db.session(), account, now()):
            return wanted
    browser["wanted"] = wanted
    return url_for(AWAITED_ON[awaits or Awaited.SET_UP])


def _link_not_valid() -> ResponseReturnValue:
    say("wrong_link")
    page = render_template("accounts/not_valid.html", form=SignInForm(), delivers=settings().mail_is_delivered)
    return page, 404
