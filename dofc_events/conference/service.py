"""Acts on an edition: create, copy, change, publish, archive; its categories and organisers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dofc_events.conference.models import Category, Edition
from dofc_events.conference.queries import categories_of, edition_by_year
from dofc_events.conference.rules import CategoryState, EditionStatus, Fault, distance_to, over_at
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import difference, plain, write
from dofc_events.core.clock import from_zone, in_another_zone, in_zone
from dofc_events.core.errors import Refusal

# What a delegate's calendar shows of an edition.
PLACE_AND_TIME = frozenset(
    ("city", "country", "venue", "venue_address", "zone", "starts_on", "starts_at", "ends_on", "ends_at")
)
IN_CALENDARS = PLACE_AND_TIME | {"contact_name", "contact_email"}
# What an edition needs before anybody can be invited.
NEEDED_TO_PUBLISH = (
    "starts_on",
    "starts_at",
    "ends_on",
    "ends_at",
    "registration_opens_at",
    "registration_closes_at",
    "contact_name",
    "contact_email",
)

DAYS = ("starts_on", "ends_on")
MOMENTS = ("registration_opens_at", "registration_closes_at", "freezes_at")
SIGN_UP_MOMENTS = ("trips_open_at", "trips_close_at")


class NoSuchEdition(Refusal):
    """There is no edition of that year, or with that id."""


class EditionExists(Refusal):
    """The year already has an edition."""


class EditionArchived(Refusal):
    """An archived edition is read-only until it is taken out of the archive."""


class EditionNotPublished(Refusal):
    """Only what was published can be archived."""


class NotADraft(Refusal):
    """An edition that others have seen cannot be deleted or moved to another year."""


class NotReady(Refusal):
    """A published edition needs more; `missing` names fields of EditionDetails, or `categories`."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class SettingsContradict(Refusal):
    """Settings that contradict each other; `faults` says which, all of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


class CategoryInUse(Refusal):
    """Somebody is registered in the category `label`, so it cannot be removed; it can be renamed."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label


class CategoryTwice(Refusal):
    """Two categories have the same slug, or labels that differ in capitals at most."""


@dataclass(frozen=True, kw_only=True)
class EditionDetails:
    """What organisers enter. `starts_at` and `ends_at` are times of day in `zone`, moments are aware.

    Registration may be open from `registration_opens_at` until just before `registration_closes_at`; details may be
    changed until `freezes_at`, by default the close. A freed place is held for `offer_hours`; 0 confirms at once.
    """

    city: str
    country: str
    venue: str | None = None
    venue_address: str | None = None
    zone: str
    starts_on: date | None = None
    starts_at: time | None = None
    ends_on: date | None = None
    ends_at: time | None = None
    summary: str = ""
    programme: str = ""
    cost: str = ""
    languages: str = ""
    dress: str = ""
    faq: str = ""
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    freezes_at: datetime | None = None
    offer_hours: float = 72.0
    confirms_places: bool = False
    registers_at_door: bool = False
    companions: int = 0
    companion_category: str = ""
    contact_name: str | None = None
    contact_email: str | None = None


def details_of(edition: Edition) -> EditionDetails:
    """The details as they stand; with `dataclasses.replace`, what `change_edition` takes to change some of them."""
    return EditionDetails(**{field.name: getattr(edition, field.name) for field in fields(EditionDetails)})


def place_and_time_of(edition: Edition) -> dict[str, Any]:
    """Where and when an edition is, as JSON can hold it."""
    return {name: plain(getattr(edition, name)) for name in sorted(PLACE_AND_TIME)}


def at_place_and_time(values: Mapping[str, Any]) -> Edition:
    """An edition with only the values that `place_and_time_of` gave. It is not stored."""
    days = {name: values[name] and date.fromisoformat(values[name]) for name in ("starts_on", "ends_on")}
    hours = {name: values[name] and time.fromisoformat(values[name]) for name in ("starts_at", "ends_at")}
    return Edition(**{**values, **days, **hours})


def create_edition(
    session: Session,
    year: int,
    details: EditionDetails,
    categories: Sequence[tuple[str, str]],
    actor: Actor,
    now: datetime,
    *,
    is_demo: bool = False,
) -> Edition:
    """Add the edition of a year as a draft. `categories` are slugs with labels, in the form's order.

    Raises EditionExists, SettingsContradict, CategoryTwice.
    """
    _refuse_disorder(details)
    edition = Edition(year=year, status=EditionStatus.DRAFT, is_demo=is_demo, **vars(details))
    try:
        with session.begin_nested():
            session.add(edition)
    except IntegrityError:
        if edition_by_year(session, year) is None:
            raise
        raise EditionExists(str(year)) from None
    record(session, actor, now, "edition_created", scope=str(year))
    set_categories(session, edition.id, categories, actor, now)
    return edition


def copy_edition(session: Session, from_year: int, year: int, actor: Actor, now: datetime) -> Edition:
    """Add a draft for `year` with the texts, zone, categories, offer time and contact of another year's edition.

    All dates move by the same number of whole weeks, so that the first day falls on the same weekday nearest to the
    same date; times of day stay what the clocks of the zone show. What was on record about the other edition
    (organisers, attendance, outcomes) stays with it. Raises NoSuchEdition, EditionExists.
    """
    source = edition_by_year(session, from_year)
    if source is None:
        raise NoSuchEdition(str(from_year))
    details = details_of(source)
    details = moved(details, distance_to(first_known_day(details), year - from_year), details.zone)
    edition = create_edition(session, year, details, [(c.slug, c.label) for c in source.categories], actor, now)
    edition.keep_conditions_of(source)
    return edition


def moved(details: EditionDetails, distance: timedelta, zone: str) -> EditionDetails:
    """The details moved by this many days, into `zone`: local times there are what they were in the old zone."""
    changes: dict[str, Any] = {"zone": zone}
    for name in DAYS:
        if day := getattr(details, name):
            changes[name] = day + distance
    for name in MOMENTS:
        if moment := getattr(details, name):
            local = in_zone(moment, details.zone)
            changes[name] = from_zone(local.date() + distance, local.time(), zone)
    return replace(details, **changes)


def change_edition(session: Session, edition_id: int, details: EditionDetails, actor: Actor, now: datetime) -> bool:
    """Make an edition's details what `details` says, and say whether any of them was different.

    In another zone the windows for learning trips keep their times of day. The trail gets the changed fields with their
    values before and after. Calendars learn by `revision` of what they show. Raises EditionArchived,
    SettingsContradict, and NotReady if a published edition would lose something it needs.
    """
    edition = lock_edition(session, edition_id)
    before = vars(details_of(edition))
    changes = difference(before, vars(details))
    if not changes:
        return False
    refuse_archived(edition)
    _refuse_disorder(details)
    if edition.status == EditionStatus.PUBLISHED:
        _refuse_unready(details, has_categories=True)
    write(edition, vars(details))
    if details.zone != before["zone"]:
        # Times of day stay what they are, whatever the zone.
        windows = {name: getattr(edition, name) for name in SIGN_UP_MOMENTS}
        shown = {name: in_another_zone(at, before["zone"], details.zone) for name, at in windows.items()}
        changes |= write(edition, shown)
    if IN_CALENDARS.intersection(changes):
        edition.revise(now)
    record(session, actor, now, "edition_changed", scope=str(edition.year), changes=changes)
    session.flush()
    return True


def missing_to_publish(details: EditionDetails, *, has_categories: bool) -> tuple[str, ...]:
    """What an edition still lacks before it can be published: fields of EditionDetails, or `categories`."""
    missing = tuple(name for name in NEEDED_TO_PUBLISH if getattr(details, name) in (None, ""))
    return missing if has_categories else (*missing, "categories")


def is_complete(edition: Edition) -> bool:
    """Whether an edition lacks nothing to be published."""
    return not missing_to_publish(details_of(edition), has_categories=edition.has_open_category)


def faults_in_order(details: EditionDetails) -> tuple[Fault, ...]:
    """The settings that contradict each other; no edition is stored with them."""
    faults = []
    days, hours = (details.starts_on, details.ends_on), (details.starts_at, details.ends_at)
    if days[0] and days[1] and days[1] < days[0]:
        faults.append(Fault.LAST_DAY_BEFORE_FIRST)
    if days[0] and days[0] == days[1] and hours[0] and hours[1] and hours[1] <= hours[0]:
        faults.append(Fault.ENDS_BEFORE_IT_BEGINS)
    opens_at, closes_at = details.registration_opens_at, details.registration_closes_at
    if opens_at and closes_at and closes_at <= opens_at:
        faults.append(Fault.CLOSES_BEFORE_IT_OPENS)
    if details.confirms_places and details.offer_hours == 0:
        # The next in line would get at once what nobody confirmed.
        faults.append(Fault.HOLDS_WITHOUT_OFFERS)
    return tuple(faults)


def faults_after_the_end(details: EditionDetails) -> tuple[Fault, ...]:
    """What would still be possible when the edition is over. Organisers may not set this; scripts may."""
    ends = over_at(details.ends_on, details.ends_at, details.zone)
    if ends is None:
        return ()
    moments = {
        Fault.CLOSES_AFTER_THE_END: details.registration_closes_at,
        Fault.FREEZES_AFTER_THE_END: details.freezes_at,
    }
    return tuple(fault for fault, moment in moments.items() if moment and moment > ends)


def publish_edition(session: Session, edition_id: int, actor: Actor, now: datetime) -> bool:
    """Show an edition to everyone; False if it was published already. Raises NotReady, EditionArchived."""
    edition = lock_edition(session, edition_id)
    if edition.status == EditionStatus.PUBLISHED:
        return False
    refuse_archived(edition)
    session.expire(edition, ["categories"])
    _refuse_unready(details_of(edition), has_categories=edition.has_open_category)
    edition.status = EditionStatus.PUBLISHED
    record(session, actor, now, "edition_published", scope=str(edition.year))
    session.flush()
    return True


def archive_edition(session: Session, edition_id: int, actor: Actor, now: datetime) -> bool:
    """Archive an edition: everything about it becomes read-only. False if it was archived already.

    Raises EditionNotPublished for a draft.
    """
    edition = lock_edition(session, edition_id)
    if edition.status == EditionStatus.ARCHIVED:
        return False
    if edition.status == EditionStatus.DRAFT:
        raise EditionNotPublished(str(edition.year))
    edition.status, edition.archived_at = EditionStatus.ARCHIVED, now
    record(session, actor, now, "edition_archived", scope=str(edition.year))
    session.flush()
    return True


def take_out(session: Session, edition_id: int, actor: Actor, now: datetime) -> bool:
    """Take an edition out of the archive, published as it was; False if it is not there."""
    edition = lock_edition(session, edition_id)
    if edition.status != EditionStatus.ARCHIVED:
        return False
    edition.status, edition.archived_at = EditionStatus.PUBLISHED, None
    record(session, actor, now, "edition_taken_out", scope=str(edition.year))
    session.flush()
    return True


def refuse_archived(edition: Edition) -> None:
    """Raise EditionArchived if nothing may change about an edition."""
    if edition.status == EditionStatus.ARCHIVED:
        raise EditionArchived(str(edition.year))


def set_categories(
    session: Session,
    edition_id: int,
    categories: Sequence[tuple[str, str]],
    actor: Actor,
    now: datetime,
    *,
    unused: Collection[str] = (),
) -> bool:
    """Make an edition's categories exactly these slugs with these labels, in this order; False if they were already.

    A known slug with another label is a category renamed. Those that are `unused`, but for cancelled registrations,
    can go. Raises CategoryInUse, CategoryTwice, and NotReady if a published edition would be left without any.
    """
    edition = lock_edition(session, edition_id)
    labels = dict(categories)
    for names in ([slug for slug, _ in categories], [label.casefold() for _, label in categories]):
        if len(set(names)) < len(names):
            raise CategoryTwice(next(name for name in names if names.count(name) > 1))
    if edition.status == EditionStatus.PUBLISHED and not labels:
        raise NotReady(("categories",))
    present = categories_of(session, edition_id)
    before = [(category.slug, category.label) for category in present]
    if before == list(categories):
        return False
    for category in present:
        if category.slug not in labels:
            _remove_category(session, category, is_unused=category.slug in unused)
    known = select(Category).where(Category.edition_id == edition_id, Category.slug.in_(labels))
    kept = {category.slug: category for category in session.scalars(known)}
    for position, (slug, label) in enumerate(categories):
        category = kept.get(slug) or Category(edition_id=edition_id, slug=slug)
        category.label, category.position = label, position
        if category.state == CategoryState.REMOVED:
            category.state = CategoryState.OPEN
        session.add(category)
    said = {"categories": [dict(before), labels]}
    record(session, actor, now, "categories_changed", scope=str(edition.year), changes=said)
    session.flush()
    session.expire(edition, ["categories"])
    return True


def lock_edition(session: Session, edition_id: int) -> Edition:
    """The edition's row, held until the unit of work ends, so that two organisers change it one after the other.

    With `key_share`, those who register meanwhile, and refer to the row, do not wait for it. Raises NoSuchEdition.
    """
    locked = select(Edition).where(Edition.id == edition_id).with_for_update(key_share=True)
    edition = session.scalar(locked.execution_options(populate_existing=True))
    if edition is None:
        raise NoSuchEdition(str(edition_id))
    return edition


def _remove_category(session: Session, category: Category, *, is_unused: bool) -> None:
    try:
        with session.begin_nested():
            session.delete(category)
    except IntegrityError:
        # What refers to it is no business of this feature; that something does is what the foreign key says.
        if not is_unused:
            raise CategoryInUse(category.label) from None
        category.state = CategoryState.REMOVED


def _refuse_unready(details: EditionDetails, *, has_categories: bool) -> None:
    if missing := missing_to_publish(details, has_categories=has_categories):
        raise NotReady(missing)


def _refuse_disorder(details: EditionDetails) -> None:
    if faults := faults_in_order(details):
        raise SettingsContradict(faults)


def first_known_day(details: EditionDetails) -> date | None:
    """The first day of an edition; while that is not known, the first of its dates that is."""
    moments = (getattr(details, name) for name in MOMENTS)
    local = (in_zone(moment, details.zone).date() for moment in moments if moment)
    return next((day for day in (details.starts_on, details.ends_on, *local) if day), None)
