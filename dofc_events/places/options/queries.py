"""Reads about options with limited places, and about who waits for them."""

from collections.abc import Collection

from sqlalchemy import and_, bindparam, case, func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import LIVE, ClaimStatus
from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption
from dofc_events.questions.queries import QUESTIONS, questions_in
from dofc_events.questions.rules import OwnQuestion

_OPTIONS = select(Pool).join(QuestionOption, QuestionOption.id == Pool.option_id)
_OPTIONS = _OPTIONS.join(EditionQuestion, EditionQuestion.id == QuestionOption.question_id)
_OPTIONS = _OPTIONS.where(EditionQuestion.edition_id == bindparam("edition_id"))
_WITH_ROOM = QUESTIONS.add_columns((Pool.capacity - Pool.taken).label("left"))
_WITH_ROOM = _WITH_ROOM.outerjoin(Pool, Pool.option_id == QuestionOption.id)


def option_pools(session: Session, edition_id: int) -> dict[int, Pool]:
    """The pools of an edition's limited options, by option id; other options are not limited."""
    return {pool.option_id: pool for pool in session.scalars(_OPTIONS, {"edition_id": edition_id}) if pool.option_id}


def edition_of_option(session: Session, option_id: int) -> int:
    """The id of the edition that asks the question of this option."""
    query = select(EditionQuestion.edition_id).join(QuestionOption, QuestionOption.question_id == EditionQuestion.id)
    return session.scalars(query.where(QuestionOption.id == option_id)).one()


def waiting_for_options(session: Session, edition_id: int) -> dict[int, int]:
    """How many people wait for each option of an edition, by option id; options without a waiting list are left out."""
    query = select(Pool.option_id, func.count()).join(Claim, Claim.pool_id == Pool.id)
    query = query.join(QuestionOption, QuestionOption.id == Pool.option_id).join(EditionQuestion)
    query = query.where(EditionQuestion.edition_id == edition_id, Claim.status == ClaimStatus.WAITLISTED)
    return {id_: number for id_, number in session.execute(query.group_by(Pool.option_id)) if id_ is not None}


def positions_for_options(session: Session, registration_id: int) -> list[tuple[str, int]]:
    """The options that a registration waits for, and its position on each list (1 is the next)."""
    mine, before = aliased(Claim), aliased(Claim)
    ahead = select(func.count()).where(
        before.pool_id == mine.pool_id, before.status == ClaimStatus.WAITLISTED, before.position <= mine.position
    )
    query = select(QuestionOption.caption, ahead.scalar_subquery()).select_from(mine)
    query = query.join(Pool, Pool.id == mine.pool_id).join(QuestionOption, QuestionOption.id == Pool.option_id)
    query = query.where(mine.registration_id == registration_id, mine.status == ClaimStatus.WAITLISTED)
    return [(caption, position) for caption, position in session.execute(query.order_by(Pool.option_id))]


def questions_with_room(session: Session, edition_id: int) -> tuple[tuple[OwnQuestion, ...], dict[int, int]]:
    """An edition's own questions, and how many places its limited options have left; one query."""
    rows = session.execute(_WITH_ROOM, {"edition_id": edition_id}).all()
    return questions_in(rows), {row.option_id: row.left for row in rows if row.left is not None}


def option_claims(session: Session, registration_ids: Collection[int]) -> list[Claim]:
    """The claims of these registrations on options, held or waiting, with their pools, in the order of locking."""
    query = select(Claim).join(Claim.pool).options(contains_eager(Claim.pool))
    query = query.where(Claim.registration_id.in_(registration_ids), Pool.option_id.is_not(None))
    return list(session.scalars(query.where(Claim.status.in_(LIVE)).order_by(Pool.option_id, Claim.id)))


def option_faults(session: Session) -> list[str]:
    """One sentence for each registration that chose a limited option without a claim on it, or the reverse."""
    status = case((Answer.waits, ClaimStatus.WAITLISTED), else_=ClaimStatus.CONFIRMED)
    chosen = (
        select(Answer.registration_id, QuestionOption.id.label("option_id"), status.label("status"))
        .join(
            QuestionOption, and_(QuestionOption.question_id == Answer.question_id, QuestionOption.key == Answer.choice)
        )
        .join(Registration, Registration.id == Answer.registration_id)
        .join(Pool, Pool.option_id == QuestionOption.id)
        .where(QuestionOption.key == Answer.choice, Registration.ended_at.is_(None))
    )
    held = select(Claim.registration_id, Pool.option_id, Claim.status).join(Pool, Pool.id == Claim.pool_id)
    held = held.where(Pool.option_id.is_not(None), Claim.status.in_(LIVE))
    without = session.execute(chosen.except_(held)).all()
    unchosen = session.execute(held.except_(chosen)).all()
    unlimited = select(Answer.registration_id, Answer.question_id, Answer.choice).where(Answer.waits)
    unlimited = unlimited.outerjoin(
        QuestionOption, and_(QuestionOption.question_id == Answer.question_id, QuestionOption.key == Answer.choice)
    ).outerjoin(Pool, Pool.option_id == QuestionOption.id)
    unlimited = unlimited.join(Registration, Registration.id == Answer.registration_id)
    nowhere = session.execute(unlimited.where(Pool.id.is_(None), Registration.ended_at.is_(None))).all()
    return [
        *(f"registration number {r}: its answer has a {s} place of option {o}, and it has none" for r, o, s in without),
        *(f"registration number {r}: has a {s} place of option {o}, and no such answer" for r, o, s in unchosen),
        *(f"registration number {r}: waits for “{key}” of question {q}, which has no limit" for r, q, key in nowhere),
    ]
