"""Archived editions whose figures were not frozen yet: those that were archived before figures were."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import Actor
from dofc_events.memory.figures import service
from dofc_events.memory.figures.models import FrozenFigures
from dofc_events.places.models import Pool
from dofc_events.places.service import lock_edition_pool


def editions_to_freeze(session: Session) -> list[int]:
    """The archived editions that had places and have no frozen figures yet."""
    has_places = exists().where(Pool.edition_id == Edition.id)
    is_frozen = exists().where(FrozenFigures.edition_id == Edition.id)
    archived = select(Edition.id).where(Edition.status == EditionStatus.ARCHIVED)
    return list(session.scalars(archived.where(has_places, ~is_frozen)))


def freeze_late(session: Session, edition_id: int, actor: Actor, now: datetime) -> bool:
    """Freeze the figures of one of them, unless that has been done meanwhile."""
    lock_edition_pool(session, edition_id)
    if edition_id not in editions_to_freeze(session):
        return False
    return service.freeze(session, edition_id, actor, now)
