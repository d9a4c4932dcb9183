"""Acts on an edition that span features: the edition itself, its places, its categories."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Role
from dofc_events.conference import service as conference
from dofc_events.conference.models import Category, Edition, EditionOrganiser
from dofc_events.conference.queries import categories_of, category_slugs, edition_by_id, edition_by_year
from dofc_events.conference.rules import CategoryState, Consequence, EditionStatus, Effect, days_away, moving_up
from dofc_events.conference.service import (
    DAYS,
    MOMENTS,
    EditionDetails,
    EditionExists,
    NoSuchEdition,
    NotADraft,
    NotReady,
    SettingsContradict,
    details_of,
    faults_after_the_end,
    faults_in_order,
    moved,
    place_and_time_of,
)
from dofc_events.core.audit import Actor, AuditEntry, record
from dofc_events.core.changes import refuse_changed, write
from dofc_events.core.clock import in_zone
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.core.slugs import slug_for
from dofc_events.delegates.queries import categories_in_use
from dofc_events.hosting.models import Decision
from dofc_events.letters.models import Letter
from dofc_events.letters.service import note_change
from dofc_events.mail.models import Message
from dofc_events.places.models import Pool
from dofc_events.places.queries import count_waiting, edition_pool, would_move_up
from dofc_events.places.service import create_pool, lock_edition_pool
from dofc_events.registration.service import resize_edition
from dofc_events.trips.models import Draw, Trip
from dofc_events.trips.queries import trip_pools
from dofc_events.trips.service import USUAL_DAYS_AWAY, move_to_zone


class CameOfACall(Refusal):
    """A call for hosts was decided for this edition, which proposers and members were told of."""


@dataclass(frozen=True)
class CategoryChanges:
    """Changes to an edition's categories; those not mentioned do not change.

    `labels` gives known slugs their label, `removed` are slugs, `added` are labels, `closed` all slugs in which nobody
    can register.
    """

    labels: dict[str, str]
    removed: frozenset[str] = frozenset()
    added: tuple[str, ...] = ()
    closed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EditionWishes:
    """What an edition's settings page says. `capacity` None leaves an edition without places without."""

    details: EditionDetails
    capacity: int | None
    categories: CategoryChanges


@dataclass(frozen=True)
class EditionSettings:
    """What the page of settings begins with; `categories` are slugs with labels, and whether they are closed."""

    details: EditionDetails
    capacity: int | None
    categories: tuple[tuple[str, str, bool], ...]


def settings_of(session: Session, edition: Edition) -> EditionSettings:
    """The current settings."""
    pool, categories = edition_pool(session, edition.id), categories_of(session, edition.id)
    rows = tuple((category.slug, category.label, category.state == CategoryState.CLOSED) for category in categories)
    return EditionSettings(details_of(edition), pool.capacity if pool else None, rows)


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
    add_places(session, edition, capacity, actor, now)
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
    """Change an edition to what its settings page says, starting from what was `seen`.

    What becomes free is offered at once, on the new terms.

    In another zone all times of day stay what they are, those of trips too.

    Returns the letter with which everybody can be told that its place or time has changed, if it has. Raises NotAgreed
    with what else would come of it, unless `accepted` is its digest.
    Raises what `conference.service.change_edition` and `set_categories` raise, and CapacityBelowTaken;
    SettingsContradict also for what would end only after the edition.
    """
    faults = (*faults_in_order(wishes.details), *faults_after_the_end(wishes.details))
    if faults:
        raise SettingsContradict(faults)
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
        add_places(session, _edition(session, edition_id), wishes.capacity, actor, now)
    present = {category.slug: category.label for category in categories_of(session, edition_id)}
    wanted = _changed(present, category_slugs(session, edition_id), wishes.categories)
    unused = wishes.categories.removed - categories_in_use(session, edition_id)
    conference.set_categories(session, edition_id, wanted, actor, now, unused=unused)
    _close_categories(session, edition_id, wishes.categories.closed, actor, now)
    return note_change(session, edition, before, actor, now)


def consequences(
    session: Session, edition: Edition, pool: Pool | None, wishes: EditionWishes, now: datetime
) -> list[Consequence]:
    """The immediate consequences of these settings, and what is unlikely about them."""
    details = wishes.details
    known = moved(details_of(edition), timedelta(0), details.zone)
    wanted = Edition(status=edition.status, **vars(details))
    changed = [name for name in (*DAYS, *MOMENTS) if getattr(details, name) != getattr(known, name)]
    if edition.status == EditionStatus.DRAFT and "registration_opens_at" in changed:
        # Nothing opens before it is published, and then it may open at once.
        changed.remove("registration_opens_at")
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
        found.append(moving_up(up, details.offer_hours))
    if wanted.gives_places(now) and not edition.gives_places(now):
        # Nothing was given for some time: seats may have become free on trips, too.
        for trip, seats in trip_pools(session, edition.id):
            up = would_move_up(session, seats, seats.capacity) if trip.can_be_joined(now) else 0
            if up:
                found.append(replace(moving_up(up, details.offer_hours), about=trip.title))
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
    """Archive an edition: nobody can register or move up from then on. Raises EditionNotPublished for a draft."""
    if edition_pool(session, edition_id):
        lock_edition_pool(session, edition_id)
    conference.archive_edition(session, edition_id, actor, now)


def change_year(session: Session, edition_id: int, year: int, actor: Actor, now: datetime) -> bool:
    """Give a draft another year, and say whether it is one; its dates stay, its trail and messages go with it.

    Raises NotADraft, EditionExists, and CameOfACall.
    """
    edition = _draft(session, edition_id)
    if edition_by_year(session, year) not in (None, edition):
        raise EditionExists(str(year))
    before, changes = edition.year, write(edition, {"year": year})
    for table in (AuditEntry, Message) if changes else ():
        session.execute(update(table).where(table.scope == str(before)).values(scope=str(year)))
    if changes:
        record(session, actor, now, "year_changed", scope=str(year), changes=changes)
    return bool(changes)


def delete_draft(session: Session, edition_id: int, actor: Actor, now: datetime) -> None:
    """Delete a draft with everything that was prepared for it. Raises NotADraft and CameOfACall."""
    if edition_pool(session, edition_id):
        lock_edition_pool(session, edition_id)
    edition = _draft(session, edition_id)
    trips = select(Trip.id).where(Trip.edition_id == edition_id)
    session.execute(delete(Pool).where(or_(Pool.edition_id == edition_id, Pool.trip_id.in_(trips))))
    session.execute(update(Edition).where(Edition.copied_from_id == edition_id).values(copied_from_id=None))
    for table in (Draw, Trip, Letter, Role, Category, EditionOrganiser):
        session.execute(delete(table).where(table.edition_id == edition_id))
    session.execute(delete(Edition).where(Edition.id == edition_id))
    record(session, actor, now, "edition_deleted", scope=str(edition.year))


def _draft(session: Session, edition_id: int) -> Edition:
    edition = conference.lock_edition(session, edition_id)
    if edition.status != EditionStatus.DRAFT:
        raise NotADraft(str(edition.year))
    if session.scalar(select(Decision.call_id).where(Decision.edition_id == edition_id)) is not None:
        raise CameOfACall(str(edition.year))
    return edition


def _has_passed(details: EditionDetails, name: str, now: datetime) -> bool:
    value = getattr(details, name)
    if name in MOMENTS:
        return value is not None and value <= now
    return value is not None and value < in_zone(now, details.zone).date()


def _changed(present: dict[str, str], known: set[str], changes: CategoryChanges) -> list[tuple[str, str]]:
    wanted = {slug: changes.labels.get(slug, label) for slug, label in present.items() if slug not in changes.removed}
    for label in changes.added:
        # Not even a removed category's slug: links and exports of yesterday would mean another kind of delegate.
        wanted[slug_for(label, {*known, *wanted})] = label
    return list(wanted.items())


def _close_categories(session: Session, edition_id: int, slugs: Collection[str], actor: Actor, now: datetime) -> bool:
    """Close exactly these of an edition's categories to new registrations; False if that was so already.

    Who is in one stays. Raises NotReady if a published edition would be left without an open one.
    """
    edition = conference.lock_edition(session, edition_id)
    present = categories_of(session, edition_id)
    if edition.status == EditionStatus.PUBLISHED and {category.slug for category in present} <= {*slugs}:
        raise NotReady(("categories",))
    before = [category.label for category in present if category.state == CategoryState.CLOSED]
    for category in present:
        category.state = CategoryState.CLOSED if category.slug in slugs else CategoryState.OPEN
    after = [category.label for category in present if category.state == CategoryState.CLOSED]
    if before != after:
        record(session, actor, now, "categories_closed", scope=str(edition.year), changes={"closed": [before, after]})
    session.flush()
    return before != after


def add_places(session: Session, edition: Edition, capacity: int, actor: Actor, now: datetime) -> None:
    """Give an edition its places; until then it has none."""
    create_pool(session, edition_id=edition.id, capacity=capacity)
    changes = {"capacity": [None, capacity]}
    record(session, actor, now, "capacity_changed", scope=str(edition.year), changes=changes)


def _edition(session: Session, edition_id: int) -> Edition:
    edition = edition_by_id(session, edition_id)
    if edition is None:
        raise NoSuchEdition(str(edition_id))
    return edition
