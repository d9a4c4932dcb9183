"""The form that adds files, several at once."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileRequired, MultipleFileField
from wtforms import ValidationError

from dofc_events.web.attachments.forms import WORDS_FOR_REASONS
from dofc_events.web.attachments.rules import AttachmentFault
from dofc_events.web.forms import UploadForm

MAX_AT_ONCE = 10


class FilesForm(UploadForm):
    """Several files, each checked on its own."""

    files = MultipleFileField(_l("Files"), [FileRequired(_l("Choose a file."))])

    def validate_files(self, field: MultipleFileField) -> None:
        if len(field.data) > MAX_AT_ONCE:
            raise ValidationError(_("Add at most %(max)d files at a time.", max=MAX_AT_ONCE))

    def refuse(self, name: str, reason: AttachmentFault) -> None:
        """Show why one of the files was refused; the others were added."""
        words = _("“%(name)s” was not added. %(reason)s", name=name, reason=WORDS_FOR_REASONS[reason])
        self.files.errors = [*self.files.errors, words]

    def refuse_more(self, most: int) -> None:
        """Show that there is no room for all of them."""
        self.files.errors = [*self.files.errors, _("There can be %(max)d files. Remove one to add another.", max=most)]
