"""Files that browsers save and do not show."""

from collections.abc import Iterable
from urllib.parse import quote

from anyascii import anyascii
from flask import Response


def download(name: str, content_type: str, content: bytes | str | Iterable[bytes]) -> Response:
    """A file to be saved as `name`, in whatever script; its `content_type` names the charset of text."""
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = disposition(name)
    return answer


def disposition(name: str) -> str:
    """The header that has a browser save a file as `name` (RFC 6266, section 5).

    A header holds Latin-1 and nothing else, so a name beyond ASCII is there twice: in Latin letters for old browsers,
    and as it is (RFC 8187).
    """
    plain = "".join(c for c in anyascii(name) if c.isprintable() and c not in '"\\')
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
