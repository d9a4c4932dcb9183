"""The chair's pages about all accounts: what each can do, where it is signed in, and an end to both."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dofc_events.accounts import sessions
from dofc_events.accounts.factors.guards import fresh_factor_for_forms
from dofc_events.accounts.factors.queries import factors_of, policy
from dofc_events.accounts.factors.service import reset
from dofc_events.accounts.guards import acting, chair_only
from dofc_events.accounts.models import Account
from dofc_events.accounts.queries import account_by_id, sessions_of
from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import LastChair, NoSuchRole
from dofc_events.core.clock import now
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.organise.accounts import queries, service
from dofc_events.organise.accounts.factors import views as factors
from dofc_events.organise.shared import around, before_id
from dofc_events.organise.trail.network.texts import ROLES, line_of
from dofc_events.web.asking import be_sure
from dofc_events.web.errors import gone
from dofc_events.web.forms import ButtonForm, answer_errors

blueprint = Blueprint("accounts", __name__)
blueprint.register_blueprint(factors.blueprint)

ROWS = 50
ACCOUNT = "/accounts/<id:account_id>"
# No page makes anybody chair.
MAKE_CHAIR = "flask accounts add EMAIL --name NAME --role chair"


@blueprint.get("/accounts")
@chair_only
def index() -> ResponseReturnValue:
    """All accounts, newest first."""
    session, words, at = db.session(), request.args.get("q", "").strip(), now()
    found = queries.accounts(session, words, before_id=before_id(), limit=ROWS + 1)
    shown = found[:ROWS]
    return render_template(
        "organise/accounts/index.html",
        accounts=shown,
        roles={account.id: [r for r in account.roles if not r.has_ended(at)] for account in shown},
        places=queries.where_roles_are(session, [role for account in shown for role in account.roles]),
        last_sign_ins=queries.last_sign_ins(session, shown),
        open_sessions=queries.open_sessions(session, shown, at),
        is_first=before_id() is None,
        has_more=len(found) > ROWS,
        words=words,
        role_names=ROLES,
        **around(None),
    )


@blueprint.get(ACCOUNT)
@chair_only
def account(account_id: int) -> ResponseReturnValue:
    """One account: its roles and where it is signed in."""
    return render_template("organise/accounts/account.html", form=ButtonForm(), **_context(account_id))


@blueprint.post(f"{ACCOUNT}/roles/<id:role_id>/end")
@chair_only
@fresh_factor_for_forms
def end_role(account_id: int, role_id: int) -> ResponseReturnValue:
    """End one of its roles, after asking."""
    account = _of(account_id)
    held = next((role for role in account.roles if role.id == role_id), None)
    if held is None:
        raise NoSuchRole
    place = queries.where_roles_are(db.session(), [held]).get(role_id, "")
    role = f"{ROLES[held.role]} {place}".strip()
    meaning = _("The role would have to be given again.")
    if held.role == RoleName.CHAIR:
        meaning = _("It can only be given again by whoever runs the site, with “%(command)s”.", command=MAKE_CHAIR)
    asks = partial(
        be_sure,
        _("End the role of %(name)s: %(role)s?", name=account.name, role=role),
        meaning,
        _("End the role now"),
    )
    end = partial(service.end_role, account_id=account_id, role_id=role_id)
    return _done(account_id, _("The role has ended: %(role)s.", role=role), end, asks)


@blueprint.post(f"{ACCOUNT}/sign-out")
@chair_only
def sign_out(account_id: int) -> ResponseReturnValue:
    """Sign it out everywhere."""
    return _done(account_id, _("Signed out everywhere."), partial(sessions.end, account_id=account_id))


@blueprint.post(f"{ACCOUNT}/reset-factor")
@chair_only
@fresh_factor_for_forms
def reset_factor(account_id: int) -> ResponseReturnValue:
    """Take its second factor away, after asking."""
    account = _of(account_id)
    meaning = _("They will be signed out everywhere and told by email.")
    needed = policy(db.session()).requires(account.grants(now()), now())
    afterwards = (
        _("They will have to set up a new one before they can sign in.")
        if needed
        else _("A link alone will sign them in, until they set up a new one.")
    )
    asks = partial(
        be_sure,
        _("Remove the second factor of %(name)s?", name=account.name),
        f"{meaning} {afterwards}",
        _("Remove the second factor"),
    )
    words = _("Second factor removed, and signed out everywhere.")
    told = _("We have told them by email.") if settings().mail_is_delivered else _("Tell them: no email has been sent.")
    return _done(account_id, f"{words} {told}", partial(reset, account_id=account_id), asks)


@blueprint.post(f"{ACCOUNT}/end")
@chair_only
@fresh_factor_for_forms
def end(account_id: int) -> ResponseReturnValue:
    """End all that it can do, after asking."""
    asks = partial(
        be_sure,
        _("End the account of %(name)s?", name=_of(account_id).name),
        _("All its roles will end, and it will be signed out everywhere. Each role would have to be given again."),
        _("End the account"),
    )
    words = _("The account has ended.")
    return _done(account_id, words, partial(service.end_account, account_id=account_id), asks)


@blueprint.get("/accounts/trail")
@chair_only
def trail() -> ResponseReturnValue:
    """Everything recorded about accounts, roles, sign-ins and members, newest first."""
    session = db.session()
    found = queries.network_trail(session, before_id=before_id(), limit=ROWS + 1)
    names = queries.names_of(session, {entry.about for entry in found})
    return render_template(
        "organise/accounts/trail.html",
        lines=[line_of(entry) for entry in found[:ROWS]],
        is_first=before_id() is None,
        has_more=len(found) > ROWS,
        accounts=names,
        **around(None),
    )


def _done(
    account_id: int, words: str, act: Callable[..., Any], asks: Callable[..., None] | None = None
) -> ResponseReturnValue:
    """The answer to a button on an account's page, which `asks` first if nothing else brings back what it does."""
    form, _account = ButtonForm(), _of(account_id)
    if not form.validate_on_submit():
        return answer_errors(form, "organise/accounts/account.html", **_context(account_id))
    try:
        with unit_of_work() as session:
            act(session, actor=acting(), now=now())
            if asks is not None:
                asks(back=url_for(".account", account_id=account_id), around=partial(around, None))
    except LastChair:
        nothing = _("Nothing has been changed: the network has no other chair.")
        first = _("Ask whoever runs the site to make somebody chair first, with “%(command)s”.", command=MAKE_CHAIR)
        flash(f"{nothing} {first}", "warning")
    else:
        flash(words, "success")
    return redirect(url_for(".account", account_id=account_id), 303)


@blueprint.errorhandler(NoSuchRole)
def _ended(refusal: NoSuchRole) -> ResponseReturnValue:
    assert request.view_args is not None
    here = url_for(".account", account_id=request.view_args["account_id"])
    heading, text = _("This role has ended"), _("Somebody else may have ended it, or its last day is over.")
    return gone(heading, text, here, _("Go to the account"))


def _of(account_id: int) -> Account:
    return account_by_id(db.session(), account_id) or abort(404)


def _context(account_id: int) -> dict[str, Any]:
    session, account, at = db.session(), _of(account_id), now()
    return {
        "account": account,
        "roles": [role for role in account.roles if not role.has_ended(at)],
        "places": queries.where_roles_are(session, account.roles),
        "role_names": ROLES,
        "sessions": sessions_of(session, account_id, at),
        "factors": factors_of(session, account_id),
        "last_sign_in": queries.last_sign_ins(session, [account]).get(account_id),
        **around(None),
    }
