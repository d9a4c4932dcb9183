"""Answers questions with files, and takes them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from dofc_events.core import files
from dofc_events.core.audit import Actor
from dofc_events.core.clock import in_zone
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration
from dofc_events.extensions import settings
from dofc_events.notices.news.service import News
from dofc_events.notices.service import Changes, log
from dofc_events.questions.answers.service import write_file
from dofc_events.questions.queries import (
    AnswerFile,
    answered_by,
    answered_bytes,
    answers_of,
    files_of,
    questions_of,
)
from dofc_events.questions.rules import Answers, OwnQuestion, files_asked, is_frozen
from dofc_events.registration.service import locked, refuse_frozen, refuse_over
from dofc_events.web.attachments.queries import MEGABYTE
from dofc_events.web.attachments.rules import AttachmentFault, AttachmentRefused, CheckedFile


class FileNotAsked(Refusal):
    """The edition does not ask this person for that file, or no longer."""


class FileInPlace(Refusal):
    """Another file is there, and nobody has agreed that it goes."""


class FileReplaced(Refusal):
    """There is another file than the one that the page showed."""


@dataclass(frozen=True)
class Who:
    """Who adds or removes a file: the delegate, or organisers, who can do so after the day on which it is closed.

    `seen` is the hash of the file that they were shown, "" for none; `replaces` says that it may go for another one.
    """

    actor: Actor
    by_organisers: bool = False
    seen: str | None = None
    replaces: bool = True


def asked_for_files(
    session: Session, registration: Registration, on: date, *, by_organisers: bool = False
) -> tuple[OwnQuestion, ...]:
    """The questions that can be answered with a file on that day."""
    return files_asked(*_known(session, registration), on, by_organisers=by_organisers)


def open_and_closed(
    session: Session, registration: Registration, on: date
) -> tuple[tuple[OwnQuestion, ...], list[OwnQuestion]]:
    """The questions that the delegate can answer with a file on that day, and those that only organisers still can."""
    known = _known(session, registration)
    every = files_asked(*known, on, by_organisers=True)
    return files_asked(*known, on), [one for one in every if is_frozen(one, on) and not one.organisers_only]


def _known(session: Session, registration: Registration) -> tuple[Sequence[OwnQuestion], Answers, str]:
    edition, category = registration.edition, registration.category.slug
    if not edition.asks_files:
        return (), {}, category
    return questions_of(session, edition.id), answers_of(answered_by(session, registration.id)), category


def add_file(session: Session, registration_id: int, key: str, file: CheckedFile, who: Who, now: datetime) -> None:
    """Answer a question with a file, in place of another one; nothing is kept of one that is refused.

    It is checked before, outside of the unit of work. Raises FileNotAsked, AttachmentRefused if there is no room,
    RegistrationOver, FileInPlace, FileReplaced, and of delegates DetailsFrozen.
    """
    registration, question = _asked(session, registration_id, key, who, now)
    present = files_of(session, registration_id)
    kept = AnswerFile(file.name, file.media_type, len(file.content), files.hash_of(file.content))
    if present.get(key) == kept:
        return
    if key in present and not who.replaces and who.seen in (None, present[key].content_hash):
        raise FileInPlace
    others = sum(one.size for other, one in present.items() if other != key)
    if others + kept.size > settings().uploads_mb_per_proposal * MEGABYTE:
        raise AttachmentRefused(AttachmentFault.NO_ROOM)
    # Two at once may both find the last room: nobody locks everybody's answers for that.
    if kept.size + answered_bytes(session) > settings().uploads_mb * MEGABYTE:
        raise AttachmentRefused(AttachmentFault.NO_ROOM_HERE)
    files.store(settings().shared, file.content, now)
    _write(session, registration, question, kept, who, now)


def remove_file(session: Session, registration_id: int, key: str, who: Who, now: datetime) -> None:
    """Remove the file that answers a question. Its bytes are deleted later, unless they are used elsewhere.

    Raises as `add_file`.
    """
    registration, question = _asked(session, registration_id, key, who, now)
    _write(session, registration, question, None, who, now)


def _asked(
    session: Session, registration_id: int, key: str, who: Who, now: datetime
) -> tuple[Registration, OwnQuestion]:
    registration, _pool = locked(session, registration_id)
    if who.by_organisers:
        refuse_over(registration, now)
    else:
        refuse_frozen(registration, now)
    on = in_zone(now, registration.edition.zone).date()
    for question in asked_for_files(session, registration, on, by_organisers=who.by_organisers):
        if question.key == key:
            return registration, question
    raise FileNotAsked(key)


def _write(
    session: Session,
    registration: Registration,
    question: OwnQuestion,
    file: AnswerFile | None,
    who: Who,
    now: datetime,
) -> None:
    """Write it down, put it into the trail, and tell the delegate."""
    before = files_of(session, registration.id).get(question.key)
    if before == file:
        return
    if who.seen not in (None, before.content_hash if before else ""):
        raise FileReplaced(question.key)
    write_file(session, registration.id, question, file)
    registration.revise(now)
    said = {question.change: [before.name if before else "", file.name if file else ""]}
    log(session, who.actor, now, "details_changed", registration, changes=said)
    if question.organisers_only:
        return
    changes, told = Changes(session, registration.edition, who.actor, now), (question.change,)
    changes.news[registration.id] = News(details=told) if who.by_organisers else News(own_details=told)
    changes.tell(None if who.by_organisers else registration.id)
