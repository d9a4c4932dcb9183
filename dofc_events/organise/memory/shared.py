"""What the pages of the memory share: their address, who may open them, how files come in."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.accounts.guards import edition_staff
from dofc_events.accounts.rules import RoleName
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db
from dofc_events.memory.models import NewFile
from dofc_events.memory.rules import TooManyFiles
from dofc_events.organise.memory.forms import FilesForm
from dofc_events.organise.shared import EDITION
from dofc_events.web.attachments.queries import check_upload
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentRefused
from dofc_events.web.forms import answer_busy, answer_errors, answer_too_many
from dofc_events.web.on_record import say
from dofc_events.web.uploads import TooManyUploads, refuse_flood_of_uploads

MEMORY = f"{EDITION}/memory"
# Several files of the largest kind, and what a browser wraps around them (see also web/bodies.py).
LARGEST_UPLOAD = 4 * MAX_BYTES + 64 * 1024

# Archived editions too: what came of an edition is written up once it is over, often long after. Nothing else may
# change about an archived one.
writers_only = edition_staff(RoleName.ORGANISER, archived_too=True)


def receive_files(
    add: Callable[[NewFile], object], template: str, context: Callable[[FilesForm], dict[str, Any]]
) -> tuple[int, ResponseReturnValue | None]:
    """Check each file that was sent, and `add` it: how many were added, and, unless all were, the page that says why.

    A file that is refused keeps none of the others away. Nobody keeps a connection while files are checked: `add`
    opens its own unit of work, and `context` reads anew.
    """
    request.max_content_length = LARGEST_UPLOAD
    try:
        form = FilesForm()
        accepted = form.validate_on_submit()
    except RequestEntityTooLarge:
        form, accepted = FilesForm(formdata=None), False
        form.files.errors = [_("These files are too large to be sent at once. Add them one at a time.")]
    if not accepted:
        return 0, answer_errors(form, template, **context(form))
    db.session.close()
    added = 0
    try:
        for sent in form.files.data:
            if file := _checked(form, sent):
                add(file)
                added += 1
    except TooManyFiles as refusal:
        form.refuse_more(refusal.most)
    except TooManyUploads as refusal:
        return added, answer_too_many(form, refusal.retry_after, template, **context(form))
    except TooBusy as refusal:
        return added, answer_busy(form, refusal.retry_after, template, **context(form))
    return added, answer_errors(form, template, **context(form)) if form.errors else None


def _checked(form: FilesForm, sent: FileStorage) -> NewFile | None:
    content, name = sent.read(), sent.filename or ""
    refuse_flood_of_uploads(len(content))
    try:
        file = check_upload(name, content)
    except AttachmentRefused as refusal:
        say("file_refused", reason=str(refusal.reason))
        form.refuse(name, refusal.reason)
        return None
    return NewFile(PurePath(file.name).stem or file.name, file.name, file.media_type, file.content)
