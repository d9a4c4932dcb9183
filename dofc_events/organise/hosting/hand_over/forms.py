"""Forms of hosts who hand over."""

import re

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired

from dofc_events.hosting.rules import LONGEST_TEXT, HandOverKind, Side
from dofc_events.web.fields import Paragraphs
from dofc_events.web.forms import Form


class ItemForm(Form):
    """Something to put on a hand-over list."""

    kind = RadioField(
        _l("What it is"),
        [InputRequired(_l("Choose what it is."))],
        choices=[kind.value for kind in HandOverKind],
    )
    text = Paragraphs(_l("In words"), longest=LONGEST_TEXT, missing=_l("Write what is to be handed over."))


class TickForm(Form):
    """The buttons of a hand-over list: `host:12` or so, a side and an item's id, to tick off or to take back."""

    tick = StringField()
    undo = StringField()

    def pressed(self) -> tuple[Side, int] | None:
        """The side and the id of the item whose button was pressed."""
        found = re.fullmatch(r"(host|last_host):(\d{1,9})", self.tick.data or self.undo.data or "")
        return (Side(found[1]), int(found[2])) if found else None
