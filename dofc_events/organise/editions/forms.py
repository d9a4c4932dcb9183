"""Organisers' forms: shape only; what needs the database is the service's to refuse."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FloatField,
    FormField,
    HiddenField,
    StringField,
)
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, NumberRange, Optional

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus, Fault
from dofc_events.conference.service import (
    CategoryInUse,
    CategoryTwice,
    EditionDetails,
    NotReady,
    SettingsContradict,
    details_of,
    faults_after_the_end,
    faults_in_order,
    missing_to_publish,
)
from dofc_events.core.errors import Refusal
from dofc_events.organise.editions.service import CategoryChanges, EditionSettings, EditionWishes
from dofc_events.places.rules import LONGEST_OFFER_HOURS, MAX_PLACES
from dofc_events.places.service import CapacityBelowTaken
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import (
    Between,
    CountryField,
    EmailField,
    Line,
    Paragraphs,
    Prose,
    WholeNumberField,
    told_reason,
)
from dofc_events.web.forms import Form
from dofc_events.web.moments import (
    FIRST_YEAR,
    LAST_YEAR,
    ClockField,
    DayField,
    kept_or_typed,
    moment_field,
    on_the_clock,
    plausible,
    zone_field,
)

EMPTY_ROWS = 3


MOMENTS = ("registration_opens_at", "registration_closes_at", "freezes_at")


class HoursField(FloatField):
    """A number of hours; whole ones are shown without a fraction. What is none has no value, as a whole number's."""

    def process_formdata(self, valuelist: list[str]) -> None:
        with suppress(ValueError):
            super().process_formdata(valuelist)

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else f"{self.data:g}"


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


def _day(label: Any) -> DayField:
    return DayField(label, [Optional(), plausible])


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
    """The year of a draft."""

    year = year_field()


class CategoryRow(PlainForm):
    """One category: a known one has a slug, a new one has none."""

    slug = HiddenField()
    label = Line(_l("Category"), longest=120)
    closed = BooleanField(_l("Closed to newcomers"))
    remove = BooleanField(_l("Remove"))

    def validate(self, extra_validators: Any = None) -> bool:
        # Here, because an optional field that is empty is not validated any further.
        valid = super().validate(extra_validators)
        if self.slug.data and not self.label.data and not self.remove.data:
            self.label.errors = [_("Enter a name for the category, or tick “Remove”.")]
            valid = False
        return bool(valid)


class SettingsForm(EditForm):
    """Everything about an edition that its organisers decide.

    `accepted` comes from the button below a question: the digest of what it asked about.
    """

    city = Line(_l("City"), longest=120, missing=_l("Enter the city."))
    country = CountryField(_l("Country"), missing=_l("Choose a country from the list."))
    venue = Line(_l("Venue"), longest=200)
    venue_address = Line(_l("Address of the venue"), longest=300)
    zone = zone_field()
    starts_on = _day(_l("First day"))
    starts_at = ClockField(_l("Begins at"), [Optional()])
    ends_on = _day(_l("Last day"))
    ends_at = ClockField(_l("Ends at"), [Optional()])
    registration_opens_at = moment_field(_l("Registration opens"))
    registration_closes_at = moment_field(_l("Registration closes"))
    freezes_at = moment_field(_l("Details can be changed until"))
    capacity = capacity_field()
    offer_hours = HoursField(
        _l("Hours an offered place is held"),
        [
            InputRequired(_l("Enter a number of hours.")),
            NumberRange(0, LONGEST_OFFER_HOURS, _l("Enter a number of hours from %(min)s to %(max)s.")),
        ],
    )
    confirms_places = BooleanField(_l("Delegates confirm their place by email"))
    registers_at_door = BooleanField(_l("The desk can register people at the door"))
    summary = Paragraphs(_l("Summary"), longest=400)
    programme = Prose(_l("Programme"), longest=20_000)
    cost = Line(_l("Cost"), longest=300)
    languages = Line(_l("Language"), longest=300)
    dress = Line(_l("Dress code"), longest=300)
    faq = Prose(_l("Questions and answers"), longest=20_000)
    contact_name = Line(_l("Contact name"), longest=120)
    contact_email = EmailField(_l("Contact email address"), missing=None)
    categories = FieldList(FormField(CategoryRow), label=_l("Categories"), max_entries=100)
    accepted = StringField()

    edition: Edition

    @classmethod
    def of(cls, edition: Edition, seen: EditionSettings) -> "SettingsForm":
        """The form with the current values, or with what was sent."""
        values = {**vars(seen.details), "capacity": seen.capacity}
        for name in MOMENTS:
            values[name] = on_the_clock(values[name], edition.zone)
        values["categories"] = [
            *({"slug": slug, "label": label, "closed": closed} for slug, label, closed in seen.categories),
            *[{}] * EMPTY_ROWS,
        ]
        form = cls(data=values)
        form.edition = edition
        if seen.capacity is None:
            # An edition of the past, whose registrations are not here.
            form.capacity.validators = [Optional(), *form.capacity.validators[1:]]
            form.capacity.flags.required = False
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if "csrf_token" in self.errors or self.form_errors:
            return valid
        # What the service would refuse without a query is checked here, so that all faults are shown at once.
        details = self._details()
        faults = (*faults_in_order(details), *faults_after_the_end(details))
        missing = (
            missing_to_publish(details, has_categories=self._leaves_a_category())
            if self.edition.status == EditionStatus.PUBLISHED
            else ()
        )
        self._say_faults(faults)
        self._say_missing(tuple(name for name in missing if not self[name].errors))
        return self._has_each_category_once() and valid and not faults and not missing

    def to_wishes(self) -> EditionWishes:
        known = {category.slug for category in self.edition.categories}
        return EditionWishes(self._details(), self.capacity.data, self._category_changes(known))

    def show_refusal(self, refusal: Refusal) -> None:
        """Show the service's refusal at its field."""
        match refusal:
            case CapacityBelowTaken(taken=taken):
                self._wrong(
                    "capacity",
                    _("Enter at least %(taken)d: that many places are taken (confirmed or offered).", taken=taken),
                )
            case SettingsContradict(faults=faults):
                self._say_faults(faults)
            case CategoryInUse(label=label):
                self._wrong(
                    "categories",
                    _(
                        "Somebody is registered as “%(label)s”, so it cannot be removed. Rename it, or close it "
                        "to newcomers.",
                        label=label,
                    ),
                )
            case CategoryTwice():
                self._say_twice(str(refusal))
            case NotReady(missing=missing):
                self._say_missing(missing)
            case _:
                raise refusal

    def _details(self) -> EditionDetails:
        """What was typed; what is no date, number or zone counts as not typed."""
        before, zone = details_of(self.edition), self._sound("zone") or self.edition.zone
        moments = {name: kept_or_typed(self._sound(name), getattr(before, name), before.zone, zone) for name in MOMENTS}
        return EditionDetails(
            city=self.city.data,
            country=self.country.data,
            venue=self.venue.data or None,
            venue_address=self.venue_address.data or None,
            zone=zone,
            starts_on=self._sound("starts_on"),
            starts_at=self._sound("starts_at"),
            ends_on=self._sound("ends_on"),
            ends_at=self._sound("ends_at"),
            offer_hours=self.offer_hours.data,
            confirms_places=self.confirms_places.data,
            registers_at_door=self.registers_at_door.data,
            summary=self.summary.data,
            programme=self.programme.data,
            cost=self.cost.data,
            languages=self.languages.data,
            dress=self.dress.data,
            faq=self.faq.data,
            contact_name=self.contact_name.data or None,
            contact_email=self.contact_email.data or None,
            **moments,
        )

    def _sound(self, name: str) -> Any:
        return None if self[name].errors else self[name].data

    def _has_each_category_once(self) -> bool:
        kept = [row.form.label.data for row in self.categories if row.form.label.data and not row.form.remove.data]
        known = [label.casefold() for label in kept]
        twice = next((label for label in kept if known.count(label.casefold()) > 1), None)
        if twice:
            self._say_twice(twice)
        return twice is None

    def _say_twice(self, label: str) -> None:
        self._wrong("categories", _("There are two categories called “%(label)s”. Keep one of them.", label=label))

    def _leaves_a_category(self) -> bool:
        changes = self._category_changes({category.slug for category in self.edition.categories})
        gone = changes.removed | changes.closed
        return bool(changes.added) or any(category.slug not in gone for category in self.edition.categories)

    def _say_faults(self, faults: Sequence[Fault]) -> None:
        sentences = {
            Fault.LAST_DAY_BEFORE_FIRST: ("ends_on", _("The last day is before the first day.")),
            Fault.ENDS_BEFORE_IT_BEGINS: ("ends_at", _("The edition must end after it begins.")),
            Fault.CLOSES_BEFORE_IT_OPENS: ("registration_closes_at", _("Registration must close after it opens.")),
            Fault.CLOSES_AFTER_THE_END: (
                "registration_closes_at",
                _("Registration must close before the edition ends."),
            ),
            Fault.FREEZES_AFTER_THE_END: (
                "freezes_at",
                _("Enter a time before the edition ends."),
            ),
            Fault.HOLDS_WITHOUT_OFFERS: (
                "confirms_places",
                _("This needs offers: enter how many hours an offered place is held."),
            ),
        }
        for fault in faults:
            self._wrong(*sentences[fault])

    def _say_missing(self, missing: Sequence[str]) -> None:
        sentences = {
            "starts_on": _("Enter the first day: a published edition needs it."),
            "starts_at": _("Enter when it begins: a published edition needs it."),
            "ends_on": _("Enter the last day: a published edition needs it."),
            "ends_at": _("Enter when it ends: a published edition needs it."),
            "registration_opens_at": _("Enter when registration opens: a published edition needs it."),
            "registration_closes_at": _("Enter when registration closes: a published edition needs it."),
            "contact_name": _("Enter a contact name: a published edition needs it."),
            "contact_email": _("Enter a contact email address: a published edition needs it."),
            "categories": _("Leave at least one category open: a published edition needs it."),
        }
        for name in missing:
            self._wrong(name, sentences[name])

    def _category_changes(self, known: set[str]) -> CategoryChanges:
        rows = [row.form for row in self.categories]
        old = [row for row in rows if row.slug.data in known]
        return CategoryChanges(
            labels={row.slug.data: row.label.data for row in old if not row.remove.data},
            removed=frozenset(row.slug.data for row in old if row.remove.data),
            closed=frozenset(row.slug.data for row in old if row.closed.data),
            added=tuple(row.label.data for row in rows if row not in old and row.label.data and not row.remove.data),
        )

    def _wrong(self, name: str, text: str) -> None:
        self[name].errors = [*self[name].errors, text]
