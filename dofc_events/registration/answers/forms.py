"""The part of a form that asks an edition's own questions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, FormField, RadioField, SelectMultipleField, ValidationError
from wtforms import Form as PlainForm
from wtforms.fields import SelectChoice
from wtforms.form import BaseForm
from wtforms.utils import unset_value
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from dofc_events.questions.rules import (
    LARGEST_NUMBER,
    LONGEST_LONG_TEXT,
    LONGEST_TEXT,
    NO,
    YES,
    Answers,
    Kind,
    Option,
    OwnQuestion,
    shown,
)
from dofc_events.questions.texts import in_words
from dofc_events.registration.answers.service import ChoiceFull
from dofc_events.web.fields import Line, OfAnyField, Paragraphs, prefix_of
from dofc_events.web.moments import DayField, plausible

# Below this it is said how many places an option still has.
FEW = 10


class NumberLine(Line):
    """A whole number, as text; empty where there is none."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if validation_stopped or self.errors or not self.data:
            return
        digits = self.data.lstrip("0") or "0"
        if not digits.isascii() or not digits.isdecimal():
            raise ValidationError(OfAnyField(_("Enter a whole number, for example 2.")))
        if len(digits) > len(str(LARGEST_NUMBER)):
            raise ValidationError(OfAnyField(_("Enter a smaller number.")))
        self.data = digits


class ChecksField(SelectMultipleField):
    """Several of some choices, each with a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AnswersField(FormField):
    """An edition's own questions, each with a field `question-<key>` that keeps what was typed; `ask` says which.

    In a form within another the names begin with its prefix.
    """

    form: BaseForm
    all_questions: tuple[OwnQuestion, ...] = ()
    questions: tuple[OwnQuestion, ...] = ()
    known: Answers = MappingProxyType({})
    category = ""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PlainForm, **kwargs)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.object_data, self.formdata = None, formdata
        self.form = BaseForm({})

    def ask(self, questions: Sequence[OwnQuestion], known: Answers, free: Mapping[int, int]) -> None:
        """Ask these, beginning with the `known` answers.

        `free` is how many places options have left, of those that are limited. Known answers to questions that are not
        asked decide what is shown, too. Files have a page of their own: there is no field for them.
        """
        self.all_questions, self.known, self.free = tuple(questions), known, free
        self.questions = tuple(one for one in questions if one.kind is not Kind.FILE)
        self.form = BaseForm({one.field: self._field_for(one) for one in self.questions}, prefix=self.prefix)
        data = {one.field: _data(one, known.get(one.key, ())) for one in self.questions}
        self.form.process(self.formdata, data=data)

    @property
    def prefix(self) -> str:
        """What the names of all fields of its form begin with."""
        return prefix_of(self)

    def parts(self) -> Iterator[Any]:
        """What is compared with what was saved meanwhile: each answer for itself."""
        return iter(self.form)

    def given(self) -> dict[str, tuple[str, ...]]:
        """The answer to each question that is asked, by key; what is not shown has none."""
        said = {one.key: _values(self.form[one.field]) for one in self.questions}
        visible = self._visible(said)
        return {key: values if key in visible else () for key, values in said.items()}

    def given_words(self) -> list[tuple[str, str]]:
        """What was asked and answered, as people read it."""
        return [(one.caption, one.words) for one in in_words(self.questions, self.given())]

    def is_as(self, known: Answers) -> bool:
        """Whether all that is asked is answered like this already."""
        return all(known.get(key, ()) == values for key, values in self.given().items())

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        # Of the same form: the category decides who is asked what.
        self.category = form.category.data or ""
        self.form.validate()
        visible = self._visible({one.key: _values(self.form[one.field]) for one in self.questions})
        for one in self.questions:
            field = self.form[one.field]
            if one.key not in visible:
                field.errors = []
            elif one.required and not field.errors and not _values(field):
                field.errors = [OfAnyField(_("Answer this question."))]
        return not self.form.errors

    def refuse(self, refusal: ChoiceFull) -> None:
        """Say that what was chosen has no place left: somebody was quicker."""
        field = self.form[refusal.field]
        field.errors = [_full(refusal.caption)]

    def chose(self, refusal: ChoiceFull) -> bool:
        """Whether it is chosen here what was refused."""
        given = self.given()
        return any(one.field == refusal.field and refusal.option in given[one.key] for one in self.questions)

    def take_from(self, left: dict[int, int]) -> bool:
        """Count what is chosen off the places that options have `left`, and say what has none: whether all have."""
        given, fits = self.given(), True
        for one in self.questions:
            for option in (option for option in one.options if option.key in given[one.key]):
                if option.id in left and not option.waiting_list:
                    if left[option.id] <= 0:
                        self.form[one.field].errors, fits = [_full(option.caption)], False
                    left[option.id] -= 1
        return fits

    def _visible(self, said: Answers) -> frozenset[str]:
        return shown(self.questions, {**self.known, **said}, self.category)

    def _field_for(self, one: OwnQuestion) -> Any:
        match one.kind:
            case Kind.TEXT:
                return Line(one.caption, longest=LONGEST_TEXT, description=one.hint)
            case Kind.LONG_TEXT:
                return Paragraphs(one.caption, longest=LONGEST_LONG_TEXT, description=one.hint)
            case Kind.NUMBER:
                return NumberLine(one.caption, longest=LONGEST_TEXT, description=one.hint)
            case Kind.DATE:
                return DayField(one.caption, [Optional(), plausible], description=one.hint)
        choices = self._choices(one)
        checks = [_OneOf([choice.value for choice in choices if choice.value])]
        if one.kind is Kind.SEVERAL:
            return ChecksField(one.caption, checks, choices=choices, validate_choice=False, description=one.hint)
        none = [] if one.required else [SelectChoice("", _("No answer"))]
        all_choices = [*choices, *none]
        return RadioField(one.caption, checks, choices=all_choices, validate_choice=False, description=one.hint)

    def _choices(self, one: OwnQuestion) -> list[SelectChoice]:
        if one.kind is Kind.YES_NO:
            return [SelectChoice(YES, _("Yes")), SelectChoice(NO, _("No"))]
        held = self.known.get(one.key, ())
        offered = [option for option in one.options if not option.is_retired or option.key in held]
        typed = self.formdata.getlist(f"{self.prefix}{one.field}") if self.formdata else ()
        choices = []
        for option in offered:
            left = self.free.get(option.id)
            is_full = left == 0 and option.key not in held
            words = _places_left(option, left) if left is not None and option.key not in held else option.caption
            # What somebody picked stays picked, with the sentence that says why it cannot be had.
            off = {"disabled": True} if is_full and option.key not in typed and not option.waiting_list else None
            choices.append(SelectChoice(option.key, words, render_kw=off))
        return choices


class _OneOf:
    """The choices that are offered; others are none."""

    def __init__(self, offered: Collection[str]) -> None:
        self.offered = frozenset(offered)
        self.field_flags: dict[str, Any] = {}

    def __call__(self, form: Any, field: Field) -> None:
        if {*_values(field)} - self.offered:
            raise ValidationError(OfAnyField(_("Choose from the list.")))


def _places_left(option: Option, left: int) -> str:
    caption = option.caption
    if left == 0 and option.waiting_list:
        return str(_("%(option)s (full: you join the waiting list)", option=caption))
    if left == 0:
        return str(_("%(option)s (full)", option=caption))
    return str(_("%(option)s (%(num)d left)", option=caption, num=left)) if left < FEW else caption


def _full(caption: str) -> OfAnyField:
    return OfAnyField(_("“%(option)s” is full. Choose something else.", option=caption))


def _values(field: Field) -> tuple[str, ...]:
    """An answer as it is stored."""
    if isinstance(field.data, list):
        return tuple(dict.fromkeys(str(value) for value in field.data))
    if isinstance(field.data, date):
        return (field.data.isoformat(),)
    return (str(field.data),) if field.data else ()


def _data(one: OwnQuestion, values: tuple[str, ...]) -> Any:
    """An answer as its field begins with it."""
    if one.kind is Kind.SEVERAL:
        return list(values)
    first = values[0] if values else None
    return date.fromisoformat(first) if first and one.kind is Kind.DATE else first
