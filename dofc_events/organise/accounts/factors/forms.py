"""The form that says who needs a second factor."""

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.validators import Optional

from dofc_events.accounts.factors.rules import Policy
from dofc_events.web.edits import EditForm
from dofc_events.web.moments import DayField, plausible

# Until then people hear of it, and are asked at each sign-in.
GRACE = timedelta(days=14)


class PolicyForm(EditForm):
    """The roles that need one, and since when."""

    chair = BooleanField(_l("The chair of the network"))
    organiser = BooleanField(_l("Organisers of an edition"))
    starts_on = DayField(_l("First day"), [Optional(), plausible])
    # What the chair has been asked and has agreed to.
    accepted = StringField()

    @classmethod
    def of(cls, policy: Policy) -> "PolicyForm":
        """The form as things are, or with what was sent."""
        return cls(data=vars(policy))

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if valid and self.starts_on.data is None and (self.chair.data or self.organiser.data):
            self.starts_on.errors = [_("Enter the first day. Two weeks give everybody time to set one up.")]
            return False
        return valid

    def to_policy(self) -> Policy:
        needed = self.chair.data or self.organiser.data
        return Policy(self.chair.data, self.organiser.data, self.starts_on.data if needed else None)


def usual_first_day(now: datetime) -> date:
    """What to enter if nothing speaks for another day."""
    return (now + GRACE).date()
