"""Each row of a file, as if an organiser had filled in the form for that person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.fields import SelectChoice

from dofc_events.conference.models import Edition
from dofc_events.core.references import new_secret
from dofc_events.delegates.rules import folded
from dofc_events.imports.reading.rules import Row, Table
from dofc_events.imports.rules import HEADERS, country_code, is_yes
from dofc_events.mail.rules import address_key
from dofc_events.registration.on_behalf.forms import OnBehalfForm
from dofc_events.registration.service import RegistrationRequest

# Without these nobody can be registered; of the last two one answer may do for everybody.
NEEDED = ("given_name", "email", "organisation", "country", "category")
FALLBACKS = ("country", "category")
TICKS = {"visa_letter", "photo_consent"}
# How much of a cell is said again where something is wrong with it.
LONGEST_QUOTE = 80


@dataclass(frozen=True)
class CheckedRow:
    """A row of the file: what it asks for, or what is wrong with it."""

    row: Row
    request: RegistrationRequest | None
    problems: tuple[str, ...] = ()


class RowForm(OnBehalfForm):
    """The form, filled in by a file."""

    class Meta(OnBehalfForm.Meta):
        csrf = False


def field_labels() -> dict[str, str]:
    """What a column can be, by the field's name."""
    form = RowForm(formdata=None)
    return {name: str(form[name].label.text) for name in HEADERS}


def checked_rows(
    edition: Edition, table: Table, matching: Sequence[str], fallbacks: Mapping[str, str]
) -> list[CheckedRow]:
    """Every row, checked as the registration form checks it; an address that was in an earlier row is a mistake."""
    categories = edition.category_choices()
    choices = [SelectChoice(*one) for one in (("", ""), *categories)]
    by_words = {folded(word): slug for slug, label in categories for word in (slug, str(label))}
    found, first_row = [], dict[str, int]()
    for row in table.rows:
        cells = {field: cell for field, cell in zip(matching, row.cells, strict=False) if field}
        for name in FALLBACKS:
            cells[name] = cells.get(name) or fallbacks.get(name, "")
        form = RowForm(formdata=MultiDict(_typed(cells, by_words)))
        form.category.choices = choices
        problems = [*([] if form.validate() else _problems(form)), *_unclear(form, cells)]
        key = address_key(form.email.data) if form.email.data and not form.email.errors else ""
        if key and key in first_row:
            problems.append(
                _("The address %(email)s is already in row %(row)d.", email=form.email.data, row=first_row[key])
            )
        elif key:
            first_row[key] = row.number
        found.append(CheckedRow(row, None if problems else form.to_request(edition), tuple(problems)))
    return found


def _typed(cells: Mapping[str, str], categories: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a browser would send of the row."""
    yield from (("consent", "y"), ("form_key", new_secret()))
    for name, text in cells.items():
        if name in TICKS:
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
            yield _problem(form[name], _("Write yes or no."), cells[name])


def _problems(form: RowForm) -> Iterator[str]:
    for field in form:
        for error in field.errors:
            yield _problem(field, str(error), str((field.raw_data or [""])[0]))


def _problem(field: Field, error: str, typed: str) -> str:
    said: str = _("%(field)s: %(error)s", field=field.label.text, error=error)
    return _("%(problem)s The row says “%(text)s”.", problem=said, text=typed[:LONGEST_QUOTE]) if typed else said
