"""What is public, and since when, for programs that look for what is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import end_of_day
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.queries import outcomes_by_edition

# A feed is for news; the memory as a whole is on the pages.
LATEST = 50


@dataclass(frozen=True)
class News:
    """An edition that was announced or is over, or an outcome of one, and since when readers could know."""

    at: datetime
    edition: Edition
    outcome: Outcome | None = None


def public_editions(session: Session) -> Sequence[Edition]:
    """The editions that everyone may see, latest first."""
    public = select(Edition).where(Edition.status != EditionStatus.DRAFT)
    return session.scalars(public.order_by(Edition.year.desc())).all()


def latest_news(session: Session, now: datetime) -> list[News]:
    """What is new, latest first; demonstrations are no news."""
    published = select(AuditEntry.scope, func.min(AuditEntry.at)).where(AuditEntry.act == "edition_published")
    announced = dict(session.execute(published.group_by(AuditEntry.scope)).all())
    news, editions = [], public_editions(session)
    outcomes = outcomes_by_edition(session, [edition.id for edition in editions])
    for edition in editions:
        if edition.is_demo:
            continue
        over_at = _over_at(edition)
        announced_at = announced.get(str(edition.year))
        news.append(News(over_at if over_at <= now else min(announced_at or over_at, now), edition))
        news += [News(_known_at(one, announced_at, over_at), edition, one) for one in outcomes[edition.id]]
    return sorted(news, key=lambda one: one.at, reverse=True)[:LATEST]


def _known_at(outcome: Outcome, announced_at: datetime | None, over_at: datetime) -> datetime:
    """When what is said of an outcome came onto the site; of an edition that came as a record, when it was agreed."""
    if announced_at:
        return max(announced_at, outcome.changed_at)
    agreed_at = datetime.combine(outcome.agreed_on, time(12), UTC) if outcome.agreed_on else over_at
    return min(agreed_at, outcome.changed_at)


def _over_at(edition: Edition) -> datetime:
    if edition.ends_on is None:
        return datetime.combine(datetime(edition.year, 12, 31, tzinfo=UTC), time(12), UTC)
    return end_of_day(edition.ends_on, edition.zone)
