"""What the pages of the memory share: their address, who may open them, how files come in."""

from collections.abc import Callable
from pathlib import PurePath

from flask import request
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from dofc_events.accounts.guards import edition_staff
from dofc_events.accounts.rules import RoleName
from dofc_events.core.db import db
from dofc_events.memory.models import NewFile
from dofc_events.organise.memory.forms import FilesForm
from dofc_events.organise.shared import EDITION
from dofc_events.web.attachments.queries import check_upload
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentRefused
from dofc_events.web.on_record import say
from dofc_events.web.uploads import refuse_flood_of_uploads

MEMORY = f"{EDITION}/memory"
# Several files of the largest kind, and what a browser wraps around them (see also web/bodies.py).
LARGEST_UPLOAD = 4 * MAX_BYTES + 64 * 1024

# Archived editions too: what came of an edition is written up once it is over, often long after. Nothing else may
# change about an archived one.
writers_only = edition_staff(RoleName.ORGANISER, archived_too=True)


def sent_files() -> tuple[FilesForm, bool]:
    """The form that brings files, and whether it is in order."""
    request.max_content_length = LARGEST_UPLOAD
    try:
        form = FilesForm()
        return form, form.validate_on_submit()
    except RequestEntityTooLarge:
        form = FilesForm(formdata=None)
        form.files.errors = [_("These files are too large to be sent at once. Add them one at a time.")]
        return form, False


def add_each(form: FilesForm, add: Callable[[NewFile], object]) -> int:
    """Check each file that was sent, outside of a transaction, and `add` it; returns how many were added.

    What is refused is shown on the form, and keeps none of the others away. Raises TooBusy, TooManyUploads.
    """
    # Nobody keeps a connection while files are checked.
    db.session.close()
    added = 0
    for sent in form.files.data:
        content = sent.read()
        refuse_flood_of_uploads(len(content))
        try:
            file = check_upload(sent.filename, content)
        except AttachmentRefused as refusal:
            say("file_refused", reason=str(refusal.reason))
            form.refuse(sent.filename, refusal.reason)
            continue
        add(NewFile(PurePath(file.name).stem or file.name, file.name, file.media_type, file.content))
        added += 1
    return added
