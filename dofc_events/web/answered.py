"""What is noted of each request: a number that its error page shows, and for those who want it a line and figures.

A request is called by the rule of its address: addresses hold links that act for people.
"""

import re
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request

from dofc_events.config import Settings
from dofc_events.core.figures import REQUEST_SECONDS, REQUESTS
from dofc_events.core.references import new_reference

_ADDRESS = re.compile(r"[^\s<>\"'():;,/=]+@[^\s<>\"'():;,/]+")
# Nobody's: by it the mail server's log is found.
_MESSAGE_ID = re.compile(r"<[0-9a-f-]{36}@[^>]*>")

log = structlog.get_logger()


def request_number() -> str:
    """The number of this request: what happened stands under it in the log."""
    if "number" not in g:
        g.number = new_reference()
    number: str = g.number
    return number


def with_number(logger: Any, method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the request's number into a line of the log."""
    if has_request_context():
        said["number"] = request_number()
    return said


def without_addresses(logger: Any, method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take email addresses out of a line of the log: a mail server that refuses one quotes it, and no log forgets."""
    for name, value in said.items():
        if isinstance(value, str) and "@" in value and not _MESSAGE_ID.fullmatch(value):
            said[name] = _ADDRESS.sub("…@…", value)
    return said


def init_answered(app: Flask, settings: Settings) -> None:
    """Time each request from here: before whatever is asked first, and after whatever is done last."""
    if not settings.request_log and settings.metrics_token is None:
        return

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def note(response: Response) -> Response:
        took = time.perf_counter() - g.began
        route = request.url_rule.rule if request.url_rule else ""
        if settings.metrics_token is not None:
            REQUESTS.labels(request.method, route, response.status_code).inc()
            REQUEST_SECONDS.labels(route).observe(took)
        if settings.request_log:
            ms = round(1000 * took, 1)
            log.info("request", method=request.method, route=route, status=response.status_code, ms=ms)
        return response
