"""The delegate's forms: shape only; what needs the database is the service's to refuse."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, SelectField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Regexp

from dofc_events.conference.models import Edition
from dofc_events.core.references import new_secret
from dofc_events.delegates.service import Details
from dofc_events.places.queries import CategoryPlaces
from dofc_events.questions.rules import Answers, OwnQuestion
from dofc_events.registration.answers.forms import AnswersField
from dofc_events.registration.service import RegistrationRequest
from dofc_events.registration.texts import consent_text
from dofc_events.registration.trips.forms import TripsForm
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import CountryField, EmailField, Line, NameLine, Paragraphs, PhoneField, QuotedLine
from dofc_events.web.forms import Form, of_this_browser

# The languages of our emails.
LANGUAGES = ("en",)
LONGEST_CODE = 60
PHOTO_CONSENT = _l("I am happy to be photographed and for the photographs to be published")
AS_WHAT = _l("Choose what you are attending as.")


class NamesForm(Form):
    """A person's name, in any script."""

    given_name = NameLine(_l("Given name, or your only name"), longest=100, missing=_l("Enter your name."))
    family_name = NameLine(_l("Family name"), longest=100)
    badge_name = NameLine(_l("Name on the badge"), longest=100)


class AddressForm(Form):
    """One email address: to correct your own, or to be sent your link."""

    email = EmailField(_l("Email address"), missing=_l("Enter an email address."))


class DetailsForm(NamesForm):
    """A delegate's details, apart from the email address.

    Fields come in the order in which they are first declared: the summary of errors follows the page.
    """

    phone = PhoneField(_l("Mobile phone"))
    organisation = QuotedLine(_l("Organisation"), longest=200, missing=_l("Enter your organisation."))
    job_title = QuotedLine(_l("Job title"), longest=120)
    country = CountryField(_l("Country of your organisation"), missing=_l("Choose a country from the list."))
    category = SelectField(_l("I am attending as"), [InputRequired(AS_WHAT)], validate_choice=False)
    dietary = Paragraphs(_l("Dietary needs"), longest=1000)
    access_needs = Paragraphs(_l("Access needs"), longest=1000)
    visa_letter = BooleanField(_l("I need an invitation letter for a visa"))
    photo_consent = BooleanField(PHOTO_CONSENT)
    answers = AnswersField(label=_l("More questions"))

    def offer_categories(self, categories: Sequence[CategoryPlaces]) -> None:
        """Offer these categories of an edition, and say which of them are full, and which by invitation."""
        words = {one.slug: one.label for one in categories}
        for one in categories:
            if one.by_invitation:
                words[one.slug] = _("%(category)s (by invitation)", category=words[one.slug])
            if one.needs_approval:
                words[one.slug] = _("%(category)s (organisers decide)", category=words[one.slug])
            if one.is_full:
                words[one.slug] = _("%(category)s (full)", category=words[one.slug])
        self.category.choices = [SelectChoice(slug, label) for slug, label in {"": "", **words}.items()]

    def refuse_category(self) -> None:
        """Say that the chosen category was full when its place was to be taken."""
        self.category.errors = [
            _("This category is full, so your place cannot be changed to it. Nothing has been changed.")
        ]

    def ask(self, questions: Sequence[OwnQuestion], free: Mapping[int, int], known: Answers | None = None) -> None:
        """Ask these questions of the edition's own, before validating: see `AnswersField.ask`."""
        self.answers.ask(questions, known or {}, free)

    def validate_category(self, field: Field) -> None:
        # What is offered may have changed since the form was opened.
        if field.data not in [choice.value for choice in field.choices]:
            raise ValidationError(self.category.validators[0].message)

    def to_details(self) -> Details:
        return Details(
            given_name=self.given_name.data,
            family_name=self.family_name.data,
            badge_name=self.badge_name.data,
            organisation=self.organisation.data,
            job_title=self.job_title.data,
            country=self.country.data,
            phone=self.phone.data,
            category=self.category.data,
            dietary=self.dietary.data,
            access_needs=self.access_needs.data,
            visa_letter=self.visa_letter.data,
            photo_consent=self.photo_consent.data,
        )


def _asked(field: Any, *args: Any, **otherwise: Any) -> Any:
    """A field as it is asked for on another form, in its place among the others."""
    asked = copy(field)
    asked.args, asked.kwargs = (*args, *field.args[len(args) :]), field.kwargs | otherwise
    return asked


class TheirDetailsForm(DetailsForm):
    """Somebody else's details."""

    given_name = _asked(NamesForm.given_name, _l("Given name, or only name"), missing=_l("Enter their name."))
    organisation = _asked(DetailsForm.organisation, _l("Organisation"), missing=_l("Enter their organisation."))
    country = _asked(DetailsForm.country, _l("Country of their organisation"))
    category = _asked(
        DetailsForm.category, _l("Attending as"), [InputRequired(_l("Choose what they are attending as."))]
    )
    visa_letter = _asked(DetailsForm.visa_letter, _l("Needs an invitation letter for a visa"))
    photo_consent = _asked(
        DetailsForm.photo_consent, _l("Is happy to be photographed and for the photographs to be published")
    )


class ChangeDetailsForm(EditForm, DetailsForm):
    """The form to change a delegate's details."""

    def stored(self) -> Any:
        form = super().stored()
        if form is not self:
            form.answers.form = self.answers.stored()
        return form


class ChangeAddressForm(EditForm, AddressForm):
    """The form to change a delegate's email address."""


class PhotoConsentForm(EditForm):
    """The form to give or take back the consent to photographs."""

    photo_consent = BooleanField(PHOTO_CONSENT)


class UnseenForm(Form):
    """The hidden fields of the registration form."""

    # The language of the emails. Nobody chooses it while there is only one.
    language = HiddenField(default=LANGUAGES[0], filters=[lambda typed: typed if typed in LANGUAGES else LANGUAGES[0]])
    # Filled in when the form is shown: the same form sent twice is one registration.
    form_key = HiddenField(
        default=new_secret,
        validators=[
            InputRequired(_l("Part of the form was missing. Please send it again.")),
            Regexp(r"^[\w-]{16,64}\Z", message=_l("Part of the form was missing. Please send it again.")),
        ],
    )


class RegistrationForm(DetailsForm, AddressForm, TripsForm, UnseenForm):
    """The registration form of an edition."""

    code = Line(_l("Invitation code"), longest=LONGEST_CODE)
    consent = BooleanField(
        _l("I agree to this use of my data"),
        [DataRequired(_l("Tick that you agree to this use of your data."))],
    )

    def to_request(self, edition: Edition) -> RegistrationRequest:
        return RegistrationRequest(
            details=self.to_details(),
            email=self.email.data,
            language=self.language.data,
            consent_text=consent_text(edition),
            form_key=of_this_browser(self.form_key.data),
            trips=self.trips.chosen(),
            any_trip=self.any_trip.data,
            answers=self.answers.given(),
            code=self.code.data,
        )

    def refuse_uninvited(self) -> None:
        """Say that the chosen category is by invitation; of an address it says nothing."""
        words = _(
            "This category is by invitation. Enter the code you were given, or leave the code empty if your address "
            "was invited."
        )
        self.category.errors = [words]


class HandOverForm(AddressForm):
    """The colleague who comes instead."""

    given_name = NameLine(
        _l("Your colleague's given name, or only name"), longest=100, missing=_l("Enter your colleague's name.")
    )
    family_name = NameLine(_l("Your colleague's family name"), longest=100)
