"""Organisers' forms about learning trips: shape only; what needs the database is the services' to refuse."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, RadioField, StringField, ValidationError
from wtforms.validators import InputRequired, Optional

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import Consequence, Effect, TripMode
from dofc_events.core.errors import Refusal
from dofc_events.core.slugs import slug_for
from dofc_events.places.service import CapacityBelowTaken
from dofc_events.trips.models import Trip
from dofc_events.trips.rules import MAX_SEATS, RESERVED_SLUGS
from dofc_events.trips.service import TripDetails, TripExists, details_of
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, Line, Prose, SlugField, WholeNumberField
from dofc_events.web.forms import Form
from dofc_events.web.moments import ClockField, DayField, kept_or_typed, moment_field, on_the_clock, plausible


class TripForm(Form):
    """The form of a learning trip and its seats. Times of day are in `zone`.

    `accepted` comes from the button below a question: the digest of what it asked about.
    """

    title = Line(_l("Title"), longest=200, missing=_l("Enter a title."))
    description = Prose(_l("Description"), longest=20_000)
    hosts = Line(_l("Hosts"), longest=300)
    day = DayField(_l("Day"), [InputRequired(_l("Enter the day.")), plausible])
    starts = ClockField(_l("Starts at"), [InputRequired(_l("Enter when it starts."))])
    ends = ClockField(_l("Ends at"), [InputRequired(_l("Enter when it ends."))])
    meeting_point = Line(_l("Meeting point"), longest=200)
    capacity = WholeNumberField(
        _l("Seats"), [InputRequired(_l("Enter how many seats there are.")), Between(0, MAX_SEATS)]
    )
    minimum = WholeNumberField(_l("Minimum number of participants"), [Optional(), Between(0, MAX_SEATS)])
    bring = Line(_l("What to bring"), longest=300)
    accessibility = Prose(_l("Accessibility"), longest=5000)
    walking = BooleanField(_l("Involves a lot of walking"))
    needs_dietary = BooleanField(_l("The manifest shows dietary needs"))
    needs_access = BooleanField(_l("The manifest shows access needs"))
    takes_companions = BooleanField(_l("Accompanying persons can come along"))
    accepted = StringField()

    zone: str
    before: TripDetails | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if not (self.day.errors or self.starts.errors or self.ends.errors):
            details = self.to_details()
            if details.ends_at <= details.starts_at:
                self.ends.errors = [_("The trip must end after it starts, on the same day.")]
                valid = False
        if not (self.capacity.errors or self.minimum.errors) and (self.minimum.data or 0) > (self.capacity.data or 0):
            self.minimum.errors = [_("The trip cannot need more people than it has seats.")]
            valid = False
        return bool(valid)

    def to_details(self) -> TripDetails:
        said = {f.name: self[f.name].data for f in fields(TripDetails) if f.name not in ("starts_at", "ends_at")}
        starts_at, ends_at = self._moment("starts"), self._moment("ends")
        return TripDetails(**{**said, "minimum": self.minimum.data or 0, "starts_at": starts_at, "ends_at": ends_at})

    def show_refusal(self, refusal: Refusal) -> None:
        """Show the service's refusal at its field."""
        match refusal:
            case CapacityBelowTaken(taken=taken):
                self.capacity.errors = [
                    _("Enter at least %(taken)d: that many seats are taken (confirmed or offered).", taken=taken)
                ]
            case _:
                raise refusal

    def _moment(self, name: str) -> datetime | None:
        before = getattr(self.before, f"{name}_at") if self.before else None
        return kept_or_typed(datetime.combine(self.day.data, self[name].data), before, self.zone, self.zone)


class NewTripForm(TripForm):
    """A new trip."""

    slug = SlugField(_l("Short name in addresses"))

    @classmethod
    def of(cls, edition: Edition) -> "NewTripForm":
        """The form with what most trips are like, or with what was sent."""
        form = cls(data={"day": edition.starts_on, "minimum": 0, "needs_access": True, "takes_companions": True})
        form.zone = edition.zone
        return form

    def validate_slug(self, field: Field) -> None:
        if field.data in RESERVED_SLUGS:
            raise ValidationError(_("This word is the address of another page. Choose another one."))

    def slug_among(self, taken: Collection[str]) -> str:
        """The short name that was typed, or one that follows from the title."""
        return self.slug.data or slug_for(self.title.data, {*taken, *RESERVED_SLUGS}, otherwise="trip")

    def show_refusal(self, refusal: Refusal) -> None:
        """Show the service's refusal at its field."""
        if not isinstance(refusal, TripExists):
            raise refusal
        self.slug.errors = [_("Another trip already has this short name. Choose another one.")]


class ChangeTripForm(EditForm, TripForm):
    """A trip as it stands."""

    @classmethod
    def of(cls, edition: Edition, trip: Trip, capacity: int) -> "ChangeTripForm":
        """The form with the current values, or with what was sent."""
        details = details_of(trip)
        starts, ends = (on_the_clock(moment, edition.zone) for moment in (trip.starts_at, trip.ends_at))
        assert starts and ends, "a trip has its times"
        times = {"day": starts.date(), "starts": starts.time(), "ends": ends.time()}
        form = cls(data={**vars(details), **times, "capacity": capacity})
        form.zone, form.before = edition.zone, details
        return form


class OrderForm(EditForm):
    """The order of the trips: one number each, called `order-` and the slug."""

    @classmethod
    def of(cls, slugs: Iterable[str]) -> "OrderForm":
        """The form with the order as it is, or with what was sent."""
        slugs = tuple(slugs)
        numbers = {f"order-{slug}": number for number, slug in enumerate(slugs, start=1)}
        order = {f"order-{slug}": _order_field(slug) for slug in slugs}
        form_class = type("OrderForm", (cls,), order)
        form: OrderForm = form_class(data=numbers)
        return form

    def in_order(self) -> list[str]:
        """The slugs, the lowest number first; those with the same number stay as they are."""
        numbers = [field for field in self if field.name.startswith("order-")]
        return [field.name.removeprefix("order-") for field in sorted(numbers, key=lambda field: field.data)]


def _order_field(slug: str) -> WholeNumberField:
    checks = [InputRequired(_("Enter a number for %(trip)s.", trip=slug)), Between(0, MAX_SEATS)]
    return WholeNumberField(_("Order of %(trip)s", trip=slug), checks)


class SignUpForm(EditForm):
    """How and when delegates sign up for trips; an empty time is the default."""

    mode = RadioField(_l("How seats are given"), choices=[mode.value for mode in TripMode])
    opens_at = moment_field(_l("Sign-up opens"))
    closes_at = moment_field(_l("Sign-up closes"))
    accepted = StringField()

    edition: Edition

    @classmethod
    def of(cls, edition: Edition) -> "SignUpForm":
        """The form with the current values, or with what was sent."""
        opens_at, closes_at = (on_the_clock(m, edition.zone) for m in (edition.trips_open_at, edition.trips_close_at))
        form = cls(data={"mode": edition.trip_mode, "opens_at": opens_at, "closes_at": closes_at})
        form.edition = edition
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if not valid:
            return False
        opens_at, closes_at = self.window()
        ends_at = self.edition.finishes_at()
        if closes_at and ends_at and closes_at > ends_at:
            self.closes_at.errors = [_("Sign-up must close before the edition ends.")]
            return False
        opens_at = opens_at or self.edition.registration_opens_at
        closes_at = self._closes_at()
        if opens_at and closes_at and closes_at <= opens_at:
            field = self.closes_at if self.closes_at.data else self.opens_at
            field.errors = [_("Sign-up must close after it opens.")]
            return False
        return True

    def consequences(self, now: datetime, told: int, trips: Iterable[Trip]) -> list[Consequence]:
        """What is unlikely about a time or a way to give seats that is new, and whom the new way concerns.

        That is: sign-up would have closed already, or closes when the first of `trips` to come has begun.
        """
        found, (_, closes_at) = [], self.window()
        is_new, another_way = closes_at != self.edition.trips_close_at, self.mode.data != self.edition.trip_mode
        if closes_at is not None and closes_at <= now and is_new:
            found.append(Consequence(Effect.IN_THE_PAST, about="closes_at"))
        if closes_at is not None or self.mode.data == TripMode.DRAW:
            # Seats that are not drawn are given until the edition begins, also if a trip is earlier: no slip.
            first = min((t for t in trips if t.can_be_joined(now)), key=lambda trip: trip.starts_at, default=None)
            last_moment = self._closes_at()
            if first and last_moment and last_moment > first.starts_at and (is_new or another_way):
                found.append(Consequence(Effect.AFTER_A_TRIP_BEGINS, about=first.title))
        if told and another_way and not self.edition.was_drawn:
            found.append(Consequence(Effect.SEATS_GIVEN_ANOTHER_WAY, told))
        return found

    def _closes_at(self) -> datetime | None:
        """When sign-up closes, if need be by default; None if that is not known yet."""
        drawn = self.mode.data == TripMode.DRAW
        return self.window()[1] or (self.edition.registration_closes_at if drawn else self.edition.begins_at())

    def window(self) -> tuple[datetime | None, datetime | None]:
        """When sign-up opens and closes; None is the default."""
        zone = self.edition.zone
        opens_at = kept_or_typed(self.opens_at.data, self.edition.trips_open_at, zone, zone)
        return opens_at, kept_or_typed(self.closes_at.data, self.edition.trips_close_at, zone, zone)
