"""The forms of the parts of an edition's settings: shape only; what needs the database is the service's to refuse."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    FloatField,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    ValidationError,
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
from dofc_events.delegates.queries import WHOLE_ADDRESS
from dofc_events.mail.rules import address_key
from dofc_events.organise.editions.forms import capacity_field
from dofc_events.organise.editions.settings.service import (
    CategoryChanges,
    EditionSettings,
    EditionWishes,
    Invitation,
    LimitBelowTaken,
)
from dofc_events.places.rules import LONGEST_OFFER_HOURS, MAX_COMPANIONS, MAX_PLACES
from dofc_events.places.service import CapacityBelowTaken
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, CountryField, EmailField, Line, Paragraphs, Prose, WholeNumberField
from dofc_events.web.moments import (
    ClockField,
    DayField,
    kept_or_typed,
    moment_field,
    on_the_clock,
    plausible,
    zone_field,
)

EMPTY_ROWS = 3
LONGEST_CODE = 60
MOMENTS = ("registration_opens_at", "registration_closes_at", "freezes_at")


class HoursField(FloatField):
    """A number of hours; whole ones are shown without a fraction. What is none has no value, as a whole number's."""

    def process_formdata(self, valuelist: list[str]) -> None:
        with suppress(ValueError):
            super().process_formdata(valuelist)

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else f"{self.data:g}"


def _day(label: Any) -> DayField:
    return DayField(label, [Optional(), plausible])


class PartForm(EditForm):
    """One part of an edition's settings; its fields are called as those of EditionDetails.

    `accepted` comes from the button below a question: the digest of what it asked about.
    """

    accepted = StringField()

    edition: Edition

    @classmethod
    def of(cls, edition: Edition, seen: EditionSettings) -> Self:
        """The form with the current values, or with what was sent."""
        form = cls(data=cls.values(edition, seen))
        form.edition = edition
        return form

    @classmethod
    def values(cls, edition: Edition, seen: EditionSettings) -> dict[str, Any]:
        """What the fields begin with."""
        return {**vars(seen.details)}

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if "csrf_token" in self.errors or self.form_errors:
            return valid
        # What the service would refuse without a query is checked here, so that all faults are shown at once.
        details = self.details()
        if self.edition.status == EditionStatus.PUBLISHED:
            missing = missing_to_publish(details, has_categories=self._leaves_a_category())
            self._say_missing([name for name in missing if name in self and not self[name].errors])
        self._say_faults((*faults_in_order(details), *faults_after_the_end(details)))
        return valid and not self.errors

    def details(self) -> EditionDetails:
        """The edition's details with what was typed; what is no date, number or zone counts as not typed."""
        before = details_of(self.edition)
        return replace(before, **{name: self._typed(name) for name in vars(before) if name in self})

    def to_wishes(self) -> EditionWishes:
        return EditionWishes(self.details())

    def show_refusal(self, refusal: Refusal) -> None:
        """Show the service's refusal at its field."""
        match refusal:
            case SettingsContradict(faults=faults):
                self._say_faults(faults)
            case NotReady(missing=missing):
                self._say_missing(missing)
            case _:
                raise refusal

    def _typed(self, name: str) -> Any:
        typed = None if self[name].errors else self[name].data
        # What is not known is None where the table has it so.
        return typed or None if name in ("venue", "venue_address", "contact_name", "contact_email") else typed

    def _leaves_a_category(self) -> bool:
        return True

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
        for name, text in (sentences[fault] for fault in faults):
            if name in self:
                self._wrong(name, text)

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

    def _wrong(self, name: str, text: str) -> None:
        self[name].errors = [*self[name].errors, text]


class TextsForm(PartForm):
    """What is said about an edition."""

    summary = Paragraphs(_l("Summary"), longest=400)
    programme = Prose(_l("Programme"), longest=20_000)
    cost = Line(_l("Cost"), longest=300)
    languages = Line(_l("Language"), longest=300)
    dress = Line(_l("Dress code"), longest=300)
    faq = Prose(_l("Questions and answers"), longest=20_000)


class DatesForm(PartForm):
    """Where and when an edition is, and when one registers."""

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

    @classmethod
    def values(cls, edition: Edition, seen: EditionSettings) -> dict[str, Any]:
        values = vars(seen.details)
        return values | {name: on_the_clock(values[name], edition.zone) for name in MOMENTS}

    def details(self) -> EditionDetails:
        before, typed = details_of(self.edition), super().details()
        zone = typed.zone or before.zone
        moments: dict[str, Any] = {
            n: kept_or_typed(getattr(typed, n), getattr(before, n), before.zone, zone) for n in MOMENTS
        }
        return replace(typed, zone=zone, **moments)


class PlacesForm(PartForm):
    """How many places there are, and how they are given."""

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
    companions = WholeNumberField(
        _l("Accompanying persons that each delegate may bring"),
        [InputRequired(_l("Enter a number, or 0.")), Between(0, MAX_COMPANIONS)],
    )
    companion_category = SelectField(_l("Category of accompanying persons"), validate_choice=False)

    @classmethod
    def of(cls, edition: Edition, seen: EditionSettings) -> Self:
        form = super().of(edition, seen)
        if seen.capacity is None:
            # An edition of the past, whose registrations are not here.
            form.capacity.validators = [Optional(), *form.capacity.validators[1:]]
            form.capacity.flags.required = False
        form.companion_category.choices = [("", ""), *((one.slug, one.label) for one in edition.categories)]
        return form

    def validate_companion_category(self, field: Field) -> None:
        known = {value for value, _label in field.choices}
        if field.data not in known or (self.companions.data and not field.data):
            raise ValidationError(_("Choose a category. Delegates cannot choose it for themselves."))

    @classmethod
    def values(cls, edition: Edition, seen: EditionSettings) -> dict[str, Any]:
        return vars(seen.details) | {"capacity": seen.capacity}

    def to_wishes(self) -> EditionWishes:
        return EditionWishes(self.details(), self.capacity.data)

    def show_refusal(self, refusal: Refusal) -> None:
        if not isinstance(refusal, CapacityBelowTaken):
            return super().show_refusal(refusal)
        text = _(
            "Enter at least %(taken)d: that many places are taken (confirmed, offered or promised).",
            taken=refusal.taken,
        )
        return self._wrong("capacity", text)


class ContactForm(PartForm):
    """The contact that delegates write to."""

    contact_name = Line(_l("Contact name"), longest=120)
    contact_email = EmailField(_l("Contact email address"), missing=None)


class CategoryRow(PlainForm):
    """One category: a known one has a slug, a new one has none."""

    slug = HiddenField()
    label = Line(_l("Category"), longest=120)
    order = WholeNumberField(_l("Order"), [Optional(), Between(0, MAX_PLACES)])
    limit = WholeNumberField(_l("Limit"), [Optional(), Between(0, MAX_PLACES)])
    closed = BooleanField(_l("Closed to newcomers"))
    needs_approval = BooleanField(_l("Organisers decide about each request"))
    by_invitation = BooleanField(_l("By invitation"))
    code = Line(_l("Invitation code"), longest=LONGEST_CODE)
    addresses = Paragraphs(_l("Invited email addresses"), longest=100_000)
    remove = BooleanField(_l("Remove"))

    def validate(self, extra_validators: Any = None) -> bool:
        # Here, because an optional field that is empty is not validated any further.
        valid = super().validate(extra_validators)
        if self.slug.data and not self.label.data and not self.remove.data:
            self.label.errors = [_("Enter a name for the category, or tick “Remove”.")]
            valid = False
        wrong = [typed for typed in _addresses(self.addresses.data or "") if not WHOLE_ADDRESS.fullmatch(typed)]
        if wrong:
            self.addresses.errors = [_("This is not an email address: %(typed)s", typed=wrong[0])]
            valid = False
        return bool(valid)

    def to_invitation(self) -> Invitation:
        keys = frozenset(address_key(typed) for typed in _addresses(self.addresses.data or ""))
        code = self.code.data or ""
        return Invitation(bool(self.by_invitation.data or code or keys), code, keys, self.needs_approval.data)


def _addresses(text: str) -> list[str]:
    """The addresses in what was pasted, one a line or in a row, with names before them or without."""
    words = text.translate(str.maketrans("<>,;\"'()", " " * 8)).split()
    return [word for word in words if "@" in word]


class CategoriesForm(PartForm):
    """The kinds of delegates."""

    categories = FieldList(FormField(CategoryRow), label=_l("Categories"), max_entries=100)

    @classmethod
    def values(cls, edition: Edition, seen: EditionSettings) -> dict[str, Any]:
        rows = [
            {
                "slug": one.slug,
                "label": one.label,
                "order": number,
                "closed": one.is_closed,
                "limit": one.limit,
                "needs_approval": one.invitation.needs_approval,
                "by_invitation": one.invitation.by_invitation,
                "code": one.invitation.code,
                "addresses": "\n".join(sorted(one.invitation.keys)),
            }
            for number, one in enumerate(seen.categories, start=1)
        ]
        return {"categories": [*rows, *[{}] * EMPTY_ROWS]}

    def validate(self, extra_validators: Any = None) -> bool:
        return super().validate(extra_validators) and self._has_each_category_once()

    def to_wishes(self) -> EditionWishes:
        return EditionWishes(self.details(), categories=self._category_changes())

    def show_refusal(self, refusal: Refusal) -> None:
        match refusal:
            case CategoryInUse(label=label):
                text = _(
                    "Somebody is registered as “%(label)s”, so it cannot be removed. Rename it, or close it "
                    "to newcomers.",
                    label=label,
                )
                self._wrong("categories", text)
            case LimitBelowTaken(label=label, taken=taken):
                text = _(
                    "Enter a limit of at least %(taken)d for “%(label)s”: that many of its places are taken "
                    "(confirmed or offered).",
                    taken=taken,
                    label=label,
                )
                self._wrong("categories", text)
            case CategoryTwice():
                self._say_twice(str(refusal))
            case _:
                super().show_refusal(refusal)

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
        changes = self._category_changes()
        gone = changes.removed | changes.closed
        return bool(changes.added) or any(category.slug not in gone for category in self.edition.categories)

    def _category_changes(self) -> CategoryChanges:
        known = {category.slug for category in self.edition.categories}
        rows = [row.form for row in self.categories]
        # Those with the same number stay as they are, and what has none comes last.
        old = sorted((row for row in rows if row.slug.data in known), key=lambda row: row.order.data or MAX_PLACES)
        return CategoryChanges(
            labels={row.slug.data: row.label.data for row in old if not row.remove.data},
            limits={row.slug.data: row.limit.data for row in old if not row.remove.data},
            invitations={row.slug.data: row.to_invitation() for row in old if not row.remove.data},
            removed=frozenset(row.slug.data for row in old if row.remove.data),
            closed=frozenset(row.slug.data for row in old if row.closed.data),
            added=tuple(row.label.data for row in rows if row not in old and row.label.data and not row.remove.data),
        )
