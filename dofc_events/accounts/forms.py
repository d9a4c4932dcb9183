"""The sign-in form."""

from flask_babel import lazy_gettext as _l

from dofc_events.web.fields import EmailField
from dofc_events.web.forms import Form


class SignInForm(Form):
    """The address to send a link to."""

    email = EmailField(_l("Email address"), missing=_l("Enter the email address of your account."))
