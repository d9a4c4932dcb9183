"""The hand-over from the last host to the next: what was done when, contacts, lessons learnt, what is still to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.service import lock_edition
from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed, write
from dofc_events.core.errors import Refusal
from dofc_events.extensions import settings
from dofc_events.hosting.hand_over.queries import hand_over_items
from dofc_events.hosting.models import HandOverFile, HandOverItem
from dofc_events.hosting.rules import MAX_HANDED_OVER, HandOverKind, Side
from dofc_events.web.attachments.rules import CheckedFile

# What is still to do at the start of every edition.
OPEN_TOPICS = ("dates", "venue_address", "programme", "trips", "categories", "team")
LESSON_TOPICS = ("what_went_well", "what_to_do_otherwise")


def start_hand_over(session: Session, edition: Edition, last: Edition | None, actor: Actor, now: datetime) -> None:
    """Begin an edition's list with what the last edition's own dates and contact say, and what is always open."""
    for position, (kind, topic, happened_at, details) in enumerate(_topics(last)):
        session.add(
            HandOverItem(
                edition_id=edition.id,
                kind=kind,
                topic=topic,
                happened_at=happened_at,
                details=details,
                position=position,
            )
        )
    record(session, actor, now, "hand_over_started", scope=str(edition.year), from_year=last.year if last else None)
    session.flush()


class TooManyFiles(Refusal):
    """An item has as many files as it may have."""


@dataclass(frozen=True)
class ItemDetails:
    """What people write about an item: in words, who sees to it, and by when."""

    text: str
    owner: str = ""
    due_on: date | None = None


def details_of(item: HandOverItem) -> ItemDetails:
    """What can be changed of an item, as it is."""
    return ItemDetails(item.text, item.owner, item.due_on)


def add_item(
    session: Session, edition_id: int, kind: HandOverKind, details: ItemDetails, actor: Actor, now: datetime
) -> HandOverItem:
    """Add something to the end of the list, once however often it is sent."""
    edition, items, text = lock_edition(session, edition_id), hand_over_items(session, edition_id), details.text
    for item in items:
        if (item.kind, item.topic, details_of(item)) == (kind, "", details):
            return item
    position = items[-1].position + 1 if items else 0
    item = HandOverItem(edition_id=edition_id, kind=kind, position=position, **vars(details), files=[])
    session.add(item)
    session.flush()
    record(session, actor, now, "hand_over_item_added", scope=str(edition.year), item=item.id, kind=kind, text=text)
    return item


def change_item(
    session: Session,
    edition_id: int,
    item_id: int,
    details: ItemDetails,
    actor: Actor,
    now: datetime,
    *,
    seen: ItemDetails | None = None,
) -> bool:
    """Make an item's words, owner and date what `details` says; False if they were. Raises ChangedMeanwhile."""
    item = _locked(session, edition_id, item_id)
    refuse_changed(seen, details_of(item))
    changes = write(item, vars(details))
    if changes:
        _record(session, actor, now, "hand_over_item_changed", item, changes=changes)
    return bool(changes)


def add_file(session: Session, edition_id: int, item_id: int, file: CheckedFile, actor: Actor, now: datetime) -> None:
    """Have a file go with an item, once however often it is sent; it was checked before, outside of a transaction.

    Raises TooManyFiles.
    """
    item, content_hash = _locked(session, edition_id, item_id), files.hash_of(file.content)
    if any(one.content_hash == content_hash for one in item.files):
        return
    if len(item.files) >= MAX_HANDED_OVER:
        raise TooManyFiles
    files.store(settings().shared, file.content, now)
    kept = {"name": file.name, "media_type": file.media_type, "size": len(file.content), "added_at": now}
    item.files.append(HandOverFile(content_hash=content_hash, **kept))
    _record(session, actor, now, "hand_over_file_added", item, name=file.name)


def remove_file(session: Session, edition_id: int, item_id: int, file_id: int, actor: Actor, now: datetime) -> None:
    """Take a file off an item, if it is there. Its bytes go later, unless they are used elsewhere."""
    item = _locked(session, edition_id, item_id)
    for file in [one for one in item.files if one.id == file_id]:
        item.files.remove(file)
        session.delete(file)
        _record(session, actor, now, "hand_over_file_removed", item, name=file.name)


def tick_item(
    session: Session, edition_id: int, item_id: int, side: Side, actor: Actor, now: datetime, *, done: bool
) -> bool:
    """Tick an item of an edition's list off for one side, or take the tick back; False if nothing changes."""
    item = _locked(session, edition_id, item_id)
    column = f"{side}_done_at"
    was_done = getattr(item, column) is not None
    if was_done == done:
        return False
    setattr(item, column, now if done else None)
    _record(session, actor, now, "hand_over_item_ticked", item, side=side, changes={"done": [was_done, done]})
    return True


def _locked(session: Session, edition_id: int, item_id: int) -> HandOverItem:
    return session.scalars(
        select(HandOverItem)
        .where(HandOverItem.id == item_id, HandOverItem.edition_id == edition_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _record(session: Session, actor: Actor, now: datetime, act: str, item: HandOverItem, **details: Any) -> None:
    year = session.get_one(Edition, item.edition_id).year
    record(session, actor, now, act, scope=str(year), item=item.id, **details)
    session.flush()


def _topics(last: Edition | None) -> Iterator[tuple[HandOverKind, str, datetime | None, dict[str, Any]]]:
    if last is not None:
        about = {"year": last.year}
        moments = {
            "registration_opened": last.registration_opens_at,
            "registration_closed": last.registration_closes_at,
            "trips_drawn": last.trips_drawn_at,
            "edition_began": last.begins_at(),
            "edition_ended": last.finishes_at(),
        }
        for topic, moment in moments.items():
            if moment is not None:
                yield HandOverKind.DONE, topic, moment, about | {"zone": last.zone}
        if last.contact_name or last.contact_email:
            contact = {"name": last.contact_name, "email": last.contact_email}
            yield HandOverKind.CONTACT, "last_host", None, about | contact
        for topic in LESSON_TOPICS:
            yield HandOverKind.LESSON, topic, None, about
    for topic in OPEN_TOPICS:
        yield HandOverKind.OPEN, topic, None, {}
