"""Changes an edition's settings; each part of them is saved on its own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dofc_events.accounts import team
from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition, InvitedAddress
from dofc_events.conference.queries import categories_of, category_slugs
from dofc_events.conference.rules import CategoryState, Consequence, EditionStatus, Effect, days_away, moving_up
from dofc_events.conference.service import (
    DAYS,
    MOMENTS,
    EditionDetails,
    NotReady,
    SettingsContradict,
    details_of,
    faults_after_the_end,
    faults_in_order,
    moved,
    place_and_time_of,
)
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import refuse_changed
from dofc_events.core.clock import from_zone, in_zone
from dofc_events.core.countries import zones_of
from dofc_events.core.errors import Refusal, ask_first
from dofc_events.core.slugs import slug_for
from dofc_events.delegates.queries import categories_in_use, count_in_category
from dofc_events.groups.delegations import service as delegations
from dofc_events.groups.delegations.queries import count_promised_beyond
from dofc_events.letters.service import note_change
from dofc_events.organise.editions.service import add_places
from dofc_events.places.limits.service import set_limit
from dofc_events.places.line.queries import would_move_up
from dofc_events.places.models import Pool
from dofc_events.places.queries import categories_with_places, count_offered, count_waiting, edition_pool
from dofc_events.places.service import CapacityBelowTaken, lock_edition_pool
from dofc_events.registration.service import resize_edition
from dofc_events.trips import service as trips
from dofc_events.trips.queries import trip_pools

# Longer than any conference, and shorter than what a slip in the month or the year makes of it.
USUAL_DAYS = 15


class LimitBelowTaken(Refusal):
    """The category `label` cannot have a lower limit than the number of its places that are `taken`."""

    def __init__(self, label: str, taken: int) -> None:
        super().__init__(f"{label}: {taken} taken")
        self.label, self.taken = label, taken


@dataclass(frozen=True)
class Invitation:
    """The people who can register in a category: everybody, or those who know the code or have one of the addresses.

    `keys` are the keys of the addresses. If it `needs_approval`, they only request a place.
    """

    by_invitation: bool = False
    code: str = ""
    keys: frozenset[str] = frozenset()
    needs_approval: bool = False


@dataclass(frozen=True)
class CategoryChanges:
    """Changes to an edition's categories; those not mentioned do not change.

    `labels` gives known slugs their label, in the order of the form, and `limits` their limit or None; `removed` are
    slugs, `added` are labels, `closed` all slugs in which nobody can register; `invitations` say who can.
    """

    labels: dict[str, str]
    limits: dict[str, int | None] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    added: tuple[str, ...] = ()
    closed: frozenset[str] = frozenset()
    invitations: dict[str, Invitation] = field(default_factory=dict)


@dataclass(frozen=True)
class EditionWishes:
    """What a part of an edition's settings says; what is None stays as it is."""

    details: EditionDetails
    capacity: int | None = None
    categories: CategoryChanges | None = None


@dataclass(frozen=True)
class CategorySettings:
    """What organisers decide about one category."""

    slug: str
    label: str
    is_closed: bool
    limit: int | None
    invitation: Invitation


@dataclass(frozen=True)
class EditionSettings:
    """What the pages of settings begin with; `categories` are in the order of the form."""

    details: EditionDetails
    capacity: int | None
    categories: tuple[CategorySettings, ...]


def settings_of(session: Session, edition: Edition) -> EditionSettings:
    """The current settings."""
    pool, categories = edition_pool(session, edition.id), categories_with_places(session, edition.id)
    invitations = invitations_of(session, edition.id)
    rows = tuple(
        CategorySettings(one.slug, one.label, one.state == CategoryState.CLOSED, one.limit, invitations[one.slug])
        for one in categories
    )
    return EditionSettings(details_of(edition), pool.capacity if pool else None, rows)


def invitations_of(session: Session, edition_id: int) -> dict[str, Invitation]:
    """For each category of an edition, by slug, who can register in it."""
    categories = categories_of(session, edition_id)
    keys: dict[int, set[str]] = {category.id: set() for category in categories}
    invited = select(InvitedAddress).where(InvitedAddress.category_id.in_(keys))
    for one in session.scalars(invited):
        keys[one.category_id].add(one.email_key)
    return {c.slug: Invitation(c.by_invitation, c.code, frozenset(keys[c.id]), c.needs_approval) for c in categories}


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
    """Change an edition to what a part of its settings says, starting from what was `seen`.

    What becomes free is offered at once, on the new terms.

    In another zone all times of day stay what they are, those of trips, promised places and roles too.

    Returns the letter with which everybody can be told that its place or time has changed, if it has. Raises NotAgreed
    with what else would come of it, unless `accepted` is its digest.
    Raises what `conference.service.change_edition` and `set_categories` raise, CapacityBelowTaken and LimitBelowTaken;
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
        trips.move_to_zone(session, edition_id, zone, edition.zone, now)
        delegations.move_to_zone(session, edition_id, zone, edition.zone)
        team.move_to_zone(session, edition_id, zone, edition.zone, now)
    if wishes.categories:
        _change_categories(session, edition, pool, wishes.categories, actor, now)
    if pool:
        # What has become free is passed on when all is as it is to be.
        resize_edition(session, edition_id, pool.capacity if wishes.capacity is None else wishes.capacity, actor, now)
    elif wishes.capacity is not None:
        add_places(session, edition, wishes.capacity, actor, now)
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
    if {*DAYS}.intersection(changed):
        found += unlikely_days(session, edition, details)
    if (details.zone, details.country) != (edition.zone, edition.country):
        found += unlikely_zone(details)
    found += unlikely_companions(session, edition, details)
    if pool is None:
        return found
    waiting, capacity = count_waiting(session, pool.id), wishes.capacity
    categories = wishes.categories or CategoryChanges({})
    if edition.gives_places(now) and not wanted.gives_places(now):
        ended = {Effect.LIST_IS_CLOSED: waiting, Effect.OFFERS_END: count_offered(session, edition.id)}
        found += [Consequence(effect, number) for effect, number in ended.items() if number]
    closes_at = details.registration_closes_at if "registration_closes_at" in changed else None
    if closes_at and (number := count_promised_beyond(session, edition.id, closes_at)):
        found.append(Consequence(Effect.PROMISED_FOR_LONGER, number))
    changed_limits = categories.limits | dict.fromkeys(categories.removed)
    limits = {one.id: changed_limits[one.slug] for one in edition.categories if one.slug in changed_limits}
    up = would_move_up(session, pool, pool.capacity if capacity is None else capacity, limits)
    if up and wanted.gives_places(now):
        found.append(moving_up(up, details.offer_hours))
    if wanted.gives_places(now) and not edition.gives_places(now):
        # Nothing was given for some time: seats may have become free on trips, too.
        for trip, seats in trip_pools(session, edition.id):
            up = would_move_up(session, seats, seats.capacity) if trip.can_be_joined(now) else 0
            if up:
                found.append(replace(moving_up(up, details.offer_hours), about=trip.title))
    return found


def unlikely_days(session: Session, edition: Edition, details: EditionDetails) -> list[Consequence]:
    """What is unlikely about the days of an edition: more often than not a slip of one who typed a date."""
    first, last = details.starts_on, details.ends_on
    found = []
    if first and first.year != edition.year:
        found.append(Consequence(Effect.IN_ANOTHER_YEAR, first.year))
    elif first and last and (last - first).days >= USUAL_DAYS:
        found.append(Consequence(Effect.LASTS_LONG, (last - first).days + 1))
    for trip, _ in trip_pools(session, edition.id):
        day = in_zone(trip.starts_at, edition.zone).date()
        away, before = days_away(day, first, last), days_away(day, edition.starts_on, edition.ends_on)
        # Somebody chose the trip's day for the days as they were; when they move away from it, it may be forgotten.
        left_behind = edition.starts_on is not None and away > before
        if trip.cancelled_at is None and (away > trips.USUAL_DAYS_AWAY or left_behind):
            found.append(Consequence(Effect.FAR_FROM_THE_EDITION, away, trip.title))
    return found


def trips_without_seats(session: Session, edition: Edition) -> list[Consequence]:
    """The trips whose seats are to be announced: more often than not ideas of a proposal that nobody has settled."""
    rows = trip_pools(session, edition.id)
    unset = [trip.title for trip, pool in rows if trip.cancelled_at is None and not pool.capacity]
    return [Consequence(Effect.WITHOUT_SEATS, about=title) for title in unset]


def unlikely_zone(details: EditionDetails) -> list[Consequence]:
    """Whether no clock of the country shows the time of the zone on the first day; unknown while that is not set."""
    if details.starts_on is None:
        return []
    noon, *own = (from_zone(details.starts_on, time(12), zone) for zone in (details.zone, *zones_of(details.country)))
    return [Consequence(Effect.ANOTHER_CLOCK, about=details.country)] if own and noon not in own else []


def unlikely_companions(session: Session, edition: Edition, details: EditionDetails) -> list[Consequence]:
    """Whether delegates are registered in the category that is to be that of accompanying persons."""
    slug = details.companion_category
    if not details.companions or slug in ("", edition.companion_category):
        return []
    label = next((one.label for one in edition.categories if one.slug == slug), slug)
    number = count_in_category(session, edition.id, slug)
    return [Consequence(Effect.HAS_DELEGATES, number, label)] if number else []


def _has_passed(details: EditionDetails, name: str, now: datetime) -> bool:
    value = getattr(details, name)
    if name in MOMENTS:
        return value is not None and value <= now
    return value is not None and value < in_zone(now, details.zone).date()


def _change_categories(
    session: Session, edition: Edition, pool: Pool | None, changes: CategoryChanges, actor: Actor, now: datetime
) -> None:
    if pool:
        _set_limits(session, edition, pool, changes, actor, now)
    present = {category.slug: category.label for category in categories_of(session, edition.id)}
    wanted = _changed(present, category_slugs(session, edition.id), changes)
    unused = changes.removed - categories_in_use(session, edition.id)
    conference.set_categories(session, edition.id, wanted, actor, now, unused=unused)
    _close_categories(session, edition.id, changes.closed, actor, now)
    _invite(session, edition, changes.invitations, actor, now)


def _invite(
    session: Session, edition: Edition, invitations: Mapping[str, Invitation], actor: Actor, now: datetime
) -> None:
    """Let only invited people register in a category; the trail names the category, but neither people nor the code."""
    before = invitations_of(session, edition.id)
    present = [one for one in categories_of(session, edition.id) if one.slug in invitations]
    changed = [one for one in present if invitations[one.slug] != before[one.slug]]
    for category in changed:
        invitation = invitations[category.slug]
        category.by_invitation, category.code = invitation.by_invitation, invitation.code
        category.needs_approval = invitation.needs_approval
        session.execute(delete(InvitedAddress).where(InvitedAddress.category_id == category.id))
        session.add_all(InvitedAddress(category_id=category.id, email_key=key) for key in sorted(invitation.keys))
    if changed:
        labels = ", ".join(category.label for category in changed)
        record(session, actor, now, "invitations_changed", scope=str(edition.year), categories=labels)
    session.flush()


def _changed(present: dict[str, str], known: set[str], changes: CategoryChanges) -> list[tuple[str, str]]:
    wanted = {slug: label for slug, label in (changes.labels | present).items() if slug not in changes.removed}
    wanted |= {slug: label for slug, label in changes.labels.items() if slug in wanted}
    for label in changes.added:
        # Not even a removed category's slug: links and exports of yesterday would mean another kind of delegate.
        wanted[slug_for(label, {*known, *wanted})] = label
    return list(wanted.items())


def _set_limits(
    session: Session, edition: Edition, pool: Pool, changes: CategoryChanges, actor: Actor, now: datetime
) -> None:
    """Give categories their limits; one that is removed has none. Raises LimitBelowTaken."""
    wanted = changes.limits | dict.fromkeys(changes.removed)
    present = [one for one in categories_with_places(session, edition.id) if one.slug in wanted]
    other = [one for one in present if wanted[one.slug] != one.limit]
    for one in other:
        try:
            set_limit(session, pool, one.id, wanted[one.slug])
        except CapacityBelowTaken as refusal:
            raise LimitBelowTaken(one.label, refusal.taken) from None
    if other:
        said = [{one.label: one.limit for one in other}, {one.label: wanted[one.slug] for one in other}]
        record(session, actor, now, "limits_changed", scope=str(edition.year), changes={"limits": said})


def _close_categories(session: Session, edition_id: int, slugs: Collection[str], actor: Actor, now: datetime) -> bool:
    """Close exactly these of an edition's categories to new registrations; False if that was so already.

    People in them stay. Raises NotReady if a published edition would be left without an open one.
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
