"""Forms of hosts who hand over."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField, ValidationError
from wtforms.validators import InputRequired, Optional

from dofc_events.core.errors import Refusal
from dofc_events.hosting.hand_over.service import ItemDetails, TooManyFiles, details_of
from dofc_events.hosting.models import HandOverItem
from dofc_events.hosting.rules import LONGEST_TEXT, MAX_HANDED_OVER, HandOverKind, Side
from dofc_events.web.attachments.forms import AttachmentForm
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Line, Paragraphs
from dofc_events.web.forms import Form
from dofc_events.web.moments import DayField, plausible


def _owner() -> Line:
    return Line(_l("Who is responsible"), longest=120)


def _not_long_after(form: Any, field: Any) -> None:
    if field.data and field.data.year > form.year + 1:
        raise ValidationError(_("That is more than a year after the edition. Check the year."))


def _due_on() -> DayField:
    return DayField(_l("By when"), [Optional(), plausible, _not_long_after])


class ItemForm(Form):
    """Something to put on a hand-over list."""

    # Of the edition that is handed over to; the view says it.
    year: int
    kind = RadioField(
        _l("Kind"),
        [InputRequired(_l("Choose what it is."))],
        choices=[kind.value for kind in HandOverKind],
    )
    text = Paragraphs(_l("Details"), longest=LONGEST_TEXT, missing=_l("Write what is to be handed over."))
    owner = _owner()
    due_on = _due_on()

    def to_details(self) -> ItemDetails:
        return ItemDetails(self.text.data, self.owner.data, self.due_on.data)


class ChangeItemForm(EditForm):
    """What is said about an item; one that the system wrote needs no words of ours."""

    year: int
    text = Paragraphs(_l("Details"), longest=LONGEST_TEXT)
    owner = _owner()
    due_on = _due_on()
    needs_words = True

    @classmethod
    def of(cls, item: HandOverItem, year: int) -> "ChangeItemForm":
        form = cls(data=vars(details_of(item)))
        form.year = year
        form.needs_words = not item.topic
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.needs_words and not self.text.data:
            self.text.errors = [_("Write what is to be handed over.")]
            return False
        return valid

    def to_details(self) -> ItemDetails:
        return ItemDetails(self.text.data, self.owner.data, self.due_on.data)


class ItemFileForm(AttachmentForm):
    """One file, checked as those of proposals are."""

    def refuse(self, refusal: Refusal) -> bool:
        if not isinstance(refusal, TooManyFiles):
            return super().refuse(refusal)
        self.file.errors = [_("There are already %(most)d files. Remove one to add another.", most=MAX_HANDED_OVER)]
        return True


class TickForm(Form):
    """The buttons of a hand-over list: `host:12` or so, a side and an item's id, to tick off or to take back."""

    tick = StringField()
    undo = StringField()

    def pressed(self) -> tuple[Side, int] | None:
        """The side and the id of the item whose button was pressed."""
        found = re.fullmatch(r"(host|last_host):(\d{1,9})", self.tick.data or self.undo.data or "")
        return (Side(found[1]), int(found[2])) if found else None
