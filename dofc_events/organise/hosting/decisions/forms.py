"""What will be announced."""

from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from dofc_events.conference.service import EditionExists
from dofc_events.core.errors import Refusal
from dofc_events.hosting.ballots.rules import NONE_OF_THESE
from dofc_events.hosting.decisions.rules import Because
from dofc_events.hosting.decisions.service import NotShortlisted, ReasonNeeded, ZoneNeeded
from dofc_events.hosting.models import Decision
from dofc_events.hosting.rules import LONGEST_TEXT
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Paragraphs
from dofc_events.web.forms import Form

# The reason asked for where the network did not decide.
REASONS = {
    Because.NO_BALLOT: _l("No ballot took place. Write why you are deciding this: it will be published."),
    Because.NOBODY_VOTED: _l("No ballot counts. Write why you are deciding this: it will be published."),
    Because.NO_QUORUM: _l("The quorum was not reached. Write why you are deciding this: it will be published."),
    Because.AGAINST_THE_BALLOT: _l(
        "The ballot had a different result. Write why you are deciding otherwise: it will be published."
    ),
}


class AnnounceForm(Form):
    """The button that announces; `digest` identifies the emails that were read."""

    digest = HiddenField()


class DecisionForm(EditForm):
    """What will be announced. `accepted` is a reference, or `none`."""

    # What was withdrawn is refused by the service.
    accepted = RadioField(
        _l("Which proposal is accepted"), [InputRequired(_l("Choose a proposal, or none."))], validate_choice=False
    )
    zone = SelectField(_l("Time zone of the edition"), [Optional()])
    words_to_host = Paragraphs(_l("Message to the host"), longest=LONGEST_TEXT)
    words_to_others = Paragraphs(_l("Message to the others"), longest=LONGEST_TEXT)
    reason = Paragraphs(_l("Reason, published with the decision"), longest=LONGEST_TEXT)

    @classmethod
    def of(
        cls, decision: Decision | None, references: Iterable[str], zones: Mapping[str, Sequence[str]]
    ) -> "DecisionForm":
        """The form with what was prepared, or with what was sent.

        One chooses among these proposals, and zones by country.
        """
        values = {}
        if decision:
            values = {name: getattr(decision, name) for name in ("words_to_host", "words_to_others", "reason")}
            # The zone of a country that has one is not chosen.
            values["zone"] = decision.zone if any(decision.zone in own for own in zones.values()) else ""
            values["accepted"] = decision.proposal.reference if decision.proposal else NONE_OF_THESE
        form = cls(data=values)
        form.accepted.choices = [*references, NONE_OF_THESE]
        form.zone.choices = {"": [""], **zones} if zones else [""]
        return form

    def show_refusal(self, refusal: Refusal) -> None:
        """Show the service's refusal at its field."""
        match refusal:
            case ReasonNeeded(because=because):
                self.reason.errors = [REASONS[because]]
            case ZoneNeeded():
                self.zone.errors = [_("Choose the city’s time zone: the country has several.")]
            case EditionExists():
                self.accepted.errors = [
                    _(
                        "The %(year)s edition has already been published: you can only choose “none of them”.",
                        year=refusal,
                    )
                ]
            case NotShortlisted():
                name = self.gone.get(str(refusal), _("This proposal"))
                self.accepted.errors = [
                    _("%(proposal)s has since been withdrawn. Choose another one, or none.", proposal=name)
                ]
            case _:
                raise refusal
