"""The form of one question: shape only; what needs the database is the service's to refuse."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, FieldList, FormField, HiddenField, StringField
from wtforms import Form as PlainForm
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from dofc_events.conference.rules import Consequence, Effect
from dofc_events.organise.questions.texts import STANDARD
from dofc_events.places.options.service import PeopleWait, TooFewPlaces
from dofc_events.places.queries import CategoryPlaces
from dofc_events.places.rules import MAX_PLACES
from dofc_events.questions.models import LONGEST_CAPTION, LONGEST_HINT
from dofc_events.questions.rules import KEYED, NO, PICKED, YES, Kind, Option, OwnQuestion
from dofc_events.questions.service import MAX_OPTIONS, OptionDetails, QuestionDetails, details_of
from dofc_events.registration.answers.forms import ChecksField
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, Line, WholeNumberField
from dofc_events.web.moments import DayField, plausible

EMPTY_ROWS = 4


def _day(label: Any) -> DayField:
    return DayField(label, [Optional(), plausible])


class OptionRow(PlainForm):
    """One option: a known one has a key, a new one has none."""

    key = HiddenField()
    caption = Line(_l("Option"), longest=LONGEST_CAPTION)
    order = WholeNumberField(_l("Order"), [Optional(), Between(0, MAX_OPTIONS)])
    places = WholeNumberField(_l("Places"), [Optional(), Between(0, MAX_PLACES)])
    waiting_list = BooleanField(_l("With a waiting list"))
    remove = BooleanField(_l("No longer offer it"))

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if not self.caption.data and (self.key.data or self.places.data is not None):
            self.caption.errors = [_("Enter what the option is called.")]
            valid = False
        if self.waiting_list.data and self.places.data is None and not self.places.errors:
            self.places.errors = [_("Enter how many places there are before people have to wait.")]
            valid = False
        return bool(valid)


class QuestionForm(EditForm):
    """What organisers say of a question, and the options to choose from."""

    accepted = StringField()
    caption = Line(_l("Question"), longest=LONGEST_CAPTION, missing=_l("Enter the question."))
    hint = Line(_l("Hint"), longest=LONGEST_HINT)
    options = FieldList(FormField(OptionRow), label=_l("Options"), max_entries=MAX_OPTIONS)
    required = BooleanField(_l("Delegates must answer it"))
    required_from_on = _day(_l("Must be answered from"))
    frozen_from_on = _day(_l("Can no longer be answered from"))
    organisers_only = BooleanField(_l("For organisers only"))
    categories = ChecksField(_l("Only for these categories"))
    shown_if = ChecksField(_l("Only after one of these answers"))

    kind: Kind
    ends_on: date | None

    @classmethod
    def of(
        cls,
        kind: Kind,
        values: Mapping[str, Any],
        *,
        categories: Sequence[CategoryPlaces],
        earlier: Sequence[OwnQuestion],
        ends_on: date | None,
    ) -> "QuestionForm":
        """The form with these values, or with what was sent, for an edition whose last day is `ends_on`.

        It may depend on the answers to `earlier` questions.
        """
        form = cls(data={**values, "options": [*values.get("options", ()), *[{}] * EMPTY_ROWS]})
        form.kind, form.ends_on = kind, ends_on
        form.offer(categories, earlier)
        if kind not in PICKED:
            del form.options
        return form

    def offer(self, categories: Sequence[CategoryPlaces], earlier: Sequence[OwnQuestion]) -> None:
        self.offered = categories, earlier
        self.categories.choices = [SelectChoice(one.slug, one.label) for one in categories]
        names = {YES: _("Yes"), NO: _("No")}
        self.shown_if.choices = [
            SelectChoice(f"{one.key}:{key}", f"{one.caption} — {option.caption if option else names[key]}")
            for one in earlier
            if one.kind in KEYED and not one.is_retired
            for key, option in ((key, one.option(key)) for key in one.answers)
        ]

    def stored(self) -> Any:
        form = super().stored()
        form.offer(*self.offered)
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if "csrf_token" in self.errors or self.form_errors:
            return valid
        if len({answer.partition(":")[0] for answer in self.shown_if.data or ()}) > 1:
            self.shown_if.errors = [_("Choose answers to one question.")]
            valid = False
        if self.kind in PICKED and not self._has_options():
            valid = False
        return self._has_days_that_can_be() and valid

    def _has_days_that_can_be(self) -> bool:
        required, frozen = self.required_from_on, self.frozen_from_on
        for field in (required, frozen):
            if field.data and self.ends_on and field.data > self.ends_on and not field.errors:
                field.errors = [_("The edition has ended by then. Check the day.")]
        if required.data and frozen.data and required.data >= frozen.data and not (required.errors or frozen.errors):
            frozen.errors = [_("Delegates could never answer it when they must. Enter a later day.")]
        return not (required.errors or frozen.errors)

    def passed(self, today: date, before: OwnQuestion | None = None) -> list[Consequence]:
        """Which days that are new are in the past: as often as not a slip in the year."""
        names = ("required_from_on", "frozen_from_on")
        days = [name for name in names if self[name].data and self[name].data < today]
        return [
            Consequence(Effect.IN_THE_PAST, about=name)
            for name in days
            if before is None or self[name].data != getattr(before, name)
        ]

    def to_details(self) -> QuestionDetails:
        pairs = [answer.partition(":") for answer in self.shown_if.data or ()]
        return QuestionDetails(
            caption=self.caption.data,
            hint=self.hint.data,
            categories=tuple(self.categories.data or ()),
            shown_when=pairs[0][0] if pairs else "",
            shown_for=tuple(option for _key, _colon, option in pairs),
            required=self.required.data,
            required_from_on=self.required_from_on.data,
            frozen_from_on=self.frozen_from_on.data,
            organisers_only=self.organisers_only.data,
        )

    def to_options(self) -> list[tuple[OptionDetails, int | None]]:
        """The options in their order, each with its places."""
        # Those with the same number stay as they are, and what has none comes last.
        rows = sorted(self._rows(), key=lambda row: MAX_OPTIONS if row.order.data is None else row.order.data)
        return [
            (OptionDetails(r.key.data or "", r.caption.data, r.remove.data, r.waiting_list.data), r.places.data)
            for r in rows
        ]

    def as_asked(self, key: str) -> OwnQuestion:
        """The question as it would be asked, whether or not it can be saved like this."""
        said = [one for one, _places in self.to_options()]
        options = tuple(Option(n, one.key or f"-{n}", one.caption, one.is_retired) for n, one in enumerate(said))
        caption = self.caption.data or _("Your question")
        return OwnQuestion(0, key, self.kind, **vars(self.to_details()) | {"caption": caption}, options=options)

    def show_refusal(self, refusal: TooFewPlaces | PeopleWait) -> None:
        """Show the service's refusal at its field."""
        row = next(row for row in self._rows() if row.caption.data == refusal.caption)
        if isinstance(refusal, TooFewPlaces):
            row.places.errors = [_("Enter at least %(taken)d: that many people have chosen it.", taken=refusal.taken)]
        else:
            row.waiting_list.errors = [
                ngettext(
                    "%(num)d person waits for it. Give them a place first.",
                    "%(num)d people wait for it. Give them places first.",
                    refusal.waiting,
                )
            ]
        self.options.errors = [row.errors for row in self.options]

    def _rows(self) -> list[OptionRow]:
        return [row.form for row in self.options if row.form.caption.data] if self.kind in PICKED else []

    def _has_options(self) -> bool:
        rows = [row for row in self._rows() if not row.remove.data]
        captions = [row.caption.data.casefold() for row in rows]
        if len(rows) < 2 and not self.options.errors:
            self.options.errors = [_("Enter at least two options.")]
        elif len({*captions}) < len(captions):
            self.options.errors = [_("Two options have the same name. Change one of them.")]
        else:
            return True
        return False


def values_of(question: OwnQuestion, capacities: Mapping[int, int]) -> dict[str, Any]:
    """What the form of a question begins with."""
    options = [
        {
            "key": one.key,
            "caption": one.caption,
            "order": number,
            "places": capacities.get(one.id),
            "waiting_list": one.waiting_list,
            "remove": one.is_retired,
        }
        for number, one in enumerate(question.options, start=1)
    ]
    shown_if = [f"{question.shown_when}:{key}" for key in question.shown_for] if question.shown_when else []
    details = vars(details_of(question)) | {"categories": list(question.categories)}
    return details | {"shown_if": shown_if, "options": options}


def values_of_standard(key: str) -> dict[str, Any]:
    """What the form of a question begins with that many hosts ask."""
    standard = STANDARD[key]
    options = [{"caption": str(words)} for words in standard.get("options", ())]
    return {"caption": str(standard["caption"]), "hint": str(standard.get("hint", "")), "options": options}
