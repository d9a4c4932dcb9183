"""Which details, which address and which registration stay when two are merged."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField
from wtforms.validators import InputRequired

from dofc_events.core.countries import country_name
from dofc_events.delegates.service import Details, details_of
from dofc_events.notices.mails import Standing
from dofc_events.organise.registrations.forms import LONGEST_NOTE
from dofc_events.organise.trail.changes.texts import FIELDS_OF_PEOPLE
from dofc_events.questions.queries import answers_of
from dofc_events.questions.rules import OwnQuestion, still_offered
from dofc_events.questions.texts import Answered
from dofc_events.registration.doubles.service import Merging
from dofc_events.web.forms import Form

FIRST, SECOND, BOTH = "first", "second", "both"


class MergeForm(Form):
    """`keep`, and what differs: a choice for each, called as in Details, and `email`; what is newer is chosen.

    Of own questions it is called as their fields, and of the organisers' notes `note`, only where both have one.
    """

    digest = HiddenField()
    keep = RadioField(_l("Which registration stays, with its place?"), [InputRequired(_l("Choose which one stays."))])
    seats = BooleanField(_l("Move the other one’s trips to it, where they fit"), default=True)
    quiet = BooleanField(_l("Cancel the other one without telling them"))

    differ: list[str]
    sides: tuple[Standing, Standing]

    @classmethod
    def of(cls, first: Standing, second: Standing) -> "MergeForm":
        """The form for a pair, or with what was sent."""
        sides = {FIRST: first, SECOND: second}
        known = {side: {one.field: one for one in of.answers} for side, of in sides.items()}
        questions = {one.field: one.caption for one in first.answers if one.field in known[SECOND]}
        labels = {**FIELDS_OF_PEOPLE, "email": _l("Email"), **questions}
        values = {side: _values(of) | known[side] for side, of in sides.items()}
        differ = [name for name in labels if values[FIRST][name] != values[SECOND][name]]
        # A choice between two values; nothing that differs is decided unseen.
        choices = {name: RadioField(labels[name], [InputRequired(_l("Choose one."))]) for name in differ}
        # The newer one, unless only the older one has it.
        chosen = {name: FIRST if values[SECOND][name] == "" else SECOND for name in differ} | {"keep": FIRST}
        offered = {name: [(s, _words(name, of[name], sides[s])) for s, of in values.items()] for name in differ}
        notes = [of.registration.note for of in sides.values()]
        if all(notes) and notes[0] != notes[1]:
            differ.append("note")
            choices["note"] = RadioField(_l("Note"), [InputRequired(_l("Choose one."))])
            offered["note"] = list(zip(sides, notes, strict=True))
            if len(_both(notes)) <= LONGEST_NOTE:
                offered["note"].append((BOTH, _("Both notes, one below the other")))
            chosen["note"] = offered["note"][-1][0]
        form: MergeForm = type("MergeForm", (cls,), choices)(data=chosen)
        form.keep.choices = [(side, of.registration.reference) for side, of in sides.items()]
        for name in differ:
            form[name].choices = offered[name]
        form.differ, form.sides = differ, (first, second)
        return form

    def wanted(self, questions: Sequence[OwnQuestion]) -> Merging:
        """What is to become of the pair, at an edition with these questions."""
        first, second = self.sides
        values = _values(first) | {name: value for name, value in _values(second).items() if self._takes(name, SECOND)}
        details = Details(**{field.name: values[field.name] for field in fields(Details)})
        keeps_first = self.keep.data == FIRST
        kept, other, side = (first, second, SECOND) if keeps_first else (second, first, FIRST)
        because = _(
            "It was a second registration of yours. %(reference)s stays.", reference=kept.registration.reference
        )
        mine = {one.field for one in kept.answers}
        taken = [one for one in other.answers if one.field not in mine or self._takes(one.field, side)]
        answers = still_offered(questions, answers_of(taken))
        said = {"seats": self.seats.data, "quiet": self.quiet.data, "note": self._note(), "answers": answers}
        return Merging(keeps_first, details, values["email"], because, self.digest.data or "", **said)

    def _takes(self, name: str, side: str) -> bool:
        return name in self.differ and self[name].data == side

    def _note(self) -> str:
        notes = [of.registration.note for of in self.sides]
        if "note" not in self.differ:
            return notes[0] or notes[1]
        return {FIRST: notes[0], SECOND: notes[1], BOTH: _both(notes)}[self["note"].data]


class PickedForm(Form):
    """The pairs picked on the list, by their numbers."""

    pick = SelectMultipleField(coerce=int, validate_choice=False)

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if valid and not self.pick.data:
            self.form_errors = [_("Tick the pairs that are different people.")]
        return valid and bool(self.pick.data)


def _both(notes: Sequence[str]) -> str:
    return "\n\n".join(notes)


def _values(of: Standing) -> dict[str, Any]:
    return {**vars(details_of(of.registration)), "email": of.registration.email}


def _words(name: str, value: Any, of: Standing) -> str:
    text: str
    if isinstance(value, Answered):
        text = value.words
    elif value is True or value is False:
        text = _("yes") if value else _("no")
    elif name == "country":
        text = country_name(value, get_locale().language)
    elif name == "category":
        text = of.registration.category.label
    else:
        text = value or _("nothing")
    return text
