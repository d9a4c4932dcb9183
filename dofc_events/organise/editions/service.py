"""Acts on an edition that span features: the edition itself, its places, its categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import categories_of, edition_by_id
from dofc_events.conference.rules import Consequence, Effect, days_away
from dofc_events.conference.service import (
    DAYS,
    MOMENTS,
    DatesOutOfOrder,
    EditionDetails,
    NoSuchEdition,
    NotReady,
    details_of,
    faults_after_the_end,
    faults_in_order,
    moved,
    place_and_time_of,
)
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed
from dofc_events.core.clock import in_zone
from dofc_events.core.errors import ask_first
from dofc_events.core.slugs import slug_for
from dofc_events.letters.service import note_change
from dofc_events.places.models import Pool
from dofc_events.places.queries import count_waiting, edition_pool, would_move_up
from dofc_events.places.service import create_pool, lock_edition_pool
from dofc_events.registration.service import resize_edition
from dofc_events.trips.queries import trip_pools
from dofc_events.trips.service import USUAL_DAYS_AWAY, move_to_zone


@dataclass(frozen=True)
class CategoryChanges:
    """What to do with an edition's categories; those that are not mentioned stay as they are.

    `labels` gives known slugs their label, `removed` are slugs, `added` are labels.
    """

    labels: dict[str, str]
    removed: frozenset[str] = frozenset()
    added: tuple[str, ...] = ()


@dataclass(frozen=True)
class EditionWishes:
    """What one page of settings says about an edition. `capacity` None leaves an edition without places without."""

    details: EditionDetails
    capacity: int | None
    categories: CategoryChanges


@dataclass(frozen=True)
class EditionSettings:
    """What the page of settings begins with; `categories` are slugs with labels."""

    details: EditionDetails
    capacity: int | None
    categories: tuple[tuple[str, str], ...]


def settings_of(session: Session, edition: Edition) -> EditionSettings:
    """The settings as they stand."""
    pool, categories = edition_pool(session, edition.id), categories_of(session, edition.id)
    labels = tuple((category.slug, category.label) for category in categories)
    return EditionSettings(details_of(edition), pool.capacity if pool else None, labels)


def open_draft(
    session: Session,
    year: int,
    details: EditionDetails,
    capacity: int,
    categories: Sequence[str],
    actor: Actor,
    now: datetime,
) -> Edition:
    """Add an edition as a draft, with its places. `categories` are labels. Raises EditionExists."""
    labelled: dict[str, str] = {}
    for label in categories:
        labelled[slug_for(label, labelled)] = label
    edition = conference.create_edition(session, year, details, list(labelled.items()), actor, now)
    _add_places(session, edition, capacity, actor, now)
    return edition


def copy_to_draft(session: Session, from_year: int, year: int, capacity: int, actor: Actor, now: datetime) -> Edition:
    """Add a draft that is like another year's edition, with its own places. Raises EditionExists, NoSuchEdition."""
    edition = conference.copy_edition(session, from_year, year, actor, now)
    _add_places(session, edition, capacity, actor, now)
    return edition


def change_settings(
    session: Session,
    edition_id: int,
    wishes: EditionWishes,
    actor: Actor,
    now: datetime,
    *,
    seen: EditionSettings | None = None,
    accepted: str = "",
) -> int | None:
    """Make an edition what its settings page says, which began with what was `seen`.

    What becomes free is offered at once, on the new terms.

    In another zone all times of day stay what they are, those of trips too.

    Returns the letter with which everybody can be told that its place or time has changed, if it has. Raises NotAgreed
    with what else would come of it, unless `accepted` is its digest.
    Raises what `conference.service.change_edition` and `set_categories` raise, and CapacityBelowTaken; DatesOutOfOrder
    also for what would end only after the edition.
    """
    faults = (*faults_in_order(wishes.details), *faults_after_the_end(wishes.details))
    if faults:
        raise DatesOutOfOrder(faults)
    has_places = edition_pool(session, edition_id) is not None
    # Before the edition's row, as everyone who registers does: the other way round two could wait for each other.
    pool = lock_edition_pool(session, edition_id) if has_places else None
    edition = conference.lock_edition(session, edition_id)
    refuse_changed(seen, settings_of(session, edition))
    ask_first(accepted, consequences(session, edition, pool, wishes, now))
    before, zone = place_and_time_of(edition), edition.zone
    conference.change_edition(session, edition_id, wishes.details, actor, now)
    if edition.zone != zone:
        move_to_zone(session, edition_id, zone, edition.zone, now)
    if wishes.capacity is not None and has_places:
        resize_edition(session, edition_id, wishes.capacity, actor, now)
    elif wishes.capacity is not None:
        _add_places(session, _edition(session, edition_id), wishes.capacity, actor, now)
    present = {category.slug: category.label for category in categories_of(session, edition_id)}
    conference.set_categories(session, edition_id, _changed(present, wishes.categories), actor, now)
    return note_change(session, edition, before, actor, now)


def consequences(
    session: Session, edition: Edition, pool: Pool | None, wishes: EditionWishes, now: datetime
) -> list[Consequence]:
    """What would come at once of these settings, or is unlikely about them."""
    details = wishes.details
    known = moved(details_of(edition), timedelta(0), details.zone)
    wanted = Edition(status=edition.status, **vars(details))
    changed = [name for name in (*DAYS, *MOMENTS) if getattr(details, name) != getattr(known, name)]
    found = [Consequence(Effect.IN_THE_PAST, about=name) for name in changed if _has_passed(details, name, now)]
    if "starts_on" in changed and details.starts_on and details.starts_on.year != edition.year:
        found.append(Consequence(Effect.IN_ANOTHER_YEAR, details.starts_on.year))
    for trip, _ in trip_pools(session, edition.id) if {*DAYS}.intersection(changed) else ():
        day = in_zone(trip.starts_at, edition.zone).date()
        away = days_away(day, details.starts_on, details.ends_on)
        if trip.cancelled_at is None and away > USUAL_DAYS_AWAY:
            found.append(Consequence(Effect.FAR_FROM_THE_EDITION, away, trip.title))
    if pool is None:
        return found
    waiting, capacity = count_waiting(session, pool.id), wishes.capacity
    if waiting and edition.gives_places(now) and not wanted.gives_places(now):
        found.append(Consequence(Effect.LIST_IS_CLOSED, waiting))
    up = would_move_up(session, pool, pool.capacity if capacity is None else capacity)
    if up and wanted.gives_places(now):
        found.append(Consequence(Effect.OFFERED if details.offer_hours > 0 else Effect.CONFIRMED, up))
    return found


def publish(session: Session, edition_id: int, actor: Actor, now: datetime) -> None:
    """Show an edition to everyone. Raises NotReady, also for `capacity`, and EditionArchived."""
    missing = () if edition_pool(session, edition_id) else ("capacity",)
    try:
        conference.publish_edition(session, edition_id, actor, now)
    except NotReady as refusal:
        raise NotReady((*refusal.missing, *missing)) from None
    if missing:
        raise NotReady(missing)


def archive(session: Session, edition_id: int, actor: Actor, now: datetime) -> None:
    """End an edition: nobody registers or moves up from then on. Raises EditionNotPublished for a draft."""
    if edition_pool(session, edition_id):
        lock_edition_pool(session, edition_id)
    conference.archive_edition(session, edition_id, actor, now)


def _has_passed(details: EditionDetails, name: str, now: datetime) -> bool:
    value = getattr(details, name)
    if name in MOMENTS:
        return value is not None and value <= now
    return value is not None and value < in_zone(now, details.zone).date()


def _changed(present: dict[str, str], changes: CategoryChanges) -> list[tuple[str, str]]:
    wanted = {slug: changes.labels.get(slug, label) for slug, label in present.items() if slug not in changes.removed}
    for label in changes.added:
        # Not even a removed category's slug: links and exports of yesterday would mean another kind of delegate.
        wanted[slug_for(label, {*present, *wanted})] = label
    return list(wanted.items())


def _add_places(session: Session, edition: Edition, capacity: int, actor: Actor, now: datetime) -> None:
    create_pool(session, edition_id=edition.id, capacity=capacity)
    changes = {"capacity": [None, capacity]}
    record(session, actor, now, "capacity_changed", scope=str(edition.year), changes=changes)


def _edition(session: Session, edition_id: int) -> Edition:
    edition = edition_by_id(session, edition_id)
    if edition is None:
        raise NoSuchEdition(str(edition_id))
    return edition
