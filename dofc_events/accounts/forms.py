"""The form for signing in."""

from flask_babel import lazy_gettext as _l

from dofc_events.web.fields import EmailField
from dofc_events.web.forms import Form


class SignInForm(Form):
    """The address to send a link to."""

    email = EmailField(_l("E-mail address"), missing=_l("Enter the e-mail address of your account."))
