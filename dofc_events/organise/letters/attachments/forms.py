"""The form that attaches a file to a letter."""

from flask_babel import gettext as _

from dofc_events.core.errors import Refusal
from dofc_events.letters.service import FilesTooLarge
from dofc_events.web.attachments.forms import AttachmentForm


class LetterFileForm(AttachmentForm):
    """One file, checked as those of proposals are."""

    def refuse(self, refusal: Refusal) -> None:
        """Show why the file was refused."""
        if isinstance(refusal, FilesTooLarge):
            self.file.errors = [
                _(
                    "The files of a letter can have 5 MB in all. Remove one, make this one smaller, or put it on a"
                    " website and link to it."
                )
            ]
        else:
            super().refuse(refusal)
