"""The form that copies an edition."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from dofc_events.organise.editions.copy.service import CopyWishes
from dofc_events.organise.editions.forms import capacity_field, year_field
from dofc_events.web.fields import CountryField, EmailField, Line
from dofc_events.web.forms import Form
from dofc_events.web.moments import zone_field


class CopyForm(Form):
    """An edition for a year, copied from another one, except for its place and its contact."""

    year = year_field()
    capacity = capacity_field()
    city = Line(_l("City"), longest=120, missing=_l("Enter the city."))
    country = CountryField(_l("Country"), missing=_l("Choose a country from the list."))
    venue = Line(_l("Venue"), longest=200)
    venue_address = Line(_l("Address of the venue"), longest=300)
    zone = zone_field()
    contact_name = Line(_l("Contact name"), longest=120)
    contact_email = EmailField(_l("Contact email address"), missing=None)
    trips = BooleanField(_l("Learning trips"))
    letters = BooleanField(_l("Letters, as drafts"))
    team = BooleanField(_l("Invite the team"))

    def to_wishes(self) -> CopyWishes:
        return CopyWishes(
            year=self.year.data,
            capacity=self.capacity.data,
            city=self.city.data,
            country=self.country.data,
            venue=self.venue.data or None,
            venue_address=self.venue_address.data or None,
            zone=self.zone.data,
            contact_name=self.contact_name.data or None,
            contact_email=self.contact_email.data or None,
            trips=self.trips.data,
            letters=self.letters.data,
            team=self.team.data,
        )
