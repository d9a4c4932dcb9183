"""The chair's forms about a call for hosts and its decision: shape only; what needs the database is the service's."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, SelectMultipleField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from dofc_events.core.errors import Refusal
from dofc_events.hosting.calls.service import (
    DEFAULT_CRITERIA,
    CallDatesOutOfOrder,
    CallDetails,
    CallExists,
    Criteria,
    CriteriaFixed,
    CriteriaNotUsable,
    DatesHavePassed,
    NotLater,
    TooLateToChange,
    YearHasPassed,
    YearTaken,
    details_of,
)
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.rules import MAX_WEIGHT
from dofc_events.hosting.stages.rules import DATES, EDITABLE, DateFault, faults_in_order
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Between, Line, Prose, WholeNumberField
from dofc_events.web.forms import Form
from dofc_events.web.moments import FIRST_YEAR, LAST_YEAR, kept_or_typed, moment_field, on_the_clock, zone_field

EMPTY_ROWS = 3


LONGEST_CALL = 20_000


MAX_VOTERS = 10_000


class CriterionRow(PlainForm):
    """One criterion; a row with an empty name is ignored."""

    label = Line(_l("Criterion"), longest=120)
    weight = WholeNumberField(
        _l("Weight"),
        [Optional(), Between(1, MAX_WEIGHT)],
    )

    def validate(self, extra_validators: Any = None) -> bool:
        # Here, because an optional field that is empty is not validated any further.
        valid = super().validate(extra_validators)
        if self.label.data and self.weight.data is None and not self.weight.errors:
            self.weight.errors = [_("Enter a weight from 1 to %(most)d.", most=MAX_WEIGHT)]
            valid = False
        return bool(valid)


class CallForm(Form):
    """What the chair decides about a call for hosts. Without `criteria` where somebody has scored by them.

    `accepted` comes from the button below a question: the digest of what it asked about.
    """

    text = Prose(_l("Text of the call"), longest=LONGEST_CALL, missing=_l("Write what the network is looking for."))
    zone = zone_field()
    opens_at = moment_field(_l("The call opens"), _l("Enter when the call opens."))
    closes_at = moment_field(_l("The call closes"), _l("Enter when the call closes."))
    review_opens_at = moment_field(_l("Reviews begin"), _l("Enter when reviews begin."))
    review_closes_at = moment_field(_l("Reviews end"), _l("Enter when reviews end."))
    ballot_opens_at = moment_field(_l("The ballot opens"), _l("Enter when the ballot opens."))
    ballot_closes_at = moment_field(_l("The ballot closes"), _l("Enter when the ballot closes."))
    quorum = WholeNumberField(
        _l("Quorum"),
        [
            InputRequired(_l("Enter how many members must vote; 0 if any number will do.")),
            Between(0, MAX_VOTERS),
        ],
    )
    proposals_public = BooleanField(_l("Everyone can read submitted proposals"))
    criteria = FieldList(FormField(CriterionRow), label=_l("Criteria"), max_entries=100)
    accepted = StringField()

    before: CallDetails | None = None

    @classmethod
    def of(cls, call: HostingCall, *, is_scored: bool, now: datetime) -> "CallForm":
        """The form with the current values, or with what was sent; without what can no longer be changed."""
        details = details_of(call)
        values = {**vars(details), **{name: on_the_clock(getattr(call, name), call.zone) for name in DATES}}
        form = cls(data={**values, "criteria": rows_of((c.label, c.weight) for c in call.criteria)})
        form.before = details
        # If it was sent anyway, from a page opened earlier, it stays until the service has refused it.
        for name in vars(details).keys() - EDITABLE[call.stage(now)]:
            if not form[name].raw_data:
                del form[name]
        if is_scored and not (form.is_submitted() and form.criteria.entries):
            del form.criteria
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if "csrf_token" in self.errors or self.form_errors or any(name in self.errors for name in ("zone", *DATES)):
            return valid
        # Needs no query, so it is shown together with all other faults.
        faults = faults_in_order(self.to_details())
        self._say_faults(faults)
        return valid and not faults

    def to_details(self) -> CallDetails:
        kept = vars(self.before) if self.before else {}
        said = {name: self[name].data for name in ("text", "zone", "quorum", "proposals_public") if name in self}
        zone = said.get("zone") or kept["zone"]
        moments = {name: self._moment(name, zone) for name in DATES if name in self}
        return CallDetails(**kept | said | moments)

    def _moment(self, name: str, zone: str) -> datetime:
        before = self.before
        if before is None:
            moment = kept_or_typed(self[name].data, None, zone, zone)
        else:
            moment = kept_or_typed(self[name].data, getattr(before, name), before.zone, zone)
        assert moment, "an accepted form has all its moments"
        return moment

    def to_criteria(self) -> Criteria:
        rows = [row.form for row in self.criteria]
        return [(row.label.data, row.weight.data) for row in rows if row.label.data]

    def show_refusal(self, refusal: Refusal) -> None:
        """Show the service's refusal at its field."""
        match refusal:
            case CallExists():
                self._wrong("year", _("There is already a call for %(year)s. Change that one.", year=refusal))
            case YearTaken():
                self._wrong(
                    "year",
                    _(
                        "The %(year)s edition has already been published, so it has a host. Enter another year.",
                        year=refusal,
                    ),
                )
            case YearHasPassed():
                self._wrong(
                    "ballot_closes_at",
                    _("The ballot must close before the end of %(year)s, the year of the edition.", year=refusal),
                )
            case CallDatesOutOfOrder(faults=faults):
                self._say_faults(faults)
            case DatesHavePassed(fields=names):
                for name in names:
                    self._wrong(name, _("This time has passed. Enter a time in the future."))
            case TooLateToChange(fields=names):
                self._leave_out(names)
            case CriteriaNotUsable():
                self._wrong("criteria", _("Enter at least one criterion, and each only once."))
            case CriteriaFixed():
                del self.criteria
                self.form_errors = [
                    _("Somebody has given scores since you opened this page, so the criteria can no longer be changed.")
                ]
            case _:
                raise refusal

    def _say_faults(self, faults: Iterable[DateFault]) -> None:
        sentences = {
            DateFault.CLOSES_BEFORE_IT_OPENS: ("closes_at", _("The call must close after it opens.")),
            DateFault.REVIEW_BEFORE_CLOSE: ("review_opens_at", _("Reviews cannot begin before the call closes.")),
            DateFault.REVIEW_ENDS_BEFORE_IT_BEGINS: ("review_closes_at", _("Reviews must end after they begin.")),
            DateFault.BALLOT_BEFORE_REVIEW: ("ballot_opens_at", _("The ballot cannot open before reviews end.")),
            DateFault.BALLOT_ENDS_BEFORE_IT_BEGINS: (
                "ballot_closes_at",
                _("The ballot must close after it opens."),
            ),
        }
        for fault in faults:
            self._wrong(*sentences[fault])

    def _leave_out(self, names: Sequence[str]) -> None:
        labels = ", ".join(f"“{self[name].label.text}”" for name in names)
        for name in names:
            del self[name]
        self.form_errors = [
            _(
                "The call has moved on since you opened this page: %(settings)s can no longer be changed. Nothing has"
                " been saved yet; you can still save the rest.",
                settings=labels,
            )
        ]

    def _wrong(self, name: str, text: str) -> None:
        self[name].errors = [*self[name].errors, text]


class ChangeCallForm(EditForm, CallForm):
    """A call as it stands."""


class NewCallForm(CallForm):
    """A call for a year that has none."""

    year = WholeNumberField(
        _l("Year of the edition"),
        [
            InputRequired(_l("Enter the year.")),
            NumberRange(FIRST_YEAR, LAST_YEAR, _l("Enter a year from %(min)s to %(max)s.")),
        ],
    )

    @classmethod
    def beginning(cls, year: int) -> "NewCallForm":
        """The form with the criteria that most calls have, or with what was sent."""
        return cls(data={"year": year, "criteria": rows_of((str(label), weight) for label, weight in DEFAULT_CRITERIA)})


class ExtendForm(EditForm):
    """When a call closes instead. `accepted` comes from the button below what moves then: the moment that it showed."""

    closes_at = moment_field(_l("The call closes"), _l("Enter when the call closes."))
    accepted = StringField()

    def moment(self, call: HostingCall) -> datetime:
        typed = kept_or_typed(self.closes_at.data, call.closes_at, call.zone, call.zone)
        assert typed, "an accepted form has a moment"
        return typed

    def show_refusal(self, refusal: Refusal) -> None:
        match refusal:
            case NotLater():
                self.closes_at.errors = [_("Enter a time in the future, later than the one that was announced.")]
            case YearHasPassed():
                self.closes_at.errors = [
                    _(
                        "Reviews and the ballot would move too, and the ballot would close after %(year)s, the year of"
                        " the edition. Enter an earlier time.",
                        year=refusal,
                    )
                ]
            case _:
                raise refusal


class ShortlistForm(EditForm):
    """Which proposals the members vote on."""

    references = SelectMultipleField(
        _l("On the shortlist"),
        # What was withdrawn is refused by the service, and named by the view.
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


def rows_of(criteria: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Rows of a form for these criteria, and some for more."""
    return [{"label": label, "weight": weight} for label, weight in criteria] + [{}] * EMPTY_ROWS
