"""The form with which anybody asks for a photograph to be taken down."""

from flask_babel import lazy_gettext as _l

from dofc_events.web.fields import EmailField, Paragraphs
from dofc_events.web.forms import Form


class TakeDownForm(Form):
    """Nothing has to be said: who is on a picture need not prove it to have it hidden."""

    reason = Paragraphs(_l("What is wrong with it"), longest=1000)
    email = EmailField(_l("Your email address"), missing=None)
