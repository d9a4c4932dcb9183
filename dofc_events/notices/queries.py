"""Reads that the delegate's own pages and the messages to delegates need."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, bindparam, case, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from dofc_events.conference.models import Edition
from dofc_events.core.clock import in_zone
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.notices.mails import OFFER_REMINDER, PLACE_OFFERED, SEAT_OFFERED, SEAT_STATUS_KINDS, Standing
from dofc_events.notices.models import ToldTogether, UntoldNews
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import overdue, place_of, waiting_position
from dofc_events.places.rules import ClaimStatus, is_late
from dofc_events.questions.queries import answered_by, answered_by_many, answers_of, questions_of
from dofc_events.questions.rules import Kind, OwnQuestion, files_asked, shown
from dofc_events.questions.texts import Answered
from dofc_events.trips.queries import trips_of

OFFERS = (PLACE_OFFERED, SEAT_OFFERED)

_REGISTRATION = select(Registration).where(Registration.id == bindparam("registration_id"))
_REGISTRATION = _REGISTRATION.options(joinedload(Registration.edition), joinedload(Registration.category))

# The kind of the message that a place's status is told by; also what `flask check` looks for.
STATUS_KINDS = {
    ClaimStatus.CONFIRMED: "registration-confirmed",
    ClaimStatus.WAITLISTED: "registration-waitlisted",
    ClaimStatus.REQUESTED: "registration-waitlisted",
    ClaimStatus.OFFERED: PLACE_OFFERED,
    ClaimStatus.EXPIRED: "registration-expired",
    ClaimStatus.CANCELLED: "registration-cancelled",
}
# Each of these lists all seats.
SEAT_KINDS = (*STATUS_KINDS.values(), *SEAT_STATUS_KINDS.values(), "trip-changed")


def standing_of(session: Session, registration_id: int) -> Standing:
    """What a registration holds at this moment."""
    return standing_in(session, session.scalars(_REGISTRATION, {"registration_id": registration_id}).one())


def standing_in(session: Session, registration: Registration) -> Standing:
    """What a registration that is at hand, with its edition, holds at this moment."""
    claim = place_of(session, registration.id)
    trips = tuple(trips_of(session, registration.edition_id, registration.id))
    position, edition = waiting_position(session, claim), registration.edition
    answers = answered_by(session, registration.id) if edition.asks_questions else ()
    files = files_for(session, edition, registration.category.slug, answers)
    return Standing(registration, edition, claim, position, trips, answers, files=files)


def files_for(
    session: Session, edition: Edition, category: str, answers: Collection[Answered]
) -> tuple[OwnQuestion, ...]:
    """The questions that somebody of this category who answered so is to answer with a file, sooner or later."""
    if not edition.asks_files:
        return ()
    questions = questions_of(session, edition.id)
    visible = shown(questions, answers_of(answers), category)
    asked = (one for one in questions if one.kind is Kind.FILE and not (one.is_retired or one.organisers_only))
    return tuple(one for one in asked if one.key in visible)


def asked_for_files(
    session: Session, edition: Edition, registrations: Collection[Registration], now: datetime
) -> Collection[Registration]:
    """Those of these registrations, of one edition, that can answer a question with a file now; in two queries."""
    registrations = [one for one in registrations if not one.is_frozen(now)]
    if not (edition.asks_files and registrations):
        return ()
    on = in_zone(now, edition.zone).date()
    questions = questions_of(session, edition.id)
    said = answered_by_many(session, [one.id for one in registrations])
    return [
        one
        for one in registrations
        if files_asked(questions, answers_of(tuple(said.get(one.id, {}).values())), one.category.slug, on)
    ]


def offer_stands(session: Session, standing: Standing, claim: Claim, now: datetime) -> bool:
    """Whether an offer (of a place or a seat) can be accepted: until its deadline, and until its message is sent.

    Once the edition has begun nothing more is given out, announced or not.
    """
    if claim.status != ClaimStatus.OFFERED or not standing.edition.gives_places(now):
        return False
    return not overdue(claim, now) or offer_is_untold(session, standing.registration, claim)


def offer_is_untold(session: Session, registration: Registration, claim: Claim) -> bool:
    """Whether a message with an offer is still to be written, on its way, or kept for want of a mail server.

    Each message since the offer was made lists it, also where its kind is that of other news.
    """
    unsent = told(
        registration.id,
        registration.reference,
        Message.kind.in_(SEAT_KINDS),
        Message.queued_at >= claim.offered_at,
        Message.state.in_((MessageState.QUEUED, MessageState.SENDING, MessageState.KEPT)),
    )
    # What waits for more changes of the delegate's announces no offer.
    unwritten = exists().where(UntoldNews.registration_id == registration.id, UntoldNews.due_at.is_(None))
    return bool(session.scalar(select(unsent | unwritten)))


def told(registration_id: Any, reference: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is such a message about a registration, alone or together with others of its group."""
    together = exists().where(ToldTogether.registration_id == registration_id, ToldTogether.message_id == Message.id)
    return exists().where(Message.about == reference, *conditions) | together.where(*conditions)


def _told_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return told(Registration.id, Registration.reference, *conditions)


def with_unsent_offer(registration_ids: Iterable[int]) -> Select[int]:
    """Those of these registrations with a message on its way that announces an offer, or reminds of one."""
    unsent = _told_of(Message.kind.in_((*OFFERS, OFFER_REMINDER)), Message.state == MessageState.QUEUED)
    return select(Registration.id).where(Registration.id.in_(registration_ids), unsent).order_by(Registration.id)


def offer_is_told(session: Session, registration: Registration, claim: Claim) -> bool:
    """Whether a message that announced an offer has left."""
    left = (Message.kind.in_(OFFERS), Message.sent_at.is_not(None), Message.queued_at >= claim.offered_at)
    return bool(session.scalar(select(told(registration.id, registration.reference, *left))))


def offers_told_late(session: Session, now: datetime) -> list[int]:
    """Registrations with an offer whose message waits while its time runs away, and not because the mailbox refuses it.

    A delegate told of it once gets no more time by having the message sent again, here or to another address.
    """
    claims = session.scalars(_offers_in_unsent_messages()).all()
    late = [c for c in claims if c.offered_at and c.offered_until and is_late(c.offered_at, c.offered_until, now)]
    return list(dict.fromkeys(claim.registration_id for claim in late))


@cache
def _offers_in_unsent_messages() -> Select[Claim]:
    offers = Message.kind.in_(OFFERS)
    waiting = _told_of(offers, Message.state == MessageState.QUEUED, Message.refusals == 0)
    left = _told_of(offers, Message.sent_at.is_not(None), Message.queued_at >= Claim.offered_at)
    query = select(Claim).join(Registration).where(Claim.status == ClaimStatus.OFFERED, waiting, ~left)
    return query.order_by(Claim.id)


def offers_to_remind_of(session: Session, now: datetime) -> list[int]:
    """Registrations with an offer that lapses soon, whose message has left."""
    return list(dict.fromkeys(session.scalars(_offers_that_lapse_soon(), {"now": now})))


@cache
def _offers_that_lapse_soon() -> Select[int]:
    left = _told_of(Message.kind.in_(SEAT_KINDS), Message.queued_at >= Claim.offered_at, Message.sent_at.is_not(None))
    query = select(Claim.registration_id).join(Registration).where(Claim.status == ClaimStatus.OFFERED, left)
    query = query.where(Claim.remind_at <= bindparam("now"), Claim.offered_until > bindparam("now"))
    return query.order_by(Claim.remind_at, Claim.id)


def offers_overdue(session: Session, now: datetime) -> list[int]:
    """Registrations with an offer whose deadline has passed, or whose edition no longer gives out places."""
    # Of seats as well, which have pools of their own.
    offering = select(Registration.edition_id).join(Claim).where(Claim.status == ClaimStatus.OFFERED)
    ended = _giving_nothing(session, Edition.id.in_(offering), now)
    over = or_(Claim.offered_until <= now, Registration.edition_id.in_(ended))
    query = select(Claim.registration_id).join(Registration).where(Claim.status == ClaimStatus.OFFERED, over)
    return list(dict.fromkeys(session.scalars(query.order_by(Claim.offered_until, Claim.id))))


def lists_to_close(session: Session, now: datetime) -> list[int]:
    """Editions that have begun, or are archived, while people still wait for a place."""
    return _giving_nothing(session, exists().where(Claim.pool_id == Pool.id, Claim.position.is_not(None)), now)


def _giving_nothing(session: Session, asked_for: ColumnElement[bool], now: datetime) -> list[int]:
    """The editions that no longer give out places, of which something is `asked_for`."""
    editions = select(Edition).join(Pool, Pool.edition_id == Edition.id).where(asked_for).order_by(Edition.id)
    return [edition.id for edition in session.scalars(editions) if not edition.gives_places(now)]


def untold_news(session: Session, limit: int, now: datetime) -> Sequence[int]:
    """Registrations whose delegates are to be told now, those who have waited longest first."""
    query = select(UntoldNews.registration_id).where(is_due(now))
    return session.scalars(query.order_by(UntoldNews.since, UntoldNews.registration_id).limit(limit)).all()


def is_due(now: datetime) -> ColumnElement[bool]:
    """The condition for news that does not wait for more about the same delegate."""
    return or_(UntoldNews.due_at.is_(None), UntoldNews.due_at <= now)


@cache
def _facts_without_message(told_otherwise: Select[int] | None) -> CompoundSelect[str]:
    since = Message.queued_at >= Claim.changed_at
    kind = case(*((Claim.status == status, kind) for status, kind in STATUS_KINDS.items()))
    unwritten = exists().where(UntoldNews.registration_id == Registration.id)
    query = select(Registration.reference).join(Claim, Claim.registration_id == Registration.id).join(Pool)
    query = query.where(~Claim.untold)
    if told_otherwise is not None:
        query = query.where(Claim.id.not_in(told_otherwise))
    places = query.where(Pool.edition_id.is_not(None), ~unwritten, ~_told_of(since, Message.kind == kind))
    seats = query.where(Pool.trip_id.is_not(None), ~unwritten, ~_told_of(since, Message.kind.in_(SEAT_KINDS)))
    return places.union(seats)


def facts_without_message(session: Session, *, told_otherwise: Select[int] | None = None) -> Sequence[str]:
    """References of registrations whose status has not been and will not be told in a message, although it should be.

    `told_otherwise` are claims that were told in a message about several registrations: a statement that is kept, as
    what is made of it is kept with it.
    """
    return session.scalars(_facts_without_message(told_otherwise)).all()
