"""The note and the tags of a registration."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField, ValidationError
from wtforms.widgets import HiddenInput

from dofc_events.delegates.models import LONGEST_TAG
from dofc_events.registration.rules import tag_word
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Line, Paragraphs, told_reason
from dofc_events.web.forms import Form

LONGEST_NOTE = 5000


class TagField(Line):
    """A tag, as `tag_word` writes it."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, longest=LONGEST_TAG, missing=_l("Enter a tag."), **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped or self.errors:
            return
        self.data = tag_word(self.data)
        if "," in self.data:
            raise ValidationError(_l("A tag has no commas: enter one tag at a time."))
        # Some letters are longer when they are small.
        if len(self.data) > LONGEST_TAG:
            raise ValidationError(_l("Use at most %(max)d characters.", max=LONGEST_TAG))


class TagForm(Form):
    """One more tag on one registration."""

    word = TagField(_l("Add a tag"))


class ReinstateForm(Form):
    """Why a cancelled registration is confirmed again; `accepted` is the digest of what that takes."""

    reason = told_reason()
    accepted = StringField()


class NoteForm(EditForm):
    """What organisers note about a delegate, by the name of whom it was opened."""

    whose = ("full_name",)

    full_name = StringField(widget=HiddenInput())
    note = Paragraphs(_l("Note"), longest=LONGEST_NOTE)
