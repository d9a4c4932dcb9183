"""What the worker does for photographs: makes them ready, and tells organisers what visitors object to."""

import time
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.contained import TooBusy
from dofc_events.core.db import db, tried_again, unit_of_work
from dofc_events.extensions import settings
from dofc_events.mail import outbox
from dofc_events.memory.photographs import mails
from dofc_events.memory.photographs.encoding.queries import made_from
from dofc_events.memory.photographs.models import Rendition
from dofc_events.memory.photographs.queries import next_to_prepare, objections_to_tell, recipients_of
from dofc_events.memory.photographs.rules import MAX_TRIES, PictureFault, PictureRefused
from dofc_events.memory.photographs.service import give_back, note_ready, take_in_hand

# How long a round prepares photographs, in seconds, before it looks for what else is due.
PREPARING = 4

log = structlog.get_logger()


def prepare_photographs(now: datetime) -> bool:
    """Prepare for some seconds, one after the other; returns whether there are more.

    Each is unpacked outside of any transaction, and what is killed with the worker is taken up again later.
    """
    until = time.monotonic() + PREPARING
    while True:
        photograph_id = next_to_prepare(db.session(), now)
        if photograph_id is None or not _prepare(photograph_id, now):
            return False
        if time.monotonic() > until:
            return True


def tell_of_objections(session: Session, edition_id: int, now: datetime) -> None:
    """Write to the organisers of an edition about all that nobody told them yet, once."""
    objections = objections_to_tell(session, edition_id)
    edition = session.get_one(Edition, edition_id)
    for account in recipients_of(session, edition_id, now):
        outbox.enqueue(session, mails.photographs_objected_to(account, edition, objections), now, keep=edition.is_demo)
    for one in objections:
        one.told_at = now
    session.flush()


def _prepare(photograph_id: int, now: datetime) -> bool:
    """Make one ready; False where others must go first."""
    source_hash, tries = _taken(photograph_id, now)
    made: list[Rendition] = []
    fault: PictureFault | None = None
    if tries > MAX_TRIES:
        # Whoever had it in hand died each time.
        fault = PictureFault.TOO_COSTLY
    else:
        try:
            made = _made(source_hash, now)
        except FileNotFoundError:
            fault = PictureFault.LOST
        except PictureRefused as refusal:
            fault = refusal.fault
        except TooBusy:
            _give_back(photograph_id)
            return False
        except files.FilesAway:
            _give_back(photograph_id)
            raise
    if fault:
        log.warning("photograph_refused", photograph=photograph_id, fault=fault)
    _settle(photograph_id, made, fault, now)
    return True


def _made(source_hash: str, now: datetime) -> list[Rendition]:
    made = []
    with files.opened(settings().shared, source_hash) as source:
        for one in made_from(source, settings().instance):
            files.store(settings().shared, one.content, now)
            made.append(
                Rendition(
                    format=one.format,
                    width=one.width,
                    height=one.height,
                    size=len(one.content),
                    content_hash=files.hash_of(one.content),
                )
            )
    return made


@tried_again
def _taken(photograph_id: int, now: datetime) -> tuple[str, int]:
    with unit_of_work() as session:
        photograph = take_in_hand(session, photograph_id, now)
        return photograph.source_hash or "", photograph.tries


@tried_again
def _give_back(photograph_id: int) -> None:
    with unit_of_work() as session:
        give_back(session, photograph_id)


@tried_again
def _settle(photograph_id: int, made: list[Rendition], fault: PictureFault | None, now: datetime) -> None:
    with unit_of_work() as session:
        note_ready(session, photograph_id, made, fault, now)
