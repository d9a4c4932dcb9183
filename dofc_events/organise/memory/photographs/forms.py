"""The forms of an edition's photographs: one for many files at once, one for the details of a photograph."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from dofc_events.core.errors import Refusal
from dofc_events.memory.photographs.rules import (
    LONGEST_ALTERNATIVE,
    LONGEST_CAPTION,
    LONGEST_PHOTOGRAPHER,
    MAX_PHOTOGRAPHS,
    Licence,
    Missing,
    PictureFault,
)
from dofc_events.memory.photographs.service import Credits, NotToBePublished, PhotographDetails
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, Line, QuotedLine, WholeNumberField
from dofc_events.web.forms import Form, UploadForm

# What gettext gives, by value.
FAULTS: dict[str, Any] = {
    PictureFault.EMPTY: _l("The file is empty."),
    PictureFault.TOO_LARGE: _l("The file is larger than 30 MB. Make it smaller and send it again."),
    PictureFault.DRAWING: _l("This is a drawing (SVG), not a photograph."),
    PictureFault.NOT_A_PICTURE: _l("This is not a photograph: send JPEG, HEIC, PNG, WebP, AVIF or GIF."),
    PictureFault.BROKEN: _l("The picture is damaged or incomplete. Copy it from the camera again."),
    PictureFault.TOO_MANY_PIXELS: _l("The picture has too many pixels. Make it smaller and send it again."),
    PictureFault.TOO_COSTLY: _l("This picture took too long to read. Save it as JPEG, and send it again."),
    PictureFault.TOO_MANY: _l("The edition has %(most)s photographs already. Delete some first."),
    PictureFault.NO_ROOM: _l("There is no room left for photographs. Delete some, or ask whoever runs the site."),
    PictureFault.LOST: _l("The file was lost before it could be read. Send it again."),
}
LICENCES: dict[str, Any] = {
    Licence.RESERVED: _l("All rights reserved"),
    Licence.BY: _l("CC BY 4.0: may be used by anyone who names the photographer"),
    Licence.BY_SA: _l("CC BY-SA 4.0: the same, under the same terms"),
    Licence.ZERO: _l("CC0: may be used by anyone for anything"),
}
LACKS: dict[str, Any] = {
    Missing.READY: _l("it is not ready"),
    Missing.CAPTION: _l("a caption"),
    Missing.ALTERNATIVE: _l("an alternative text"),
    Missing.PEOPLE: _l("confirmation that everyone recognisable has agreed"),
    Missing.DECISION: _l("your decision: somebody has asked for it to be taken down"),
}


def fault_words(fault: str) -> str:
    """Why a file did not become a photograph, and what to do about it."""
    return str(FAULTS[fault] % {"most": MAX_PHOTOGRAPHS})


def missing_words(missing: Any) -> str:
    """What a photograph lacks to be published."""
    words: str = _("Still needed: %(what)s.", what=", ".join(str(LACKS[one]) for one in missing))
    return words


def _licences() -> list[SelectChoice]:
    return [SelectChoice(*one) for one in LICENCES.items()]


class PhotographsForm(UploadForm):
    """Any number of files, and who took them."""

    files = MultipleFileField(_l("Photographs"))
    photographer = QuotedLine(_l("Photographer’s name"), longest=LONGEST_PHOTOGRAPHER)
    licence = SelectField(_l("Licence"), choices=_licences, default=Licence.RESERVED)

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if not any(file.filename for file in self.files.data or ()):
            self.files.errors = [*self.files.errors, _("Choose one or more photographs.")]
            return False
        return valid

    def to_credits(self) -> Credits:
        return Credits(self.photographer.data or "", Licence(self.licence.data))


class PhotographForm(EditForm):
    """The details of one photograph, and its place in the gallery."""

    caption = QuotedLine(_l("Caption"), longest=LONGEST_CAPTION)
    alternative = Line(_l("Alternative text"), longest=LONGEST_ALTERNATIVE)
    photographer = QuotedLine(_l("Photographer’s name"), longest=LONGEST_PHOTOGRAPHER)
    licence = SelectField(_l("Licence"), choices=_licences)
    people_agreed = BooleanField(
        _l("Everybody who can be recognised in it has agreed to its publication, or nobody can be recognised")
    )
    place = WholeNumberField(_l("Place in the gallery"), [InputRequired(_l("Enter a number.")), Between(1, 9999)])

    def to_details(self) -> PhotographDetails:
        return PhotographDetails(
            self.caption.data or "",
            self.alternative.data or "",
            self.photographer.data or "",
            Licence(self.licence.data),
            self.people_agreed.data,
        )

    def refuse(self, refusal: Refusal) -> None:
        """Show what a photograph that is public would lack."""
        assert isinstance(refusal, NotToBePublished)
        self.form_errors = [
            _("This photograph is published. Take it off the public pages first, or add what is missing."),
            missing_words(refusal.missing),
        ]


class DecisionForm(Form):
    """Why a photograph stays that somebody wanted taken down; `seen` are the numbers of the requests on the page."""

    seen = HiddenField()
    because = Line(_l("Reason for showing it again"), longest=300, missing=_l("Say why it stays."))
