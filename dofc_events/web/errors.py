"""Answers to what goes wrong, in words and on a page of ours."""

import errno
import time

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter.errors import RateLimitExceeded
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import BadRequest, HTTPException

from dofc_events.core.db import NotKnownWhetherSaved, end_session, is_passing, tried_again
from dofc_events.core.errors import RequestLost, in_one_line, without_address
from dofc_events.core.files import FilesAway
from dofc_events.extensions import limiter, login_manager
from dofc_events.web.answered import request_number
from dofc_events.web.asking import NotSure, ask
from dofc_events.web.on_record import say

log = structlog.get_logger()

# A token that is not ours, or a request that is none; more than one may ask for. See `on_record`.
ON_RECORD = {400: "bad_request", 429: "too_many_requests"}
# Whatever is to be written to whatever disk.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# In so many seconds a database that was away may be back.
RETRY_AFTER = 30

PAGES = {
    400: (_l("This request could not be read"), _l("Go back, reload the page and try again.")),
    403: (_l("Not allowed"), _l("Your account does not have access to this page. Ask the organisers if you need it.")),
    404: (
        _l("Page not found"),
        _l("The address may be incomplete, a newer link may have replaced it, or what was here has been removed."),
    ),
    405: (_l("This page cannot be used that way"), _l("Go back and use the buttons of the page.")),
    413: (
        _l("This is too large to send"),
        _l("The form is larger than this site accepts. Go back and shorten your longest answers."),
    ),
}


class LinkNotValid(Exception):
    """A link that acts for a person is not (or no longer) one of ours; the pages behind it say how to get another."""


def gone(heading: str, text: str, back: str, label: str) -> Response:
    """404 for what may have been here until somebody else ended it: says so, and leads `back`."""
    page = render_template("errors/page.html", code=404, heading=heading, text=text, back=back, label=label)
    return make_response(page, 404)


def try_views_again(app: Flask) -> None:
    """Let every view that is registered begin anew where the database ended its transaction for another one's sake."""
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = tried_again(app.ensure_sync(view), between=_begin_anew)


def _begin_anew() -> None:
    g.begun_anew = True
    for file in request.files.values():
        file.seek(0)


def init_errors(app: Flask) -> None:
    """Register the error pages."""
    # Before Flask-SQLAlchemy's own, which fails if the connection is dead.
    app.teardown_appcontext(lambda _error: end_session())

    # Should even the page about a failure fail.
    app.logger.addFilter(without_address)

    @app.after_request
    def note(response: Response) -> Response:
        if event := ON_RECORD.get(response.status_code):
            say(event)
        return response

    app.register_error_handler(NotSure, ask)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        if error.code == 403:
            say("refused")
        heading, text = PAGES.get(error.code or 500, (error.name, ""))
        return make_response(
            render_template("errors/page.html", code=error.code, heading=heading, text=text), error.code or 500
        )

    @app.errorhandler(DataError)
    def no_text(error: DataError) -> ResponseReturnValue:
        # PostgreSQL cannot even compare text with it. No field for text takes it; others are only looked up.
        if not any("\0" in value for value in request.form.values()):
            return failed(error)
        end_session()
        g._login_user = login_manager.anonymous_user()
        return refused(BadRequest())

    @app.errorhandler(NotKnownWhetherSaved)
    @app.errorhandler(SQLAlchemyError)
    @app.errorhandler(OSError)
    @app.errorhandler(RequestLost)
    def unavailable(error: Exception) -> ResponseReturnValue:
        is_lost = isinstance(error, RequestLost)
        is_about_files = is_lost or isinstance(error, FilesAway) or getattr(error, "errno", None) in NO_ROOM
        if not is_about_files and not is_passing(error):
            return failed(error)
        # What went wrong says enough in one line; there may be hundreds of them.
        why = in_one_line(error.__cause__ or error if isinstance(error, NotKnownWhetherSaved | RequestLost) else error)
        what = "files_unavailable" if is_about_files else "database_unavailable"
        log.error(what, endpoint=request.endpoint, method=request.method, error=why)
        end_session()
        unsure = isinstance(error, NotKnownWhetherSaved)
        if request.method == "POST" and not unsure and not is_lost and "retry_after" not in g:
            # What only reads may well succeed: then the form comes back.
            g.retry_after, g.unavailable = RETRY_AFTER, True
            return _answered_again(app)
        g._login_user = login_manager.anonymous_user()
        text = _("We don’t know whether this was saved. Check before you send it again.") if unsure else ""
        if is_lost:
            text = _("What you sent did not reach us, which is our fault. Go back, and send it again in a minute.")
        heading = _("The site cannot do this right now")
        text = text or _("This is our fault, not yours. Please try again in a minute.")
        details = _("If you write to us about this, include the number %(number)s.", number=request_number())
        page = render_template("errors/page.html", code=503, heading=heading, text=text, details=details)
        response = make_response(page, 503)
        response.headers["Retry-After"] = str(RETRY_AFTER)
        return response

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        # What failed may be the database, and the page must not ask it who is signed in.
        g._login_user = login_manager.anonymous_user()
        log.exception("request_failed", endpoint=request.endpoint, method=request.method)
        text = _(
            "This is our fault. We have recorded it under the number %(number)s. Please try again in a minute.",
            number=request_number(),
        )
        page = render_template("errors/page.html", code=500, heading=_("Something went wrong"), text=text)
        return make_response(page, 500)

    @app.errorhandler(RateLimitExceeded)
    def too_many_posts(error: RateLimitExceeded) -> ResponseReturnValue:
        breached = limiter.current_limit
        g.retry_after = max(1, breached.reset_at - int(time.time())) if breached else 600
        return _answered_again(app)


def _answered_again(app: Flask) -> ResponseReturnValue:
    """The view answers, so that the form comes back with what was typed: none is accepted with `g.retry_after` set."""
    _begin_anew()
    try:
        return app.ensure_sync(app.view_functions[str(request.endpoint)])(**(request.view_args or {}))  # type: ignore[no-any-return]
    except Exception as error_of_view:
        # Flask handles what a view raises, but not what is raised while it handles something else.
        return app.handle_user_exception(error_of_view)
