"""What is sent: who may send more than any form needs, known before it is read; and what there is no room for."""

import re
from contextlib import suppress
from io import BytesIO
from typing import IO, Any

from flask import Flask, Request
from itsdangerous import BadSignature
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.http import parse_cookie

from dofc_events.core.errors import RequestLost
from dofc_events.core.files import FilesAway

# Where many photographs or documents are sent in one form, and where the whole memory comes in.
LARGE = re.compile(
    r"/organise/editions/[0-9]{1,4}/memory/(photographs|documents/add|outcomes/[a-z0-9-]+/files/add)"
    r"|/organise/memory/import"
)


class _Lost(BytesIO):
    """A file for which there was no room."""

    def __init__(self, why: OSError) -> None:
        super().__init__()
        self._why = why

    def write(self, data: Any) -> int:
        return len(data)

    def read(self, size: int | None = -1) -> bytes:
        raise FilesAway(self._why.errno, self._why.strerror) from self._why

    fileno = readinto = readline = read  # type: ignore[assignment]


class RequestOfOurs(Request):
    """A request whose form is read even where the files in it cannot be kept: who reads these, is told."""

    _why: OSError | None = None
    _begun: tuple[IO[bytes], ...] = ()

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except RequestLost:
            # Told once. Whatever looks at the form from now on finds an empty one.
            self.__dict__ |= {"form": ImmutableMultiDict(), "files": ImmutableMultiDict()}
            raise
        except OSError as error:
            self._why = error
            for file in self._begun:
                with suppress(OSError):
                    file.close()
            self.environ["wsgi.input"].seek(0)
            self.__dict__.pop("stream", None)
            super()._load_form_data()

    def _get_file_stream(self, *about: Any, **more: Any) -> IO[bytes]:
        if self._why is not None:
            return _Lost(self._why)
        self._begun = (*self._begun, file := super()._get_file_stream(*about, **more))
        return file


def init_bodies(app: Flask) -> None:
    """Read requests in our way, and let the server (`serving.py`) ask whether a request may be large."""
    app.request_class = RequestOfOurs
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
