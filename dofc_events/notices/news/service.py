"""What delegates are still to be told: kept until somebody, or the worker, tells it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from dofc_events.core.db import in_pieces
from dofc_events.mail import outbox
from dofc_events.mail.models import Message
from dofc_events.notices.mails import PLACE_OFFERED
from dofc_events.notices.models import ToldTogether, UntoldNews
from dofc_events.notices.queries import is_due
from dofc_events.notices.rules import SeatNews
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.rules import Reason


@dataclass
class News:
    """What one delegate is to be told: about the place at the edition, about seats, by trip, and about `details`.

    `before` is what a registration that has ended held, and CANCELLED of one that was reinstated; `because` is the
    reason that organisers gave for what they did to the place by hand, `reopened` for opening the waiting list again;
    `details` are names of fields of Details that organisers changed, `own_details` of those that the delegate did.
    `added`: organisers registered them, and the message quotes what they said about the delegate's consent.
    `organisers_say` is what organisers write to the delegate with it. `choices` are options of questions that they
    waited for and have now, in words. `asked_for` as in `outbox.enqueue`.
    """

    place: bool = False
    seats: dict[int, SeatNews] = field(default_factory=dict)
    before: ClaimStatus | None = None
    because: str = ""
    reopened: str = ""
    organisers_say: str = ""
    details: tuple[str, ...] = ()
    own_details: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    added: bool = False
    asked_for: bool = False

    def add_seat(self, trip_id: int, before: str, reason: Reason, was: Mapping[str, str] | None = None) -> None:
        """What was before the first change is before all of them."""
        known = self.seats.get(trip_id, SeatNews(before, reason))
        self.seats[trip_id] = SeatNews(known.before, reason, {**(was or {}), **known.was})

    def add_all(self, earlier: "News") -> None:
        """What was to be told already, and is told now."""
        if not self.place:
            self.place, self.before, self.because = earlier.place, earlier.before, earlier.because
        self.details = tuple(dict.fromkeys((*earlier.details, *self.details)))
        self.own_details = tuple(dict.fromkeys((*earlier.own_details, *self.own_details)))
        self.choices = tuple(dict.fromkeys((*earlier.choices, *self.choices)))
        self.added = self.added or earlier.added
        self.reopened = self.reopened or earlier.reopened
        self.organisers_say = self.organisers_say or earlier.organisers_say
        self.asked_for = self.asked_for or earlier.asked_for
        for trip_id, seat in earlier.seats.items():
            later = self.seats.get(trip_id, seat)
            self.seats[trip_id] = SeatNews(seat.before, later.reason, {**later.was, **seat.was})


def leave_untold(session: Session, news: Mapping[int, News], now: datetime) -> None:
    """Let the worker write to these delegates, once all is done."""
    rows: dict[int, UntoldNews] = {}
    for some in in_pieces(news):
        known = session.scalars(select(UntoldNews).where(UntoldNews.registration_id.in_(some)))
        rows |= {row.registration_id: row for row in known}
    for registration_id, what in news.items():
        row = rows.get(registration_id) or UntoldNews(registration_id=registration_id, since=now)
        if row.news:
            what.add_all(read(row.news))
        row.news, row.due_at = stored(what), None
        session.add(row)


def stored(news: News) -> dict[str, Any]:
    """What `read` reads, as the table has it."""
    seats = {str(trip_id): [seat.before, seat.reason, dict(seat.was)] for trip_id, seat in news.seats.items()}
    return {
        "place": news.place,
        "seats": seats,
        "before": news.before,
        "because": news.because,
        "reopened": news.reopened,
        "organisers_say": news.organisers_say,
        "details": list(news.details),
        "own_details": list(news.own_details),
        "choices": list(news.choices),
        "added": news.added,
        "asked_for": news.asked_for,
    }


def hold(session: Session, registration_id: int) -> None:
    """Keep the worker from telling a delegate their news until the unit of work ends: before messages are withdrawn."""
    session.execute(_news_of(registration_id).with_for_update())


def _news_of(registration_id: int) -> Select[int]:
    return select(UntoldNews.registration_id).where(UntoldNews.registration_id == registration_id)


def take_over(session: Session, registration_id: int, *, due_by: datetime | None = None) -> News | None:
    """Take news that a delegate was still to be told; None if there is none, or another process was quicker.

    With `due_by`, only what is due by then, without waiting for a process that is just telling it.
    """
    mine = _news_of(registration_id).with_for_update(skip_locked=due_by is not None)
    if due_by:
        mine = mine.where(is_due(due_by))
    struck = session.scalar(delete(UntoldNews).where(UntoldNews.registration_id.in_(mine)).returning(UntoldNews.news))
    return None if struck is None else read(struck)


def read(stored: dict[str, Any]) -> News:
    """The news that the table has."""
    # What was stored before trips said what they were has two parts.
    seats = {int(t): SeatNews(seat[0], Reason(seat[1]), *seat[2:]) for t, seat in stored.get("seats", {}).items()}
    before = ClaimStatus(stored["before"]) if stored.get("before") else None
    details, own, choices = (tuple(stored.get(name, ())) for name in ("details", "own_details", "choices"))
    because, added, asked_for = stored.get("because", ""), stored.get("added", False), stored.get("asked_for", False)
    reopened, say = stored.get("reopened", ""), stored.get("organisers_say", "")
    return News(stored["place"], seats, before, because, reopened, say, details, own, choices, added, asked_for)


def take_apart(session: Session, registration_ids: Collection[int], now: datetime) -> list[int]:
    """Withdraw what announces offers to these people together with others, unless it has left.

    Returns everybody whom it named and to whom a place is still offered. Those who are not among these people are told
    anew.
    """
    ours = select(ToldTogether.message_id).where(ToldTogether.registration_id.in_(registration_ids))
    shared = select(ToldTogether.registration_id).join(Message).where(Message.id.in_(ours))
    shared = shared.where(Message.kind == PLACE_OFFERED)
    query = select(Claim.registration_id).join(Pool).where(Pool.edition_id.is_not(None))
    query = query.where(Claim.status == ClaimStatus.OFFERED, Claim.registration_id.in_(shared))
    named = list(session.scalars(query.order_by(Claim.registration_id)))
    for registration_id in named:
        hold(session, registration_id)
    if not outbox.withdraw_all(session, [Message.id.in_(ours), Message.kind == PLACE_OFFERED], now):
        return []
    leave_untold(session, {id_: News(place=True) for id_ in named if id_ not in registration_ids}, now)
    return named
