"""What the pages that take a file do with it, before they keep it."""

from collections.abc import Callable
from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.core import files
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db
from dofc_events.extensions import settings
from dofc_events.web.attachments.forms import AttachmentForm
from dofc_events.web.attachments.queries import check_upload
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentFault, AttachmentRefused, CheckedFile
from dofc_events.web.downloads import download
from dofc_events.web.forms import answer_busy, answer_errors, answer_too_many
from dofc_events.web.on_record import say
from dofc_events.web.security import DOWNLOAD_POLICY
from dofc_events.web.uploads import TooManyUploads, refuse_flood_of_uploads

# The file, and what a browser wraps around it.
LARGEST_UPLOAD = MAX_BYTES + 64 * 1024


def receive_file(
    keep: Callable[[CheckedFile], None], template: str, context: Callable[[AttachmentForm], dict[str, Any]]
) -> ResponseReturnValue | None:
    """Read, check and keep the file that was sent; None if it was kept, else the page that says why not.

    It is checked outside of the transaction, without the connection that read the page: `context` reads anew.
    """
    request.max_content_length = LARGEST_UPLOAD
    try:
        form = AttachmentForm()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        form = AttachmentForm(formdata=None)
        form.refuse(AttachmentRefused(AttachmentFault.TOO_LARGE))
        return make_response(render_template(template, form=form, **context(form)), 413)
    if not accepted:
        return answer_errors(form, template, **context(form))
    db.session.close()
    content = form.file.data.read()
    try:
        refuse_flood_of_uploads(len(content))
        keep(check_upload(form.file.data.filename, content))
    except AttachmentRefused as refusal:
        say("file_refused", reason=str(refusal))
        form.refuse(refusal)
        return answer_errors(form, template, **context(form))
    except TooManyUploads as refusal:
        return answer_too_many(form, refusal.retry_after, template, **context(form))
    except TooBusy as refusal:
        return answer_busy(form, refusal.retry_after, template, **context(form))
    return None


def file_answer(name: str, media_type: str, content_hash: str) -> ResponseReturnValue:
    """A file to be saved, in a way that no browser runs anything of it."""
    answer = download(name, media_type, files.read(settings().shared, content_hash))
    answer.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return answer
