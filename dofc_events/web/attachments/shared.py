"""What the pages that take a file do with it, before they keep it."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.core import files
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db
from dofc_events.core.errors import Refusal
from dofc_events.extensions import settings
from dofc_events.web.attachments.forms import FileForm
from dofc_events.web.attachments.queries import check_upload
from dofc_events.web.attachments.rules import CheckedFile
from dofc_events.web.downloads import download
from dofc_events.web.forms import answer_busy, answer_errors, answer_too_many
from dofc_events.web.on_record import say
from dofc_events.web.security import DOWNLOAD_POLICY
from dofc_events.web.uploads import TooManyUploads, refuse_flood_of_uploads

F = TypeVar("F", bound=FileForm)

# What a browser wraps around a file.
WRAPPING = 64 * 1024


def receive_file(
    kind: type[F], keep: Callable[[str, bytes], object], template: str, context: Callable[[F], dict[str, Any]]
) -> ResponseReturnValue | None:
    """Read and `keep` the file that was sent; None if it was kept, else the page that says why not.

    Nobody keeps a connection while a file is looked at: `keep` opens its own unit of work, and `context` reads anew.
    """
    request.max_content_length = kind.max_bytes + WRAPPING
    try:
        form = kind()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        form = kind(formdata=None)
        form.refuse(kind.too_large)
        return make_response(render_template(template, form=form, **context(form)), 413)
    if not accepted:
        return answer_errors(form, template, **context(form))
    db.session.close()
    try:
        keep(form.file.data.filename, form.file.data.read())
    except TooManyUploads as refusal:
        return answer_too_many(form, refusal.retry_after, template, **context(form))
    except TooBusy as refusal:
        return answer_busy(form, refusal.retry_after, template, **context(form))
    except Refusal as refusal:
        if not form.refuse(refusal):
            raise
        say("file_refused", reason=str(refusal) or type(refusal).__name__)
        return answer_errors(form, template, **context(form))
    return None


def receive_attachment(
    kind: type[F], keep: Callable[[CheckedFile], object], template: str, context: Callable[[F], dict[str, Any]]
) -> ResponseReturnValue | None:
    """As `receive_file`, of a document or a picture, which is checked before it is kept."""

    def check_and_keep(name: str, content: bytes) -> None:
        refuse_flood_of_uploads(len(content))
        keep(check_upload(name, content))

    return receive_file(kind, check_and_keep, template, context)


def file_answer(name: str, media_type: str, content_hash: str) -> Response:
    """A file to be saved, in a way that no browser runs anything of it."""
    answer = download(name, media_type, files.stream(settings().shared, content_hash))
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer
