"""The chair's forms about a call for hosts and its decision: shape only; what needs the database is the service's."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, SelectMultipleField
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
    TooLateToChange,
    details_of,
    faults_in_order,
)
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.rules import MAX_WEIGHT, DateFault
from dofc_events.web.fields import Between, Line, Prose, WholeNumberField
from dofc_events.web.forms import Form
from dofc_events.web.moments import FIRST_YEAR, LAST_YEAR, kept_or_typed, moment_field, on_the_clock, zone_field

EMPTY_ROWS = 3


LONGEST_CALL = 20_000


MAX_VOTERS = 10_000


MOMENTS = ("opens_at", "closes_at", "review_opens_at", "review_closes_at", "ballot_opens_at", "ballot_closes_at")


class CriterionRow(PlainForm):
    """One criterion; a row whose name is empty counts for nothing."""

    label = Line(_l("Criterion"), longest=120)
    weight = WholeNumberField(
        _l("Weight"),
        [Optional(), Between(1, MAX_WEIGHT)],
    )

    def validate(self, extra_validators: Any = None) -> bool:
        # Here, because an optional field that is empty is not validated any further.
        valid = super().validate(extra_validators)
        if self.label.data and self.weight.data is None and not self.weight.errors:
            self.weight.errors = [_("Enter how much it weighs, from 1 to %(most)d.", most=MAX_WEIGHT)]
            valid = False
        return bool(valid)


class CallForm(Form):
    """What the chair decides about a call for hosts. Without `criteria` where somebody has scored by them."""

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
    proposals_public = BooleanField(_l("Everyone can read the proposals that were submitted"))
    criteria = FieldList(FormField(CriterionRow), label=_l("Criteria"), max_entries=100)

    before: CallDetails | None = None

    @classmethod
    def of(cls, call: HostingCall, *, is_scored: bool) -> "CallForm":
        """The form with what holds now, or with what was sent."""
        details = details_of(call)
        values = {**vars(details), **{name: on_the_clock(getattr(call, name), call.zone) for name in MOMENTS}}
        form = cls(data={**values, "criteria": rows_of((c.label, c.weight) for c in call.criteria)})
        form.before = details
        if is_scored:
            del form.criteria
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if "csrf_token" in self.errors or self.form_errors or any(self[name].errors for name in ("zone", *MOMENTS)):
            return valid
        # Needs no looking up, so it is said together with all the rest.
        faults = faults_in_order(self.to_details())
        self._say_faults(faults)
        return valid and not faults

    def to_details(self) -> CallDetails:
        moments = {name: self._moment(name) for name in MOMENTS}
        return CallDetails(
            text=self.text.data,
            zone=self.zone.data,
            quorum=self.quorum.data,
            proposals_public=self.proposals_public.data,
            **moments,
        )

    def _moment(self, name: str) -> datetime:
        before, zone = self.before, self.zone.data
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
        """Say at the field what the service would not do."""
        match refusal:
            case CallExists():
                self._wrong("year", _("There is a call for %(year)s already. Change that one.", year=refusal))
            case CallDatesOutOfOrder(faults=faults):
                self._say_faults(faults)
            case TooLateToChange(fields=names):
                for name in names:
                    self._wrong(
                        name, _("It is too late to change this: others have acted on it. Restore the previous value.")
                    )
            case CriteriaNotUsable():
                self._wrong("criteria", _("Name at least one criterion, and each of them once."))
            case CriteriaFixed():
                self.form_errors = [_("Somebody has given scores meanwhile: the criteria stay as they were.")]
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

    def _wrong(self, name: str, text: str) -> None:
        self[name].errors = [*self[name].errors, text]


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


class ExtendForm(Form):
    """When a call closes instead."""

    closes_at = moment_field(_l("The call closes"), _l("Enter when the call is to close."))

    def moment(self, call: HostingCall) -> datetime:
        typed = kept_or_typed(self.closes_at.data, call.closes_at, call.zone, call.zone)
        assert typed, "an accepted form has a moment"
        return typed

    def show_refusal(self, refusal: Refusal) -> None:
        match refusal:
            case CallDatesOutOfOrder():
                self.closes_at.errors = [_("Enter a later moment: proposers count on the one that was announced.")]
            case TooLateToChange():
                self.form_errors = [_("The review has begun: the call cannot take proposals again.")]
            case _:
                raise refusal


class ShortlistForm(Form):
    """Which proposals the members vote on."""

    references = SelectMultipleField(
        _l("On the shortlist"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


def rows_of(criteria: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Rows of a form for these criteria, and some for more."""
    return [{"label": label, "weight": weight} for label, weight in criteria] + [{}] * EMPTY_ROWS
