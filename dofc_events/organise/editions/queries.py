"""An edition in figures. Each counts those whose place is confirmed, as the list does with this status and no other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import BigInteger, Select, case, cast, extract, func, literal_column, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import in_zone
from dofc_events.core.countries import continent_of
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import came_before
from dofc_events.organise.editions.rules import DAY, days_between, growth
from dofc_events.places.models import Arrival, Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.models import Answer
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import KEYED, OwnQuestion
from dofc_events.registration.queries import Filters, conditions

# The one rule for who counts.
COUNTED = ClaimStatus.CONFIRMED
LARGEST = 10
MAX_EARLIER = 3
QUARTER = 15 * 60

Shares = list[tuple[str, int]]


@dataclass(frozen=True)
class EditionFigures:
    """People with a confirmed place, grouped by their answers: keys with their numbers, the largest first.

    Categories are slugs, in the order of the form; countries and continents are codes; of `organisations`
    those with several people, the LARGEST, as they were written. `arrived` is how many have
    arrived, `returning` how many were at an earlier edition.
    `choices` are the edition's own questions that are answered by a key, each with its answers in their order.
    """

    total: int
    arrived: int
    categories: Shares
    continents: Shares
    countries: Shares
    languages: Shares
    organisations: Shares
    returning: int
    choices: Sequence[tuple[OwnQuestion, Shares]]


@dataclass(frozen=True)
class Growth:
    """How many of those who count had registered at the end of each 24 hours since registration opened; none before."""

    year: int
    days: Sequence[int]

    def by(self, day: int) -> int:
        """The number at the end of a day; after the last day it stays the same."""
        return self.days[min(day, len(self.days) - 1)] if self.days else 0


def figures_of(session: Session, edition: Edition) -> EditionFigures:
    """An edition's figures, in four queries; one more if it asks questions of its own."""
    by = (Registration.category_id, Registration.country, Registration.language)
    # One query over everybody serves five figures: there are few combinations.
    rows = session.execute(_counted(edition.id, *by, func.count(Claim.used_at)).group_by(*by)).all()
    by_category = dict(_sums((category, count) for category, _country, _language, _arrived, count in rows))
    countries = _sums((country, count) for _category, country, _language, _arrived, count in rows)
    named = Registration.organisation != ""
    organisations = _counted(edition.id, Registration.organisation).where(named).group_by(Registration.organisation)
    several = organisations.having(func.count() > 1)
    largest = several.order_by(func.count().desc(), Registration.organisation).limit(LARGEST)
    return EditionFigures(
        total=sum(row[-1] for row in rows),
        arrived=sum(row[-2] for row in rows),
        categories=[(category.slug, by_category.get(category.id, 0)) for category in edition.categories],
        continents=_sums((continent_of(country), count) for country, count in countries),
        countries=countries,
        languages=_sums((language, count) for _category, _country, language, _arrived, count in rows),
        organisations=[(name, count) for name, count in session.execute(largest)],
        returning=session.scalar(_counted(edition.id).where(came_before(edition.id))) or 0,
        choices=_choices(session, edition.id),
    )


def _choices(session: Session, edition_id: int) -> Sequence[tuple[OwnQuestion, Shares]]:
    asked = [one for one in questions_of(session, edition_id) if one.kind in KEYED]
    if not asked:
        return []
    by = Answer.question_id, Answer.choice
    query = _counted(edition_id, *by).join(Answer, Answer.registration_id == Registration.id)
    query = query.where(Answer.question_id.in_([one.id for one in asked]), ~Answer.waits).group_by(*by)
    counts = {(question, choice): count for question, choice, count in session.execute(query)}
    answered = {question for question, _choice in counts}
    return [(one, [(key, counts.get((one.id, key), 0)) for key in one.answers]) for one in asked if one.id in answered]


def growth_of(session: Session, edition: Edition, now: datetime) -> list[Growth]:
    """How an edition grows until `now`, then how the last MAX_EARLIER before it grew; in two queries.

    Empty if it is not known when registration opens. Earlier editions that nobody registered for here are left out.
    """
    if edition.registration_opens_at is None:
        return []
    earlier = session.scalars(
        select(Edition)
        .join(Pool, Pool.edition_id == Edition.id)
        .where(Edition.year < edition.year, Edition.status != EditionStatus.DRAFT)
        .where(Edition.registration_opens_at.is_not(None), Pool.taken > 0)
        .order_by(Edition.year.desc())
        .limit(MAX_EARLIER)
    ).all()
    opened = {
        one.id: int(one.registration_opens_at.timestamp()) for one in (edition, *earlier) if one.registration_opens_at
    }
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
    return [Growth(one.year, _days(one, per_day.get(one.id, Counter()), now)) for one in (edition, *earlier)]


@dataclass(frozen=True)
class Arrivals:
    """How many had arrived on one day by the end of each quarter of an hour.

    All days of an edition begin at the same quarter since midnight, `from_`.
    """

    day: date
    from_: int
    by_quarter: Sequence[int]

    @property
    def total(self) -> int:
        return self.by_quarter[-1]


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


def _counted(edition_id: int, *columns: Any) -> Select[Any]:
    """How many count, after these columns, as the list of registrations would find them."""
    query = select(*columns, func.count()).select_from(Registration)
    query = query.join(Claim, Claim.registration_id == Registration.id)
    return query.where(*conditions(edition_id, Filters(status=COUNTED)))


def _days(edition: Edition, per_day: Counter[int], now: datetime) -> tuple[int, ...]:
    """Until now, or until registration closes; further only if somebody was registered later."""
    opened_at, closes_at = edition.registration_opens_at, edition.registration_closes_at
    assert opened_at is not None, "only editions are compared whose opening is known"
    last = max(per_day, default=-1)
    if now >= opened_at:
        last = max(last, days_between(opened_at, min(now, closes_at) if closes_at else now))
    return growth(per_day, last)


def _sums(pairs: Iterable[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Each key once, the largest first, then in the order of the keys."""
    sums: Counter[Any] = Counter()
    for key, count in pairs:
        sums[key] += count
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
