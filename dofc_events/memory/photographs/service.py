"""Acts on photographs: add, describe, publish, order, remove; and what visitors ask to be taken down."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.service import lock_edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.core.normal import shown_name
from dofc_events.memory.photographs.models import Objection, Photograph, Rendition
from dofc_events.memory.photographs.queries import count_of, hidden_lately, photographs_of
from dofc_events.memory.photographs.rules import (
    LONGEST_NAME,
    MAX_PHOTOGRAPHS,
    Licence,
    Missing,
    PhotographState,
    PictureFault,
)

# Visitors hide so many photographs of an edition within a day, all together; what else they ask for organisers decide.
MAX_HIDDEN, HIDDEN_WITHIN = 12, timedelta(days=1)


class NoSuchPhotograph(Refusal):
    """It has been deleted, or it is not ready."""


class NotToBePublished(Refusal):
    """It lacks something; `missing` says what."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


@dataclass(frozen=True)
class Sent:
    """A file that was sent: kept under `source_hash`, or not taken for a `fault`."""

    name: str
    size: int
    source_hash: str | None = None
    fault: PictureFault | None = None


@dataclass(frozen=True)
class Credits:
    """The photographer, and the terms under which others may use the photographs."""

    photographer: str = ""
    licence: Licence = Licence.RESERVED


@dataclass(frozen=True)
class PhotographDetails:
    """What organisers say of a photograph. `people_agreed`: those who can be recognised on it agreed."""

    caption: str
    alternative: str
    photographer: str
    licence: Licence
    people_agreed: bool


def details_of(photograph: Photograph) -> PhotographDetails:
    """The details of a photograph as they stand."""
    return PhotographDetails(
        photograph.caption,
        photograph.alternative,
        photograph.photographer,
        Licence(photograph.licence),
        photograph.people_agreed,
    )


def add_photographs(
    session: Session, edition_id: int, sent: Sequence[Sent], credit: Credits, actor: Actor, now: datetime
) -> list[Photograph]:
    """Note what was sent, in its order; the worker makes it ready. The same file again is the photograph it was.

    Whatever could not be taken is noted with its fault, until somebody has read it.
    """
    edition = lock_edition(session, edition_id)
    known = {one.source_hash: one for one in photographs_of(session, edition_id) if one.source_hash}
    count, last = count_of(session, edition_id), _last_position(session, edition_id)
    added = []
    for file in sent:
        photograph = known.get(file.source_hash) if file.source_hash else None
        if photograph is None:
            fault = file.fault or (PictureFault.TOO_MANY if count >= MAX_PHOTOGRAPHS else None)
            last += 1
            photograph = Photograph(
                edition_id=edition_id,
                state=PhotographState.REFUSED if fault else PhotographState.WAITING,
                fault=fault,
                name=shown_name(file.name, LONGEST_NAME),
                source_hash=None if fault else file.source_hash,
                size=file.size,
                added_at=now,
                position=last,
                **asdict(credit),
            )
            session.add(photograph)
            if photograph.source_hash:
                count += 1
                known[photograph.source_hash] = photograph
                _record(session, actor, now, "photograph_added", edition, photograph)
        added.append(photograph)
    session.flush()
    return added


def change_photograph(
    session: Session,
    photograph_id: int,
    details: PhotographDetails,
    actor: Actor,
    now: datetime,
    *,
    place: int | None = None,
    seen: PhotographDetails | None = None,
) -> bool:
    """Say something else of a photograph, and put it at a place of the gallery, from 1; returns whether that is new.

    Raises NoSuchPhotograph, NotToBePublished if it is public and would lack something.
    """
    photograph, edition = _locked(session, photograph_id)
    refuse_changed(seen, details_of(photograph))
    changes = write(photograph, asdict(details))
    if photograph.published_at:
        _refuse_incomplete(photograph, but=Missing.DECISION)
    if "caption" in changes:
        # Of an edition's question the trail says it as well, in other words.
        changes["photograph_caption"] = changes.pop("caption")
    if changes:
        _record(session, actor, now, "photograph_changed", edition, photograph, changes=changes)
    is_moved = place is not None and _put_at(session, photograph, place)
    session.flush()
    return bool(changes) or is_moved


def publish_photographs(session: Session, photograph_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Let anybody see these photographs; returns how many they could not see before.

    Raises NoSuchPhotograph, NotToBePublished for the first that lacks something.
    """
    published = 0
    for photograph_id in photograph_ids:
        photograph, edition = _locked(session, photograph_id)
        _refuse_incomplete(photograph)
        if photograph.published_at is None:
            photograph.published_at = now
            published += 1
            _record(session, actor, now, "photograph_published", edition, photograph)
    session.flush()
    return published


def unpublish_photograph(session: Session, photograph_id: int, actor: Actor, now: datetime) -> None:
    """Let nobody but organisers see a photograph, from this moment on. Raises NoSuchPhotograph."""
    photograph, edition = _locked(session, photograph_id)
    if photograph.published_at:
        photograph.published_at = None
        _record(session, actor, now, "photograph_unpublished", edition, photograph)
        session.flush()


def choose_cover(session: Session, photograph_id: int, actor: Actor, now: datetime) -> None:
    """Let a photograph be its edition's cover, in place of another one. Raises NoSuchPhotograph."""
    photograph, edition = _locked(session, photograph_id)
    if photograph.is_cover:
        return
    for other in photographs_of(session, photograph.edition_id):
        other.is_cover = False
    # No two are the cover at once.
    session.flush()
    photograph.is_cover = True
    _record(session, actor, now, "cover_chosen", edition, photograph)
    session.flush()


def take_cover_away(session: Session, photograph_id: int, actor: Actor, now: datetime) -> None:
    """Leave the edition of a photograph that is its cover without one. Raises NoSuchPhotograph."""
    photograph, edition = _locked(session, photograph_id)
    if photograph.is_cover:
        photograph.is_cover = False
        _record(session, actor, now, "cover_taken_away", edition, photograph)
        session.flush()


def remove_photograph(session: Session, photograph_id: int, actor: Actor, now: datetime) -> None:
    """Delete a photograph for good; its files are swept within two hours. Raises NoSuchPhotograph."""
    photograph, edition = _locked(session, photograph_id)
    _record(session, actor, now, "photograph_removed", edition, photograph)
    session.delete(photograph)
    session.flush()


def clear_refused(session: Session, edition_id: int) -> None:
    """Forget the files of an edition that were refused: somebody has read why."""
    lock_edition(session, edition_id)
    for one in photographs_of(session, edition_id):
        if one.state == PhotographState.REFUSED:
            session.delete(one)
    session.flush()


def object_to(
    session: Session, photograph_id: int, reason: str, email: str, actor: Actor, now: datetime, *, hides: bool
) -> bool:
    """Somebody wants a photograph taken down; returns whether it is hidden now, until organisers decide.

    It is not where `hides` is False, where organisers decided once already that it stays, and where visitors have
    hidden MAX_HIDDEN of the edition within a day: nobody can empty a gallery. Organisers are told all the same.
    Raises NoSuchPhotograph, also if it is not published.
    """
    photograph, edition = _locked(session, photograph_id)
    if photograph.published_at is None:
        raise NoSuchPhotograph
    decided = any(one.settled_at for one in photograph.objections)
    if photograph.is_public and hides and not decided:
        hides = hidden_lately(session, photograph.edition_id, now - HIDDEN_WITHIN) < MAX_HIDDEN
    else:
        hides = False
    if hides:
        photograph.hidden_at = now
    photograph.objections.append(Objection(asked_at=now, hides=hides, reason=reason, email=email))
    _record(session, actor, now, "photograph_objected_to", edition, photograph, hidden=hides)
    session.flush()
    return photograph.hidden_at is not None


def keep_photograph(
    session: Session, photograph_id: int, because: str, actor: Actor, now: datetime, *, seen: Sequence[int]
) -> None:
    """Show a photograph again that somebody wanted taken down; why is recorded. `seen` are the open objections.

    Raises NoSuchPhotograph.
    """
    photograph, edition = _locked(session, photograph_id)
    refuse_changed(seen, [one.id for one in photograph.open_objections])
    for one in photograph.open_objections:
        # Who asked, and why, has served its purpose.
        one.settled_at, one.reason, one.email = now, "", ""
    photograph.hidden_at = None
    _record(session, actor, now, "photograph_kept", edition, photograph, because=because)
    session.flush()


def note_ready(
    session: Session, photograph_id: int, renditions: Sequence[Rendition], fault: PictureFault | None, now: datetime
) -> None:
    """What became of the file that was sent: its sizes, or why there are none. It is no longer kept."""
    photograph = session.get(Photograph, photograph_id, with_for_update=True)
    if photograph is None or photograph.state != PhotographState.WAITING:
        # Deleted meanwhile, or another worker was quicker.
        return
    photograph.taken_at = None
    if fault:
        photograph.state, photograph.fault, photograph.source_hash = PhotographState.REFUSED, fault, None
    else:
        photograph.state, photograph.renditions = PhotographState.READY, list(renditions)
    session.flush()


def take_in_hand(session: Session, photograph_id: int, now: datetime) -> Photograph:
    """Note that a worker prepares a photograph from now on."""
    photograph = session.get_one(Photograph, photograph_id, with_for_update=True)
    photograph.taken_at, photograph.tries = now, photograph.tries + 1
    session.flush()
    return photograph


def give_back(session: Session, photograph_id: int) -> None:
    """Others go first: the try does not count."""
    photograph = session.get_one(Photograph, photograph_id, with_for_update=True)
    photograph.taken_at, photograph.tries = None, photograph.tries - 1
    session.flush()


def _locked(session: Session, photograph_id: int) -> tuple[Photograph, Edition]:
    edition_id = session.scalar(select(Photograph.edition_id).where(Photograph.id == photograph_id))
    if edition_id is None:
        raise NoSuchPhotograph
    edition = lock_edition(session, edition_id)
    photograph = session.get(Photograph, photograph_id, populate_existing=True)
    if photograph is None or photograph.state != PhotographState.READY:
        raise NoSuchPhotograph
    return photograph, edition


def _refuse_incomplete(photograph: Photograph, but: Missing | None = None) -> None:
    missing = [what for what in photograph.missing if what is not but]
    if missing:
        raise NotToBePublished(missing)


def _put_at(session: Session, photograph: Photograph, place: int) -> bool:
    """Number the gallery anew, with a photograph at this place; returns whether it stood elsewhere."""
    gallery = [one for one in photographs_of(session, photograph.edition_id) if one.state != PhotographState.REFUSED]
    before = gallery.index(photograph)
    after = max(0, min(place - 1, len(gallery) - 1))
    gallery.insert(after, gallery.pop(before))
    for number, one in enumerate(gallery, start=1):
        one.position = number
    return before != after


def _last_position(session: Session, edition_id: int) -> int:
    ours = select(func.max(Photograph.position)).where(Photograph.edition_id == edition_id)
    return session.scalar(ours) or 0


def _record(
    session: Session, actor: Actor, now: datetime, act: str, edition: Edition, photograph: Photograph, **details: Any
) -> None:
    details["photograph"] = photograph.caption or photograph.name
    record(session, actor, now, act, scope=str(edition.year), **details)
