"""Reviews of proposals: a score from 1 to 5 on each criterion, with a note."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, refuse_changed
from dofc_events.core.errors import Refusal
from dofc_events.hosting.conflicts.service import refuse_partial
from dofc_events.hosting.membership.queries import unsettled
from dofc_events.hosting.models import HostingCall, Review, Score
from dofc_events.hosting.proposals.service import ProposalFixed
from dofc_events.hosting.queries import locked_proposal
from dofc_events.hosting.reviews.queries import review_by
from dofc_events.hosting.rules import HIGHEST_SCORE, LOWEST_SCORE, PENDING, ProposalStatus, scope_of
from dofc_events.hosting.stages.rules import Act


class ReviewNotOpen(Refusal):
    """The `call` takes no reviews yet, or no longer, or not of this proposal: the chair has to settle whose it is."""

    def __init__(self, call: HostingCall) -> None:
        super().__init__(str(call.year))
        self.call = call


class ScoresIncomplete(Refusal):
    """A review has a score from 1 to 5 on each criterion; `missing` are the ids of those without."""

    def __init__(self, missing: tuple[int, ...]) -> None:
        super().__init__(", ".join(map(str, missing)))
        self.missing = missing


@dataclass(frozen=True)
class Given:
    """A score on one criterion, and why."""

    score: int
    note: str = ""


def scores_of(review: Review | None) -> dict[int, Given]:
    """What a review gives, by criterion."""
    return {score.criterion_id: Given(score.score, score.note) for score in review.scores} if review else {}


def give_review(
    session: Session,
    proposal_id: int,
    account_id: int,
    scores: Mapping[int, Given],
    actor: Actor,
    now: datetime,
    *,
    seen: Mapping[int, Given] | None = None,
) -> bool:
    """Give a proposal a review, or change the one `seen`; `scores` are by criterion.

    False if it was the same already. Raises NotAReviewer, OwnProposal, ReviewNotOpen, ProposalFixed, ScoresIncomplete.
    """
    proposal = locked_proposal(session, proposal_id)
    refuse_partial(session, proposal, account_id, now)
    if not proposal.call.allows(Act.REVIEW, now) or unsettled(session, [proposal]):
        raise ReviewNotOpen(proposal.call)
    if proposal.status not in PENDING:
        raise ProposalFixed(ProposalStatus(proposal.status))
    wanted = {criterion.id for criterion in proposal.call.criteria}
    usable = {i for i, given in scores.items() if LOWEST_SCORE <= given.score <= HIGHEST_SCORE}
    if usable != wanted:
        raise ScoresIncomplete(tuple(sorted(wanted - usable)))
    review = review_by(session, proposal_id, account_id)
    before = scores_of(review)
    refuse_changed(seen, before)
    if before == scores:
        return False
    if review is None:
        review = Review(proposal_id=proposal_id, account_id=account_id)
        session.add(review)
    review.written_at = now
    kept = {score.criterion_id: score for score in review.scores}
    for criterion_id, given in scores.items():
        score = kept.get(criterion_id)
        if score is None:
            score = Score(criterion_id=criterion_id)
            review.scores.append(score)
        score.score, score.note = given.score, given.note
    record(
        session,
        actor,
        now,
        "review_changed" if before else "review_given",
        scope=scope_of(proposal.call.year),
        about=proposal.reference,
        changes=difference(_by_criterion(before), _by_criterion(scores)),
    )
    session.flush()
    return True


def _by_criterion(scores: Mapping[int, Given]) -> dict[str, dict[str, object]]:
    return {str(criterion_id): asdict(given) for criterion_id, given in scores.items()}
