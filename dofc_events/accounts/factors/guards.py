"""What asks for a second factor, and which pages are there for those who have not given one yet."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import redirect, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue

from dofc_events.accounts.factors.queries import awaited_of, has_factor
from dofc_events.accounts.factors.rules import FRESH
from dofc_events.accounts.guards import AWAITED_ON, View, ask_to_sign_in, keep_for_later, session_here
from dofc_events.accounts.models import BrowserSession
from dofc_events.accounts.rules import Awaited
from dofc_events.core.clock import now
from dofc_events.core.db import db


def fresh_factor(view: View) -> View:
    """Only for those who have given a second factor within the last ten minutes, if they have one or need one.

    Others are asked for it, or to set one up, and come back: to the page, to the file, or to the form with what they
    typed, which they send again. It stands below the guard that says who may see the page.
    """
    return _guarded(view, ("GET", "POST"))


def fresh_factor_for_files(view: View) -> View:
    """As `fresh_factor`, for files: afterwards people are led to a page with the link to the file."""
    return _guarded(view, ("GET",), is_file=True)


def fresh_factor_for_forms(view: View) -> View:
    """As `fresh_factor`, but only for sending the form: the page itself can be seen without."""
    return _guarded(view, ("POST",))


def begun_session(*allowed: Awaited, fresh: bool = False) -> Callable[[View], View]:
    """Only for those who have used a sign-in link, and are signed in by it or still await what is `allowed`.

    With `fresh` an account that has a factor has to have given it a short while ago. The view is given the row of the
    session as `here`.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(**values: Any) -> ResponseReturnValue:
            here = session_here()
            if here is None or (here.awaits and here.awaits not in allowed):
                return ask_to_sign_in()
            if fresh and not _is_fresh(here) and has_factor(db.session(), here.account_id):
                return _ask_for(Awaited.FACTOR)
            return view(here=here, **values)

        return guarded

    return guard


def _guarded(view: View, methods: tuple[str, ...], *, is_file: bool = False) -> View:
    @wraps(view)
    def guarded(**values: Any) -> ResponseReturnValue:
        lacking = _lacking() if request.method in methods else None
        return _ask_for(lacking, is_file=is_file) if lacking else view(**values)

    return guarded


def _lacking() -> Awaited | None:
    """The step still missing before the page can be seen; None for people not signed in: other guards stop them."""
    here = session_here()
    return None if here is None or _is_fresh(here) else awaited_of(db.session(), here.account_id, now())


def _is_fresh(here: BrowserSession) -> bool:
    return here.factor_at is not None and here.factor_at > now() - FRESH


def _ask_for(lacking: Awaited, *, is_file: bool = False) -> ResponseReturnValue:
    keep_for_later()
    if is_file:
        browser["file"], browser["wanted"] = browser.get("wanted", ""), url_for("accounts.factors.file")
    if request.method == "POST":
        browser["wanted"] = url_for("accounts.unsent")
    browser["came_from"] = request.referrer
    return redirect(url_for(AWAITED_ON[lacking]), 303)
