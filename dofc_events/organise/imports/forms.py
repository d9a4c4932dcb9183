"""The forms of an import: the file, how it is read, which column is what, and who is to be registered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SelectMultipleField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from dofc_events.imports.forms import FALLBACKS, NEEDED, CheckedRow
from dofc_events.imports.reading.rules import (
    MAX_ROWS,
    Encoding,
    FileFault,
    FileRefused,
    ReadAs,
    Separator,
    Table,
    column_name,
)
from dofc_events.imports.service import Matching
from dofc_events.places.queries import CategoryPlaces
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import CountryField
from dofc_events.web.forms import Form

ENCODINGS: dict[str, Any] = {
    Encoding.UTF_8: _l("UTF-8"),
    Encoding.UTF_16: _l("UTF-16 (“Unicode text” of Excel)"),
    Encoding.CENTRAL_EUROPEAN: _l("Windows-1250 (Central European)"),
    Encoding.CYRILLIC: _l("Windows-1251 (Cyrillic)"),
}
SEPARATORS: dict[str, Any] = {
    Separator.COMMA: _l("Comma"),
    Separator.SEMICOLON: _l("Semicolon"),
    Separator.TAB: _l("Tab"),
}
FAULTS = {
    FileFault.EMPTY: _l(
        "This file lists nobody. It needs a first row with column titles, and then one row for each person."
    ),
    FileFault.TOO_LARGE: _l("The file is larger than 5 MB. Split it in two."),
    FileFault.TOO_COSTLY: _l("This file takes too long to read. Save it as CSV and send that."),
    FileFault.TOO_MANY_ROWS: _l("The file has more than %(rows)s rows. Split it in two."),
    FileFault.OLD_WORKBOOK: _l("This file was made by an old version of Excel. Save it as .xlsx or CSV and send that."),
    FileFault.NO_TABLE: _l("This could not be read as a list. Send a CSV file, or an Excel file (.xlsx)."),
}


class UploadForm(Form):
    """One file."""

    class Meta(Form.Meta):
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            # This form takes a file.
            return FlaskForm.Meta.wrap_formdata(self, form, formdata)

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])

    def refuse(self, refusal: FileRefused) -> None:
        """Show why the file cannot be read."""
        self.file.errors = [FAULTS[refusal.fault] % {"rows": f"{MAX_ROWS:,}"}]


class ReadAsForm(EditForm):
    """How a text file is read, where what we recognised is wrong."""

    encoding = SelectField(_l("Encoding"), choices=[SelectChoice(*one) for one in ENCODINGS.items()])
    separator = SelectField(_l("Values are separated by"), choices=[SelectChoice(*one) for one in SEPARATORS.items()])

    def to_read_as(self) -> ReadAs:
        return ReadAs(self.encoding.data, self.separator.data)


class MatchForm(EditForm):
    """Which column is which field; `of` adds a choice for each column."""

    labels: Mapping[str, str]

    country = CountryField(_l("Country, where a row has none"))
    category = SelectField(_l("Attending as, where a row has none"))

    @classmethod
    def of(
        cls,
        categories: Iterable[CategoryPlaces],
        table: Table,
        labels: Mapping[str, str],
        matching: Matching,
        **kwargs: Any,
    ) -> "MatchForm":
        """The form for the columns of a table, each one of these fields; beginning with a matching."""
        choices = [SelectChoice(*one) for one in (("", _("Not used")), *labels.items())]
        names = [_name(number) for number in range(len(table.header))]
        fields: dict[str, Any] = {
            name: SelectField(title or _("Column %(letter)s", letter=column_name(number)), choices=choices)
            for number, (name, title) in enumerate(zip(names, table.header, strict=True))
        }
        fields["labels"] = labels
        # The choice of a category that is no longer there is refused with the others.
        fields["category"] = SelectField(
            _l("Attending as, where a row has none"),
            choices=[SelectChoice("", ""), *(SelectChoice(one.slug, one.label) for one in categories)],
        )
        form: MatchForm = type("MatchForm", (cls,), fields)(
            data={**dict(zip(names, matching.columns, strict=True)), **matching.fallbacks}, **kwargs
        )
        return form

    def columns(self) -> list[Any]:
        """The choices for the columns, in the order of the file."""
        return [field for field in self if field.name.startswith("column-")]

    def to_matching(self) -> Matching:
        columns = tuple(str(field.data) for field in self.columns())
        return Matching(columns, {name: str(self[name].data or "") for name in FALLBACKS})

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        labels, matching = self.labels, self.to_matching()
        for field in self.columns():
            if field.data and matching.columns.count(field.data) > 1:
                field.errors = [
                    *field.errors,
                    _("You chose “%(field)s” for two columns. Choose it for one of them.", field=labels[field.data]),
                ]
                valid = False
        missing = [n for n in NEEDED if n not in matching.columns and not matching.fallbacks.get(n)]
        if missing:
            words = "”, “".join(labels[name] for name in missing)
            self.form_errors = [*self.form_errors, _("No column has been chosen for “%(fields)s”.", fields=words)]
        return valid and not missing


class ConfirmForm(Form):
    """Registers the people of a file. `digest` stands for what its page says will be done."""

    digest = HiddenField()
    take = SelectMultipleField(_l("Register these too"), coerce=int, validate_choice=False)
    leave_out = BooleanField("")
    told = RadioField(
        _l("Email them?"),
        [InputRequired(_l("Choose whether they will be told by email."))],
        choices=[
            SelectChoice("yes", _l("Email everybody: their place or position, and their link")),
            SelectChoice("no", _l("Email nobody: they will not know that they are registered")),
        ],
    )
    consent = BooleanField(
        _l("All of these people have agreed to this use of their data"),
        [DataRequired(_l("Ask the people first, and tick that they have agreed."))],
    )

    @classmethod
    def of(cls, failing: Sequence[object]) -> "ConfirmForm":
        """The form; where rows fail, somebody must have said that they are left out."""
        form = cls()
        if failing:
            form.leave_out.label.text = ngettext(
                "Leave out the row with mistakes", "Leave out the %(num)d rows with mistakes", len(failing)
            )
        else:
            del form.leave_out
        return form

    def validate_leave_out(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_l("Tick to leave these rows out, or correct the file and send it again."))

    def refuse_rows(self, rows: Iterable[CheckedRow]) -> None:
        """Say which of the ticked rows ask for what is full."""
        self.form_errors = [
            _("Row %(number)d: %(problem)s", number=row.row.number, problem=problem)
            for row in rows
            for problem in row.problems
        ]

    def taken(self, doubtful: Iterable[int]) -> set[int]:
        """The numbers of the doubtful rows that are to be registered all the same."""
        return {*doubtful} & {*(self.take.data or ())}


def _name(number: int) -> str:
    return f"column-{number}"
