"""What reviewers ask about a proposal, and what its proposer answers."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.core.audit import Actor, record
from dofc_events.core.errors import Refusal
from dofc_events.hosting import mails
from dofc_events.hosting.conflicts.service import refuse_partial
from dofc_events.hosting.models import Proposal, Question
from dofc_events.hosting.proposals.service import ProposalFixed
from dofc_events.hosting.queries import locked_proposal, questions_of
from dofc_events.hosting.rules import PENDING, ProposalStatus, scope_of
from dofc_events.mail.outbox import TooManyMessages, enqueue
from dofc_events.mail.rules import ADDRESS_LIMITS


class NothingAsked(Refusal):
    """Nobody has asked anything that could be answered."""


def ask_question(
    session: Session,
    proposal_id: int,
    account_id: int,
    text: str,
    actor: Actor,
    now: datetime,
    *,
    keep_mail: bool = False,
) -> Question:
    """Ask a proposer something, and write to them, once however often it is sent.

    Raises ProposalFixed, NotAReviewer, OwnProposal.
    """
    proposal = _undecided(session, proposal_id)
    refuse_partial(session, proposal, account_id, now)
    if sent_before := _sent_before(session, proposal_id, account_id, text):
        return sent_before
    question = _add(session, proposal, account_id, text, "question_asked", actor, now)
    enqueue(session, mails.question_asked(proposal, question), now, keep=keep_mail)
    return question


def answer_question(session: Session, proposal_id: int, text: str, actor: Actor, now: datetime) -> Question:
    """Answer what was asked, and write to everyone who asked, once however often it is sent.

    Raises ProposalFixed, NothingAsked, and TooManyMessages: an hour has as many answers as there are questions, but at
    least as many as ADDRESS_LIMITS has.
    """
    proposal = _undecided(session, proposal_id)
    asked = select(Question.account_id).where(Question.proposal_id == proposal_id, Question.account_id.is_not(None))
    reviewers = session.scalars(select(Account).where(Account.id.in_(asked)).order_by(Account.id)).all()
    if not reviewers:
        raise NothingAsked
    if sent_before := _sent_before(session, proposal_id, None, text):
        return sent_before
    _refuse_flood(session, proposal_id, now)
    answer = _add(session, proposal, None, text, "question_answered", actor, now)
    for reviewer in reviewers:
        enqueue(session, mails.question_answered(proposal, answer, reviewer), now)
    return answer


def _sent_before(session: Session, proposal_id: int, account_id: int | None, text: str) -> Question | None:
    """The same message of the same writer, unless the other side has written since."""
    for message in reversed(questions_of(session, proposal_id)):
        if (message.account_id is None) != (account_id is None):
            break
        if (message.account_id, message.text) == (account_id, text):
            return message
    return None


def _refuse_flood(session: Session, proposal_id: int, now: datetime) -> None:
    count, span = ADDRESS_LIMITS[0]
    written = select(Question.written_at).where(Question.proposal_id == proposal_id)
    questions = session.scalars(written.where(Question.account_id.is_not(None))).all()
    answers = session.scalars(written.where(Question.account_id.is_(None), Question.written_at > now - span)).all()
    if len(answers) >= max(count, len(questions)):
        raise TooManyMessages(int((min(answers) + span - now).total_seconds()) + 1)


def _undecided(session: Session, proposal_id: int) -> Proposal:
    proposal = locked_proposal(session, proposal_id)
    if proposal.status not in PENDING:
        raise ProposalFixed(ProposalStatus(proposal.status))
    return proposal


def _add(
    session: Session, proposal: Proposal, account_id: int | None, text: str, act: str, actor: Actor, now: datetime
) -> Question:
    message = Question(proposal_id=proposal.id, account_id=account_id, text=text, written_at=now)
    session.add(message)
    session.flush()
    record(session, actor, now, act, scope=scope_of(proposal.call.year), about=proposal.reference, question=message.id)
    return message
