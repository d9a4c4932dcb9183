"""Acts on a letter: write it, have it sent, stop it; and letters about changes of an edition."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import place_and_time_of
from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed
from dofc_events.core.errors import Refusal
from dofc_events.extensions import settings
from dofc_events.letters.models import Letter, LetterAttachment, LetterRecipient
from dofc_events.letters.queries import (
    Progress,
    Readers,
    audience_of,
    came_too_late,
    due_time,
    letter_about_change,
    letter_attachment,
    progress_of,
    readers_of,
    stored,
)
from dofc_events.letters.rules import EDITABLE, MAX_ATTACHED, MAX_DAYS, SENT_AT, Anchor, LetterState
from dofc_events.mail import outbox
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.registration.queries import Audience
from dofc_events.web.attachments.rules import CheckedFile


class NotADraft(Refusal):
    """Somebody has already sent or deleted it."""


class NotEditable(Refusal):
    """It is being sent or has been, or somebody has stopped or deleted it."""


class NobodyToWriteTo(Refusal):
    """The audience is empty."""


class AudienceChanged(Refusal):
    """It would be sent to other people than those shown."""


class DateMissing(Refusal):
    """The edition does not have the date that the letter's time follows."""


class TooLate(Refusal):
    """The time at which it would be sent has passed, or the edition it reminds of is archived."""


class FarOff(Refusal):
    """The day on which it would be sent is more than a year after the edition."""


class FilesTooLarge(Refusal):
    """The files of a letter would be larger together than many mail servers take."""


class NothingToStop(Refusal):
    """Every message has been sent, or it was already stopped."""


@dataclass(frozen=True)
class LetterText:
    """What organisers type: Markdown with placeholders, and when it is sent (see `letters.models.Letter`)."""

    subject: str
    body: str
    anchor: Anchor
    days: int = 0
    sent_on: date | None = None
    hour: time = SENT_AT


@dataclass(frozen=True)
class Stopped:
    """How many messages were sent or are being sent, how many are withdrawn, for how many people none is written."""

    left: int
    withdrawn: int
    unwritten: int


def text_of(letter: Letter) -> LetterText:
    """What a letter says, as it stands."""
    anchor = Anchor(letter.anchor)
    return LetterText(letter.subject, letter.body, anchor, letter.anchor_days, letter.sent_on, letter.hour)


def write_letter(
    session: Session,
    edition_id: int,
    audience: Audience,
    text: LetterText,
    actor: Actor,
    now: datetime,
    *,
    files_of: int | None = None,
) -> int:
    """Keep a new letter as a draft, with the files of another one; returns its id.

    Raises DateMissing, TooLate, FarOff.
    """
    letter = Letter(
        edition_id=edition_id, subject="", body="", audience=stored(audience), written_by=actor.name, written_at=now
    )
    session.add(letter)
    session.flush()
    _write(letter, text, now)
    _record(session, actor, now, "letter_written", letter)
    for one in session.get_one(Letter, files_of).attachments if files_of else ():
        # Stored once more: it may be swept while it is being taken off the other letter.
        files.store(settings().shared, files.read(settings().shared, one.content_hash), now)
        said = {name: getattr(one, name) for name in ("content_hash", "name", "media_type", "size")}
        _attach(session, letter, LetterAttachment(**said, added_at=now), actor, now)
    return letter.id


def rewrite_letter(
    session: Session,
    letter_id: int,
    text: LetterText,
    actor: Actor,
    now: datetime,
    *,
    seen: LetterText | None = None,
) -> None:
    """Change a letter that said what was `seen` and that nobody has been sent.

    A scheduled one stays scheduled, at its new time; without a time it is a draft again. Raises NotEditable,
    DateMissing, TooLate, FarOff.
    """
    letter = _editable(session, letter_id)
    refuse_changed(seen, text_of(letter))
    _write(letter, text, now)
    _record(session, actor, now, "letter_changed", letter)
    if letter.released_at and not letter.anchor:
        letter.released_at = None
        _record(session, actor, now, "letter_unscheduled", letter)


def attach_file(session: Session, letter_id: int, file: CheckedFile, actor: Actor, now: datetime) -> None:
    """Have a file travel with a letter, once however often it is sent; it was checked before, outside of a transaction.

    Raises NotEditable, FilesTooLarge.
    """
    letter = _editable(session, letter_id)
    content_hash, size = files.hash_of(file.content), len(file.content)
    if any(one.content_hash == content_hash for one in letter.attachments):
        return
    if size + sum(one.size for one in letter.attachments) > MAX_ATTACHED:
        raise FilesTooLarge
    files.store(settings().shared, file.content, now)
    said = {"content_hash": content_hash, "name": file.name, "media_type": file.media_type, "size": size}
    _attach(session, letter, LetterAttachment(**said, added_at=now), actor, now)


def detach_file(session: Session, letter_id: int, attachment_id: int, actor: Actor, now: datetime) -> None:
    """Take a file off a letter, if it is there. Its bytes go later, unless they are used elsewhere.

    Raises NotEditable.
    """
    letter = _editable(session, letter_id)
    attachment = letter_attachment(session, letter_id, attachment_id)
    if attachment:
        session.delete(attachment)
        _record(session, actor, now, "letter_file_removed", letter, name=attachment.name)


def release_letter(
    session: Session, letter_id: int, digest: str, actor: Actor, now: datetime, *, seen: LetterText | None = None
) -> int:
    """Have a draft sent, now or at its time; returns how many people it would go to now.

    A letter sent now goes to exactly the people in `digest` (see `Readers`). Raises NotADraft, NobodyToWriteTo,
    AudienceChanged, DateMissing, TooLate and FarOff, and ChangedMeanwhile if it says something else than was `seen`.
    """
    letter = _draft(session, letter_id)
    refuse_changed(seen, text_of(letter))
    _refuse_bad_time(letter, now)
    readers = readers_of(session, letter.edition_id, audience_of(letter))
    letter.released_at = now
    if letter.anchor:
        _record(session, actor, now, "letter_scheduled", letter, count=readers.count)
        return readers.count
    if not readers.count:
        raise NobodyToWriteTo
    if readers.digest != digest:
        raise AudienceChanged
    start(session, letter, readers, actor, now)
    return readers.count


def tell_change(session: Session, letter_id: int, sentence: str, digest: str, actor: Actor, now: datetime) -> int:
    """Tell everybody of a changed place or time, with a sentence of the organisers'; raises as `release_letter`."""
    _draft(session, letter_id).body = sentence
    return release_letter(session, letter_id, digest, actor, now)


def start(session: Session, letter: Letter, readers: Readers, actor: Actor, now: datetime) -> None:
    """Fix the recipients of a letter; the worker writes the messages. Without recipients it is finished at once."""
    letter.started_at = now
    if not readers.count:
        letter.finished_at = now
    rows = [{"letter_id": letter.id, "registration_id": r, "email_key": key} for r, key in readers.keys.items()]
    if rows:
        session.execute(insert(LetterRecipient), rows)
    _record(session, actor, now, "letter_sent", letter, count=readers.count)


def stop_letter(session: Session, letter_id: int, actor: Actor, now: datetime) -> Stopped:
    """Nobody else gets a letter: no more messages are written, and those that have not left are taken back.

    A draft is dropped. Raises NothingToStop.
    """
    letter = locked(session, letter_id)
    before = progress_of(session, [letter_id])[letter_id]
    if not can_be_stopped(letter, before):
        raise NothingToStop
    was_draft = letter.state is LetterState.DRAFT
    letter.stopped_at = now
    if was_draft:
        _record(session, actor, now, "change_not_told" if letter.before else "letter_dropped", letter)
        return Stopped(0, 0, 0)
    ours = select(LetterRecipient.message_id).where(LetterRecipient.letter_id == letter_id)
    outbox.withdraw_all(session, [Message.id.in_(ours)], now)
    after = progress_of(session, [letter_id])[letter_id]
    stopped = Stopped(after.sent + after.waiting, after.states[MessageState.WITHDRAWN], after.unwritten)
    _record(session, actor, now, "letter_stopped", letter, **vars(stopped))
    return stopped


def can_be_stopped(letter: Letter, progress: Progress) -> bool:
    """Whether anything of a letter that has come so far may still go to somebody, now or if it is written anew."""
    is_sent = letter.state is LetterState.WRITTEN and progress.sent == progress.total
    return not is_sent and letter.state not in (LetterState.STOPPED, LetterState.DROPPED)


def note_change(session: Session, edition: Edition, before: dict[str, Any], actor: Actor, now: datetime) -> int | None:
    """Keep a letter for telling everybody that an edition's place or time is not what it was `before`.

    Returns its id, or None if there is nobody to tell, or nothing: what was changed back before it was told is dropped.
    Several changes that nobody was told of are one letter.
    """
    after = place_and_time_of(edition)
    if before == after or edition.status != EditionStatus.PUBLISHED or edition.is_over(now):
        return None
    letter = letter_about_change(session, edition.id)
    if letter and letter.before == after:
        letter.stopped_at = now
        return None
    if letter is None and readers_of(session, edition.id, Audience()).count:
        letter = Letter(edition_id=edition.id, subject="", body="", audience=stored(Audience()), before=before)
        letter.written_by, letter.written_at = actor.name, now
        session.add(letter)
        session.flush()
    return letter.id if letter else None


def locked(session: Session, letter_id: int) -> Letter:
    """The letter's row, held until the unit of work ends: of two who act on it at once, the second sees the first."""
    query = select(Letter).where(Letter.id == letter_id).with_for_update(of=Letter)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _draft(session: Session, letter_id: int) -> Letter:
    letter = locked(session, letter_id)
    if letter.state is not LetterState.DRAFT:
        raise NotADraft
    return letter


def _editable(session: Session, letter_id: int) -> Letter:
    letter = locked(session, letter_id)
    if letter.state not in EDITABLE or letter.before:
        raise NotEditable
    return letter


def _attach(session: Session, letter: Letter, file: LetterAttachment, actor: Actor, now: datetime) -> None:
    letter.attachments.append(file)
    _record(session, actor, now, "letter_file_added", letter, name=file.name, content_hash=file.content_hash)


def _write(letter: Letter, text: LetterText, now: datetime) -> None:
    letter.subject, letter.body = text.subject, text.body
    letter.anchor, letter.anchor_days = text.anchor, text.days
    letter.sent_on, letter.hour = text.sent_on, text.hour
    _refuse_bad_time(letter, now)


def _refuse_bad_time(letter: Letter, now: datetime) -> None:
    if not letter.anchor:
        return
    due = due_time(letter)
    if due is None:
        raise DateMissing
    if due <= now or came_too_late(letter, now):
        raise TooLate
    ends_on = letter.edition.ends_on
    if letter.sent_on and ends_on and letter.sent_on > ends_on + timedelta(days=MAX_DAYS):
        raise FarOff


def _record(session: Session, actor: Actor, now: datetime, act: str, letter: Letter, **details: Any) -> None:
    scope = str(letter.edition.year)
    record(session, actor, now, act, scope=scope, letter=letter.id, subject=letter.subject, **details)
