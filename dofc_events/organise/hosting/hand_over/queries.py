"""What a new host can learn from the last edition, without anybody's personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone
from dofc_events.letters.models import Letter
from dofc_events.memory.figures.queries import counted_record, frozen_record
from dofc_events.memory.figures.rules import Record, Shares
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import OwnQuestion, waited_for


@dataclass(frozen=True)
class Lessons:
    """Figures, moments, letters and answers of an edition. `filled_on`: the day on which all places were taken; of
    `letters` those that were sent, in their order; `answers` are own questions with how often each answer was given,
    and the options for which some who gave it may have waited.
    """

    edition: Edition
    record: Record
    filled_on: date | None
    letters: Sequence[Letter]
    answers: Sequence[tuple[OwnQuestion, Shares, Sequence[str]]]

    def days_before(self, when: datetime | date) -> int | None:
        """How many days before its first day something was: what another edition can plan with."""
        if self.edition.starts_on is None:
            return None
        day = in_zone(when, self.edition.zone).date() if isinstance(when, datetime) else when
        return (self.edition.starts_on - day).days


def lessons_of(session: Session, edition: Edition, now: datetime) -> Lessons:
    """What there is to learn from an edition, in the same few queries however many people came."""
    record = frozen_record(session, edition) or counted_record(session, edition, now)
    sent = select(Letter).where(Letter.edition_id == edition.id, Letter.started_at.is_not(None))
    asked = questions_of(session, edition.id) if edition.asks_questions else ()
    choices = record.figures.choices
    return Lessons(
        edition=edition,
        record=record,
        filled_on=_filled_on(edition, record),
        letters=session.scalars(sent.order_by(Letter.started_at, Letter.id)).all(),
        answers=[(one, choices[one.key], waited_for(asked, one)) for one in asked if one.key in choices],
    )


def _filled_on(edition: Edition, record: Record) -> date | None:
    day = record.growth.filled_on(record.capacity) if record.growth else None
    if day is None or edition.registration_opens_at is None:
        return None
    return in_zone(edition.registration_opens_at + timedelta(days=day), edition.zone).date()
