"""The registration form as an organiser fills it in for somebody else."""

from dataclasses import replace

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import DataRequired

from dofc_events.conference.models import Edition
from dofc_events.core.references import new_secret
from dofc_events.registration.forms import ChangeDetailsForm, RegistrationForm, TheirDetailsForm
from dofc_events.registration.service import RegistrationRequest
from dofc_events.registration.texts import stated_consent


class CorrectDetailsForm(TheirDetailsForm, ChangeDetailsForm):
    """An organiser may change details without telling the delegate."""

    whose = ("given_name", "family_name")

    quiet = BooleanField(_l("Save without telling them"))


class OnBehalfForm(TheirDetailsForm, RegistrationForm):
    """An organiser cannot agree on somebody's behalf, but can state that the person has agreed."""

    consent = BooleanField(
        _l("This person has agreed to this use of their data"),
        [DataRequired(_l("Ask the person first, and tick that they have agreed."))],
    )

    def to_request(self, edition: Edition) -> RegistrationRequest:
        return replace(super().to_request(edition), consent_text=stated_consent(edition))

    def begin_anew_after(self, name: str) -> None:
        """Say that the form registered somebody else before; sent again, it is another form."""
        self.form_key.data = new_secret()
        words = _(
            "You have already registered %(name)s with this form, which now has a different name and address. "
            "To register this person as well, send it again.",
            name=name,
        )
        self.form_errors = [words]
