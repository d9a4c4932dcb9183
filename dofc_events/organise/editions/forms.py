"""Organisers' forms: shape only; what needs the database is the service's to refuse."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import InputRequired, NumberRange

from dofc_events.conference.service import (
    EditionDetails,
)
from dofc_events.places.rules import MAX_PLACES
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import (
    Between,
    CountryField,
    Line,
    WholeNumberField,
    told_reason,
)
from dofc_events.web.forms import Form
from dofc_events.web.moments import (
    FIRST_YEAR,
    LAST_YEAR,
    zone_field,
)


def capacity_field() -> WholeNumberField:
    """How many places an edition has."""
    return WholeNumberField(
        _l("Places"),
        [
            InputRequired(_l("Enter how many places there are.")),
            Between(0, MAX_PLACES),
        ],
    )


def year_field() -> WholeNumberField:
    """The year of an edition."""
    return WholeNumberField(
        _l("Year"),
        [
            InputRequired(_l("Enter the year.")),
            NumberRange(FIRST_YEAR, LAST_YEAR, _l("Enter a year from %(min)s to %(max)s.")),
        ],
    )


class NewEditionForm(Form):
    """A new edition for a year, from scratch."""

    year = year_field()
    city = Line(_l("City"), longest=120, missing=_l("Enter the city."))
    country = CountryField(_l("Country"), missing=_l("Choose a country from the list."))
    zone = zone_field()
    capacity = capacity_field()

    def to_details(self) -> EditionDetails:
        return EditionDetails(city=self.city.data, country=self.country.data, zone=self.zone.data)


class ReopenForm(Form):
    """Why a waiting list is opened again."""

    reason = told_reason()


class YearForm(EditForm):
    """The year of a draft, and whether its dates move with it."""

    year = year_field()
    moves_dates = BooleanField(_l("Move all dates to the new year"), default=True)
