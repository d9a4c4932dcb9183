"""Who may send a body that is larger than any form needs, known before the body is read."""

import re

from flask import Flask
from itsdangerous import BadSignature
from werkzeug.http import parse_cookie

# Where many photographs or documents are sent in one form, and where the whole memory comes in.
LARGE = re.compile(
    r"/organise/editions/[0-9]{1,4}/memory/(photographs|documents/add|outcomes/[a-z0-9-]+/files/add)"
    r"|/organise/memory/import"
)


def init_bodies(app: Flask) -> None:
    """Let the server (`serving.py`) ask whether a request may be large."""
    cookies = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]

    def takes_much(path: str, header: str) -> bool:
        """Whether a browser that sends this Cookie header to this path is signed in, or was: we signed the cookie.

        The page itself asks who it is now. This keeps everybody else from filling the disk with what nobody reads.
        """
        if not LARGE.fullmatch(path):
            return False
        try:
            return "session" in cookies.loads(parse_cookie(header).get(app.config["SESSION_COOKIE_NAME"], ""))
        except BadSignature:
            return False

    app.extensions["dofc_takes_much"] = takes_much
