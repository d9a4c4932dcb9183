"""Pages on which people set up second factors, and give them."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts.factors import queries, service
from dofc_events.accounts.factors.forms import CheckForm, NewAppForm, NewPasskeyForm
from dofc_events.accounts.factors.guards import begun_session
from dofc_events.accounts.factors.models import Factor
from dofc_events.accounts.factors.passkeys.queries import PasskeyRefused, made_passkey, new_sign_count
from dofc_events.accounts.factors.passkeys.rules import creation_options, credential_in, request_options
from dofc_events.accounts.factors.rules import (
    GROUP,
    FactorKind,
    Given,
    RelyingParty,
    app_address,
    as_picture,
    new_app_secret,
    relying_party,
)
from dofc_events.accounts.guards import acting, go_on_with, remember_here
from dofc_events.accounts.models import BrowserSession
from dofc_events.accounts.rules import Awaited, audit_name, browser_name, is_local_path
from dofc_events.core.clock import now
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.web.asking import be_sure
from dofc_events.web.forms import ButtonForm, answer_errors, answer_too_many, form_page

blueprint = Blueprint("factors", __name__, url_prefix="/sign-in/factors")

NEW = begun_session(Awaited.SET_UP, fresh=True)


@blueprint.get("")
@begun_session(Awaited.SET_UP)
def index(here: BrowserSession) -> ResponseReturnValue:
    """The second factors of an account, or why it should have one."""
    return render_template("accounts/factors/index.html", form=ButtonForm(), **_context(here))


@blueprint.route("/app", methods=["GET", "POST"])
@NEW
def app(here: BrowserSession) -> ResponseReturnValue:
    """Add an app that shows codes."""
    form, page = NewAppForm(data={"name": _("Authenticator app")}), "accounts/factors/app.html"
    # The same until it is added: somebody may reload the page after their app has read it.
    secret: str = browser.setdefault("app_secret", new_app_secret())
    groups = [secret[i : i + GROUP] for i in range(0, len(secret), GROUP)]
    address = app_address(secret, here.account.email)
    context = {"groups": groups, "address": address, "picture": as_picture(address)}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        with unit_of_work() as session:
            added = service.add_app(session, here.id, form.name.data, secret, form.code.data, now())
    except service.CodeWrong:
        form.code.errors = [_("This is not the code your app shows now. Wait for the next one and enter it.")]
        return answer_errors(form, page, **context)
    except service.TooManyFactors:
        return _too_many()
    browser.pop("app_secret", None)
    return _added(here, added)


@blueprint.route("/passkey", methods=["GET", "POST"])
@NEW
def passkey(here: BrowserSession) -> ResponseReturnValue:
    """Add a passkey; only browsers can, by a script."""
    party = relying_party(settings().base_url) or abort(404)
    form, page = NewPasskeyForm(data={"name": browser_name(request.user_agent.string)}), "accounts/factors/passkey.html"
    context = {"options": _creation_options(here, party)}
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        # Outside of any transaction, as what takes a while is.
        db.session.close()
        made = made_passkey(party, here.challenge, form.answer.data or "")
        with unit_of_work() as session:
            added = service.add_passkey(session, here.id, form.name.data, made, now())
    except service.TooManyFactors:
        return _too_many()
    except (PasskeyRefused, service.PasskeyKnown, service.SessionEnded):
        form.form_errors = [_("The passkey could not be added. Try again.")]
        return answer_errors(form, page, **context)
    except TooBusy as refusal:
        return answer_too_many(form, refusal.retry_after, page, **context)
    return _added(here, added)


@blueprint.route("/check", methods=["GET", "POST"])
@begun_session(Awaited.FACTOR)
def check(here: BrowserSession) -> ResponseReturnValue:
    """Give a second factor: after the link in the email, or before something that asks for it anew."""
    form, page = CheckForm(), "accounts/factors/check.html"
    factors = queries.factors_of(db.session(), here.account_id)
    if not factors:
        return redirect(url_for(".index"), 303)
    context = _to_check(here, factors)
    if not form.validate_on_submit():
        return form_page(form, page, **context)
    try:
        given, secret = _given(here, form)
    except service.SessionEnded:
        return redirect(url_for(".check"), 303)
    except TooBusy as refusal:
        return answer_too_many(form, refusal.retry_after, page, **context)
    if given is Given.NOT_LOOKED_AT:
        again = queries.next_try_of(db.session(), here.account_id, now())
        seconds = int((again - now()).total_seconds()) + 1 if again else 1
        form.code.errors = [
            _("Codes from your app are not accepted until then. A passkey or a recovery code works right now.")
        ]
        return answer_too_many(form, seconds, page, **context)
    if given is Given.WRONG:
        form.refuse()
        return answer_errors(form, page, **context)
    _go_on(here, secret)
    return redirect(_wanted(), 303)


@blueprint.get("/file")
@begun_session()
def file(here: BrowserSession) -> ResponseReturnValue:
    """Where somebody gets the file for which they gave a factor: to be sent it would leave them on the page before."""
    path = browser.get("file", "")
    if not is_local_path(path):
        return redirect(url_for(".index"), 303)
    name = PurePosixPath(urlsplit(path).path).name
    return render_template("accounts/factors/file.html", path=path, name=name, back=_came_from())


@blueprint.route("/codes", methods=["GET", "POST"])
@begun_session()
def codes(here: BrowserSession) -> ResponseReturnValue:
    """New recovery codes, shown until somebody says that they have them; they are stored nowhere else."""
    form, shown = ButtonForm(), browser.get("codes", [])
    if not shown:
        return redirect(url_for(".index"), 303)
    if not form.validate_on_submit():
        return form_page(form, "accounts/factors/codes.html", codes=shown)
    browser.pop("codes")
    return redirect(_wanted() if "wanted" in browser else url_for(".index"), 303)


@blueprint.post("/codes/new")
@begun_session(fresh=True)
def renew_codes(here: BrowserSession) -> ResponseReturnValue:
    """New recovery codes in place of the old ones."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, "accounts/factors/index.html", **_context(here))
    asked, act = _("Make new recovery codes?"), _("Make new recovery codes")
    meaning = _("The ones that you have saved or printed will stop working.")
    try:
        with unit_of_work() as session:
            codes = service.renew_codes(session, here.account_id, acting(), now())
            be_sure(asked, meaning, act, back=url_for(".index"))
    except service.NoSuchFactor:
        abort(404)
    browser["codes"] = codes
    return redirect(url_for(".codes"), 303)


@blueprint.post("/<id:factor_id>/remove")
@begun_session(fresh=True)
def remove(here: BrowserSession, factor_id: int) -> ResponseReturnValue:
    """Remove a factor."""
    form = ButtonForm()
    if not form.validate_on_submit():
        return answer_errors(form, "accounts/factors/index.html", **_context(here))
    names = {one.id: one.name for one in queries.factors_of(db.session(), here.account_id)}
    try:
        with unit_of_work() as session:
            service.remove(session, here.account_id, factor_id, acting(), now())
            asked, act = _("Remove “%(name)s”?", name=names[factor_id]), _("Remove the second factor")
            meaning = _("You could no longer sign in with it, and would have to add it again.")
            be_sure(asked, meaning, act, back=url_for(".index"))
    except service.NoSuchFactor:
        abort(404)
    except service.LastFactor:
        flash(_("Nothing has been removed: your role needs a second factor. Add another one first."), "warning")
    else:
        told = f" {_('We have told you by email.')}" if settings().mail_is_delivered else ""
        flash(f"{_('Second factor removed.')}{told}", "success")
    return redirect(url_for(".index"), 303)


def _given(here: BrowserSession, form: CheckForm) -> tuple[Given, str]:
    """What became of what was sent, and the session's new secret if it was right. Raises SessionEnded, TooBusy."""
    answer = form.answer.data or ""
    if not answer:
        with unit_of_work() as session:
            return service.give_code(session, here.id, form.code.data, now())
    party = relying_party(settings().base_url) or abort(404)
    factor = queries.passkey_of(db.session(), here.account_id, credential_in(answer))
    try:
        if factor is None or factor.public_key is None:
            raise PasskeyRefused("unknown")
        db.session.close()
        after = new_sign_count(party, here.challenge, answer, factor.public_key, factor.sign_count)
    except PasskeyRefused as refusal:
        with unit_of_work() as session:
            service.passkey_refused(session, here.account_id, str(refusal), now())
        return Given.WRONG, ""
    with unit_of_work() as session:
        counts = factor.sign_count, after
        return Given.RIGHT, service.give_passkey(session, here.id, here.challenge, factor.id, counts, now())


def _added(here: BrowserSession, added: service.Added) -> ResponseReturnValue:
    _go_on(here, added.secret)
    flash(_("Second factor added. From now on you will be asked for one when you sign in."), "success")
    if added.codes:
        browser["codes"] = added.codes
        return redirect(url_for(".codes"), 303)
    return redirect(_wanted() if "wanted" in browser else url_for(".index"), 303)


def _go_on(here: BrowserSession, secret: str) -> None:
    go_on_with(here.account, secret)
    if here.awaits:
        remember_here(here.account_id)


def _too_many() -> ResponseReturnValue:
    flash(_("You cannot have more second factors. Remove one first."), "warning")
    return redirect(url_for(".index"), 303)


def _wanted() -> str:
    """Where somebody goes on who has given or set up what was asked for; then nothing is pending any longer."""
    path: str = browser.pop("wanted", "")
    return path if is_local_path(path) else url_for("organise.overview.index")


def _came_from() -> str:
    """The page of ours from which somebody asked for a file."""
    parts = urlsplit(browser.get("came_from") or "")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if is_local_path(path) else url_for("organise.overview.index")


def _context(here: BrowserSession) -> dict[str, object]:
    session, account = db.session(), here.account
    starts_at = queries.policy(session).starts_at
    return {
        "account": account,
        "factors": queries.factors_of(session, account.id),
        "codes_left": queries.codes_left(session, account.id),
        "has_new_codes": "codes" in browser,
        "takes_passkeys": relying_party(settings().base_url) is not None,
        "needs_one": queries.is_asked_to_set_up(session, account, now()),
        "needed_from": starts_at if starts_at and starts_at > now() else None,
        "must": here.awaits == Awaited.SET_UP,
        "later": browser.get("wanted"),
    }


def _to_check(here: BrowserSession, factors: Sequence[Factor]) -> dict[str, object]:
    """What the page that asks for a factor shows."""
    party = relying_party(settings().base_url)
    passkeys = [factor.credential for factor in factors if factor.credential]
    return {
        "account": here.account,
        "signs_in": here.awaits is not None,
        "has_app": any(factor.kind == FactorKind.APP for factor in factors),
        "options": request_options(party, here.challenge, passkeys) if party and passkeys else None,
    }


def _creation_options(here: BrowserSession, party: RelyingParty) -> str:
    account, existing = here.account, queries.factors_of(db.session(), here.account_id, FactorKind.PASSKEY)
    known = [factor.credential for factor in existing if factor.credential]
    return creation_options(party, here.challenge, audit_name(account.id), account.email, account.name, known)
