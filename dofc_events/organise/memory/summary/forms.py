"""The form of an edition's write-up."""

from flask_babel import lazy_gettext as _l

from dofc_events.memory.editions.rules import LONGEST_WRITE_UP
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Prose


class SummaryForm(EditForm):
    """How the edition was."""

    text = Prose(_l("How it went"), longest=LONGEST_WRITE_UP)
