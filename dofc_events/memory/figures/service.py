"""Figures are frozen when an edition is archived, and stay as they are whatever becomes of the people counted."""

import secrets
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, aliased

from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition
from dofc_events.core.audit import WORKER, Actor, record
from dofc_events.core.references import locked, pseudonym, unlocked
from dofc_events.extensions import settings
from dofc_events.memory.figures.models import FrozenDelegate, FrozenFigures, PseudonymKey
from dofc_events.memory.figures.queries import addresses_counted, counted_record, frozen_record
from dofc_events.memory.figures.rules import as_stored
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import lock_edition_pool

PURPOSE = "returning"


def archive(session: Session, edition_id: int, actor: Actor, now: datetime) -> bool:
    """Archive an edition and freeze its figures. False if it was archived already.

    Nobody can register or move up from then on. Raises EditionNotPublished for a draft.
    """
    if edition_pool(session, edition_id):
        lock_edition_pool(session, edition_id)
    archived = conference.archive_edition(session, edition_id, actor, now)
    if archived:
        freeze(session, edition_id, actor, now)
    return archived


def take_out(session: Session, edition_id: int, actor: Actor, now: datetime) -> None:
    """Take an edition out of the archive. If it goes on, nothing of its figures is final: it is counted as it is."""
    conference.take_out(session, edition_id, actor, now)
    kept = session.get(FrozenFigures, edition_id)
    if kept is not None and not session.get_one(Edition, edition_id).is_over(now):
        kept.is_final = False
        session.flush()


def freeze(session: Session, edition_id: int, actor: Actor, now: datetime) -> bool:
    """Keep an edition's figures as they are now, in place of those kept before; False if there is nothing to count.

    Figures that are final stay: who was counted in them is no longer there. The caller holds the edition's pool.
    """
    if edition_pool(session, edition_id) is None:
        return False
    kept = session.get(FrozenFigures, edition_id)
    if kept is not None and kept.is_final:
        return False
    edition = session.get_one(Edition, edition_id)
    kept = kept or FrozenFigures(edition_id=edition_id, came_before=0, second_time=0)
    kept.frozen_at, kept.record = now, as_stored(counted_record(session, edition, now))
    session.add(kept)
    session.execute(delete(FrozenDelegate).where(FrozenDelegate.edition_id == edition_id))
    key = _key(session, now)
    session.flush()
    # Sorted, so that not even the order of the rows says whose they are.
    names = sorted(pseudonym(key, PURPOSE, address) for address in addresses_counted(session, edition_id))
    if names:
        session.execute(insert(FrozenDelegate), [{"edition_id": edition_id, "pseudonym": name} for name in names])
    _recount_returning(session)
    # It names nobody: nothing has to be taken out of it later (`privacy/retention`).
    record(session, actor, now, "figures_frozen", scope=str(edition.year), nameless=True)
    session.flush()
    return True


def keep_before_erasing(session: Session, edition_id: int, now: datetime) -> None:
    """Whoever erases personal data of an edition that is over calls this first, in the same unit of work.

    Figures that hold are final from now on; if there are none, they are frozen first. Of an edition that is not
    over nothing is kept: a place that is given up there is counted no more. The caller holds the edition's pool.
    """
    edition = session.get_one(Edition, edition_id)
    if not edition.is_over(now):
        return
    if frozen_record(session, edition) is None:
        freeze(session, edition_id, WORKER, now)
    if kept := session.get(FrozenFigures, edition_id):
        kept.is_final = True
        session.flush()


def _recount_returning(session: Session) -> None:
    """How many delegates of each frozen edition were at an earlier one, and how many at exactly one.

    An edition's number changes with the delegates of those before it. One without pseudonyms keeps the number that it
    came with, from the memory of another system.
    """
    here, there = aliased(FrozenDelegate), aliased(FrozenDelegate)
    this, before = aliased(Edition), aliased(Edition)
    each = (
        select(here.edition_id.label("edition_id"), func.count().label("earlier"))
        .join(there, there.pseudonym == here.pseudonym)
        .join(this, this.id == here.edition_id)
        .join(before, before.id == there.edition_id)
        .where(before.year < this.year)
        .group_by(here.edition_id, here.pseudonym)
        .subquery()
    )
    counts: dict[int, dict[int, int]] = {}
    numbers = select(each.c.edition_id, each.c.earlier, func.count()).group_by(each.c.edition_id, each.c.earlier)
    for edition_id, earlier, people in session.execute(numbers):
        counts.setdefault(edition_id, {})[earlier] = people
    known = set(session.scalars(select(FrozenDelegate.edition_id).distinct()))
    for frozen in session.scalars(select(FrozenFigures).where(FrozenFigures.edition_id.in_(known))):
        found = counts.get(frozen.edition_id, {})
        frozen.came_before, frozen.second_time = sum(found.values()), found.get(1, 0)


def _key(session: Session, now: datetime) -> str:
    """The key of all pseudonyms, made once. It is locked with SECRET_KEY, so that the database alone gives nobody away.

    If SECRET_KEY has changed, it is locked again. If no key opens it, earlier delegates are no longer recognised.
    """
    keys = settings().keys
    row = session.scalar(select(PseudonymKey).order_by(PseudonymKey.id.desc()).limit(1).with_for_update())
    key = unlocked(keys, PURPOSE, row.locked) if row else None
    if row is None or key is None:
        key = secrets.token_hex(32)
        row = PseudonymKey(made_at=now)
    row.locked = locked(keys, PURPOSE, key)
    session.add(row)
    session.flush()
    return key
