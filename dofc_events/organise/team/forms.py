"""Forms about an edition's team."""

from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from wtforms import Field, SelectField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from dofc_events.accounts.rules import EDITION_ROLES, RoleName
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import EmailField, NameLine
from dofc_events.web.forms import Form
from dofc_events.web.moments import DayField, plausible

ROLE_NAMES = {RoleName.ORGANISER: _l("Organiser"), RoleName.DESK: _l("Desk")}


# Longer than anybody writes up an edition, and shorter than what a slip in the year makes of it.
USUAL_AFTERWARDS = timedelta(days=365)


class RoleEndForm(Form):
    """The last day of a role, which is included."""

    last_day = DayField(_l("Last day"), [Optional(), plausible])
    # Today, in the edition's zone, and the edition's last day; the view says what these are.
    today: date
    edition_ends_on: date

    def validate_last_day(self, field: Field) -> None:
        if field.data and field.data < self.today:
            raise ValidationError(_l("This day has passed. Choose today or a later day."))
        if field.data and field.data > max(self.today, self.edition_ends_on) + USUAL_AFTERWARDS:
            raise ValidationError(_l("That is more than a year after the edition. Check the year."))


class ChangeRoleForm(EditForm, RoleEndForm):
    """A role that somebody has."""


class InvitationForm(RoleEndForm):
    """Somebody to be given a role."""

    email = EmailField(_l("Email address"), missing=_l("Enter an email address."))
    name = NameLine(_l("Name"), longest=120, missing=_l("Enter the name."))
    role = SelectField(
        _l("Role"),
        [InputRequired(_l("Choose a role."))],
        # None is chosen beforehand: an organiser sees everything.
        choices=[SelectChoice("", ""), *(SelectChoice(role.value, ROLE_NAMES[role]) for role in EDITION_ROLES)],
    )
