"""The forms of an outcome: shape only; what needs the database is the service's to refuse."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, RadioField, SelectField
from wtforms import Form as PlainForm
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.rules import (
    LONGEST_ADDRESSEE,
    LONGEST_NOTE,
    LONGEST_PERSON,
    LONGEST_ROLE,
    LONGEST_SOURCE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MAX_NOTES,
    MAX_PARTIES,
    OutcomeKind,
    OutcomeStatus,
)
from dofc_events.memory.outcomes.service import NoteDetails, OutcomeDetails, PartyDetails
from dofc_events.memory.rules import FIRST_YEAR, LAST_YEAR
from dofc_events.web.dates import day
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, CountryField, Line, Prose, WholeNumberField
from dofc_events.web.forms import Form
from dofc_events.web.moments import DayField, plausible

EMPTY_ROWS = 3


def _status_field(label: Any) -> SelectField:
    statuses = ((OutcomeStatus.OPEN, _l("Open")), (OutcomeStatus.IN_FORCE, _l("In force")))
    choices = [SelectChoice("", ""), *(SelectChoice(*one) for one in (*statuses, (OutcomeStatus.ENDED, _l("Ended"))))]
    return SelectField(label, [Optional()], choices=choices)


class OutcomeForm(Form):
    """The form of an outcome."""

    kind = RadioField(_l("Kind"), [InputRequired(_l("Choose a kind."))], choices=[kind.value for kind in OutcomeKind])
    title = Line(_l("Title"), longest=LONGEST_TITLE, missing=_l("Enter a title."))
    agreed_on = DayField(_l("Date"), [Optional(), plausible])
    year = WholeNumberField(_l("Year"), [Optional(), Between(FIRST_YEAR, LAST_YEAR)])
    first_status = _status_field(_l("First status"))
    addressed_to = Line(_l("Addressed to"), longest=LONGEST_ADDRESSEE)
    text = Prose(_l("Text"), longest=LONGEST_TEXT)
    source = Line(_l("Source"), longest=LONGEST_SOURCE)

    def refuse_title(self) -> None:
        """Show that the title is another outcome's."""
        self.title.errors = [_("Another outcome of this edition has this title. Choose another one.")]

    def to_details(self) -> OutcomeDetails:
        return OutcomeDetails(
            kind=OutcomeKind(self.kind.data),
            title=self.title.data,
            agreed_on=self.agreed_on.data,
            year=self.year.data,
            addressed_to=self.addressed_to.data,
            text=self.text.data,
            first_status=OutcomeStatus(self.first_status.data) if self.first_status.data else None,
            source=self.source.data,
        )


class ChangeOutcomeForm(EditForm, OutcomeForm):
    """An outcome as it stands."""


class PartyRow(PlainForm):
    """One participant; an empty row is none. Nobody has signed after `today`."""

    today: date

    organisation = Line(_l("Organisation"), longest=200)
    country = CountryField(_l("Or a country"))
    has_signed = BooleanField(_l("Has signed"))
    person = Line(_l("Signed by"), longest=LONGEST_PERSON)
    role = Line(_l("Their role"), longest=LONGEST_ROLE)
    signed_on = DayField(_l("Signed on"), [Optional(), plausible])
    remove = BooleanField(_l("Remove"))

    @property
    def is_empty(self) -> bool:
        return not any(field.data for field in self if field is not self.remove)

    def validate(self, extra_validators: Any = None) -> bool:
        # Here, because an optional field that is empty is not validated any further.
        valid = bool(super().validate(extra_validators))
        if self.remove.data or self.is_empty:
            return valid
        if not self.organisation.data and not self.country.data:
            self.organisation.errors = [_("Enter an organisation, or choose a country.")]
            return False
        if self.organisation.data and self.country.data:
            self.country.errors = [_("Name the country in a row of its own, or leave it empty.")]
            return False
        if self.signed_on.data and self.signed_on.data > self.today:
            self.signed_on.errors = [_("Enter the day of the signature: today or earlier.")]
            return False
        return valid

    def to_details(self) -> PartyDetails:
        return PartyDetails(
            organisation=self.organisation.data,
            country=self.country.data or None,
            has_signed=bool(self.has_signed.data or self.person.data or self.signed_on.data),
            person=self.person.data,
            role=self.role.data,
            signed_on=self.signed_on.data,
        )


class PartiesForm(EditForm):
    """Who takes part in an outcome."""

    parties = FieldList(FormField(PartyRow), label=_l("Participants"), max_entries=MAX_PARTIES)

    @classmethod
    def of(cls, seen: Sequence[PartyDetails], today: date) -> "PartiesForm":
        """The form with those who take part now, or with what was sent."""
        form = cls(data={"parties": [*map(vars, seen), *[{}] * EMPTY_ROWS]})
        for row in form.parties:
            row.form.today = today
        return form

    def to_parties(self) -> list[PartyDetails]:
        rows = (row.form for row in self.parties)
        return [row.to_details() for row in rows if not row.remove.data and not row.is_empty]


class NoteRow(PlainForm):
    """What became of an outcome by a day, not before its `first_day`; an empty row is nothing."""

    first_day: date

    noted_on = DayField(_l("Day"), [Optional(), plausible])
    status = _status_field(_l("Status since then"))
    text = Prose(_l("Note"), longest=LONGEST_NOTE)
    remove = BooleanField(_l("Remove"))

    @property
    def is_empty(self) -> bool:
        return not (self.noted_on.data or self.status.data or self.text.data)

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        if self.remove.data or self.is_empty:
            return valid
        if not self.noted_on.data and not self.noted_on.errors:
            self.noted_on.errors = [_("Enter the day.")]
            valid = False
        elif self.noted_on.data and self.noted_on.data < self.first_day:
            first = day(self.first_day)
            self.noted_on.errors = [_("Enter %(day)s or a later day: there was no outcome before.", day=first)]
            valid = False
        if not self.text.data:
            self.text.errors = [_("Enter a note: what became of it.")]
            valid = False
        return valid

    def to_details(self) -> NoteDetails:
        status = OutcomeStatus(self.status.data) if self.status.data else None
        return NoteDetails(noted_on=self.noted_on.data, status=status, text=self.text.data)


class FollowUpForm(EditForm):
    """What became of an outcome."""

    notes = FieldList(FormField(NoteRow), label=_l("Follow-up"), max_entries=MAX_NOTES)

    @classmethod
    def of(cls, seen: Sequence[NoteDetails], outcome: Outcome) -> "FollowUpForm":
        """The form with what has been noted so far, or with what was sent."""
        form = cls(data={"notes": [*map(vars, seen), {}]})
        for row in form.notes:
            row.form.first_day = outcome.agreed_on or date(outcome.year, 1, 1)
        return form

    def to_notes(self) -> list[NoteDetails]:
        rows = (row.form for row in self.notes)
        return [row.to_details() for row in rows if not row.remove.data and not row.is_empty]
