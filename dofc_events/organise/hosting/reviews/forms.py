"""Forms of reviewers."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import InputRequired

from dofc_events.hosting.models import Criterion, Review
from dofc_events.hosting.reviews.service import Given
from dofc_events.hosting.rules import HIGHEST_SCORE, LONGEST_TEXT, LOWEST_SCORE
from dofc_events.web.edits import EditForm
from dofc_events.web.fields import Line, Paragraphs
from dofc_events.web.forms import Form

LONGEST_NOTE = 2000


class ReviewForm(EditForm):
    """A score and a note on each criterion, called `score-` and `note-` and the criterion's id."""

    criteria: Sequence[Criterion]

    @classmethod
    def of(cls, criteria: Sequence[Criterion], review: Review | None) -> "ReviewForm":
        """The form with the review that this reviewer gave, or with what was sent."""
        choices = [str(score) for score in range(LOWEST_SCORE, HIGHEST_SCORE + 1)]
        fields: dict[str, Any] = {}
        for criterion in criteria:
            check = [InputRequired(_("Give %(criterion)s a score from 1 to 5.", criterion=criterion.label))]
            fields[f"score-{criterion.id}"] = RadioField(criterion.label, check, choices=choices)
            fields[f"note-{criterion.id}"] = Paragraphs(
                _("Note on %(criterion)s", criterion=criterion.label), longest=LONGEST_NOTE
            )
        values: dict[str, str] = {}
        for given in review.scores if review else ():
            values |= {f"score-{given.criterion_id}": str(given.score), f"note-{given.criterion_id}": given.note}
        form: ReviewForm = type("ReviewForm", (cls,), fields)(data=values)
        form.criteria = criteria
        return form

    def to_scores(self) -> dict[int, Given]:
        """What is given, by the criterion's id."""
        return {c.id: Given(int(self[f"score-{c.id}"].data), self[f"note-{c.id}"].data) for c in self.criteria}


class QuestionForm(Form):
    """A reviewer's question."""

    text = Paragraphs(_l("Your question"), longest=LONGEST_TEXT, missing=_l("Write what you want to know."))


class ConflictForm(Form):
    """Why a reviewer does not judge a proposal."""

    reason = Line(_l("Reason"), longest=300, missing=_l("Enter a reason. The chair will read it."))


class MembershipForm(Form):
    """Which member a proposer under a typed name is, or none."""

    member = RadioField(_l("Proposing organisation"), [InputRequired(_l("Choose one."))])
