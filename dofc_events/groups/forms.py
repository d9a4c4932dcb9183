"""The form for several people at once."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, Field, FieldList, FormField
from wtforms.validators import DataRequired

from dofc_events.conference.models import Edition
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_secret
from dofc_events.groups.models import LONGEST_NAME
from dofc_events.groups.rules import MAX_PEOPLE, key_of_person
from dofc_events.groups.service import Contact, GroupRequest
from dofc_events.groups.texts import stated_by_contact
from dofc_events.mail.rules import address_key
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.registration.forms import LONGEST_CODE, TheirDetailsForm, UnseenForm
from dofc_events.registration.service import RegistrationRequest
from dofc_events.registration.trips.forms import TripsForm
from dofc_events.web.edits import leaves, sent
from dofc_events.web.fields import EmailField, Line, NameLine
from dofc_events.web.forms import of_this_browser

# What the next person on a form most likely shares with the one before.
COMMON = ("organisation", "country", "category")


class AnyEmailField(EmailField):
    """An email address, which may be left empty."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if self.data:
            super().post_validate(form, validation_stopped)


class PersonForm(TheirDetailsForm, TripsForm):
    """One of the people, who is asked what everybody is who registers."""

    class Meta(TheirDetailsForm.Meta):
        csrf = False

    email = AnyEmailField(_l("Their email address"), missing=None)


class PeopleForm(UnseenForm):
    """Several people whom one contact registers; the contact is known already."""

    people = FieldList(FormField(PersonForm), min_entries=1, max_entries=MAX_PEOPLE)
    code = Line(_l("Invitation code"), longest=LONGEST_CODE)
    consent = BooleanField(
        _l("Each of these people has agreed to this use of their data"),
        [DataRequired(_l("Ask each person first, and tick that they have agreed."))],
    )

    def prepare(self, one: Callable[[PersonForm], None], room: Mapping[int, int]) -> None:
        """Say what each `one` of the people is asked and offered, and the `room` of options that are limited.

        Before validating, and before one is added.
        """
        self.prepare_one, self.room = one, room
        for person in self.people:
            one(person.form)

    def add_person(self) -> None:
        """Add one person, of the same organisation as the last."""
        if len(self.people) < MAX_PEOPLE:
            last = self.people.entries[-1].form
            self.prepare_one(self.people.append_entry({name: last[name].data for name in COMMON}).form)

    def remove_person(self, name: str) -> None:
        """Remove one person; at least one stays."""
        if len(self.people) > 1:
            self.people.entries = [entry for entry in self.people.entries if entry.name != name]

    def keep_only(self, numbers: Collection[int]) -> None:
        """Keep these of the people, by their numbers from 0, on what is another form now."""
        self.people.entries = [entry for number, entry in enumerate(self.people.entries) if number in numbers]
        self.form_key.data = new_secret()

    def validate_people(self, field: Field) -> None:
        taken: set[str] = set()
        for entry in field:
            email = entry.form.email
            if email.data and not email.errors:
                key = address_key(email.data)
                if key in taken:
                    email.errors = [_("Somebody above has the same address. Leave it empty for one of them.")]
                taken.add(key)
        self._take_options(self.room)
        if wrong := [entry.errors for entry in field if entry.errors]:
            field.errors = wrong

    def refuse(self, number: int, name: str, words: str) -> None:
        """Say what is wrong with a field of one of the people."""
        self.people.entries[number].form[name].errors = [words]
        self._is_wrong()

    def refuse_trips(self, number: int, refusal: Refusal) -> None:
        """Say why one of the people cannot have the trips that were chosen."""
        self.people.entries[number].form.trips.refuse(refusal)
        self._is_wrong()

    def refuse_choice(self, refusal: ChoiceFull, room: Mapping[int, int]) -> None:
        """Say which of the people chose an option too late; there is `room` for the others."""
        if self._take_options(room):
            for entry in self.people:
                if entry.form.answers.chose(refusal):
                    entry.form.answers.refuse(refusal)
        self._is_wrong()

    def _is_wrong(self) -> None:
        self.people.errors = [entry.errors for entry in self.people if entry.errors]

    def _take_options(self, room: Mapping[int, int]) -> bool:
        left, fits = dict(room), True
        for entry in self.people:
            # Each of them, also after one for whom nothing is left.
            fits = entry.form.answers.take_from(left) and fits
        return fits

    def typed(self) -> Iterator[tuple[str, str]]:
        """What hidden fields must carry of all that a person fills in."""
        unseen = ("csrf_token", *UnseenForm(formdata=None)._fields)
        for field in self:
            for leaf in leaves(field) if field.name not in unseen else ():
                for part in leaf.parts() if hasattr(leaf, "parts") else (leaf,):
                    yield from sent(part)

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
                trips=entry.form.trips.chosen(),
                any_trip=entry.form.any_trip.data,
                answers=entry.form.answers.given(),
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


def still_bring(left: int) -> str:
    """That a delegate brings too many people, and how many more they can bring."""
    if not left:
        none: str = _("As many people as you can bring have already been registered.")
        return none
    some: str = ngettext(
        "That is too many: you can bring %(num)s more person.",
        "That is too many: you can bring %(num)s more people.",
        left,
    )
    return some
