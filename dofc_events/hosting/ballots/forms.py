"""The form in which a member ranks proposals."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import ValidationError
from wtforms.utils import unset_value

from dofc_events.core.errors import Refusal
from dofc_events.hosting.ballots.queries import KnownBallot
from dofc_events.hosting.ballots.service import NotOnTheBallot
from dofc_events.hosting.conflicts.service import OwnProposal
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import RankedField

# Why a ballot is refused although it is open; words for it: `RankingField.refuse`.
UNUSABLE = (NotOnTheBallot, OwnProposal)


class RankingField(RankedField):
    """A ranking of proposals, as references or `none`; what can be ranked is said by `offer`, before validating."""

    # Casting what one has cast before replaces what anybody has cast since.
    is_an_act = True

    not_whole = _l("Use whole numbers: 1 is your first choice.")
    not_unique = _l("Give each proposal a different number: 1 is your first choice.")

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        self.known: KnownBallot | None = None
        self.gone: Mapping[str, str] = {}

    def offer(self, labels: Mapping[str, str], gone: Mapping[str, str], known: KnownBallot | None = None) -> None:
        """Let these be ranked, and not what is `gone`. The form begins with the ballot that is `known`."""
        self.labels, self.gone, self.known = {**gone, **labels}, gone, known
        if known:
            kept = [choice for choice in known.ranking if choice in labels]
            self.typed = {choice: str(number) for number, choice in enumerate(kept, start=1)}

    def sent(self) -> list[tuple[str, str]]:
        """What a browser sends; of another representative's ballot when it was cast, for that alone is known of it."""
        cast_at = self.known and self.known.by_another_at
        return [("cast_at", cast_at.isoformat())] if cast_at else super().sent()

    def words(self) -> str:
        if self.known and self.known.by_another_at:
            return str(
                _("Another representative of your member has cast the ballot. Only they can see how they voted.")
            )
        return super().words()

    def pre_validate(self, form: Any) -> None:
        if not self.typed:
            raise ValidationError(_("Number at least one proposal: 1 is your first choice."))
        if gone := self.typed.keys() & self.gone.keys():
            raise ValidationError(self._withdrawn(gone))
        if not self.typed.keys() <= self.labels.keys():
            raise ValidationError(_("Some of the proposals you numbered cannot be ranked. Check your ranking."))
        self.check_ranks()

    def refuse(self, refusal: Refusal) -> None:
        """Say why the ballot was not taken: something changed while it was filled in."""
        if isinstance(refusal, NotOnTheBallot):
            self.errors = [self._withdrawn([refusal.choice])]
        else:
            self.errors = [_("A member cannot rank its own proposal.")]

    def _withdrawn(self, choices: Iterable[str]) -> str:
        names = "; ".join(sorted(self.labels[choice] for choice in choices))
        return str(
            _("Withdrawn since you opened this page: %(names)s. Check your ranking and send it again.", names=names)
        )


class BallotForm(EditForm):
    """A member's ballot."""

    ranking = RankingField(_l("Your ranking"))

    def offer(self, labels: Mapping[str, str], gone: Mapping[str, str], known: KnownBallot) -> None:
        """Let these be ranked, by somebody to whom that much is `known` of what was cast; before validating."""
        self.offered = labels, gone, known
        self.ranking.offer(labels, gone, None if self.is_submitted() else known)

    def stored(self) -> Any:
        form = super().stored()
        form.ranking.offer(*self.offered)
        return form
