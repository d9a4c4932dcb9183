"""Form fields for days and moments, and what a moment is on the clock of a zone."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, ValidationError
from wtforms.fields import DateField, DateTimeLocalField, SelectChoice, TimeField
from wtforms.validators import InputRequired, Optional

from dofc_events.core.clock import from_zone, in_zone, zones
from dofc_events.web.fields import OfAnyField

FIRST_YEAR, LAST_YEAR = 2000, 2100


class InYears:
    """A day or moment from the first of these years to the last."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last

    def __call__(self, form: Any, field: Any) -> None:
        if field.data and not self.first <= field.data.year <= self.last:
            words = _("Enter a year from %(first)d to %(last)d.", first=self.first, last=self.last)
            raise ValidationError(OfAnyField(words))


# An edition’s; also far from the ends of the calendar, where times cannot be converted.
plausible = InYears(FIRST_YEAR, LAST_YEAR)
# Somebody's day of birth, or the last day of a passport.
in_a_life = InYears(1900, LAST_YEAR)


def zone_field() -> SelectField:
    """An IANA zone, of all that people use."""
    # The list is long and the same for everyone: it is made once, by `core.clock`. Its first choice is none: nobody
    # should get the first zone of the alphabet for having overlooked the field.
    return SelectField(
        _l("Time zone"),
        [InputRequired(_l("Choose a time zone."))],
        choices=lambda: [SelectChoice("", ""), *(SelectChoice(z, z) for z in zones())],
    )


class MomentField(DateTimeLocalField):
    """A day and a time of day, on the clock of a zone that something else says."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(OfAnyField(_("Enter a day and a time, for example 2029-06-14T18:00."))) from None


class DayField(DateField):
    """A day."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            words = _("Enter a day as year, month and day, for example 2029-06-14.")
            raise ValueError(OfAnyField(words)) from None


class ClockField(TimeField):
    """A time of day."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(OfAnyField(_("Enter a time of day, for example 18:00."))) from None


def moment_field(label: Any, missing: Any = None) -> MomentField:
    """A day and a time of day; it may be left empty if there is no sentence for when it is `missing`."""
    presence = InputRequired(missing) if missing else Optional()
    return MomentField(label, [presence, plausible], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


def on_the_clock(moment: datetime | None, zone: str) -> datetime | None:
    """A moment as a field shows it."""
    return in_zone(moment, zone).replace(tzinfo=None) if moment else None


def kept_or_typed(typed: datetime | None, before: datetime | None, old_zone: str, new_zone: str) -> datetime | None:
    """The moment that was typed, as clocks in the new zone show it; untouched, it keeps what the field cannot show.

    That is the seconds, and which of the two hours it is when clocks go back.
    """
    if typed is None:
        return None
    shown = on_the_clock(before, old_zone)
    if before and shown and new_zone == old_zone and shown.replace(second=0, microsecond=0) == typed:
        return before
    return from_zone(typed.date(), typed.time(), new_zone)
