"""The forms of a delegation's head, and of those who were invited."""

from flask_babel import lazy_gettext as _l

from dofc_events.groups.delegations.rules import MAX_PROMISED
from dofc_events.groups.models import LONGEST_NAME
from dofc_events.registration.forms import NamesForm
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, EmailField, NameLine, WholeNumberField
from dofc_events.web.forms import Form


class InviteForm(Form):
    """Somebody the head invites."""

    name = NameLine(_l("Their name"), longest=LONGEST_NAME, missing=_l("Enter their name."))
    email = EmailField(_l("Their email address"), missing=_l("Enter an email address."))


class GiveBackForm(Form):
    """Places that nobody needs."""

    number = WholeNumberField(_l("How many places"), [Between(1, MAX_PROMISED)])


class ReplaceForm(NamesForm):
    """The person who takes over somebody's place."""

    badge_name = None  # type: ignore[assignment]
    email = EmailField(_l("Email address"), missing=_l("Enter an email address."))


class ContactForm(EditForm):
    """The new contact of a group."""

    contact_name = NameLine(_l("Name"), longest=LONGEST_NAME, missing=_l("Enter your name."))
    email = EmailField(_l("Email address"), missing=_l("Enter an email address."))
