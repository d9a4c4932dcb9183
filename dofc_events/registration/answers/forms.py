"""The part of a form that asks an edition's own questions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import Field, FormField, RadioField, SelectMultipleField, ValidationError
from wtforms import Form as PlainForm
from wtforms.fields import SelectChoice
from wtforms.fields.choices import SelectFieldBase
from wtforms.form import BaseForm
from wtforms.utils import unset_value
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from dofc_events.questions.rules import (
    KEYED,
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
from dofc_events.web.kept import written_by
from dofc_events.web.moments import DayField, in_a_life

# Below this it is said how many places an option still has.
FEW = 10
# The questions of a long form, asked of each of twenty people, and those of other forms.
MAX_KEPT = 1000


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


class Offered(NamedTuple):
    """What can be picked, unless it is off: then it can only be seen."""

    value: str
    caption: str
    is_off: bool = False


class Shown(NamedTuple):
    """Everything that the markup of a question shows, but for what is answered and what is wrong with it.

    The field's name begins with `prefix`; `only_for` are categories, `when` is the question that it depends on.
    """

    question: OwnQuestion
    offered: tuple[Offered, ...]
    prefix: str
    only_for: str
    when: OwnQuestion | None
    file_words: str


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
        if not questions:
            return
        yes_no, none = (Offered(YES, _("Yes")), Offered(NO, _("No"))), (Offered("", _("No answer")),)
        self.offered = {
            one.key: (*(yes_no if one.kind is Kind.YES_NO else self._offered(one)), *(none if _may_skip(one) else ()))
            for one in self.questions
        }
        fields = {one.field: _field_for(one, self.offered[one.key]) for one in self.questions}
        self.form = BaseForm(fields, prefix=self.prefix)
        data = {one.field: _data(one, known.get(one.key, ())) for one in self.questions}
        self.form.process(self.formdata, data=data)

    @property
    def prefix(self) -> str:
        """What the names of all fields of its form begin with."""
        return prefix_of(self)

    def parts(self) -> Iterator[Any]:
        """What is compared with what was saved meanwhile: each answer for itself."""
        return iter(self.form)

    def stored(self) -> BaseForm:
        """The fields as they would be if nothing had been typed: copies, as making them takes longer."""
        form = BaseForm({}, prefix=self.prefix)
        for one in self.questions:
            form._fields[one.field] = _untyped(self.form[one.field])
        return form

    def markup(self, category: Field, file_words: str) -> Iterator[Markup]:
        """Each question as a page shows it. `category` is the form's field; `file_words` say where a file is added.

        What many people are shown is kept between requests, without what they typed.
        """
        names = {choice.value: choice.label for choice in category.choices}
        asked, language = {one.key: one for one in self.all_questions}, str(get_locale())
        for one in self.all_questions:
            only_for = ", ".join(names[slug] for slug in names if slug in one.categories)
            offered, when = self.offered.get(one.key, ()), asked.get(one.shown_when)
            shown = Shown(one, offered, self.prefix, only_for, when, file_words)
            field = self.form[one.field] if one.key in self.offered else None
            if field and (field.errors or hasattr(field, "meanwhile")):
                written = _written(shown, field)
            else:
                written = _filled(_blank(shown, language), field) if field else _blank(shown, language)
            yield Markup(written)  # noqa: S704 (escaped by the template)

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

    def _offered(self, one: OwnQuestion) -> Iterator[Offered]:
        held = self.known.get(one.key, ())
        typed = self.formdata.getlist(f"{self.prefix}{one.field}") if self.formdata else ()
        offered = (option for option in one.options if not option.is_retired or option.key in held)
        return (self._option(option, held, typed) for option in offered)

    def _option(self, option: Option, held: Collection[str], typed: Collection[str]) -> Offered:
        left = self.free.get(option.id)
        if left is None or option.key in held:
            return Offered(option.key, option.caption)
        # What somebody picked stays picked, with the sentence that says why it cannot be had.
        is_off = left == 0 and option.key not in typed and not option.waiting_list
        return Offered(option.key, _places_left(option, left), is_off)


def _untyped(field: Field) -> Field:
    # Without a form a field's class makes no field, but a promise of one: `copy` does not know that.
    untyped: Field = Field.__new__(type(field), _form=field._form)
    vars(untyped).update(vars(field), raw_data=None)
    untyped.process(None, field.object_data)
    return untyped


def _may_skip(one: OwnQuestion) -> bool:
    """Whether no answer is one of those to pick."""
    return one.kind in KEYED and one.kind is not Kind.SEVERAL and not one.required


@lru_cache(MAX_KEPT)
def _field_for(one: OwnQuestion, offered: tuple[Offered, ...]) -> Any:
    match one.kind:
        case Kind.TEXT:
            return Line(one.caption, longest=LONGEST_TEXT, description=one.hint)
        case Kind.LONG_TEXT:
            return Paragraphs(one.caption, longest=LONGEST_LONG_TEXT, description=one.hint)
        case Kind.NUMBER:
            return NumberLine(one.caption, longest=LONGEST_TEXT, description=one.hint)
        case Kind.DATE:
            return DayField(one.caption, [Optional(), in_a_life], description=one.hint)
    checks = [_OneOf([value for value, _caption, _is_off in offered if value])]
    choices = [SelectChoice(value, caption, {"disabled": True} if off else {}) for value, caption, off in offered]
    if one.kind is Kind.SEVERAL:
        return ChecksField(one.caption, checks, choices=choices, validate_choice=False, description=one.hint)
    return RadioField(one.caption, checks, choices=choices, validate_choice=False, description=one.hint)


@lru_cache(MAX_KEPT)
def _blank(shown: Shown, language: str) -> str:
    """The markup of a question to which nothing is answered."""
    if shown.question.kind is Kind.FILE:
        return _written(shown, None)
    name = shown.question.field
    form = BaseForm({name: _field_for(shown.question, shown.offered)}, prefix=shown.prefix)
    form.process()
    return _written(shown, form[name])


def _written(shown: Shown, field: Field | None) -> str:
    return written_by("registration/_questions.html", "own_question", shown, field)


def _filled(blank: str, field: Field) -> str:
    """The markup with what is answered where a browser expects it.

    Quotes and angle brackets of texts are escaped: what is looked for can be nothing but the field itself.
    """
    if isinstance(field, SelectFieldBase):
        picked = field.data if isinstance(field.data, list) else [field.data] if field.data is not None else []
        for value in picked:
            found = f'value="{escape(value)}"'
            blank = blank.replace(found, f"{found} checked", 1)
        return blank
    empty, filled = ("</textarea>", "{}</textarea>") if isinstance(field, Paragraphs) else ('value=""', 'value="{}"')
    return blank.replace(empty, filled.format(escape(field._value())), 1)


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
