"""Files that browsers save and do not show."""

from flask import Response


def download(name: str, content_type: str, content: bytes) -> Response:
    """A file to be saved as `name`; its `content_type` names the charset of text."""
    answer = Response(content, content_type=content_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
