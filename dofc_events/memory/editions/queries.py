"""What is on record of editions, as rows of the memory and for pages."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from dofc_events.conference.models import AttendingCountry, Edition, Member, Organisation
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.changes import plain
from dofc_events.memory.editions.models import FactSource, WriteUp
from dofc_events.memory.editions.rules import COLUMNS
from dofc_events.memory.queries import Reference
from dofc_events.memory.rules import Row, said


def write_up_of(session: Session, edition_id: int) -> str:
    """What its organisers wrote of an edition, in Markdown; "" if nothing."""
    return session.scalar(select(WriteUp.text).where(WriteUp.edition_id == edition_id)) or ""


def sources_of(session: Session, edition_id: int) -> dict[str, str]:
    """Where the facts of an edition are known from, by fact."""
    found = select(FactSource.fact, FactSource.source).where(FactSource.edition_id == edition_id)
    return dict(session.execute(found).all())


def countries_of_unknown_edition(session: Session) -> list[str]:
    """The countries that people came from to an edition that no source names, by code."""
    unknown = select(AttendingCountry.country).where(AttendingCountry.edition_id.is_(None))
    return list(session.scalars(unknown.order_by(AttendingCountry.country)))


def organisation_rows(session: Session) -> Iterator[Row]:
    """Every organisation, with whether it is a member of the network, by slug."""
    rows = select(Organisation, Member).outerjoin(Member, Member.organisation_id == Organisation.id)
    for organisation, member in session.execute(rows.order_by(Organisation.slug)):
        yield said(
            slug=organisation.slug,
            name=organisation.name,
            country=organisation.country,
            is_demo=organisation.is_demo,
            is_member=member is not None and member.is_active,
            is_former_member=member is not None and not member.is_active,
            website=member.website if member else None,
        )


def edition_rows(session: Session) -> Iterator[Row]:
    """Every edition that is no draft, with what is on record of it, by year; in a few queries."""
    write_ups = dict(session.execute(select(WriteUp.edition_id, WriteUp.text)).all())
    sources: dict[int, dict[str, str]] = defaultdict(dict)
    for source in session.scalars(select(FactSource).order_by(FactSource.fact)):
        sources[source.edition_id][source.fact] = source.source
    public = select(Edition).where(Edition.status != EditionStatus.DRAFT).order_by(Edition.year)
    on_record = joinedload(Edition.proposed_by), selectinload(Edition.organisers), selectinload(Edition.countries)
    for edition in session.scalars(public.options(*on_record)):
        row = said(
            year=edition.year,
            **{name: plain(getattr(edition, name)) for name in COLUMNS},
            proposed_by=edition.proposed_by.slug if edition.proposed_by else None,
            organisers=[organisation.slug for organisation in edition.organisers],
            countries=[row.country for row in edition.countries],
            write_up=write_ups.get(edition.id),
            sources=sources.get(edition.id),
        )
        # That it had none is known, too.
        yield row if edition.had_learning_trips is None else {**row, "had_learning_trips": edition.had_learning_trips}


def series_rows(session: Session) -> Iterator[Row]:
    """What is known of all editions together, if anything."""
    if countries := countries_of_unknown_edition(session):
        yield {"countries_edition_unknown": countries}


def named_in_edition(row: Row) -> Iterable[Reference]:
    """The organisations that a row of an edition names."""
    named = [*row.get("organisers", ()), row.get("proposed_by")]
    return [("organisations", slug) for slug in named if slug]


def not_archived(session: Session, years: Iterable[int]) -> set[int]:
    """Those of these years whose edition is there and not archived: it has settings that people rely on."""
    found = select(Edition.year).where(Edition.year.in_(list(years)), Edition.status != EditionStatus.ARCHIVED)
    return set(session.scalars(found))


def organisation_slugs(session: Session) -> dict[str, str]:
    """The slug of every organisation, by its name in small letters."""
    names = session.execute(select(Organisation.name, Organisation.slug).order_by(Organisation.id.desc()))
    return {" ".join(name.casefold().split()): slug for name, slug in names}


def ids_by_slug(session: Session, slugs: Iterable[str]) -> dict[str, int]:
    """The ids of organisations by slug."""
    found = select(Organisation.slug, Organisation.id).where(Organisation.slug.in_(list(slugs)))
    return dict(session.execute(found).all())
