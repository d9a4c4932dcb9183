"""The hand-over from the last host to the next: what was done when, contacts, lessons learnt, what is still to do."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor, record
from dofc_events.hosting.models import HandOverItem
from dofc_events.hosting.rules import HandOverKind, Side

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


def add_item(
    session: Session, edition_id: int, kind: HandOverKind, text: str, actor: Actor, now: datetime
) -> HandOverItem:
    """Add something to the end of the list."""
    edition = session.get_one(Edition, edition_id)
    last = session.scalar(select(func.max(HandOverItem.position)).where(HandOverItem.edition_id == edition_id))
    item = HandOverItem(edition_id=edition_id, kind=kind, text=text, position=0 if last is None else last + 1)
    session.add(item)
    session.flush()
    record(session, actor, now, "hand_over_item_added", scope=str(edition.year), item=item.id, kind=kind, text=text)
    return item


def tick_item(
    session: Session, edition_id: int, item_id: int, side: Side, actor: Actor, now: datetime, *, done: bool
) -> bool:
    """Tick an item of an edition's list off for one side, or take the tick back; False if nothing changes."""
    item = session.scalars(
        select(HandOverItem)
        .where(HandOverItem.id == item_id, HandOverItem.edition_id == edition_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    column = f"{side}_done_at"
    was_done = getattr(item, column) is not None
    if was_done == done:
        return False
    setattr(item, column, now if done else None)
    year = session.get_one(Edition, edition_id).year
    record(
        session,
        actor,
        now,
        "hand_over_item_ticked",
        scope=str(year),
        item=item.id,
        side=side,
        changes={"done": [was_done, done]},
    )
    session.flush()
    return True


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
