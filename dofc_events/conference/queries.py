"""Reads about the network and its editions. Each takes the same number of queries however many rows there are."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload, selectinload

from dofc_events.conference.models import Category, Edition, Member, Organisation
from dofc_events.conference.rules import CategoryState, EditionStatus
from dofc_events.core.order import sort_key

# The statement for every page of an edition is built once: building it takes longer than executing it.
_BY_YEAR = select(Edition).where(Edition.year == bindparam("year")).options(joinedload(Edition.categories))
_BY_ID = select(Edition).where(Edition.id == bindparam("edition_id"))


def edition_by_year(session: Session, year: int) -> Edition | None:
    """The edition of a year, in whatever status, with its categories."""
    return session.scalars(_BY_YEAR, {"year": year}).unique().one_or_none()


def edition_by_id(session: Session, edition_id: int) -> Edition | None:
    """One edition, in whatever status."""
    return session.scalar(_BY_ID, {"edition_id": edition_id})


def latest_edition(session: Session, before: int) -> Edition | None:
    """The last edition before a year."""
    return session.scalar(select(Edition).where(Edition.year < before).order_by(Edition.year.desc()).limit(1))


def edition_with_record(session: Session, year: int) -> Edition | None:
    """The edition of a year with what is on record of it: organisers, countries, who proposed it."""
    return session.scalar(
        select(Edition)
        .where(Edition.year == year)
        .options(
            joinedload(Edition.proposed_by),
            selectinload(Edition.categories),
            selectinload(Edition.organisers),
            selectinload(Edition.countries),
        )
    )


def all_editions(session: Session) -> list[Edition]:
    """Every edition, drafts too, latest first."""
    return list(session.scalars(select(Edition).order_by(Edition.year.desc())))


def coming_editions(session: Session, now: datetime) -> list[Edition]:
    """The published editions whose days have not passed, nearest first."""
    published = session.scalars(
        select(Edition)
        .where(Edition.status == EditionStatus.PUBLISHED)
        .order_by(Edition.starts_on.is_(None), Edition.starts_on, Edition.year)
    )
    return [edition for edition in published if not edition.is_past(now)]


def current_edition(session: Session, now: datetime) -> Edition | None:
    """The published edition that people are registering for or attending: the nearest whose days have not passed."""
    return next(iter(coming_editions(session, now)), None)


def past_editions(session: Session, now: datetime) -> list[Edition]:
    """The editions that are archived, or published and past, latest first, with countries."""
    public = session.scalars(
        select(Edition)
        .where(Edition.status != EditionStatus.DRAFT)
        .options(selectinload(Edition.countries))
        .order_by(Edition.year.desc())
    )
    return [edition for edition in public if edition.status == EditionStatus.ARCHIVED or edition.is_past(now)]


def categories_of(session: Session, edition_id: int) -> list[Category]:
    """The kinds of delegate at an edition, in the order in which the form offers them."""
    ours = select(Category).where(Category.edition_id == edition_id, Category.state != CategoryState.REMOVED)
    return list(session.scalars(ours.order_by(Category.position)))


def category_slugs(session: Session, edition_id: int) -> set[str]:
    """Every slug that a category of an edition has, or had while somebody registered in it."""
    return set(session.scalars(select(Category.slug).where(Category.edition_id == edition_id)))


def member_by_slug(session: Session, slug: str) -> Member | None:
    """A member of the network, with its organisation."""
    return session.scalar(select(Member).join(Member.organisation).where(Organisation.slug == slug))


def members(session: Session) -> list[Member]:
    """The active members of the network by name, with their organisations."""
    active = session.scalars(select(Member).where(Member.is_active.is_(True)))
    return sorted(active, key=lambda member: sort_key(member.organisation.name))
