"""Forms of letters: what is typed, and a check that it can be filled in for everybody."""

from collections.abc import Collection, Mapping
from typing import Any, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from dofc_events.core.errors import Refusal
from dofc_events.letters.rules import (
    LINK,
    LONGEST_BODY,
    LONGEST_SUBJECT,
    MAX_DAYS,
    PLACEHOLDERS,
    Anchor,
    misplaced_placeholders,
    unknown_placeholders,
)
from dofc_events.letters.service import DateMissing, FarOff, LetterText, TooLate
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, Line, Prose, WholeNumberField
from dofc_events.web.forms import Form
from dofc_events.web.moments import ClockField, DayField, plausible

BEFORE, AFTER = "before", "after"
# What a link may have for its address.
STAND_INS = (f"{{{LINK}}}",)


def can_be_filled_in(text: str, own: Collection[str]) -> None:
    """Raise ValidationError unless everything in braces is something that we can fill in where it stands."""
    unknown, misplaced = unknown_placeholders(text, own), misplaced_placeholders(text)
    if unknown:
        raise ValidationError(
            _(
                "%(unknown)s is not a placeholder. You can use %(known)s.",
                unknown=_in_braces(unknown),
                known=_in_braces((*PLACEHOLDERS, *own)),
            )
        )
    if misplaced:
        raise ValidationError(
            _(
                "%(names)s cannot be part of a link’s address; only {own_page} can, as the whole of it.",
                names=_in_braces(misplaced),
            )
        )


def _in_braces(names: Any) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


class LetterForm(Form):
    """A letter, and when it is sent. It can quote answers to the edition's `own` questions."""

    own: Collection[str] = ()

    subject = Line(_l("Subject"), longest=LONGEST_SUBJECT, missing=_l("Enter a subject."))
    body = Prose(_l("Text"), longest=LONGEST_BODY, stand_ins=STAND_INS, missing=_l("Write what the letter says."))
    anchor = SelectField(
        _l("When it is sent"),
        choices=[
            SelectChoice(Anchor.AT_ONCE.value, _l("When I send it")),
            SelectChoice(Anchor.ON_DAY.value, _l("On a day of my choice")),
            SelectChoice(Anchor.BEGINS.value, _l("Days from the first day of the edition")),
            SelectChoice(Anchor.ENDS.value, _l("Days from the last day of the edition")),
            SelectChoice(Anchor.CLOSES.value, _l("Days from the day on which registration closes")),
        ],
    )
    days = WholeNumberField(
        _l("How many days"),
        [
            InputRequired(_l("Enter a number of days; 0 is the day itself.")),
            Between(0, MAX_DAYS),
        ],
    )
    side = SelectField(
        _l("Before or after it"),
        choices=[SelectChoice(BEFORE, _l("days before")), SelectChoice(AFTER, _l("days after"))],
    )

    sent_on = DayField(_l("Day"), [Optional(), plausible])
    hour = ClockField(_l("Time of day"), [InputRequired(_l("Enter a time of day, for example 09:00."))])

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        # A field that may be empty is not asked any further.
        if self.anchor.data == Anchor.ON_DAY and not self.sent_on.data and not self.sent_on.errors:
            self.sent_on.errors = [_("Enter the day on which the letter is to be sent.")]
            return False
        return valid

    def validate_subject(self, field: Line) -> None:
        can_be_filled_in(field.data, self.own)
        if f"{{{LINK}}}" in field.data:
            raise ValidationError(
                _("The subject cannot contain {own_page}, because others see subjects. Put it in the text.")
            )

    def validate_body(self, field: Prose) -> None:
        can_be_filled_in(field.data, self.own)

    @classmethod
    def of(cls, text: LetterText) -> Self:
        """The form with what a letter says, or with what was sent."""
        side = BEFORE if text.days < 0 else AFTER
        values: Mapping[str, Any] = {**vars(text), "anchor": text.anchor.value, "days": abs(text.days), "side": side}
        return cls(data=values)

    def to_text(self) -> LetterText:
        subject, body, anchor = self.subject.data, self.body.data, Anchor(self.anchor.data)
        if anchor is Anchor.AT_ONCE:
            return LetterText(subject, body, anchor)
        if anchor is Anchor.ON_DAY:
            return LetterText(subject, body, anchor, sent_on=self.sent_on.data, hour=self.hour.data)
        days = -self.days.data if self.side.data == BEFORE else self.days.data
        return LetterText(subject, body, anchor, days, hour=self.hour.data)

    def show_refusal(self, refusal: Refusal) -> None:
        """Show at the field why it cannot be sent at that time."""
        match refusal:
            case DateMissing():
                text = _("The edition does not have that date yet: enter it in the settings, or choose another one.")
            case TooLate():
                text = _(
                    "That time has passed, or the edition is archived: choose a later one, or send the letter now."
                )
            case FarOff():
                self.sent_on.errors = [_("That is more than a year after the edition. Check the year.")]
                return
            case _:
                raise refusal
        self.anchor.errors = [text]


class NewLetterForm(LetterForm):
    """A new letter; `with_files` takes along those of the one that it is like."""

    with_files = BooleanField(_l("Attach the same files"), default=True)


class ChangeLetterForm(EditForm, LetterForm):
    """A letter that nobody has been sent."""


class SendForm(Form):
    """The button that sends a letter; `digest` identifies its recipients, so that only people who were shown get it.

    `text` identifies what it says, so that nobody sends what somebody else has changed meanwhile.
    """

    digest = HiddenField()
    text = HiddenField()


class ChangeForm(SendForm):
    """Whether everybody is told of a changed place or time, and with which sentence."""

    sentence = Prose(_l("Your own sentence"), longest=LONGEST_BODY, stand_ins=STAND_INS)
    answer = StringField()

    def validate_sentence(self, field: Prose) -> None:
        can_be_filled_in(field.data, ())
