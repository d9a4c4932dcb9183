"""Reads about the network and its editions. Each takes the same number of queries however many rows there are."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, union
from sqlalchemy.orm import Session, joinedload, selectinload

from dofc_events.conference.models import AttendingCountry, Category, Edition, Member, Organisation, Outcome
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.countries import continent_of

# What every page of an edition asks for is built once: to build a statement takes longer than to execute it.
_WITH_CATEGORIES = select(Edition).options(joinedload(Edition.categories))
_BY_YEAR = _WITH_CATEGORIES.where(Edition.year == bindparam("year"))
_BY_ID = _WITH_CATEGORIES.where(Edition.id == bindparam("edition_id"))


@dataclass(frozen=True)
class Figures:
    """The series in numbers: how many editions took place, and from how many countries and continents people came."""

    editions: int
    countries: int
    continents: int


def figures(session: Session, today: date) -> Figures:
    """The figures of all editions that are over on `today`, counted from the data, in two queries.

    Demonstration editions, drafts and editions still to come do not count. The host's country was present at its own
    edition; a country known to have come to an unknown edition counts as well.
    """
    held = and_(Edition.is_demo.is_(False), _is_over_on(today))
    editions = session.scalar(select(func.count()).select_from(Edition).where(held)) or 0
    countries = set(
        session.scalars(
            union(
                select(Edition.country).where(held),
                select(AttendingCountry.country)
                .join(Edition, Edition.id == AttendingCountry.edition_id, isouter=True)
                .where(or_(AttendingCountry.edition_id.is_(None), held)),
            )
        )
    )
    return Figures(editions, len(countries), len({continent_of(code) for code in countries}))


def edition_by_year(session: Session, year: int) -> Edition | None:
    """The edition of a year, in whatever status, with its categories."""
    return session.scalars(_BY_YEAR, {"year": year}).unique().one_or_none()


def edition_by_id(session: Session, edition_id: int) -> Edition | None:
    """One edition, in whatever status, with its categories."""
    return session.scalars(_BY_ID, {"edition_id": edition_id}).unique().one_or_none()


def latest_edition(session: Session, before: int) -> Edition | None:
    """The last edition before a year."""
    return session.scalar(select(Edition).where(Edition.year < before).order_by(Edition.year.desc()).limit(1))


def edition_with_record(session: Session, year: int) -> Edition | None:
    """The edition of a year with all that is on record: organisers, countries, outcomes and who signed."""
    return session.scalar(
        select(Edition)
        .where(Edition.year == year)
        .options(
            joinedload(Edition.proposed_by),
            selectinload(Edition.categories),
            selectinload(Edition.organisers),
            selectinload(Edition.countries),
            selectinload(Edition.outcomes).options(selectinload(Outcome.countries), selectinload(Outcome.signatories)),
        )
    )


def all_editions(session: Session) -> list[Edition]:
    """Every edition, drafts too, latest first."""
    return list(session.scalars(select(Edition).order_by(Edition.year.desc())))


def coming_editions(session: Session, today: date) -> list[Edition]:
    """The published editions that are not over on `today`, nearest first."""
    return list(
        session.scalars(
            select(Edition)
            .where(Edition.status == EditionStatus.PUBLISHED, or_(Edition.ends_on.is_(None), Edition.ends_on >= today))
            .order_by(Edition.starts_on.is_(None), Edition.starts_on, Edition.year)
        )
    )


def current_edition(session: Session, today: date) -> Edition | None:
    """The published edition that people register for or are at: the nearest that is not over on `today`."""
    return next(iter(coming_editions(session, today)), None)


def past_editions(session: Session, today: date) -> list[Edition]:
    """The editions that are archived, or published and over on `today`, latest first, with outcomes and countries."""
    return list(
        session.scalars(
            select(Edition)
            .where(
                or_(
                    Edition.status == EditionStatus.ARCHIVED,
                    and_(Edition.status == EditionStatus.PUBLISHED, Edition.ends_on < today),
                )
            )
            .options(selectinload(Edition.outcomes), selectinload(Edition.countries))
            .order_by(Edition.year.desc())
        )
    )


def categories_of(session: Session, edition_id: int) -> list[Category]:
    """The kinds of delegate at an edition, in the order in which the form offers them."""
    return list(session.scalars(select(Category).where(Category.edition_id == edition_id).order_by(Category.position)))


def member_by_slug(session: Session, slug: str) -> Member | None:
    """A member of the network, with its organisation."""
    return session.scalar(select(Member).join(Member.organisation).where(Organisation.slug == slug))


def members(session: Session) -> list[Member]:
    """The active members of the network by name, with their organisations."""
    return list(
        session.scalars(
            select(Member).join(Member.organisation).where(Member.is_active.is_(True)).order_by(Organisation.name)
        )
    )


def _is_over_on(today: date) -> ColumnElement[bool]:
    """Whether an edition took place before `today`. Of some archived editions nothing but the year is known."""
    return and_(
        Edition.status != EditionStatus.DRAFT,
        or_(
            Edition.ends_on < today,
            and_(Edition.ends_on.is_(None), Edition.status == EditionStatus.ARCHIVED, Edition.year < today.year),
        ),
    )
