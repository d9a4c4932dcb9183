"""What is promised to a delegation: shape only."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired

from dofc_events.conference.models import Edition
from dofc_events.core.errors import Refusal
from dofc_events.groups.delegations.rules import MAX_PROMISED
from dofc_events.groups.delegations.service import NothingFreeToPromise, Promised
from dofc_events.groups.models import LONGEST_NAME
from dofc_events.places.service import CapacityBelowTaken
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, EmailField, Line, NameLine, WholeNumberField
from dofc_events.web.moments import kept_or_typed, moment_field, on_the_clock


class PromiseForm(EditForm):
    """Places for an organisation; the moment is as clocks in the edition's zone show it.

    `accepted` comes from the button below a question: the digest of what it asked about.
    """

    organisation = Line(_l("Organisation"), longest=LONGEST_NAME, missing=_l("Enter the organisation."))
    contact_name = NameLine(_l("Head of the delegation"), longest=LONGEST_NAME, missing=_l("Enter a name."))
    email = EmailField(_l("Email address of the head"), missing=_l("Enter an email address."))
    places = WholeNumberField(
        _l("Places"), [InputRequired(_l("Enter how many places are promised.")), Between(1, MAX_PROMISED)]
    )
    until = moment_field(_l("Kept until"), missing=_l("Enter how long the places are kept."))
    accepted = StringField()

    zone = "UTC"
    before: Promised | None = None

    @classmethod
    def of(cls, edition: Edition, promised: Promised | None = None) -> "PromiseForm":
        values: dict[str, Any] = {}
        if promised is not None:
            values = vars(promised) | {"until": on_the_clock(promised.until, edition.zone)}
        form = cls(data=values)
        form.zone, form.before = edition.zone, promised
        return form

    def to_promised(self) -> Promised:
        before = self.before.until if self.before else None
        until = kept_or_typed(self.until.data, before, self.zone, self.zone)
        assert until is not None, "it was validated"
        return Promised(self.organisation.data, self.contact_name.data, self.email.data, self.places.data, until)

    def show_refusal(self, refusal: Refusal) -> None:
        """Say at its field why this cannot be promised."""
        if isinstance(refusal, NothingFreeToPromise):
            words = _("Only %(free)d places are free. Add places in the settings first.", free=refusal.free)
            self.places.errors = [words]
        elif isinstance(refusal, CapacityBelowTaken):
            words = _("%(taken)d of the places have been used, so there cannot be fewer.", taken=refusal.taken)
            self.places.errors = [words]
        else:
            self.until.errors = [_("Enter a time from now until registration closes.")]
