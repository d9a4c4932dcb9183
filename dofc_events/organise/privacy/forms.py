"""The forms for how long data is kept, and for erasing a person."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from dofc_events.privacy.rules import MAX_DAYS, Period
from dofc_events.privacy.texts import PERIODS
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, Line, WholeNumberField
from dofc_events.web.forms import Form


def _days(period: Period) -> WholeNumberField:
    return WholeNumberField(PERIODS[period], [Between(1, MAX_DAYS)])


class PeriodsForm(EditForm):
    """In days; the fields are called like the periods. `accepted` is the digest of what would be removed at once."""

    needs = _days(Period.NEEDS)
    phone = _days(Period.PHONE)
    visa = _days(Period.VISA)
    emails = _days(Period.EMAILS)
    names = _days(Period.NAMES)
    accepted = StringField()

    @classmethod
    def of(cls, days: Mapping[Period, int]) -> "PeriodsForm":
        """The form with what is stored, or what was sent."""
        return cls(data={period.value: number for period, number in days.items()})

    def to_days(self) -> dict[Period, int]:
        return {period: self[period.value].data for period in Period}

    def refuse(self, too_long: Any) -> None:
        """Say at each field that the network keeps it no longer."""
        for period in too_long:
            self[period.value].errors = [_("The network keeps this for a shorter time. Enter fewer days.")]


class BecauseForm(Form):
    """Why somebody is erased, for the trail."""

    because = Line(
        _l("Reason, for the record"),
        longest=200,
        missing=_l("Enter a reason."),
        description=_l("For example: asked for it by email. Do not name the person."),
    )


class EraseForm(BecauseForm):
    """The person to erase, and the reason; `accepted` is the digest of what was found."""

    reference = Line(
        _l("Email address or reference"),
        longest=254,
        missing=_l("Enter an address or a reference."),
        description=_l(
            "With an address, everything about that person is erased: registrations, proposals and the account."
        ),
    )
    accepted = StringField()
