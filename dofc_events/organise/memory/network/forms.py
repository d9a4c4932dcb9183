"""The forms of the chair: facts of a past edition, countries, a file to import."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import FieldList, FormField, HiddenField, SelectField, ValidationError
from wtforms import Form as PlainForm
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from dofc_events.core.countries import country_codes
from dofc_events.memory.editions.rules import FACTS, LONGEST_SOURCE, MAX_ORGANISERS, MAX_PEOPLE
from dofc_events.memory.editions.service import EditionFacts
from dofc_events.memory.rules import FaultKind
from dofc_events.organise.trail.changes.texts import FIELDS
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, CountryField, Line, Paragraphs, WholeNumberField
from dofc_events.web.forms import Form, UploadForm
from dofc_events.web.moments import DayField, plausible


class CodesField(Line):
    """Codes of countries, in any order, yielded as a tuple."""

    codes: tuple[str, ...] = ()

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, longest=1500, **kwargs)

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        typed = (self.data or "").upper().replace(",", " ").split()
        unknown = [code for code in typed if code not in country_codes()]
        if unknown and not self.errors:
            said = _(
                "“%(code)s” is not a country code. Write two letters for each country, for example: BG, RS.",
                code=unknown[0],
            )
            raise ValidationError(said)
        self.codes = tuple(sorted(set(typed)))


class SourceRow(PlainForm):
    """Where a fact is known from."""

    fact = HiddenField()
    source = Line(_l("Source"), longest=LONGEST_SOURCE)


class FactsForm(EditForm):
    """What is on record of a past edition. What is left empty is not known."""

    city = Line(_l("City"), longest=120, missing=_l("Enter the city."))
    country = CountryField(_l("Country"), missing=_l("Choose a country from the list."))
    venue = Line(_l("Venue"), longest=200)
    starts_on = DayField(_l("First day"), [Optional(), plausible])
    ends_on = DayField(_l("Last day"), [Optional(), plausible])
    organisers = Paragraphs(_l("Organised by"), longest=200 * MAX_ORGANISERS)
    proposed_by = Line(_l("Proposed by"), longest=200)
    attendance_at_least = WholeNumberField(_l("Delegates, at least"), [Optional(), Between(1, MAX_PEOPLE)])
    speakers = WholeNumberField(_l("Speakers"), [Optional(), Between(1, MAX_PEOPLE)])
    had_learning_trips = SelectField(
        _l("Learning trips"),
        [Optional()],
        choices=[SelectChoice("", _l("Not known")), SelectChoice("yes", _l("Yes")), SelectChoice("no", _l("No"))],
    )
    countries = CodesField(_l("Countries"))
    sources = FieldList(FormField(SourceRow), label=_l("Sources"), max_entries=len(FACTS))

    @classmethod
    def of(cls, seen: EditionFacts) -> "FactsForm":
        """The form with what is on record, or with what was sent."""
        trips = {None: "", True: "yes", False: "no"}[seen.had_learning_trips]
        values = {
            **vars(seen),
            "organisers": "\n".join(seen.organisers),
            "had_learning_trips": trips,
            "countries": ", ".join(seen.countries),
            "sources": [{"fact": fact, "source": seen.sources.get(fact, "")} for fact in FACTS],
        }
        return cls(data=values)

    def validate_organisers(self, field: Paragraphs) -> None:
        names = field.data.splitlines()
        if len(names) > MAX_ORGANISERS or any(len(name) > 200 for name in names):
            words = _(
                "Write one name on each line: at most %(max)d names, of up to 200 characters each.", max=MAX_ORGANISERS
            )
            raise ValidationError(words)

    def label_of(self, fact: str) -> Any:
        """What a fact is called; nobody but a forger sends another one."""
        return FIELDS.get(fact, fact)

    def refuse_days(self, kind: FaultKind, year: int) -> None:
        """Show what is wrong with the days of the edition of a year."""
        if kind is FaultKind.ENDS_FIRST:
            self.ends_on.errors = [_("The last day is before the first.")]
        else:
            self.starts_on.errors = [_("The days are far from the year of the edition, %(year)d.", year=year)]

    def to_facts(self) -> EditionFacts:
        rows = (row.form for row in self.sources)
        return EditionFacts(
            city=self.city.data,
            country=self.country.data,
            venue=self.venue.data or None,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            organisers=tuple(dict.fromkeys(filter(None, map(str.strip, self.organisers.data.splitlines())))),
            proposed_by=self.proposed_by.data or None,
            attendance_at_least=self.attendance_at_least.data,
            speakers=self.speakers.data,
            had_learning_trips={"yes": True, "no": False}.get(self.had_learning_trips.data),
            countries=self.countries.codes,
            sources={row.fact.data: row.source.data for row in rows if row.fact.data in FACTS and row.source.data},
        )


class CountriesForm(EditForm):
    """The countries that people came from to an edition that no source names."""

    countries = CodesField(_l("Countries"))

    @classmethod
    def of(cls, seen: Sequence[str]) -> "CountriesForm":
        """The form with what is on record, or with what was sent."""
        return cls(data={"countries": ", ".join(seen)})


class ImportForm(UploadForm):
    """A file to import."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])


class AgreeForm(Form):
    """The button that imports what the page showed."""

    agreed = HiddenField()
