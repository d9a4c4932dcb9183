"""The form for several people at once."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, FieldList, FormField, SelectField
from wtforms.validators import DataRequired

from dofc_events.conference.models import Edition
from dofc_events.groups.models import LONGEST_NAME
from dofc_events.groups.rules import MAX_PEOPLE, key_of_person
from dofc_events.groups.service import Contact, GroupRequest
from dofc_events.groups.texts import stated_by_contact
from dofc_events.mail.rules import address_key
from dofc_events.places.queries import CategoryPlaces
from dofc_events.registration.forms import LONGEST_CODE, DetailsForm, UnseenForm
from dofc_events.registration.service import RegistrationRequest
from dofc_events.web.fields import CountryField, EmailField, Line, NameLine
from dofc_events.web.forms import of_this_browser

# What the next person on a form most likely shares with the one before.
COMMON = ("organisation", "country", "category")


class AnyEmailField(EmailField):
    """An email address, which may be left empty."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if self.data:
            super().post_validate(form, validation_stopped)


class PersonForm(DetailsForm):
    """One of the people; the edition's own questions are asked on each one's own page."""

    class Meta(DetailsForm.Meta):
        csrf = False

    given_name = NameLine(_l("Given name, or only name"), longest=100, missing=_l("Enter their name."))
    email = AnyEmailField(_l("Their email address"), missing=None)
    answers = None  # type: ignore[assignment]
    country = CountryField(_l("Country of their organisation"), missing=_l("Choose a country from the list."))
    visa_letter = BooleanField(_l("Needs an invitation letter for a visa"))
    photo_consent = BooleanField(_l("Is happy to be photographed and for the photographs to be published"))
    category = SelectField(_l("Attending as"), DetailsForm.category.args[1], validate_choice=False)


class PeopleForm(UnseenForm):
    """Several people whom a contact registers, who is known."""

    people = FieldList(FormField(PersonForm), min_entries=1, max_entries=MAX_PEOPLE)
    code = Line(_l("Invitation code"), longest=LONGEST_CODE)
    consent = BooleanField(
        _l("Each of these people has agreed to this use of their data"),
        [DataRequired(_l("Ask each person first, and tick that they have agreed."))],
    )

    given: tuple[Sequence[CategoryPlaces], Contact, str] | None = None

    def offer_categories(self, categories: Sequence[CategoryPlaces]) -> None:
        """Offer these categories of an edition to each of the people."""
        self.categories = categories
        for person in self.people:
            person.form.offer_categories(categories)

    def bring_along(self, categories: Sequence[CategoryPlaces], contact: Contact, country: str) -> None:
        """All of them come with the contact: organisation, country and category are given, and nobody types them."""
        self.given = categories, contact, country
        for person in self.people:
            person.form.organisation.data, person.form.country.data = contact.organisation, country
            person.form.category.data = categories[0].slug if categories else ""
            person.form.email.data = ""

    def add_person(self) -> None:
        """Add one person, of the same organisation as the last."""
        if len(self.people) < MAX_PEOPLE:
            last = self.people.entries[-1].form
            self.people.append_entry({name: last[name].data for name in COMMON})
            self.offer_categories(self.categories)
            if self.given:
                self.bring_along(*self.given)

    def remove_person(self, name: str) -> None:
        """Remove one person; at least one stays."""
        if len(self.people) > 1:
            self.people.entries = [entry for entry in self.people.entries if entry.name != name]

    def validate_people(self, field: Field) -> None:
        taken: set[str] = set()
        for entry in field:
            email = entry.form.email
            if email.data and not email.errors:
                key = address_key(email.data)
                if key in taken:
                    email.errors = [_("Somebody above has the same address. Leave it empty for one of them.")]
                    field.errors = [*field.errors, entry.errors]
                taken.add(key)

    def typed(self) -> Iterator[tuple[str, str]]:
        """What a hidden field must carry of each field that a person fills in."""
        for field in self._leaves(self):
            if isinstance(field, BooleanField):
                if field.data:
                    yield field.name, "y"
            elif field.name not in ("csrf_token", *UnseenForm(formdata=None)._fields):
                yield field.name, field.data or ""

    def _leaves(self, fields: Any) -> Iterator[Field]:
        for field in fields:
            if isinstance(field, FieldList | FormField):
                yield from self._leaves(field)
            else:
                yield field

    def contact(self) -> Contact | None:
        """The contact that the form names."""
        return None

    def to_request(self, edition: Edition, contact: Contact, choice: str, agreed: str) -> GroupRequest:
        key, stated = of_this_browser(self.form_key.data), stated_by_contact(edition)
        people = (
            RegistrationRequest(
                details=entry.form.to_details(),
                email=entry.form.email.data or contact.email,
                language=self.language.data,
                consent_text=stated,
                form_key=key_of_person(key, number),
                code=self.code.data,
                has_address=bool(entry.form.email.data),
            )
            for number, entry in enumerate(self.people)
        )
        return GroupRequest(contact, tuple(people), choice, agreed)


class GroupForm(PeopleForm):
    """Several people, and who registers them."""

    contact_name = NameLine(_l("Your name"), longest=LONGEST_NAME, missing=_l("Enter your name."))
    contact_email = EmailField(_l("Your email address"), missing=_l("Enter an email address."))

    def contact(self) -> Contact:
        organisation = self.people.entries[0].form.organisation.data or ""
        return Contact(self.contact_name.data, self.contact_email.data, self.language.data, organisation)
