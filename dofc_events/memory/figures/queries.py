"""An edition in figures. Each counts those whose place is confirmed, as the list does with this status and no other.

What was frozen when an edition was archived is read as it is; everything else is counted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, extract, func, literal_column, or_, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import in_zone
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import came_before
from dofc_events.memory.figures.models import FrozenDelegate, FrozenFigures
from dofc_events.memory.figures.rules import (
    DAY,
    Arrivals,
    Figures,
    Growth,
    Record,
    SeatsTaken,
    Shares,
    days_between,
    from_stored,
    growth,
    sums,
)
from dofc_events.places.models import Arrival, Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.models import Answer
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import KEYED
from dofc_events.trips.models import Trip

# The one rule for who counts.
COUNTED = ClaimStatus.CONFIRMED
LARGEST = 10
MAX_EARLIER = 3
QUARTER = 15 * 60


def holds() -> ColumnElement[bool]:
    """Whether what was frozen of an edition still is what pages show."""
    return or_(FrozenFigures.is_final, Edition.status == EditionStatus.ARCHIVED)


def frozen_records(session: Session, edition_ids: Iterable[int]) -> dict[int, Record]:
    """What was frozen of these editions, by edition, as far as it holds; one query.

    Of an edition that was taken out of the archive it does not, unless personal data has been erased since.
    """
    rows = select(FrozenFigures, Edition.year).join(Edition, Edition.id == FrozenFigures.edition_id)
    found = session.execute(rows.where(FrozenFigures.edition_id.in_(list(edition_ids)), holds()))
    return {frozen.edition_id: from_stored(year, frozen.came_before, frozen.record) for frozen, year in found}


def frozen_record(session: Session, edition: Edition) -> Record | None:
    """What was frozen of an edition, while that holds."""
    return frozen_records(session, [edition.id]).get(edition.id)


def counted_record(session: Session, edition: Edition, now: datetime) -> Record:
    """All figures of an edition as they are at this moment."""
    capacity = session.scalar(select(Pool.capacity).where(Pool.edition_id == edition.id))
    grown = growth_of(session, edition, now)
    return Record(
        capacity=capacity or 0,
        figures=figures_of(session, edition),
        growth=grown[0] if grown else None,
        arrivals=arrivals_of(session, edition),
        trips=seats_taken(session, edition.id),
    )


def figures_of(session: Session, edition: Edition) -> Figures:
    """An edition's figures, in four queries; one more if it asks questions of its own."""
    by = (Registration.category_id, Registration.country, Registration.language)
    # One query over everybody serves five figures: there are few combinations.
    rows = session.execute(_counted(edition.id, *by, func.count(Claim.used_at)).group_by(*by)).all()
    by_category = dict(sums((category, count) for category, _country, _language, _arrived, count in rows))
    named = Registration.organisation != ""
    organisations = _counted(edition.id, Registration.organisation).where(named).group_by(Registration.organisation)
    several = organisations.having(func.count() > 1)
    largest = several.order_by(func.count().desc(), Registration.organisation).limit(LARGEST)
    return Figures(
        arrived=sum(row[-2] for row in rows),
        categories=[(category.slug, by_category.get(category.id, 0)) for category in edition.categories],
        labels={category.slug: category.label for category in edition.categories},
        countries=sums((country, count) for _category, country, _language, _arrived, count in rows),
        languages=sums((language, count) for _category, _country, language, _arrived, count in rows),
        organisations=[(name, count) for name, count in session.execute(largest)],
        returning=session.scalar(_counted(edition.id).where(came_before(edition.id))) or 0,
        choices=_choices(session, edition.id),
    )


def addresses_counted(session: Session, edition_id: int) -> set[str]:
    """The keys of the addresses of all who count."""
    return {key for key, _number in session.execute(_counted(edition_id, Registration.email_key).group_by("email_key"))}


def seats_taken(session: Session, edition_id: int) -> list[SeatsTaken]:
    """How many have a seat on each learning trip that takes place, in the organisers' order."""
    taken = select(func.count()).where(Claim.pool_id == Pool.id, Claim.status == COUNTED).scalar_subquery()
    rows = select(Trip.title, Pool.capacity, taken).join(Pool, Pool.trip_id == Trip.id)
    rows = rows.where(Trip.edition_id == edition_id, Trip.cancelled_at.is_(None)).order_by(Trip.position, Trip.id)
    return [SeatsTaken(title, capacity, number) for title, capacity, number in session.execute(rows)]


def growth_of(session: Session, edition: Edition, now: datetime, kept: Record | None = None) -> list[Growth]:
    """How an edition grows until `now`, then how the last MAX_EARLIER before it grew; in three queries.

    `kept` is what was frozen of the edition itself, which then is not counted. Empty if it is not known when
    registration opens. Earlier editions that nobody registered for here are left out.
    """
    if edition.registration_opens_at is None:
        return []
    frozen = select(FrozenFigures.edition_id)
    earlier = session.scalars(
        select(Edition)
        .join(Pool, Pool.edition_id == Edition.id)
        .where(Edition.year < edition.year, Edition.status != EditionStatus.DRAFT)
        .where(Edition.registration_opens_at.is_not(None), or_(Pool.taken > 0, Edition.id.in_(frozen)))
        .order_by(Edition.year.desc())
        .limit(MAX_EARLIER)
    ).all()
    records = frozen_records(session, [one.id for one in earlier]) | ({edition.id: kept} if kept else {})
    per_day = _per_day(session, [one for one in (edition, *earlier) if one.id not in records])
    grown = []
    for one in (edition, *earlier):
        was = records[one.id].growth if one.id in records else None
        grown.append(was or Growth(one.year, _days(one, per_day.get(one.id, Counter()), now)))
    return grown


def arrivals_of(session: Session, edition: Edition) -> list[Arrivals]:
    """The days on which people arrived, each with its curve, in one query."""
    quarter = (cast(extract("epoch", Arrival.at), BigInteger) // QUARTER).label("quarter")
    query = select(Arrival.day, quarter, func.count()).join(Claim, Claim.id == Arrival.claim_id)
    query = query.join(Pool, Pool.id == Claim.pool_id).where(Pool.edition_id == edition.id)
    days: dict[date, Counter[int]] = {}
    for on, number, count in session.execute(query.group_by(Arrival.day, literal_column("quarter"))):
        # All zones of today are whole quarters of an hour away from UTC.
        local = in_zone(datetime.fromtimestamp(number * QUARTER, UTC), edition.zone)
        days.setdefault(on, Counter())[local.hour * 4 + local.minute // 15] += count
    first = min((min(quarters) for quarters in days.values()), default=0)
    return [
        Arrivals(on, first, [*accumulate(days[on][number] for number in range(first, max(days[on]) + 1))])
        for on in sorted(days)
    ]


def _choices(session: Session, edition_id: int) -> dict[str, Shares]:
    asked = [one for one in questions_of(session, edition_id) if one.kind in KEYED]
    if not asked:
        return {}
    by = Answer.question_id, Answer.choice
    # Two indexes have all of it: whoever answered is registered at the edition that asks.
    query = select(*by, func.count()).join(Claim, Claim.registration_id == Answer.registration_id)
    query = query.where(Answer.question_id.in_([one.id for one in asked]), ~Answer.waits, *_holds_place(edition_id))
    query = query.group_by(*by)
    counts = {(question, choice): count for question, choice, count in session.execute(query)}
    answered = {question for question, _choice in counts}
    return {
        one.key: [(key, counts.get((one.id, key), 0)) for key in one.answers] for one in asked if one.id in answered
    }


def _counted(edition_id: int, *columns: Any) -> Select[Any]:
    """How many count, after these columns, as the list of registrations would find them."""
    query = select(*columns, func.count()).select_from(Registration)
    query = query.join(Claim, Claim.registration_id == Registration.id)
    return query.where(Registration.edition_id == edition_id, *_holds_place(edition_id))


def _holds_place(edition_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    pool = select(Pool.id).where(Pool.edition_id == edition_id).scalar_subquery()
    return Claim.pool_id == pool, Claim.status == COUNTED


def _per_day(session: Session, editions: Sequence[Edition]) -> dict[int, Counter[int]]:
    """How many registered in each span of 24 hours since registration opened, by edition."""
    opened = {
        one.id: int(one.registration_opens_at.timestamp()) for one in editions if one.registration_opens_at is not None
    }
    if not opened:
        return {}
    # Whole spans of 24 hours: no database need know an edition's zone.
    age = cast(extract("epoch", Registration.registered_at), BigInteger) - case(opened, value=Registration.edition_id)
    places = select(Pool.id).where(Pool.edition_id.in_(opened))
    query = (
        select(Registration.edition_id, (age // DAY).label("day"), func.count())
        .join(Claim, Claim.registration_id == Registration.id)
        .where(Claim.pool_id.in_(places), Claim.status == COUNTED)
        .group_by(Registration.edition_id, literal_column("day"))
    )
    per_day: dict[int, Counter[int]] = {}
    for edition_id, on, count in session.execute(query):
        per_day.setdefault(edition_id, Counter())[max(0, on)] += count
    return per_day


def _days(edition: Edition, per_day: Counter[int], now: datetime) -> tuple[int, ...]:
    """Until now, or until registration closes; further only if somebody was registered later."""
    opened_at, closes_at = edition.registration_opens_at, edition.registration_closes_at
    assert opened_at is not None, "only editions are compared whose opening is known"
    last = max(per_day, default=-1)
    if now >= opened_at:
        last = max(last, days_between(opened_at, min(now, closes_at) if closes_at else now))
    return growth(per_day, last)


def figure_faults(session: Session) -> list[str]:
    """Frozen figures that contradict each other; one sentence each."""
    there = select(FrozenDelegate.edition_id, func.count()).group_by(FrozenDelegate.edition_id)
    delegates = dict(session.execute(there).all())
    years = dict(session.execute(select(Edition.id, Edition.year)).all())
    found = [
        f"edition {years[edition_id]}: there are names of delegates, and no frozen figures"
        for edition_id in sorted(delegates.keys() - set(session.scalars(select(FrozenFigures.edition_id))))
    ]
    for frozen in session.scalars(select(FrozenFigures).order_by(FrozenFigures.edition_id)):
        year = years[frozen.edition_id]
        figures = from_stored(year, frozen.came_before, frozen.record).figures
        if sum(number for _slug, number in figures.categories) > figures.total:
            found.append(f"edition {year}: its frozen categories have more people than its countries")
        if max(figures.arrived, frozen.came_before, delegates.get(frozen.edition_id, 0)) > figures.total:
            found.append(f"edition {year}: more people arrived, returned or have a name than were counted")
        if frozen.second_time > frozen.came_before:
            found.append(f"edition {year}: more people came for the second time than came before")
    return found
