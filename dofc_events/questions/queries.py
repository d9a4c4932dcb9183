"""Reads about questions and answers. Each takes one query, however many questions, options and people there are."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.orm import Session

from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption
from dofc_events.questions.rules import ANY, Answers, Kind, Option, OwnQuestion
from dofc_events.questions.texts import Answered

_QUESTIONS = (
    select(EditionQuestion, QuestionOption)
    .join(QuestionOption, QuestionOption.question_id == EditionQuestion.id, isouter=True)
    .where(EditionQuestion.edition_id == bindparam("edition_id"))
    .order_by(EditionQuestion.position, EditionQuestion.id, QuestionOption.position, QuestionOption.id)
    .execution_options(populate_existing=True)
)
_ANSWERED = (
    select(
        Answer.registration_id,
        EditionQuestion.key,
        EditionQuestion.kind,
        EditionQuestion.caption,
        EditionQuestion.organisers_only,
        Answer.choice,
        Answer.text,
        QuestionOption.caption.label("chosen"),
    )
    .join(EditionQuestion, EditionQuestion.id == Answer.question_id)
    .join(
        QuestionOption,
        and_(QuestionOption.question_id == Answer.question_id, QuestionOption.key == Answer.choice),
        isouter=True,
    )
    .order_by(EditionQuestion.position, EditionQuestion.id, QuestionOption.position, QuestionOption.id)
)
_ANSWERED_BY_ONE = _ANSWERED.where(Answer.registration_id == bindparam("registration_id"))


def questions_of(session: Session, edition_id: int) -> tuple[OwnQuestion, ...]:
    """An edition's own questions in their order, those that are retired among them."""
    found: dict[int, tuple[EditionQuestion, list[Option]]] = {}
    for question, option in session.execute(_QUESTIONS, {"edition_id": edition_id}):
        _row, options = found.setdefault(question.id, (question, []))
        if option is not None:
            options.append(Option(option.id, option.key, option.caption, option.retired_at is not None))
    return tuple(
        OwnQuestion(
            id=row.id,
            key=row.key,
            kind=Kind(row.kind),
            caption=row.caption,
            hint=row.hint,
            categories=tuple(row.categories),
            shown_when=row.shown_when,
            shown_for=tuple(row.shown_for),
            required=row.required,
            required_from_on=row.required_from_on,
            frozen_from_on=row.frozen_from_on,
            organisers_only=row.organisers_only,
            is_retired=row.retired_at is not None,
            options=tuple(options),
        )
        for row, options in found.values()
    )


def answered_by(session: Session, registration_id: int) -> tuple[Answered, ...]:
    """What one registration answered, in the order of the questions."""
    rows = session.execute(_ANSWERED_BY_ONE, {"registration_id": registration_id}).all()
    return _by_registration(rows).get(registration_id, ())


def answered_by_many(session: Session, registration_ids: Collection[int]) -> dict[int, dict[str, Answered]]:
    """What each of these registrations answered, by the question's key."""
    rows = session.execute(_ANSWERED.where(Answer.registration_id.in_(registration_ids))).all()
    return {id_: {one.key: one for one in said} for id_, said in _by_registration(rows).items()}


def people_who_answered(edition_id: int, key: str, answer: str = ANY) -> Select[int]:
    """The registrations that gave this answer to a question, or any."""
    question = EditionQuestion
    mine = select(question.id).where(question.edition_id == edition_id, question.key == key).scalar_subquery()
    found = select(Answer.registration_id).where(Answer.question_id == mine)
    return found if answer == ANY else found.where(Answer.choice == answer)


def answers_of(answered: Collection[Answered]) -> Answers:
    """What was answered, by key."""
    return {one.key: one.values for one in answered}


def _by_registration(rows: Collection[Any]) -> dict[int, tuple[Answered, ...]]:
    found: dict[int, dict[str, Answered]] = {}
    for id_, key, kind, caption, organisers_only, choice, text, chosen in rows:
        said = found.setdefault(id_, {})
        before = said.get(key)
        values = (*(before.values if before else ()), choice or text)
        captions = (*(before.captions if before else ()), *([chosen] if chosen is not None else []))
        said[key] = Answered(key, Kind(kind), caption, organisers_only, values, captions)
    return {id_: tuple(said.values()) for id_, said in found.items()}
