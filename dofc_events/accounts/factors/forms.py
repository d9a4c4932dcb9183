"""Forms about second factors."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from dofc_events.accounts.factors.rules import LONGEST_NAME
from dofc_events.web.fields import Line, QuotedLine
from dofc_events.web.forms import Form

LONGEST_CODE = 60


class CheckForm(Form):
    """A code, or what a passkey answered."""

    code = Line(_l("Code"), longest=LONGEST_CODE)
    answer = HiddenField()

    def refuse(self) -> None:
        """Say that it was wrong, where it was typed."""
        if self.answer.data:
            self.answer.data = ""
            self.form_errors = [_("The passkey was not accepted. Try again, or use a code.")]
        else:
            words = _("This code is wrong or has been used. Each code works once: wait for the next one in your app.")
            self.code.errors = [words if self.code.data else _("Enter a code.")]


class NewAppForm(Form):
    """An app, and the code that it shows."""

    name = QuotedLine(_l("Name of the app"), longest=LONGEST_NAME, missing=_l("Give the app a name."))
    code = Line(_l("Code that the app shows"), longest=LONGEST_CODE, missing=_l("Enter the code that the app shows."))


class NewPasskeyForm(Form):
    """A passkey, and what the browser answered that made it."""

    name = QuotedLine(_l("Name of the passkey"), longest=LONGEST_NAME, missing=_l("Give the passkey a name."))
    answer = HiddenField()
