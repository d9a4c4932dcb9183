"""Pictures that pages show, as answers: named by their content, so that a browser may keep them for ever."""

from flask import Response, abort

from dofc_events.core import files
from dofc_events.extensions import settings


def picture_answer(content_hash: str, media_type: str, size: int) -> Response:
    """A picture of this many bytes, streamed. Only the browser that asked may cache it.

    One that is taken down must not live on in a cache in between.
    """
    try:
        content = files.stream(settings().shared, content_hash)
    except FileNotFoundError:
        abort(404)
    answer = Response(content, content_type=media_type, direct_passthrough=True)
    answer.headers["Content-Length"] = str(size)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Content-Disposition"] = "inline"
    return answer
