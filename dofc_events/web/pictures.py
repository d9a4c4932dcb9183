"""Pictures that pages show, as answers: named by their content, so that a browser may keep them for ever."""

from flask import Response, abort

from dofc_events.core import files
from dofc_events.extensions import settings


def picture_answer(content_hash: str, media_type: str, size: int) -> Response:
    """A picture of so many bytes, read as it is sent. Only the browser that asked keeps it: one that is taken down must
    not go on living with somebody in between."""
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
