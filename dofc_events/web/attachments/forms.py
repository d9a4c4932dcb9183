"""The form that adds one file to something."""

from collections.abc import Iterable
from typing import ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired

from dofc_events.core.errors import Refusal
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentFault, AttachmentRefused
from dofc_events.web.forms import UploadForm

MEGABYTES = MAX_BYTES // 1024**2

WORDS_FOR_REASONS = {
    AttachmentFault.EMPTY: _l("The file is empty."),
    AttachmentFault.TOO_LARGE: _l("The file is too large. It can be at most %(most)s MB.", most=MEGABYTES),
    AttachmentFault.UNKNOWN_TYPE: _l(
        "This is not a PDF or a picture (PNG, JPEG or WebP), whatever its name says. Choose another file."
    ),
    AttachmentFault.HEIF: _l(
        "This picture is in the HEIC format of newer phones, which many readers cannot open. Save it as a JPEG first."
    ),
    AttachmentFault.BROKEN: _l("The file is damaged and cannot be read. Save it again."),
    AttachmentFault.SOMETHING_ELSE_INSIDE: _l(
        "The PDF contains something other than the document. Save it again, or print it to a new PDF."
    ),
    AttachmentFault.ENCRYPTED: _l("The PDF is encrypted. Save it without a password."),
    AttachmentFault.ACTIVE: _l("The PDF contains a program or an interactive form. Print it to a new PDF."),
    AttachmentFault.CARRIES_FILES: _l("The PDF contains other files. Save it without them, and add them one by one."),
    AttachmentFault.TOO_COSTLY: _l(
        "This file is too complex to check. Save the picture as a new JPEG, or print the document to a new PDF."
    ),
    AttachmentFault.TOO_MANY_PIXELS: _l(
        "The picture is too large. Make it smaller: at most 30 million pixels, 16 million as a WebP."
    ),
    AttachmentFault.NO_ROOM: _l("Together these files would be too large. Remove one, or make this one smaller."),
    AttachmentFault.NO_ROOM_HERE: _l("This site has no more room for files. Please write to the organisers."),
}


class FileForm(UploadForm):
    """One file of at most `max_bytes`."""

    max_bytes: ClassVar[int]
    too_large: ClassVar[Refusal]

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])

    def refuse(self, refusal: Refusal) -> bool:
        """Show why the file was refused; False if the form has no words for that."""
        raise NotImplementedError


class AttachmentForm(FileForm):
    """One document or picture."""

    max_bytes = MAX_BYTES
    too_large: ClassVar[Refusal] = AttachmentRefused(AttachmentFault.TOO_LARGE)

    def refuse(self, refusal: Refusal) -> bool:
        if isinstance(refusal, AttachmentRefused):
            self.file.errors = [WORDS_FOR_REASONS[refusal.reason]]
        return isinstance(refusal, AttachmentRefused)


def asked_to_replace() -> AttachmentForm:
    """The form again, where a file is there that nobody has agreed to lose."""
    form = AttachmentForm(formdata=None)
    form.file.errors = [_("Tick “Replace” as well, and choose the file again.")]
    return form


def forms_for(keys: Iterable[str], key: str, sent: AttachmentForm | None) -> dict[str, AttachmentForm]:
    """A form for each of several files on one page; that for `key` is the one that was `sent`."""
    forms = {one: sent if sent is not None and one == key else AttachmentForm(formdata=None) for one in keys}
    for one, form in forms.items():
        form.file.id = f"file-{one}"
    return forms
