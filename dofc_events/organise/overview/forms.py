"""Forms about what needs attention."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from dofc_events.organise.overview.rules import Often
from dofc_events.web.edits import EditForm
from dofc_events.web.forms import Form
from dofc_events.web.moments import DayField, plausible

LONGEST_PUT_OFF = timedelta(days=365)


class DigestForm(EditForm):
    """How often one is told."""

    often = RadioField(
        _l("How often"),
        choices=[
            SelectChoice(Often.DAILY.value, _l("Every morning, if there is something")),
            SelectChoice(Often.WEEKLY.value, _l("On Monday mornings, if there is something")),
            SelectChoice(Often.AT_ONCE.value, _l("At once, within ten minutes")),
            SelectChoice(Often.NEVER.value, _l("Never")),
        ],
    )


class ShowAgainForm(Form):
    """A line: its key, and the year of its edition (empty: of none)."""

    key = StringField(validators=[InputRequired(), Length(max=120)])
    year = StringField()


class PutOffForm(ShowAgainForm):
    """A line, and until when it is put off."""

    until = DayField(_l("Put off until"), [InputRequired(_l("Enter a day.")), plausible])
    today: date

    def validate_until(self, field: Any) -> None:
        if field.data and field.data <= self.today:
            raise ValidationError(_("Choose a day that is still to come."))
        # A slip in the year would hide the line for good.
        if field.data and field.data > self.today + LONGEST_PUT_OFF:
            raise ValidationError(_("That is more than a year from now. Check the year."))
