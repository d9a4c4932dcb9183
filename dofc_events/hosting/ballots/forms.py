"""The form in which a member ranks proposals."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import ValidationError
from wtforms.utils import unset_value

from dofc_events.core.errors import Refusal
from dofc_events.hosting.ballots.service import EmptyRanking, NotOnTheBallot, RankedTwice
from dofc_events.hosting.conflicts.service import OwnProposal
from dofc_events.web.fields import RankedField
from dofc_events.web.forms import Form

# Why a ballot is refused although it is open; words for it: `RankingField.refuse`.
UNUSABLE = (EmptyRanking, NotOnTheBallot, OwnProposal, RankedTwice)


class RankingField(RankedField):
    """A ranking of proposals, as references or `none`; what can be ranked is said by `offer`, before validating."""

    not_whole = _l("Use whole numbers: 1 is your first choice.")
    not_unique = _l("Give each proposal a different number: 1 is your first choice.")

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        self.choices: Sequence[str] = ()

    def offer(self, choices: Sequence[str], ranked: Sequence[str] = ()) -> None:
        """Let these be ranked; the form begins with what is `ranked` already."""
        self.choices = choices
        kept = [choice for choice in ranked if choice in choices]
        self.typed = self.typed or {choice: str(number) for number, choice in enumerate(kept, start=1)}

    def pre_validate(self, form: Any) -> None:
        if not self.typed:
            raise ValidationError(_("Number at least one proposal: 1 is your first choice."))
        if not self.typed.keys() <= set(self.choices):
            raise ValidationError(_("Some of the proposals you numbered cannot be ranked. Check your ranking."))
        self.check_ranks()

    def refuse(self, refusal: Refusal) -> None:
        """Say why the ballot was not taken: something changed while it was filled in."""
        if isinstance(refusal, OwnProposal):
            words = _("A member cannot rank its own proposal.")
        else:
            words = _("Some of the proposals you numbered can no longer be ranked. Check your ranking.")
        self.errors = [words]


class BallotForm(Form):
    """A member's ballot."""

    ranking = RankingField(_l("Your ranking"))
