"""An edition's own questions as organisers set them up."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.service import lock_edition, refuse_archived
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import Difference, refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.core.slugs import slug_for
from dofc_events.questions.models import Answer, EditionQuestion, QuestionOption
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import LONGEST_KEY, PICKED, Kind, Option, OwnQuestion
from dofc_events.questions.texts import waiting_for

MAX_QUESTIONS, MAX_OPTIONS = 60, 60


@dataclass(frozen=True, kw_only=True)
class QuestionDetails:
    """What organisers say of a question; as in `rules.OwnQuestion`."""

    caption: str
    hint: str = ""
    categories: tuple[str, ...] = ()
    shown_when: str = ""
    shown_for: tuple[str, ...] = ()
    required: bool = False
    required_from_on: date | None = None
    frozen_from_on: date | None = None
    organisers_only: bool = False


@dataclass(frozen=True)
class OptionDetails:
    """One of the answers to choose from; a new one has no key yet. What is no longer offered `is_retired`."""

    key: str
    caption: str
    is_retired: bool = False
    waiting_list: bool = False


class NoSuchQuestion(Refusal):
    """The edition does not have this question."""


class TooManyQuestions(Refusal):
    """An edition asks at most MAX_QUESTIONS."""


class OutOfOrder(Refusal):
    """A question comes after the one on whose answer it depends."""


class OthersDependOnIt(Refusal):
    """The question `caption` is shown only where this one is answered."""

    def __init__(self, caption: str) -> None:
        super().__init__(caption)
        self.caption = caption


def details_of(question: OwnQuestion) -> QuestionDetails:
    """The details of a question, as its form has them."""
    return QuestionDetails(**{field.name: getattr(question, field.name) for field in fields(QuestionDetails)})


def add_question(
    session: Session,
    edition_id: int,
    kind: Kind,
    details: QuestionDetails,
    options: Sequence[OptionDetails],
    actor: Actor,
    now: datetime,
    *,
    key: str = "",
) -> EditionQuestion:
    """Ask one more question, after the others; its key is `key`, or made of what it asks. Raises TooManyQuestions."""
    edition = _locked(session, edition_id)
    present = questions_of(session, edition_id)
    if len(present) >= MAX_QUESTIONS:
        raise TooManyQuestions
    # With underscores: what ends in a hyphen and a number is the name of an option's field on the page.
    taken = [one.key.replace("_", "-") for one in present]
    key = key if key and key not in taken else _key_for(details.caption, taken, "question").replace("-", "_")
    last = max((row.position for row in _rows(session, edition_id)), default=-1)
    edition.asks_questions, edition.asks_files = True, edition.asks_files or kind is Kind.FILE
    row = EditionQuestion(edition_id=edition_id, key=key, kind=kind, position=last + 1)
    _set(row, details, present)
    session.add(row)
    session.flush()
    _set_options(session, row, options if kind in PICKED else (), now)
    record(session, actor, now, "question_added", scope=str(edition.year), question=key, caption=details.caption)
    return row


def change_question(
    session: Session,
    edition_id: int,
    key: str,
    details: QuestionDetails,
    options: Sequence[OptionDetails],
    actor: Actor,
    now: datetime,
    *,
    seen: OwnQuestion | None = None,
) -> EditionQuestion:
    """Change a question, which was `seen`, to these details. Its kind and key stay. Raises NoSuchQuestion.

    An option that is left out is retired if somebody chose it, and deleted otherwise.
    """
    edition = _locked(session, edition_id)
    present = questions_of(session, edition_id)
    row, before = _row(session, edition_id, key), _question(present, key)
    refuse_changed(seen, before)
    position = present.index(before)
    _set(row, details, present[:position])
    _set_options(session, row, options if row.kind in PICKED else (), now)
    session.flush()
    after = _question(questions_of(session, edition_id), key)
    changes = _difference(before, after)
    if changes:
        words: dict[str, Any] = {"question": key, "caption": details.caption, "changes": changes}
        record(session, actor, now, "question_changed", scope=str(edition.year), **words)
    return row


def take_out(session: Session, edition_id: int, key: str, actor: Actor, now: datetime) -> bool:
    """Stop asking a question: it is deleted, or retired if anybody has answered it. Returns whether it is still there.

    Raises NoSuchQuestion, OthersDependOnIt.
    """
    edition = _locked(session, edition_id)
    row = _row(session, edition_id, key)
    dependant = next((one for one in _rows(session, edition_id) if one.shown_when == key), None)
    if dependant is not None and dependant.retired_at is None:
        raise OthersDependOnIt(dependant.caption)
    stays = dependant is not None or not _deleted(session, row)
    scope, words = str(edition.year), {"question": key, "caption": row.caption}
    if stays:
        row.retired_at = row.retired_at or now
        record(session, actor, now, "question_retired", scope=scope, **words)
    else:
        record(session, actor, now, "question_deleted", scope=scope, **words)
    session.flush()
    return stays


def ask_again(session: Session, edition_id: int, key: str, actor: Actor, now: datetime) -> None:
    """Ask a question again that was retired. Raises NoSuchQuestion."""
    edition = _locked(session, edition_id)
    row = _row(session, edition_id, key)
    if row.retired_at is not None:
        row.retired_at = None
        words = {"question": key, "caption": row.caption}
        record(session, actor, now, "question_asked_again", scope=str(edition.year), **words)
    session.flush()


def move_question(session: Session, edition_id: int, key: str, actor: Actor, now: datetime, *, down: bool) -> None:
    """Let a question change places with the one before it, or after it. Raises NoSuchQuestion, OutOfOrder."""
    edition = _locked(session, edition_id)
    rows = _rows(session, edition_id)
    at = rows.index(_row(session, edition_id, key))
    other = at + 1 if down else at - 1
    if not 0 <= other < len(rows):
        return
    first, second = rows[min(at, other)], rows[max(at, other)]
    if second.shown_when == first.key:
        raise OutOfOrder
    rows[at], rows[other] = rows[other], rows[at]
    for position, row in enumerate(rows):
        row.position = position
    words = {"question": key, "caption": rows[other].caption}
    record(session, actor, now, "question_moved", scope=str(edition.year), **words)
    session.flush()


def copy_questions(session: Session, from_edition_id: int, edition_id: int) -> dict[int, int]:
    """Ask at an edition that asks nothing yet what another one asks; its dates move with the first day.

    Returns the new options by the old ones, for who knows how many places these have.
    """
    source, target = (session.get_one(Edition, id_) for id_ in (from_edition_id, edition_id))
    options: dict[int, int] = {}
    for row in _rows(session, from_edition_id):
        if row.retired_at is not None:
            continue
        values = {field.name: getattr(row, field.name) for field in fields(QuestionDetails)}
        for name in ("required_from_on", "frozen_from_on"):
            values[name] = _moved(values[name], source.starts_on, target.starts_on)
        values |= {"key": row.key, "kind": row.kind, "position": row.position}
        target.asks_questions, target.asks_files = True, target.asks_files or row.kind == Kind.FILE
        copy = EditionQuestion(edition_id=edition_id, **values)
        kept = [option for option in row.options if option.retired_at is None]
        names = ("key", "caption", "position", "waiting_list")
        copy.options = [QuestionOption(**{name: getattr(one, name) for name in names}) for one in kept]
        session.add(copy)
        session.flush()
        options |= dict(zip((one.id for one in kept), (one.id for one in copy.options), strict=True))
    return options


def _locked(session: Session, edition_id: int) -> Edition:
    edition = lock_edition(session, edition_id)
    refuse_archived(edition)
    return edition


def _rows(session: Session, edition_id: int) -> list[EditionQuestion]:
    row = EditionQuestion
    query = select(row).where(row.edition_id == edition_id).order_by(row.position, row.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _row(session: Session, edition_id: int, key: str) -> EditionQuestion:
    row = next((one for one in _rows(session, edition_id) if one.key == key), None)
    if row is None:
        raise NoSuchQuestion(key)
    return row


def _question(questions: Sequence[OwnQuestion], key: str) -> OwnQuestion:
    found = next((one for one in questions if one.key == key), None)
    if found is None:
        raise NoSuchQuestion(key)
    return found


def _set(row: EditionQuestion, details: QuestionDetails, earlier: Sequence[OwnQuestion]) -> None:
    """Raises OutOfOrder if it depends on none of the `earlier` ones, or on an answer that is none of theirs."""
    other = next((one for one in earlier if one.key == details.shown_when), None)
    if details.shown_when and (other is None or {*details.shown_for} - {*other.answers}):
        raise OutOfOrder
    lists = {"categories": list(details.categories), "shown_for": list(details.shown_for)}
    write(row, vars(details) | lists)


def _set_options(session: Session, row: EditionQuestion, options: Sequence[OptionDetails], now: datetime) -> None:
    known = {option.key: option for option in row.options}
    kept = {option.key for option in options}
    taken = [*known]
    for position, said in enumerate(options):
        option = known.get(said.key)
        if option is None:
            option = QuestionOption(key=_key_for(said.caption, taken, "option"))
            taken.append(option.key)
            row.options.append(option)
        option.caption, option.position, option.waiting_list = said.caption, position, said.waiting_list
        option.retired_at = (option.retired_at or now) if said.is_retired else None
    left_out = [option for key, option in known.items() if key not in kept]
    for position, option in enumerate(left_out, start=len(options)):
        answered = select(exists().where(Answer.question_id == row.id, Answer.choice == option.key))
        if session.scalar(answered) or not _deleted(session, option):
            option.retired_at, option.position = option.retired_at or now, position
    session.flush()
    session.expire(row, ["options"])


def _deleted(session: Session, row: EditionQuestion | QuestionOption) -> bool:
    """Delete a row, unless something refers to it: an answer, or places."""
    try:
        with session.begin_nested():
            session.delete(row)
    except IntegrityError:
        return False
    return True


def _key_for(text: str, taken: Sequence[str], otherwise: str) -> str:
    return slug_for(text[:LONGEST_KEY], taken, otherwise)[-LONGEST_KEY:].strip("-")


def _moved(day: date | None, was: date | None, now: date | None) -> date | None:
    """Without the first day of both nobody knows what a date of the other edition's means here."""
    return day + (now - was) if day and was and now else None


def _difference(before: OwnQuestion, after: OwnQuestion) -> Difference:
    names = {field.name for field in fields(QuestionDetails)}
    changes: Difference = {}
    for name in sorted(names):
        one, other = (getattr(question, name) for question in (before, after))
        if one != other:
            changes[name] = [_said(one), _said(other)]
    options = [[_said_of(one) for one in question.options if not one.is_retired] for question in (before, after)]
    if options[0] != options[1]:
        changes["options"] = [", ".join(side) for side in options]
    return changes


def _said_of(option: Option) -> str:
    return waiting_for(option.caption) if option.waiting_list else option.caption


def _said(value: Any) -> Any:
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.isoformat() if isinstance(value, date) else value
