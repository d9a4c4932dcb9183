"""The proposer's forms: shape only; what needs the database is the service's to refuse."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, IntegerField, SelectField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional, Regexp

from dofc_events.conference.models import Member
from dofc_events.core.errors import Refusal
from dofc_events.core.references import new_secret
from dofc_events.hosting.proposals.service import Answers, AnswersOutOfOrder, Incomplete, NotAMember, TooManyAttachments
from dofc_events.hosting.rules import (
    LONGEST_TEXT,
    MAX_ATTACHMENTS,
    MAX_BUDGET,
    MAX_DELEGATES,
    ProposalFault,
    co_hosts_in,
    parse_coordinates,
)
from dofc_events.hosting.stages.rules import Stage
from dofc_events.web.attachments.forms import AttachmentForm
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import (
    Between,
    CountryField,
    EmailField,
    Line,
    NameLine,
    Paragraphs,
    QuotedLine,
    is_address,
    refuse_address,
)
from dofc_events.web.forms import Form
from dofc_events.web.moments import DayField

PART_MISSING = _l("Part of the form was missing. Please send it again.")
CHOOSE_MEMBER = _l("Choose a member of the network from the list, or say that you are not yet a member.")


class WholeNumber(IntegerField):
    """A whole number from 1, which may be left empty; thousands may be set apart, in any usual way."""

    def __init__(self, label: Any, *, most: int, **kwargs: Any) -> None:
        super().__init__(label, [Optional(), Between(1, most)], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = re.sub(r"(?<=\d)[\s.,'’](?=\d{3}(?!\d))", "", valuelist[0].strip()) if valuelist else ""
        self.data = None
        if re.fullmatch(r"[0-9]{1,12}", text):
            self.data = int(text)


class LostLinkForm(Form):
    """The address to which the links to somebody's proposals are emailed."""

    email = EmailField(_l("Email address"), missing=_l("Enter an email address."))


class ProposalForm(Form):
    """What a proposal says. A draft needs the address alone.

    Fields come in the order of the page, which the summary of errors follows.
    """

    member = SelectField(_l("Proposing member of the network"), validate_choice=False)
    organisation = QuotedLine(_l("Name of your organisation"), longest=200)
    contact_name = NameLine(_l("Contact name"), longest=120)
    contact_email = EmailField(
        _l("Email address"), missing=_l("Enter an email address. We will send the link to your proposal there.")
    )
    co_hosts = Paragraphs(_l("Co-hosts"), longest=LONGEST_TEXT)
    city = QuotedLine(_l("City"), longest=120)
    country = CountryField(_l("Country"))
    starts_on = DayField(_l("First day"), [Optional()])
    ends_on = DayField(_l("Last day"), [Optional()])
    venue = Line(_l("Venue"), longest=200)
    venue_capacity = WholeNumber(_l("Capacity of the venue"), most=MAX_DELEGATES)
    coordinates = Line(_l("Location of the venue"), longest=60)
    travel = Paragraphs(_l("Travel to the city"), longest=LONGEST_TEXT)
    budget_eur = WholeNumber(_l("Budget in euros"), most=MAX_BUDGET)
    funding = Paragraphs(_l("Sources of funding"), longest=LONGEST_TEXT)
    team = Paragraphs(_l("Organising team"), longest=LONGEST_TEXT)
    supporters = Paragraphs(_l("Supporters"), longest=LONGEST_TEXT)
    trip_ideas = Paragraphs(_l("Ideas for learning trips"), longest=LONGEST_TEXT)
    motivation = Paragraphs(_l("Why you should host"), longest=LONGEST_TEXT)
    consent = BooleanField(_l("I agree to this use of what I write here"))

    def offer_members(self, members: Iterable[Member]) -> None:
        """Offer the members of the network, as slugs with names."""
        names = [(member.organisation.slug, member.organisation.name) for member in members]
        self.member.choices = [SelectChoice(*choice) for choice in (("", _("We are not yet a member")), *names)]

    def validate_member(self, field: Field) -> None:
        # What is offered may have changed since the form was opened.
        if (field.data or "") not in [choice.value for choice in field.choices]:
            raise ValidationError(CHOOSE_MEMBER)

    def validate_organisation(self, field: Field) -> None:
        names = {str(choice.label).casefold() for choice in self.member.choices if choice.value}
        if not self.member.data and (field.data or "").casefold() in names:
            raise ValidationError(_("This is a member of the network: choose it from the list."))

    def validate_co_hosts(self, field: Field) -> None:
        named = co_hosts_in(field.data or "")
        wrong = [address for _name, address in named if address and not is_address(address)]
        if wrong:
            raise ValidationError(_("Check the addresses: %(addresses)s", addresses=", ".join(wrong)))
        for name, _address in named:
            refuse_address(name, bare=False)

    def validate_coordinates(self, field: Field) -> None:
        if parse_coordinates(field.data) is None:
            raise ValidationError(_("Write two numbers, north and east, as maps show them: 44.81, 20.46."))

    def to_answers(self) -> Answers:
        said = {name: field.data for name, field in self._fields.items() if name in Answers.__dataclass_fields__}
        latitude, longitude = parse_coordinates(self.coordinates.data) or (None, None)
        # A member has its name already.
        organisation = "" if self.member.data else self.organisation.data
        member = self.member.data or ""
        return Answers(
            **said | {"member": member, "organisation": organisation}, latitude=latitude, longitude=longitude
        )

    def show_refusal(self, refusal: Refusal) -> None:
        """Show the service's refusal at its fields."""
        match refusal:
            case NotAMember():
                self.member.errors = [CHOOSE_MEMBER]
            case Incomplete(missing=missing):
                for name in missing:
                    self[name].errors = [_("Fill this in: a submitted proposal needs it.")]
            case AnswersOutOfOrder(faults=faults, year=year):
                if ProposalFault.ENDS_BEFORE_IT_BEGINS in faults:
                    self.ends_on.errors = [_("The last day must not be before the first.")]
                if ProposalFault.NOT_IN_THE_YEAR in faults:
                    self.starts_on.errors = [
                        _("The days must be in %(year)d, the year that the call is for.", year=year)
                    ]


class NewProposalForm(ProposalForm):
    """A new proposal."""

    year = HiddenField(validators=[InputRequired(PART_MISSING)])
    # Filled in when the form is shown: the same form sent twice is one proposal.
    form_key = HiddenField(
        default=new_secret,
        validators=[InputRequired(PART_MISSING), Regexp(r"^[\w-]{16,64}\Z", message=PART_MISSING)],
    )


class ChangeProposalForm(EditForm, ProposalForm):
    """A proposal as it stands."""


class ProposalFileForm(AttachmentForm):
    """One file of a proposal."""

    def refuse(self, refusal: Refusal) -> bool:
        if not isinstance(refusal, TooManyAttachments):
            return super().refuse(refusal)
        # The page has no field for another.
        self.form_errors = [_("There are already %(most)s files. Remove one to add another.", most=MAX_ATTACHMENTS)]
        return True


class WithdrawForm(Form):
    """Whether to withdraw a proposal; what that does depends on the stage of its call, and is asked anew in another."""

    stage = HiddenField()

    def __init__(self, now_in: Stage) -> None:
        super().__init__(stage=now_in)
        self._now_in = now_in

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        # A program may not say what it was asked.
        if self.stage.raw_data and self.stage.data != self._now_in:
            self.stage.data = self._now_in
            self.form_errors = [_("The call has moved on since you opened this page. Read what withdrawing does now.")]
        return not self.form_errors


class AnswerForm(Form):
    """The proposer's answer to reviewers."""

    text = Paragraphs(_l("Your answer"), longest=LONGEST_TEXT, missing=_l("Write your answer."))


def typed(answers: Answers) -> dict[str, Any]:
    """Answers as the fields of the form hold them."""
    pair = answers.latitude, answers.longitude
    return asdict(answers) | {"coordinates": "" if None in pair else "{}, {}".format(*pair)}


def labels() -> dict[str, str]:
    """What the fields of a proposal are called, by name, in the order of the form."""
    return {field.name: field.label.text for field in ProposalForm(formdata=None)}
