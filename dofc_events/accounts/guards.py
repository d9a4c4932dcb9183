"""Who is signed in, for how long, and which pages they can see."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Response, abort, after_this_request, current_app, redirect, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_limiter.errors import RateLimitExceeded
from flask_login import current_user, login_user
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account, BrowserSession
from dofc_events.accounts.queries import account_of_session, session_of
from dofc_events.accounts.rules import (
    IDLE_LASTS,
    USE_NOTED_EVERY,
    Access,
    Awaited,
    Grant,
    RoleName,
    access_to_edition,
    includes_chair,
    is_local_path,
)
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.service import refuse_archived
from dofc_events.core import files
from dofc_events.core.audit import Actor
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.core.references import read_token, sign
from dofc_events.extensions import limiter, login_manager, settings

View = Callable[..., ResponseReturnValue]
Found = TypeVar("Found")

AWAITED_ON = {Awaited.FACTOR: "accounts.factors.check", Awaited.SET_UP: "accounts.factors.index"}

# Visitors who are not signed in can store at most this much.
KEPT_PER_ADDRESS = "30 per 10 minutes"

# Browsers drop a cookie of more than 4096 bytes, and the CSRF token with it.
LONGEST_WANTED_PATH = 1000

KNOWN_BROWSER, KNOWN_FOR, MAX_KNOWN = "known-browser", timedelta(days=365), 20


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _signed_in_as(_account_id: str) -> Account | None:
    """The account that this browser is signed in as, unless its session has ended or was unused for too long."""
    return _used(account_of_session)


def session_here() -> BrowserSession | None:
    """The session of this browser, unless it has ended or was unused for too long; it may still await something."""
    return _used(session_of)


def _used(found: Callable[[Session, str, datetime], Found | None]) -> Found | None:
    """What is found of this browser's session, which is used by it.

    Reading must not write to the database, so that the cookie says when it was last used.
    """
    at = now()
    unused = at - datetime.fromtimestamp(browser.get("used_at", 0), UTC)
    one = found(db.session(), session_secret(), at) if unused < IDLE_LASTS else None
    if one and unused >= USE_NOTED_EVERY:
        browser["used_at"] = int(at.timestamp())
    return one


def session_secret() -> str:
    """What tells this browser's session apart from others; empty if it was never signed in."""
    return str(browser.get("session", ""))


def begin_session(account: Account, secret: str) -> str:
    """Sign this browser in, with the secret of its new session, and return the path of the page to go on with.

    Nothing of the session before survives, as somebody else may have begun it, but for the form in which this account's
    session ended.
    """
    wanted: str = browser.get("wanted", "")
    unsent = _unsent()
    browser.clear()
    login_user(account)
    browser["session"], browser["used_at"] = secret, int(now().timestamp())
    if unsent and not unsent.get("seen") and unsent["account"] in (None, current_user.get_id()):
        browser["unsent"] = unsent
        return url_for("accounts.unsent")
    return wanted if is_local_path(wanted) else url_for("organise.overview.index")


def go_on_with(account: Account, secret: str) -> None:
    """Let the browser have the new secret of its session, which signs it in."""
    login_user(account)
    browser["session"] = secret


def accounts_known_here() -> set[int]:
    """The ids of the accounts that have signed in on this browser before."""
    known = read_token(settings().keys, KNOWN_BROWSER, request.cookies.get(_known_cookie(), ""))
    return {int(account_id) for account_id in known[0].split("-")} if known else set()


def remember_here(account_id: int) -> None:
    """Let this browser know that the account has signed in on it, for a year and beyond signing out."""
    others = sorted(accounts_known_here() - {account_id})[-MAX_KNOWN:]
    token = sign(settings().keys, KNOWN_BROWSER, "-".join(map(str, [*others, account_id])), 1)
    secure: bool = current_app.config["SESSION_COOKIE_SECURE"]

    @after_this_request
    def remember(response: Response) -> Response:
        options: dict[str, Any] = {"secure": secure, "httponly": True, "samesite": "Lax"}
        response.set_cookie(_known_cookie(), token, max_age=KNOWN_FOR, **options)
        return response


def _known_cookie() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-known"


def acting() -> Actor:
    """The actor of this request: the account that is signed in."""
    return Actor("account", current_user.email)


def grants() -> list[Grant]:
    """The current visitor's grants at this moment; none if they are not signed in."""
    return current_user.grants(now()) if current_user.is_authenticated else []


def is_chair() -> bool:
    """Whether the current visitor is the chair of the network."""
    return includes_chair(grants())


def may_organise(edition: Edition) -> bool:
    """Whether the current visitor may see the organisers' pages of an edition."""
    return access_to_edition(grants(), edition.id, [RoleName.ORGANISER]) is Access.GRANTED


def signed_in(view: View) -> View:
    """Only for people who are signed in; others are sent to sign in first, and come back."""

    @wraps(view)
    def guarded(**values: Any) -> ResponseReturnValue:
        return view(**values) if current_user.is_authenticated else ask_to_sign_in()

    return guarded


def chair_only(view: View) -> View:
    """Only for the chair of the network."""

    @wraps(view)
    @signed_in
    def guarded(**values: Any) -> ResponseReturnValue:
        if not is_chair():
            abort(403)
        return view(**values)

    return guarded


def edition_staff(*allowed: RoleName, archived_too: bool = False) -> Callable[[View], View]:
    """Only for the chair, and for those with one of the `allowed` roles at the edition of the `year` in the address.

    The view is given that edition as `edition`, in place of `year`. EditionArchived refuses every form about an
    archived one, unless what the view does changes nothing of it: `archived_too`.
    """

    def guard(view: View) -> View:
        @wraps(view)
        @signed_in
        def guarded(*, year: int, **values: Any) -> ResponseReturnValue:
            edition = edition_by_year(db.session(), year)
            if edition is None:
                abort(404)
            access = access_to_edition(grants(), edition.id, allowed)
            if access is not Access.GRANTED:
                abort(403 if access is Access.FORBIDDEN else 404)
            if request.method == "POST" and not archived_too:
                refuse_archived(edition)
            return view(edition=edition, **values)

        return guarded

    return guard


organisers_only = edition_staff(RoleName.ORGANISER)


def unsent_waits() -> bool:
    """Whether a form that was kept when the session ended is still to be shown."""
    return bool(_unsent()) and not _unsent().get("seen")


def unsent_had_files() -> bool:
    """Whether files were chosen in that form, which are not kept."""
    return bool(_unsent().get("files"))


def unsent_form() -> tuple[str, list[tuple[str, str]]] | None:
    """Where the form was sent in which the session ended, and its fields; None if nothing is kept, or no longer is.

    Until it is lost it can be seen again, but nobody is led there a second time.
    """
    unsent = _unsent()
    if not unsent:
        return None
    browser["unsent"] = {**unsent, "seen": True}
    try:
        return unsent["path"], json.loads(files.read(settings().shared, unsent["fields"]))
    except FileNotFoundError:
        return None


def _unsent() -> dict[str, Any]:
    """What the browser's cookie says about that form; nothing once it is no longer kept."""
    unsent: dict[str, Any] = browser.get("unsent", {})
    return unsent if unsent and unsent["until"] > now().timestamp() else {}


def ask_to_sign_in() -> ResponseReturnValue:
    """Lead to the page for signing in, or for what its session still awaits, and back from there."""
    keep_for_later()
    here = session_here()
    return redirect(url_for(AWAITED_ON[here.awaits] if here and here.awaits else "accounts.sign_in"), 303)


def keep_for_later() -> None:
    """Keep what is wanted, a page or a form with what was typed, until it can be had."""
    path = request.script_root + request.full_path.removesuffix("?")
    if len(path) <= LONGEST_WANTED_PATH:
        if request.method == "GET":
            browser["wanted"] = path
        else:
            _keep_unsent(path)


def _keep_unsent(path: str) -> None:
    """Keep what was typed until this browser has signed in: as a file that no row names, it is swept after an hour."""
    fields = json.dumps([field for field in request.form.items(multi=True) if field[0] != "csrf_token"]).encode()
    try:
        with limiter.limit(KEPT_PER_ADDRESS):
            files.store(settings().shared, fields, now())
    except RateLimitExceeded:
        return
    until = (now() + files.LEFT_ALONE).timestamp()
    browser["unsent"] = {
        "path": path,
        "fields": files.hash_of(fields),
        "files": any(request.files.values()),
        "account": browser.get("_user_id"),
        "until": until,
    }
