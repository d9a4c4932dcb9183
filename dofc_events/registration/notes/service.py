"""What organisers keep on a registration for themselves: a note, and tags. Delegates see neither."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.core.changes import refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.delegates.models import Registration, Tag
from dofc_events.notices.service import log
from dofc_events.registration.service import locked


class PersonErased(Refusal):
    """Nothing is written about somebody who has been erased."""


def write_note(
    session: Session, registration_id: int, note: str, actor: Actor, now: datetime, *, seen: str | None = None
) -> bool:
    """Write the organisers' note in place of the one `seen`, "" for none; returns whether it is another one now.

    Raises PersonErased.
    """
    registration = _named(session, registration_id)
    refuse_changed(seen, registration.note)
    changes = write(registration, {"note": note})
    if changes:
        log(session, actor, now, "note_changed", registration, changes=changes)
    return bool(changes)


def tag_one(session: Session, registration_id: int, word: str, actor: Actor, now: datetime) -> None:
    """Put a tag on one registration. Raises PersonErased."""
    tag(session, [_named(session, registration_id)], word, actor, now)


def untag_one(session: Session, registration_id: int, word: str, actor: Actor, now: datetime) -> None:
    """Take a tag off one registration."""
    registration, _ = locked(session, registration_id)
    untag(session, [registration], word, actor, now)


def tag(session: Session, people: Iterable[Registration], word: str, actor: Actor, now: datetime) -> None:
    """Put a tag on registrations, the edition's pool locked."""
    for person in people:
        if word not in (known.word for known in person.tags):
            person.tags.append(Tag(word=word))
            log(session, actor, now, "tagged", person, word=word)


def untag(session: Session, people: Iterable[Registration], word: str, actor: Actor, now: datetime) -> int:
    """Take a tag off registrations, the edition's pool locked; returns off how many."""
    taken = [(person, tag) for person in people for tag in person.tags if tag.word == word]
    for person, tag in taken:
        person.tags.remove(tag)
        log(session, actor, now, "untagged", person, word=word)
    return len(taken)


def _named(session: Session, registration_id: int) -> Registration:
    registration, _ = locked(session, registration_id)
    if registration.is_gone:
        raise PersonErased
    return registration
