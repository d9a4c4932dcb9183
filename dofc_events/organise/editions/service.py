"""Acts on an edition that span features: the edition itself, its places, its categories."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Role
from dofc_events.conference import service as conference
from dofc_events.conference.models import Category, Edition, EditionOrganiser, InvitedAddress
from dofc_events.conference.queries import categories_of, edition_by_year
from dofc_events.conference.rules import EditionStatus, distance_to
from dofc_events.conference.service import (
    SIGN_UP_MOMENTS,
    EditionDetails,
    EditionExists,
    NotADraft,
    NotReady,
    first_known_day,
    moved,
)
from dofc_events.core.audit import Actor, AuditEntry, record
from dofc_events.core.changes import refuse_changed, write
from dofc_events.core.clock import from_zone, in_zone
from dofc_events.core.errors import Refusal
from dofc_events.core.slugs import slug_for
from dofc_events.hosting.models import HandOverFile, HandOverItem
from dofc_events.hosting.queries import came_of_a_call
from dofc_events.imports.models import ImportFile, KnownColumn
from dofc_events.letters.models import Letter, LetterAttachment
from dofc_events.mail.models import Message
from dofc_events.memory.service import forget_edition
from dofc_events.places.models import Pool
from dofc_events.places.queries import categories_with_places, edition_pool
from dofc_events.places.service import create_pool, lock_edition_pool
from dofc_events.questions.models import EditionQuestion, QuestionOption
from dofc_events.registration.saved.models import SavedView
from dofc_events.trips.models import Draw, Trip
from dofc_events.trips.queries import trip_pools
from dofc_events.trips.service import details_of as details_of_trip
from dofc_events.trips.service import write_details


class CameOfACall(Refusal):
    """A call for hosts was decided for this edition, which proposers and members were told of."""


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


def copy_limits(session: Session, from_year: int, edition: Edition) -> None:
    """Give the categories of an edition the limits that those of the same slug have in another year."""
    source = edition_by_year(session, from_year)
    limits = {one.slug: one.limit for one in categories_with_places(session, source.id)} if source else {}
    for category in categories_of(session, edition.id):
        if (limit := limits.get(category.slug)) is not None:
            create_pool(session, category_id=category.id, capacity=limit)


def publish(session: Session, edition_id: int, actor: Actor, now: datetime) -> None:
    """Show an edition to everyone. Raises NotReady, also for `capacity`, and EditionArchived."""
    missing = () if edition_pool(session, edition_id) else ("capacity",)
    try:
        conference.publish_edition(session, edition_id, actor, now)
    except NotReady as refusal:
        raise NotReady((*refusal.missing, *missing)) from None
    if missing:
        raise NotReady(missing)


def change_year(
    session: Session, edition_id: int, year: int, actor: Actor, now: datetime, *, moves_dates: bool, seen: int
) -> None:
    """Give a draft another year than the one `seen`; its trail and messages go with it, and its dates if that is asked.

    Raises NotADraft, EditionExists, CameOfACall, and ChangedMeanwhile.
    """
    edition = _draft(session, edition_id)
    refuse_changed(seen, edition.year)
    if edition_by_year(session, year) not in (None, edition):
        raise EditionExists(str(year))
    before, changes = edition.year, write(edition, {"year": year})
    for table in (AuditEntry, Message) if changes else ():
        session.execute(update(table).where(table.scope == str(before)).values(scope=str(year)))
    if changes:
        record(session, actor, now, "year_changed", scope=str(year), changes=changes)
    if moves_dates:
        _move_dates(session, edition, actor, now)


def _move_dates(session: Session, edition: Edition, actor: Actor, now: datetime) -> None:
    """Move all dates of a draft by the same whole weeks, so that its first day is in its year."""
    trips = [trip for trip, _ in trip_pools(session, edition.id)]
    details, days = conference.details_of(edition), [in_zone(trip.starts_at, edition.zone).date() for trip in trips]
    first = first_known_day(details) or min(days, default=None)
    if first is None or first.year == edition.year:
        return
    distance, scope = distance_to(first, edition.year - first.year), str(edition.year)

    def then(moment: datetime) -> datetime:
        local = in_zone(moment, edition.zone)
        return from_zone(local.date() + distance, local.time(), edition.zone)

    conference.change_edition(session, edition.id, moved(details, distance, edition.zone), actor, now)
    window = {name: then(moment) for name in SIGN_UP_MOMENTS if (moment := getattr(edition, name))}
    if window:
        record(session, actor, now, "sign_up_changed", scope=scope, changes=write(edition, window))
    for trip in trips:
        when = replace(details_of_trip(trip), starts_at=then(trip.starts_at), ends_at=then(trip.ends_at))
        changes = write_details(session, trip, when, now)
        record(session, actor, now, "trip_changed", scope=scope, trip=trip.slug, changes=changes)
    for letter in session.scalars(select(Letter).where(Letter.edition_id == edition.id, Letter.sent_on.is_not(None))):
        changes = write(letter, {"sent_on": letter.sent_on and letter.sent_on + distance})
        record(session, actor, now, "letter_changed", scope=scope, subject=letter.subject, changes=changes)


def delete_draft(session: Session, edition_id: int, actor: Actor, now: datetime) -> None:
    """Delete a draft with everything that was prepared for it. Raises NotADraft and CameOfACall."""
    if edition_pool(session, edition_id):
        lock_edition_pool(session, edition_id)
    edition = _draft(session, edition_id)
    trips = select(Trip.id).where(Trip.edition_id == edition_id)
    categories = select(Category.id).where(Category.edition_id == edition_id)
    questions = select(EditionQuestion.id).where(EditionQuestion.edition_id == edition_id)
    options = select(QuestionOption.id).where(QuestionOption.question_id.in_(questions))
    letters = select(Letter.id).where(Letter.edition_id == edition_id)
    owners = (Pool.trip_id.in_(trips), Pool.category_id.in_(categories), Pool.option_id.in_(options))
    session.execute(update(Edition).where(Edition.copied_from_id == edition_id).values(copied_from_id=None))
    session.execute(delete(Pool).where(or_(Pool.edition_id == edition_id, *owners)))
    session.execute(delete(QuestionOption).where(QuestionOption.question_id.in_(questions)))
    session.execute(delete(LetterAttachment).where(LetterAttachment.letter_id.in_(letters)))
    items = select(HandOverItem.id).where(HandOverItem.edition_id == edition_id)
    session.execute(delete(HandOverFile).where(HandOverFile.item_id.in_(items)))
    session.execute(delete(InvitedAddress).where(InvitedAddress.category_id.in_(categories)))
    forget_edition(session, edition_id)
    for table in (
        Draw,
        Trip,
        Letter,
        Role,
        SavedView,
        ImportFile,
        KnownColumn,
        EditionQuestion,
        Category,
        EditionOrganiser,
        HandOverItem,
    ):
        session.execute(delete(table).where(table.edition_id == edition_id))
    session.execute(delete(Edition).where(Edition.id == edition_id))
    record(session, actor, now, "edition_deleted", scope=str(edition.year))


def _draft(session: Session, edition_id: int) -> Edition:
    edition = conference.lock_edition(session, edition_id)
    if edition.status != EditionStatus.DRAFT:
        raise NotADraft(str(edition.year))
    if came_of_a_call(session, edition):
        raise CameOfACall(str(edition.year))
    return edition


def add_places(session: Session, edition: Edition, capacity: int, actor: Actor, now: datetime) -> None:
    """Give an edition its pool."""
    create_pool(session, edition_id=edition.id, capacity=capacity)
    changes = {"capacity": [None, capacity]}
    record(session, actor, now, "capacity_changed", scope=str(edition.year), changes=changes)
