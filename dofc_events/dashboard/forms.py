"""Organisers' forms: shape only; what needs the database is the service's to refuse."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FloatField,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    ValidationError,
)
from wtforms import Form as PlainForm
from wtforms.fields import DateField, DateTimeLocalField, SelectChoice, TimeField
from wtforms.validators import InputRequired, NumberRange, Optional

from dofc_events.conference.models import Edition
from dofc_events.conference.service import CategoryInUse, DatesOutOfOrder, EditionDetails, NotReady, details_of
from dofc_events.core.clock import from_zone, in_zone, zones
from dofc_events.core.errors import Refusal
from dofc_events.dashboard.service import CategoryChanges, EditionWishes
from dofc_events.places.rules import LONGEST_OFFER_HOURS, MOST_PLACES
from dofc_events.places.service import CapacityBelowTaken
from dofc_events.web.fields import CountryField, EmailField, Line, Paragraphs
from dofc_events.web.forms import Form

EMPTY_ROWS = 3
FIRST_YEAR, LAST_YEAR = 2000, 2100
MOMENTS = ("registration_opens_at", "registration_closes_at", "freezes_at")


class HoursField(FloatField):
    """A number of hours; whole ones are shown without a fraction."""

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else f"{self.data:g}"


def _capacity() -> IntegerField:
    return IntegerField(
        _l("Places"),
        [
            InputRequired(_l("Enter how many places there are.")),
            NumberRange(0, MOST_PLACES, _l("Enter a whole number from %(min)s to %(max)s.")),
        ],
    )


def _year() -> IntegerField:
    return IntegerField(
        _l("Year"),
        [
            InputRequired(_l("Enter the year.")),
            NumberRange(FIRST_YEAR, LAST_YEAR, _l("Enter a year from %(min)s to %(max)s.")),
        ],
    )


def _zone() -> SelectField:
    # The list is long and the same for everyone: it is made once, by `core.clock`.
    return SelectField(
        _l("Time zone"),
        [InputRequired(_l("Choose a time zone."))],
        choices=lambda: [SelectChoice(z, z) for z in zones()],
    )


def _plausible(form: Any, field: Any) -> None:
    # Also keeps away from the ends of the calendar, where times cannot be converted.
    if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(_("Check the year."))


def _day(label: Any) -> DateField:
    return DateField(label, [Optional(), _plausible])


def _moment(label: Any) -> DateTimeLocalField:
    return DateTimeLocalField(label, [Optional(), _plausible], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


class NewEditionForm(Form):
    """An edition of a year, from nothing."""

    year = _year()
    city = Line(_l("City"), longest=120, missing=_l("Enter the city."))
    country = CountryField(_l("Country"), missing=_l("Choose a country from the list."))
    zone = _zone()
    capacity = _capacity()

    def to_details(self) -> EditionDetails:
        return EditionDetails(city=self.city.data, country=self.country.data, zone=self.zone.data)


class CopyForm(Form):
    """An edition of a year like another one."""

    year = _year()
    capacity = _capacity()


class CategoryRow(PlainForm):
    """One category: a known one has a slug, a new one has none."""

    slug = HiddenField()
    label = Line(_l("Category"), longest=120)
    remove = BooleanField(_l("Remove"))

    def validate(self, extra_validators: Any = None) -> bool:
        # Here, because an optional field that is empty is not validated any further.
        valid = super().validate(extra_validators)
        if self.slug.data and not self.label.data and not self.remove.data:
            self.label.errors = [_("Enter a name for the category, or tick that it is to be removed.")]
            valid = False
        return bool(valid)


class SettingsForm(Form):
    """Everything about an edition that its organisers decide."""

    city = Line(_l("City"), longest=120, missing=_l("Enter the city."))
    country = CountryField(_l("Country"), missing=_l("Choose a country from the list."))
    venue = Line(_l("Venue"), longest=200)
    venue_address = Line(_l("Address of the venue"), longest=300)
    zone = _zone()
    starts_on = _day(_l("First day"))
    starts_at = TimeField(_l("Begins at"), [Optional()])
    ends_on = _day(_l("Last day"))
    ends_at = TimeField(_l("Ends at"), [Optional()])
    registration_opens_at = _moment(_l("Registration opens"))
    registration_closes_at = _moment(_l("Registration closes"))
    freezes_at = _moment(_l("Details can be changed until"))
    capacity = _capacity()
    offer_hours = HoursField(
        _l("Hours for which a freed place is held"),
        [
            InputRequired(_l("Enter a number of hours.")),
            NumberRange(0, LONGEST_OFFER_HOURS, _l("Enter a number from %(min)s to %(max)s.")),
        ],
    )
    summary = Paragraphs(_l("Summary"), longest=400)
    programme = Paragraphs(_l("Programme"), longest=20_000)
    contact_name = Line(_l("Whom delegates write to"), longest=120)
    contact_email = EmailField(_l("Their e-mail address"), missing=None)
    categories = FieldList(FormField(CategoryRow), label=_l("Categories"), max_entries=100)

    @classmethod
    def of(cls, edition: Edition, capacity: int | None) -> "SettingsForm":
        """The form with what holds now, or with what was sent."""
        values = {**vars(details_of(edition)), "capacity": capacity}
        for name in MOMENTS:
            values[name] = _on_the_clock(values[name], edition.zone)
        values["categories"] = [{"slug": c.slug, "label": c.label} for c in edition.categories] + [{}] * EMPTY_ROWS
        form = cls(data=values)
        if capacity is None:
            # An edition of the past, whose registrations are not here.
            form.capacity.validators = [Optional(), *form.capacity.validators[1:]]
            form.capacity.flags.required = False
        return form

    def to_wishes(self, edition: Edition) -> EditionWishes:
        before = details_of(edition)
        moments = {
            name: _kept_or_typed(self[name].data, getattr(before, name), before.zone, self.zone.data)
            for name in MOMENTS
        }
        details = EditionDetails(
            city=self.city.data,
            country=self.country.data,
            venue=self.venue.data or None,
            venue_address=self.venue_address.data or None,
            zone=self.zone.data,
            starts_on=self.starts_on.data,
            starts_at=self.starts_at.data,
            ends_on=self.ends_on.data,
            ends_at=self.ends_at.data,
            offer_hours=self.offer_hours.data,
            summary=self.summary.data,
            programme=self.programme.data,
            contact_name=self.contact_name.data or None,
            contact_email=self.contact_email.data or None,
            **moments,
        )
        return EditionWishes(details, self.capacity.data, self._category_changes({c.slug for c in edition.categories}))

    def show_refusal(self, refusal: Refusal) -> None:
        """Say at the field what the service would not do."""
        match refusal:
            case CapacityBelowTaken(taken=taken):
                self._wrong(
                    "capacity",
                    _("%(taken)d places are taken (confirmed or offered): there cannot be fewer.", taken=taken),
                )
            case DatesOutOfOrder(field=field):
                self._wrong(field, _("This must come after the beginning."))
            case CategoryInUse(label=label):
                self._wrong(
                    "categories",
                    _("Somebody is registered as “%(label)s”: it cannot be removed, but renamed.", label=label),
                )
            case NotReady(missing=missing):
                for name in missing:
                    self._wrong(name, _("A published edition cannot be without this."))
            case _:
                raise refusal

    def _category_changes(self, known: set[str]) -> CategoryChanges:
        rows = [row.form for row in self.categories]
        old = [row for row in rows if row.slug.data in known]
        return CategoryChanges(
            labels={row.slug.data: row.label.data for row in old if not row.remove.data},
            removed=frozenset(row.slug.data for row in old if row.remove.data),
            added=tuple(row.label.data for row in rows if row not in old and row.label.data and not row.remove.data),
        )

    def _wrong(self, name: str, text: str) -> None:
        self[name].errors = [*self[name].errors, text]


def _on_the_clock(moment: datetime | None, zone: str) -> datetime | None:
    return in_zone(moment, zone).replace(tzinfo=None) if moment else None


def _kept_or_typed(typed: datetime | None, before: datetime | None, old_zone: str, new_zone: str) -> datetime | None:
    """The moment that was typed, as clocks in the new zone show it; untouched, it keeps what the field cannot show.

    That is the seconds, and which of the two hours it is when clocks go back.
    """
    if typed is None:
        return None
    shown = _on_the_clock(before, old_zone)
    if before and shown and new_zone == old_zone and shown.replace(second=0, microsecond=0) == typed:
        return before
    return from_zone(typed.date(), typed.time(), new_zone)
