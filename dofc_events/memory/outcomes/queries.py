"""Reads of outcomes. Each takes the same number of queries however many rows there are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from dofc_events.conference.models import Edition, Member, Organisation
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.order import sort_key
from dofc_events.memory.outcomes.models import Outcome, OutcomeFile, Party
from dofc_events.memory.outcomes.rules import OutcomeKind

# Who takes part, and how it stands: what is said of an outcome in a list.
IN_SHORT: tuple[ORMOption, ...] = (
    selectinload(Outcome.parties).joinedload(Party.organisation),
    selectinload(Outcome.follow_up),
)
WITH_ALL: tuple[ORMOption, ...] = (
    *IN_SHORT,
    selectinload(Outcome.files),
    joinedload(Outcome.edition),
)
# What anyone may see: drafts of outcomes, and outcomes of drafts, are their organisers' alone.
_PUBLIC = (Outcome.is_published.is_(True), Edition.status != EditionStatus.DRAFT)


@dataclass(frozen=True)
class Narrowed:
    """What the list of outcomes is narrowed to; "" and None to nothing."""

    year: int | None = None
    kind: OutcomeKind | None = None
    country: str = ""
    signatory: str = ""


@dataclass(frozen=True)
class Choices:
    """What the list of outcomes can be narrowed to: what some outcome has."""

    years: list[int]
    kinds: list[OutcomeKind]
    countries: list[str]
    signatories: list[tuple[str, str]]


def outcomes_by_edition(
    session: Session, edition_ids: Collection[int], *, titles_only: bool = False
) -> dict[int, list[Outcome]]:
    """The published outcomes of these editions, by edition, as pages show them; two queries less for their titles."""
    found = select(Outcome).where(Outcome.edition_id.in_(edition_ids), Outcome.is_published.is_(True))
    by_edition: dict[int, list[Outcome]] = {edition_id: [] for edition_id in edition_ids}
    for outcome in session.scalars(found.options(*(() if titles_only else IN_SHORT)).order_by(Outcome.id)):
        by_edition[outcome.edition_id].append(outcome)
    return by_edition


def outcomes_of(session: Session, edition_id: int) -> list[Outcome]:
    """All outcomes of an edition, drafts too, for its organisers."""
    found = select(Outcome).where(Outcome.edition_id == edition_id)
    return list(session.scalars(found.options(*WITH_ALL).order_by(Outcome.id)))


def outcome_of(session: Session, edition_id: int, slug: str) -> Outcome | None:
    """An outcome of an edition, a draft too, for its organisers."""
    found = select(Outcome).where(Outcome.edition_id == edition_id, Outcome.slug == slug)
    return session.scalar(found.options(*WITH_ALL))


def public_outcome(session: Session, slug: str) -> Outcome | None:
    """A published outcome with all that belongs to it."""
    return session.scalar(
        select(Outcome).join(Outcome.edition).where(Outcome.slug == slug, *_PUBLIC).options(*WITH_ALL)
    )


def public_outcomes(session: Session, narrowed: Narrowed, after: Outcome | None, size: int) -> list[Outcome]:
    """So many published outcomes, the latest years first, below the one `after` which the page begins."""
    order = (Outcome.year.desc(), Outcome.id)
    found = select(Outcome).join(Outcome.edition).where(*_PUBLIC, *_conditions(narrowed)).order_by(*order)
    if after is not None:
        below = or_(Outcome.year < after.year, and_(Outcome.year == after.year, Outcome.id > after.id))
        found = found.where(below)
    return list(session.scalars(found.options(*WITH_ALL).limit(size)))


def choices(session: Session) -> Choices:
    """What published outcomes can be narrowed to, in four queries."""
    public = select(Outcome.id).join(Outcome.edition).where(*_PUBLIC)
    years = session.scalars(select(Outcome.year).where(Outcome.id.in_(public)).distinct())
    kinds = set(session.scalars(select(Outcome.kind).where(Outcome.id.in_(public)).distinct()))
    parties = select(Party.country, Organisation.country).outerjoin(Party.organisation).distinct()
    countries = session.execute(parties.where(Party.outcome_id.in_(public)))
    signed = select(Organisation.slug, Organisation.name).join(Party, Party.organisation_id == Organisation.id)
    signatories = session.execute(signed.where(Party.outcome_id.in_(public), Party.has_signed.is_(True)).distinct())
    return Choices(
        years=sorted(years, reverse=True),
        kinds=[kind for kind in OutcomeKind if kind in kinds],
        countries=sorted({code for pair in countries for code in pair if code}),
        signatories=sorted(signatories, key=lambda row: sort_key(row[1])),
    )


def _conditions(narrowed: Narrowed) -> Iterator[ColumnElement[bool]]:
    parties = select(Party.outcome_id).outerjoin(Party.organisation)
    if narrowed.year is not None:
        yield Outcome.year == narrowed.year
    if narrowed.kind is not None:
        yield Outcome.kind == narrowed.kind
    if code := narrowed.country:
        yield Outcome.id.in_(parties.where(or_(Party.country == code, Organisation.country == code)))
    if narrowed.signatory:
        yield Outcome.id.in_(parties.where(Organisation.slug == narrowed.signatory, Party.has_signed.is_(True)))


def slugs_taken(session: Session) -> set[str]:
    """What outcomes are called in addresses."""
    return set(session.scalars(select(Outcome.slug)))


def organisation_names(session: Session) -> list[str]:
    """Organisations that can be chosen as a party, by name: members of the network first."""
    rows = select(Organisation.name, Member.is_active).outerjoin(Member, Member.organisation_id == Organisation.id)
    found = session.execute(rows).all()
    return [name for name, _active in sorted(found, key=lambda row: (not row[1], sort_key(row[0])))]


def file_hashes(session: Session) -> set[str]:
    """The hashes of all files of outcomes."""
    return set(session.scalars(select(OutcomeFile.content_hash)))


def outcome_faults(session: Session) -> list[str]:
    """One sentence for each outcome that contradicts itself."""
    dated = session.scalars(select(Outcome).where(Outcome.agreed_on.is_not(None)))
    return [
        f"outcome {outcome.slug}: it was agreed on {outcome.agreed_on}, and stands under {outcome.year}"
        for outcome in dated
        if outcome.agreed_on and outcome.agreed_on.year != outcome.year
    ]
