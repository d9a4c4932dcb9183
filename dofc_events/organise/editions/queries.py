"""An edition in figures. Each counts those whose place is confirmed, as the list does with this status and no other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, case, cast, extract, func, literal_column, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.countries import continent_of
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import came_before
from dofc_events.organise.editions.rules import DAY, days_between, growth
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.models import Answer
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import KEYED, OwnQuestion
from dofc_events.registration.queries import Filters, conditions

# The one rule for who counts.
COUNTED = ClaimStatus.CONFIRMED
LARGEST = 10
MAX_EARLIER = 3

Shares = list[tuple[str, int]]


@dataclass(frozen=True)
class EditionFigures:
    """People with a confirmed place, grouped by their answers: keys with their numbers, the largest first.

    Categories are slugs, in the order of the form; countries and continents are codes; of `organisations`
    those with several people, the LARGEST, as they were written. `returning` is how many were at an earlier edition.
    `choices` are the edition's own questions that are answered by a key, each with its answers in their order.
    """

    total: int
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
    # One query over everybody serves four figures: there are few combinations.
    rows = session.execute(_counted(edition.id, *by).group_by(*by)).all()
    by_category = dict(_sums((category, count) for category, _country, _language, count in rows))
    countries = _sums((country, count) for _category, country, _language, count in rows)
    organisations = _counted(edition.id, Registration.organisation).group_by(Registration.organisation)
    several = organisations.having(func.count() > 1)
    largest = several.order_by(func.count().desc(), Registration.organisation).limit(LARGEST)
    return EditionFigures(
        total=sum(row[-1] for row in rows),
        categories=[(category.slug, by_category.get(category.id, 0)) for category in edition.categories],
        continents=_sums((continent_of(country), count) for country, count in countries),
        countries=countries,
        languages=_sums((language, count) for _category, _country, language, count in rows),
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
    query = query.where(Answer.question_id.in_([one.id for one in asked])).group_by(*by)
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
