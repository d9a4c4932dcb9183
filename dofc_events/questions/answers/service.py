"""Answers as they are written. What is limited about an option, its places, is above: `registration/answers`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from dofc_events.core.changes import Difference
from dofc_events.core.db import in_pieces, table_of
from dofc_events.core.errors import ChangedMeanwhile
from dofc_events.questions.models import Answer
from dofc_events.questions.queries import AnswerFile, answered_by, answers_of, questions_of
from dofc_events.questions.rules import KEYED, Answers, Kind, OwnQuestion, shown
from dofc_events.questions.texts import in_words


@dataclass(frozen=True)
class Written:
    """What was written of somebody's answers to `questions`: what changed, in words, and all answers before and after.

    `told` are the changes that are the delegate's business.
    """

    questions: Sequence[OwnQuestion]
    changes: Difference
    told: tuple[str, ...]
    before: Answers
    after: Answers


def write_answers(
    session: Session,
    edition_id: int,
    registration_id: int,
    answers: Answers,
    category: str,
    *,
    is_another: bool = False,
) -> Written:
    """Write what somebody answered: these questions so, others as before; what is not shown then is not kept.

    Nor is, where the category `is_another` than until now, what was answered to others that it is not asked. Raises
    ChangedMeanwhile if an answer is none of the question's: what can be chosen has changed.
    """
    questions = questions_of(session, edition_id)
    known = answered_by(session, registration_id)
    before = answers_of(known)
    _refuse_unknown(questions, answers, before)
    wanted = {**before, **_in_order(questions, answers)}
    visible = shown(questions, wanted, category)
    # What this form did not ask stays; but files, which no form asks.
    unasked = {one.key for one in questions if not is_another and one.key not in answers and one.kind is not Kind.FILE}
    kept = visible | unasked | {one.key for one in questions if one.is_retired}
    after = {one.key: wanted[one.key] for one in questions if wanted.get(one.key) and one.key in kept}
    changed = [one for one in questions if before.get(one.key) != after.get(one.key)]
    if changed:
        old = [one.id for one in changed if one.key in before]
        if old:
            session.execute(
                delete(Answer).where(Answer.registration_id == registration_id, Answer.question_id.in_(old))
            )
        waiting = {(one.key, key) for one in known for key in one.waiting}
        add_answers(session, changed, {registration_id: after}, waiting)
    words = {one.field: one.words for one in known}, {one.field: one.words for one in in_words(questions, after)}
    changes = {one.change: [side.get(one.field, "") for side in words] for one in changed}
    return Written(questions, changes, tuple(one.change for one in changed if not one.organisers_only), before, after)


def first_answers(questions: Sequence[OwnQuestion], answers: Answers, category: str) -> Answers:
    """What is kept of the answers of somebody new: what they are shown. Raises ChangedMeanwhile, as `write_answers`."""
    _refuse_unknown(questions, answers, {})
    wanted = _in_order(questions, answers)
    visible = shown(questions, wanted, category)
    return {key: values for key, values in wanted.items() if values and key in visible}


def add_answers(
    session: Session,
    questions: Sequence[OwnQuestion],
    given: Mapping[int, Answers],
    waiting: Collection[tuple[str, str]] = (),
) -> None:
    """Write what registrations, by id, answered to these questions, where nothing was answered before.

    `waiting` are the options, with their question, for which they are on the waiting list.
    """
    none: dict[str, Any] = {"choice": "", "text": "", "waits": False}
    rows = [
        {"registration_id": registration_id, "question_id": one.id}
        | none
        | ({"choice": value, "waits": (one.key, value) in waiting} if one.kind in KEYED else {"text": value})
        for registration_id, answers in given.items()
        for one in questions
        for value in answers.get(one.key, ())
    ]
    if rows:
        session.execute(insert(table_of(Answer)), rows)


def _in_order(questions: Sequence[OwnQuestion], answers: Answers) -> Answers:
    """The answers with what was picked in the order of the options, each once."""
    by_key = {one.key: one for one in questions if one.kind in KEYED}
    return {
        key: tuple(one for one in by_key[key].answers if one in values) if key in by_key else values
        for key, values in answers.items()
    }


def write_file(session: Session, registration_id: int, question: OwnQuestion, file: AnswerFile | None) -> None:
    """Answer a question with a file, in place of another one, or with none."""
    session.execute(delete(Answer).where(Answer.registration_id == registration_id, Answer.question_id == question.id))
    if file is not None:
        mine = {"registration_id": registration_id, "question_id": question.id, "choice": "", "waits": False}
        said = {"text": file.name, "content_hash": file.content_hash, "media_type": file.media_type, "size": file.size}
        session.execute(insert(table_of(Answer)), mine | said)


def mark_waiting(
    session: Session, question_id: int, option: str, registration_ids: Collection[int], *, waits: bool
) -> None:
    """Write down whether these registrations, which chose an option, wait for a place of it."""
    mine = update(Answer).where(Answer.question_id == question_id, Answer.choice == option)
    for some in in_pieces(registration_ids):
        session.execute(mine.where(Answer.registration_id.in_(some)).values(waits=waits))


def take_typed(session: Session, registration_id: int) -> dict[str, str]:
    """Delete what a person typed, for it is not passed on, and return it for `put_back`; what was picked stays.

    Files are deleted for good.
    """
    mine = (Answer.registration_id == registration_id, Answer.choice == "")
    found = session.scalars(select(Answer).where(*mine, Answer.content_hash.is_(None)))
    typed = {str(answer.question_id): answer.text for answer in found}
    session.execute(delete(Answer).where(*mine))
    return typed


def put_back(session: Session, registration_id: int, typed: dict[str, str]) -> None:
    """Write again what `take_typed` returned, where nothing was typed since."""
    since = select(Answer.question_id).where(Answer.registration_id == registration_id, Answer.choice == "")
    there = {*session.scalars(since)}
    for question_id, text in typed.items():
        if int(question_id) not in there:
            session.add(Answer(registration_id=registration_id, question_id=int(question_id), choice="", text=text))
    session.flush()


def _refuse_unknown(questions: Sequence[OwnQuestion], answers: Answers, before: Answers) -> None:
    by_key = {one.key: one for one in questions if not one.is_retired}
    if answers.keys() - by_key.keys():
        raise ChangedMeanwhile
    for key, values in answers.items():
        one = by_key[key]
        offered = {option.key for option in one.options if not option.is_retired} | {*before.get(key, ())}
        if one.kind is Kind.YES_NO:
            offered = {*one.answers}
        if one.kind in KEYED and {*values} - offered:
            raise ChangedMeanwhile
