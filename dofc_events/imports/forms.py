"""Each row of a file, as if an organiser had filled in the form for that person."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms.fields import SelectChoice

from dofc_events.conference.models import Edition
from dofc_events.core.references import new_secret
from dofc_events.delegates.rules import folded
from dofc_events.imports.reading.rules import Row, Table
from dofc_events.imports.rules import HEADERS, country_code, is_yes, typed_answer
from dofc_events.mail.rules import address_key
from dofc_events.places.queries import CategoryPlaces
from dofc_events.questions.rules import Kind, OwnQuestion, asked, introducing, is_required, shown
from dofc_events.registration.on_behalf.forms import OnBehalfForm
from dofc_events.registration.service import RegistrationRequest

# Nobody can be registered without these; for the last two, one answer may apply to everybody.
NEEDED = ("given_name", "email", "organisation", "country", "category")
FALLBACKS = ("country", "category")
TICKS = {"visa_letter", "photo_consent"}
# How much of a cell is quoted where something is wrong with it.
LONGEST_QUOTE = 80


@dataclass(frozen=True)
class CheckedRow:
    """A row of the file: what it asks for, or what is wrong with it.

    `email` is the address, "" where it is none. `dropped` are the questions whose answers do not apply to this person,
    and are not kept.
    """

    row: Row
    email: str
    request: RegistrationRequest | None
    problems: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class RowForm(OnBehalfForm):
    """The form, filled in by a file."""

    class Meta(OnBehalfForm.Meta):
        csrf = False


def field_labels(questions: Iterable[OwnQuestion]) -> dict[str, str]:
    """What a column can be, by the field's name: a detail, or an answer to one of the edition's own questions."""
    form = RowForm(formdata=None)
    own = {one.field: one.caption for one in questions if not one.is_retired and one.kind is not Kind.FILE}
    return {name: str(form[name].label.text) for name in HEADERS} | own


def asked_of_rows(questions: Iterable[OwnQuestion], on: date, matching: Sequence[str]) -> tuple[OwnQuestion, ...]:
    """The questions that the rows of a file answer. What delegates must answer is required where there is a column."""
    present = {one.key: one for one in questions}
    return tuple(
        replace(one, required=is_required(present[one.key], on))
        for one in asked(present.values(), on, by_organisers=True)
        if one.field in matching
    )


def checked_rows(
    edition: Edition,
    categories: Sequence[CategoryPlaces],
    questions: Sequence[OwnQuestion],
    table: Table,
    matching: Sequence[str],
    fallbacks: Mapping[str, str],
) -> list[CheckedRow]:
    """Every row, checked by itself as the registration form checks it.

    `questions` are those that `asked_of_rows` has found.
    """
    choices = [SelectChoice("", ""), *(SelectChoice(one.slug, one.label) for one in categories)]
    by_words = {folded(word): one.slug for one in categories for word in (one.slug, one.label)}
    found = []
    # One form, filled in again for each row: to make one takes a third of the checking.
    form = RowForm(formdata=None)
    form.category.choices = choices
    for row in table.rows:
        cells = {field: cell for field, cell in zip(matching, row.cells, strict=False) if field}
        for name in FALLBACKS:
            cells[name] = cells.get(name) or fallbacks.get(name, "")
        answers = {one.field: typed_answer(one, cells[one.field]) for one in questions}
        form.process(MultiDict(_typed(cells, by_words, answers)))
        form.ask(questions, {})
        said = {one.key: answers[one.field] or () for one in questions}
        visible = shown(questions, said, form.category.data or "")
        unread = [one for one in questions if answers[one.field] is None and one.key in visible]
        problems = [] if form.validate() else [*_problems(form, cells, {one.field for one in unread})]
        problems += [*_unclear(form, cells), *(_unread(one, cells) for one in unread)]
        dropped = tuple(one.caption for one in questions if cells[one.field] and one.key not in visible)
        email = "" if form.email.errors else form.email.data or ""
        request = None if problems else form.to_request(edition)
        found.append(CheckedRow(row, email, request, tuple(problems), dropped))
    return found


def side_by_side(
    rows: Iterable[CheckedRow],
    questions: Sequence[OwnQuestion],
    room: Mapping[int, int],
    aside: Collection[int] = (),
) -> list[CheckedRow]:
    """The rows, in their order; those with what an earlier one took are failing: an address, or an option's last place.

    A row that fails takes nothing, and one of those set `aside`, by their numbers, only its address. `room` says how
    many places options have left, of those that are limited.
    """
    left, first_row, found = dict(room), dict[str, int](), []
    limited = [(one, option) for one in questions for option in one.options if option.id in room]
    # People who come too late for an option with a waiting list join it.
    limited = [(one, option) for one, option in limited if not option.waiting_list]
    for row in rows:
        key, answers = address_key(row.email), row.request.answers if row.request else {}
        wanted = [(one, option) for one, option in limited if option.key in answers.get(one.key, ())]
        wanted = [] if row.row.number in aside else wanted
        problems = [
            _("%(field)s “%(option)s” is full.", field=introducing(one.caption), option=option.caption)
            for one, option in wanted
            if not left[option.id]
        ]
        if key in first_row:
            problems.append(_("The address %(email)s is already in row %(row)d.", email=row.email, row=first_row[key]))
        found.append(replace(row, request=None, problems=(*row.problems, *problems)) if problems else row)
        if row.request and not problems:
            first_row[key] = row.row.number
            for _one, option in wanted:
                left[option.id] -= 1
    return found


def _typed(
    cells: Mapping[str, str], categories: Mapping[str, str], answers: Mapping[str, tuple[str, ...] | None]
) -> Iterator[tuple[str, str]]:
    """What a browser would send of the row."""
    yield from (("consent", "y"), ("form_key", new_secret()))
    for name, text in cells.items():
        if name in answers:
            yield from ((name, value) for value in answers[name] or ())
        elif name in TICKS:
            if is_yes(text):
                yield name, "y"
        elif name == "country":
            yield name, country_code(text)
        elif name == "category":
            yield name, categories.get(folded(text), text)
        else:
            yield name, text


def _unclear(form: RowForm, cells: Mapping[str, str]) -> Iterator[str]:
    for name in TICKS & cells.keys():
        if is_yes(cells[name]) is None:
            yield _problem(form[name].label.text, _("Write yes or no."), cells[name])


def _unread(question: OwnQuestion, cells: Mapping[str, str]) -> str:
    options = [option.caption for option in question.options if not option.is_retired]
    return _problem(question.caption, _one_of(options) if options else _("Write yes or no."), cells[question.field])


def _one_of(options: Iterable[str]) -> str:
    words: str = _("Write one of these: %(options)s.", options=", ".join(options))
    return words


def _problems(form: RowForm, cells: Mapping[str, str], apart_from: Collection[str]) -> Iterator[str]:
    for field in (*form, *form.answers.form):
        for error in field.errors if field is not form.answers and field.name not in apart_from else ():
            typed = cells.get(field.name, "")
            unknown = field is form.category and typed
            words = _one_of(choice.label for choice in field.choices if choice.value) if unknown else str(error)
            yield _problem(field.label.text, words, typed)


def _problem(field: str, error: str, typed: str) -> str:
    said: str = _("%(field)s %(error)s", field=introducing(field), error=error)
    return _("%(problem)s The row says “%(text)s”.", problem=said, text=typed[:LONGEST_QUOTE]) if typed else said
