"""Reads about questions and answers. Each takes one query, however many questions, options and people there are."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    SQLColumnExpression,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    not_,
    select,
)
from sqlalchemy.orm import Session, aliased

from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption
from dofc_events.questions.rules import ANY, NONE, ON, WAITING, Answers, Kind, Option, OwnQuestion
from dofc_events.questions.texts import Answered

# Columns, and not entities: every form of an edition asks for them.
_NAMES = tuple(field.name for field in fields(OwnQuestion) if field.name not in ("is_retired", "options"))
_LISTS = ("categories", "shown_for")
QUESTIONS = (
    select(
        # Lists as the text of them, which is read once for many requests.
        *(
            cast(getattr(EditionQuestion, name), Text).label(name) if name in _LISTS else getattr(EditionQuestion, name)
            for name in _NAMES
        ),
        EditionQuestion.retired_at,
        QuestionOption.id.label("option_id"),
        QuestionOption.key.label("option_key"),
        QuestionOption.caption.label("option_caption"),
        QuestionOption.retired_at.label("option_retired_at"),
        QuestionOption.waiting_list,
    )
    .join(QuestionOption, QuestionOption.question_id == EditionQuestion.id, isouter=True)
    .where(EditionQuestion.edition_id == bindparam("edition_id"))
    .order_by(EditionQuestion.position, EditionQuestion.id, QuestionOption.position, QuestionOption.id)
)
_COLUMNS = len(QUESTIONS.selected_columns)
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
        Answer.waits,
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


@dataclass(frozen=True)
class AnswerFile:
    """A file that answers a question: its name, what it is, how many bytes, and where they lie."""

    name: str
    media_type: str
    size: int
    content_hash: str


def questions_of(session: Session, edition_id: int) -> tuple[OwnQuestion, ...]:
    """An edition's own questions in their order, those that are retired among them."""
    return questions_in(session.execute(QUESTIONS, {"edition_id": edition_id}))


def questions_in(rows: Iterable[Row[Any]]) -> tuple[OwnQuestion, ...]:
    """The questions that the rows of QUESTIONS say; a row may have more behind."""
    return _questions_said_by(tuple(tuple(row[:_COLUMNS]) for row in rows))


# Of the editions that are asked for again and again; the same rows say the same.
@lru_cache(maxsize=20)
def _questions_said_by(rows: tuple[tuple[Any, ...], ...]) -> tuple[OwnQuestion, ...]:
    found: dict[int, tuple[dict[str, Any], list[Option]]] = {}
    for row in rows:
        values = dict(zip(_NAMES, row, strict=False))
        retired_at, option_id, option_key, option_caption, option_retired_at, waiting_list = row[len(_NAMES) :]
        _values, options = found.setdefault(values["id"], (values | {"is_retired": retired_at is not None}, []))
        if option_id is not None:
            is_retired = option_retired_at is not None
            options.append(Option(option_id, option_key, option_caption, is_retired, waiting_list))
    return tuple(_question(values, tuple(options)) for values, options in found.values())


def _question(values: dict[str, Any], options: tuple[Option, ...]) -> OwnQuestion:
    lists = {name: tuple(json.loads(values[name])) for name in _LISTS}
    return OwnQuestion(**values | lists | {"kind": Kind(values["kind"])}, options=options)


def answered_by(session: Session, registration_id: int) -> tuple[Answered, ...]:
    """What one registration answered, in the order of the questions."""
    rows = session.execute(_ANSWERED_BY_ONE, {"registration_id": registration_id}).all()
    return _by_registration(rows).get(registration_id, ())


def answered_by_many(session: Session, registration_ids: Collection[int]) -> dict[int, dict[str, Answered]]:
    """What each of these registrations answered, by the question's key."""
    rows = session.execute(_ANSWERED.where(Answer.registration_id.in_(registration_ids))).all()
    return {id_: {one.key: one for one in said} for id_, said in _by_registration(rows).items()}


def files_of(session: Session, registration_id: int, *, by_organisers: bool = True) -> dict[str, AnswerFile]:
    """The files that one registration answered with, by the question's key; delegates do not see all."""
    query = select(EditionQuestion.key, Answer).join(EditionQuestion, EditionQuestion.id == Answer.question_id)
    query = query.where(Answer.registration_id == registration_id, Answer.content_hash.is_not(None))
    if not by_organisers:
        query = query.where(EditionQuestion.organisers_only.is_(False))
    rows = session.execute(query.execution_options(populate_existing=True))
    return {key: AnswerFile(a.text, a.media_type or "", a.size or 0, a.content_hash or "") for key, a in rows}


def answer_hashes(session: Session) -> set[str]:
    """The hashes of all files that questions were answered with."""
    found = session.scalars(select(Answer.content_hash).where(Answer.content_hash.is_not(None)).distinct())
    return {content_hash for content_hash in found if content_hash}


def answered_bytes(session: Session) -> int:
    """The size of all files that questions were answered with; what many share is kept once."""
    each = select(Answer.content_hash, Answer.size).where(Answer.content_hash.is_not(None)).distinct().subquery()
    return session.scalar(select(func.coalesce(func.sum(each.c.size), 0))) or 0


def gave_answer(
    registration_id: SQLColumnExpression[int], edition_id: int, key: str, answer: str, given: type[Answer] | None = None
) -> ColumnElement[bool]:
    """An SQL condition: the registration gave this answer to a question of its edition: an option, a day, any, or none.

    Waiting for an option does not count as an answer. An option or a day is joined, as `given` if that is said.
    """
    question, given = EditionQuestion, given or aliased(Answer)
    mine = select(question.id).where(question.edition_id == edition_id, question.key == key).scalar_subquery()
    if answer in (ANY, NONE):
        is_there = registration_id.in_(select(given.registration_id).where(given.question_id == mine))
        return is_there if answer == ANY else not_(is_there)
    # A join: there is one such answer at most, and the database may begin with the answers, in their index's order.
    found = and_(given.registration_id == registration_id, given.question_id == mine)
    if answer.startswith(ON):
        # As the index of days says it.
        is_short = and_(given.choice == literal_column("''"), func.length(given.text) == literal_column("10"))
        return and_(found, is_short, given.text == answer.removeprefix(ON))
    choice, waiting, _rest = answer.partition(WAITING)
    return and_(found, given.choice == choice, given.waits.is_(bool(waiting)))


def answers_of(answered: Collection[Answered]) -> Answers:
    """What was answered, by key."""
    return {one.key: one.values for one in answered}


def _by_registration(rows: Collection[Any]) -> dict[int, tuple[Answered, ...]]:
    found: dict[int, dict[str, Answered]] = {}
    for id_, key, kind, caption, organisers_only, choice, text, chosen, waits in rows:
        said = found.setdefault(id_, {})
        before = said.get(key)
        values = (*(before.values if before else ()), choice or text)
        captions = (*(before.captions if before else ()), *([chosen] if chosen is not None else []))
        waiting = (*(before.waiting if before else ()), *([choice] if waits else []))
        said[key] = Answered(key, Kind(kind), caption, organisers_only, values, captions, waiting)
    return {id_: tuple(said.values()) for id_, said in found.items()}
