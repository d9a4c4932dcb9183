"""The part of a form in which a delegate asks for learning trips."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, ValidationError
from wtforms.utils import unset_value

from dofc_events.core.errors import Refusal
from dofc_events.registration.service import SignUpNotOpen
from dofc_events.trips.queries import TripStanding
from dofc_events.trips.sign_ups.service import NoSuchTrip, SeatsOverlap, TripOver
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import RankedField
from dofc_events.web.forms import Form

# What may have become of a trip while its form was filled in; words for it: `TripsField.refuse`.
NOT_TO_BE_HAD = (SeatsOverlap, SignUpNotOpen, TripOver, NoSuchTrip)


class TripsField(RankedField):
    """The learning trips that a delegate asks for, as slugs, the first choice first.

    Reads `trips` (repeated) for what is ticked and `preference-<slug>` for what is ranked; both keep what was typed.
    In a form within another both begin with its prefix.
    What can be chosen is said by `offer`, before validating.
    """

    not_whole = _l("Pick your choices from the list: 1st choice, 2nd choice, and so on.")
    not_unique = _l("Two trips have the same number. Give each trip a different one.")

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        self.ticked: list[str] = formdata.getlist(self.name) if formdata else []
        self.ranked: list[TripStanding] = []
        self.tickable: list[TripStanding] = []
        self.at_once = False

    def offer(self, trips: Sequence[TripStanding], *, ranked: bool, at_once: bool = False, known: bool = False) -> None:
        """Let these trips be chosen: ranked for a draw, or ticked; seats that are held are ticked in any case.

        `at_once` says that seats are given as soon as the form is sent, so that what overlaps must be decided now;
        `known`, that the form begins with what the delegate has.
        """
        self.ranked = [trip for trip in trips if ranked and not trip.is_held]
        self.tickable = [trip for trip in trips if not ranked or trip.is_held]
        self.at_once = at_once
        self.labels = {trip.trip.slug: trip.trip.title for trip in trips}
        if known:
            self.ticked = [trip.trip.slug for trip in self.tickable if trip.is_live]
            self.typed = {trip.trip.slug: str(trip.wish) for trip in self.ranked if trip.wish}

    def parts(self) -> Iterator[Any]:
        """What is compared with what was saved meanwhile: each tick for itself, and the ranking as a whole."""
        for slug in dict.fromkeys((*(trip.trip.slug for trip in self.tickable), *self.ticked)):
            yield _Tick(self, slug)
        yield self

    def chosen(self) -> tuple[str, ...]:
        """What is asked for: what is ticked, that which was asked for before in that order; then by rank."""
        ticked = [trip for trip in self.tickable if trip.trip.slug in self.ticked]
        ticked.sort(key=lambda trip: trip.preference if trip.is_live else len(self.tickable) + trip.trip.position)
        offered = {trip.trip.slug for trip in self.ranked}
        return (*(trip.trip.slug for trip in ticked), *(slug for slug in self.ranking() if slug in offered))

    def chosen_titles(self) -> list[str]:
        """What is asked for, as people read it."""
        return [self.labels[slug] for slug in self.chosen()]

    def pre_validate(self, form: Any) -> None:
        offered = {trip.trip.slug for trip in self.tickable}
        if {*self.ticked} - offered or {*self.typed} - {trip.trip.slug for trip in self.ranked}:
            raise ValidationError(_("Some of the trips you chose are no longer available. Check your choices."))
        self.check_ranks()
        chosen = [trip for trip in self.tickable if trip.trip.slug in self.ticked]
        for one, other in combinations(chosen, 2):
            if self.at_once and one.trip.overlaps(other.trip) and (_gives(one) or _gives(other)):
                raise ValidationError(
                    _(
                        "“%(one)s” and “%(other)s” take place at the same time: choose one of them.",
                        one=one.trip.title,
                        other=other.trip.title,
                    )
                )

    def refuse(self, refusal: Refusal) -> None:
        """Say why what was chosen is no longer available: something changed while the form was filled in."""
        if isinstance(refusal, SeatsOverlap):
            words = _(
                "You have a seat on “%(held)s”, which takes place at the same time as “%(wanted)s”: keep one of them.",
                held=refusal.held,
                wanted=refusal.wanted,
            )
        elif isinstance(refusal, TripOver):
            words = _("“%(trip)s” can no longer be joined. Choose another trip.", trip=refusal)
        else:
            words = _("Sign-up for learning trips has closed.")
            if any(trip.is_held for trip in self.tickable):
                words = _("Sign-up for learning trips has closed. You can still give back your seats.")
        self.errors = [words]


def _gives(trip: TripStanding) -> bool:
    """Whether choosing the trip leads to a seat, or keeps one, and not only to its waiting list."""
    return trip.is_held or (not trip.is_live and trip.free > 0)


class _Tick:
    """Whether one trip of a TripsField is ticked, to be compared like a field: two who change it do the same."""

    object_data = None

    def __init__(self, field: TripsField, slug: str) -> None:
        self.field, self.slug, self.name = field, slug, f"trips-{slug}"

    def sent(self) -> list[tuple[str, str]]:
        return [(self.field.name, self.slug)] if self.slug in self.field.ticked else []

    def process(self, formdata: Any, _data: Any) -> None:
        kept = [slug for slug in self.field.ticked if slug != self.slug]
        self.field.ticked = [*kept, *formdata.getlist(self.field.name)]


class TripsForm(Form):
    """What somebody asks for of learning trips."""

    trips = TripsField(_l("Learning trips"))
    any_trip = BooleanField(_l("Any other trip is fine too"))

    def offer_trips(self, trips: Sequence[TripStanding], **how: Any) -> None:
        """Let these trips be chosen, and `how`, before validating: see `TripsField.offer`."""
        self.trips.offer(trips, **how)


class ChangeTripsForm(EditForm, TripsForm):
    """What a delegate asks for of learning trips, and has."""

    def offer_trips(self, trips: Sequence[TripStanding], **how: Any) -> None:
        self.offered = trips, how
        self.trips.offer(trips, known=not self.is_submitted(), **how)

    def stored(self) -> Any:
        form = super().stored()
        trips, how = self.offered
        form.trips.offer(trips, known=True, **how)
        return form
