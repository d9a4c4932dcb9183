"""Tells delegates: every message about what changed for them goes through here, in the commit of what changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import Difference
from dofc_events.core.db import in_pieces
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.queries import live_registration_id, registrations_by_id
from dofc_events.mail import outbox
from dofc_events.mail.envelope import Envelope
from dofc_events.notices import mails
from dofc_events.notices.mails import OFFER_REMINDER, PLACE_OFFERED, SEAT_OFFERED, SeatNews
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.queries import is_due, standing_of, with_unsent_offer
from dofc_events.notices.rules import BATCH
from dofc_events.places.models import Claim
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import OfferTerms, Promotion
from dofc_events.trips.rules import Reason
from dofc_events.trips.sign_ups.service import SeatBook


@dataclass
class News:
    """What one delegate is to be told: about the place at the edition, about seats, by trip, and about `details`.

    `before` is what a cancelled registration held, and CANCELLED of one that was reinstated; `because` is the reason
    that organisers gave for what they did to the place by hand; `details` are names of fields of Details that
    organisers changed, `own_details` of those that the delegate did. `added`: organisers registered them, and the
    message quotes what they said about the delegate's consent. `organisers_say` is what organisers write to the
    delegate with it. `choices` are options of questions that they waited for and have now, in words. `asked_for` as in
    `outbox.enqueue`.
    """

    place: bool = False
    seats: dict[int, SeatNews] = field(default_factory=dict)
    before: ClaimStatus | None = None
    because: str = ""
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
        self.organisers_say = self.organisers_say or earlier.organisers_say
        self.asked_for = self.asked_for or earlier.asked_for
        for trip_id, seat in earlier.seats.items():
            later = self.seats.get(trip_id, seat)
            self.seats[trip_id] = SeatNews(seat.before, later.reason, {**later.was, **seat.was})


class Changes:
    """Collects what one act changes, for each person, so that everybody is told once, of everything.

    Every change that is collected is put into the trail here, in the same words, and into calendars by `revision`:
    nobody is told what the trail does not say. `book` has the seats of the edition's trips; changes in it are told,
    too. Registrations in `quiet` are not told, and the trail says so.
    """

    def __init__(
        self,
        session: Session,
        edition: Edition,
        actor: Actor,
        now: datetime,
        *,
        keep: bool = False,
        quiet: Collection[int] = (),
    ) -> None:
        self.session, self.edition, self.actor, self.now, self.keep = session, edition, actor, now, keep
        self.quiet = set(quiet)
        self.news: dict[int, News] = {}
        # Of trips that are not what they were: what was said of them, as SeatNews has it.
        self.trips_were: dict[int, dict[str, str]] = {}

    @cached_property
    def book(self) -> SeatBook:
        return SeatBook(self.session, self.edition, terms_of(self.edition, self.now), self.now)

    def details(self, registration: Registration, changes: Difference, *, told: tuple[str, ...]) -> None:
        """What is on record of somebody is not what it was; they are told of what is their business."""
        self._happened("details_changed", registration, changes=changes)
        self.news.setdefault(registration.id, News()).details = told

    def place(
        self,
        act: str,
        registration: Registration,
        *,
        confirmed: bool = False,
        before: ClaimStatus | None = None,
        because: str = "",
    ) -> None:
        """By this act somebody's place at the edition is not what it was; once confirmed, requested seats follow it."""
        self._happened(act, registration, **({"because": because} if because else {}))
        choices = self.news.get(registration.id, News()).choices
        self.news[registration.id] = News(place=True, before=before, because=because, choices=choices)
        if confirmed:
            self.book.settle(registration.id)

    def added(self, registration: Registration, status: ClaimStatus, file: str, *, told: bool) -> None:
        """Tell somebody that organisers registered them from a file."""
        log(self.session, self.actor, self.now, "imported", registration, quiet=not told, status=status, file=file)
        self.news[registration.id] = News(place=True, added=True)
        if not told:
            self.quiet.add(registration.id)

    def moved_up(self, promotions: Sequence[Promotion]) -> None:
        """These moved up on the edition's waiting list."""
        people = registrations_by_id(self.session, (promotion.registration_id for promotion in promotions))
        confirmed = [one.registration_id for one in promotions if one.status == ClaimStatus.CONFIRMED]
        if confirmed:
            self.book.look_up(confirmed)
        # Whoever gets a place is told, whatever else is not said.
        self.quiet.difference_update(people)
        for promotion in promotions:
            registration = people[promotion.registration_id]
            self.place(str(promotion.status), registration, confirmed=promotion.status == ClaimStatus.CONFIRMED)

    def choice_given(self, registration_ids: Collection[int], question: str, option: str) -> None:
        """These waited for a place of an option, and have one."""
        people = registrations_by_id(self.session, registration_ids)
        self.quiet.difference_update(people)
        for registration_id in registration_ids:
            self._happened("choice_given", people[registration_id], question=question, option=option)
            self.news.setdefault(registration_id, News()).choices += (f"{question} {option}",)

    def tell(self, first: int | None = None) -> None:
        """Write to everybody; the one who acts, if it is a delegate, comes first.

        Where the others are many, only note that they are to be told: the worker writes to them.
        """
        self.record_seats()
        news = {id_: what for id_, what in self.news.items() if id_ not in self.quiet}
        if self.quiet:
            _say_nothing(self.session, self.quiet, self.now)
        if first is not None:
            tell(self.session, first, news.pop(first, News()), self.now, keep=self.keep, asked_for=True)
        if len(news) <= BATCH:
            for registration_id, what in news.items():
                tell(self.session, registration_id, what, self.now, keep=self.keep)
            return
        # All rows are written at once, and not each before the next is looked for.
        with self.session.no_autoflush:
            _leave_untold(self.session, news, self.now)

    def record_seats(self) -> None:
        """Take over what has become of seats, once all is done: into the trail, and into what is to be told."""
        changes = self.book.changes if "book" in self.__dict__ else ()
        self.quiet.difference_update(c.registration_id for c in changes if c.reason is Reason.MOVED_UP)
        people = registrations_by_id(self.session, {change.registration_id for change in changes})
        for change in changes:
            registration, slug = people[change.registration_id], self.book.trips[change.trip_id].slug
            self._happened("seat_changed", registration, trip=slug, reason=change.reason)
            self.news.setdefault(registration.id, News()).add_seat(
                change.trip_id, change.before, change.reason, self.trips_were.get(change.trip_id)
            )

    def _happened(self, act: str, registration: Registration, **details: Any) -> None:
        registration.revise(self.now)
        quiet = registration.id in self.quiet
        log(self.session, self.actor, self.now, act, registration, quiet=quiet, **details)


def tell(
    session: Session,
    registration_id: int,
    news: News,
    now: datetime,
    *,
    keep: bool = False,
    asked_for: bool = False,
    handed_over_by: str = "",
) -> None:
    """Write to a delegate what changed, and all that they hold now; `handed_over_by` as in `mails.status_message`.

    What they were still to be told is told with it. With `keep` the message is stored and never sent, for demonstration
    data. What the delegate `asked_for` waits if there were such messages just now, so that many changes are told
    once; not what becomes of the place of somebody with an address of their own, nor an offer.
    """
    session.flush()
    if earlier := _take_over(session, registration_id):
        news.add_all(earlier)
    news.asked_for = news.asked_for or asked_for
    standing = standing_of(session, registration_id)
    if asked_for and not keep and _put_off(session, standing, news, now):
        return
    _write(session, standing, news, now, keep=keep, handed_over_by=handed_over_by)


def tell_news(session: Session, registration_ids: Iterable[int], now: datetime) -> None:
    """Write the messages that an act with many recipients left to be written, unless somebody else has since.

    It locks no pool, which would stop registration for as long as it writes; hence it waits for nobody's news, and
    leaves what is being told just now.
    """
    for registration_id in registration_ids:
        untold = _take_over(session, registration_id, due_by=now)
        if untold:
            standing = standing_of(session, registration_id)
            # A contact's address may have been waiting for news of several people.
            at_contact = untold.asked_for and standing.registration.email_key is None
            if not (at_contact and _put_off(session, standing, untold, now)):
                _write(session, standing, untold, now)


def told_if_known(session: Session, edition_id: int, email: str, now: datetime) -> bool:
    """Write to an address if it is registered already; False if it is not."""
    known = live_registration_id(session, edition_id, email)
    if known is None:
        return False
    send(session, mails.already_registered(standing_of(session, known)), now, asked_for=True)
    return True


def send(session: Session, envelope: Envelope, now: datetime, *, keep: bool = False, asked_for: bool = False) -> None:
    """Put a message about what was just written into the outbox."""
    session.flush()
    outbox.enqueue(session, envelope, now, keep=keep, asked_for=asked_for)


def log(
    session: Session,
    actor: Actor,
    now: datetime,
    act: str,
    registration: Registration,
    *,
    quiet: bool = False,
    **details: Any,
) -> None:
    """Add to the trail what happened to a registration, and, if it was `quiet`, that the delegate was not told."""
    scope = str(registration.edition.year)
    if quiet:
        details["untold"] = True
    record(session, actor, now, act, scope=scope, about=registration.reference, **details)


def terms_of(edition: Edition, now: datetime) -> OfferTerms:
    """On what terms freed places of an edition are offered now."""
    begins_at, promotes = edition.begins_at(), edition.gives_places(now)
    return OfferTerms(edition.offer_hours, edition.zone, begins_at, promotes, edition.confirms_places)


def _put_off(session: Session, standing: mails.Standing, news: News, now: datetime) -> bool:
    """Whether news have to wait, because their address was told of such news just now; then they are kept."""
    if not _can_wait(news, standing):
        return False
    one, due_at = standing.registration, outbox.may_be_told_at(session, standing.registration.email, now)
    if due_at > now:
        session.add(UntoldNews(registration_id=one.id, since=now, due_at=due_at, news=_stored(news)))
        session.flush()
    return due_at > now


def hold_of(edition: Edition, now: datetime) -> OfferTerms | None:
    """The terms on which a free place is held until a new delegate confirms it; None if it is theirs at once."""
    return terms_of(edition, now) if edition.confirms_places else None


def _can_wait(news: News, standing: mails.Standing) -> bool:
    offered = {seat.trip.id for seat in standing.trips if seat.status == ClaimStatus.OFFERED}
    # A contact, whose address may be anybody's, cancels for as many people as there are on a form.
    at_contact = standing.registration.email_key is None and standing.status is ClaimStatus.CANCELLED
    return (at_contact or not news.place) and not offered.intersection(news.seats)


def _write(
    session: Session,
    standing: mails.Standing,
    news: News,
    now: datetime,
    *,
    keep: bool = False,
    handed_over_by: str = "",
) -> None:
    reference = standing.registration.reference
    standing = replace(standing, organisers_say=news.organisers_say, choices=news.choices, at=now)
    # An offer that was accepted, declined or has lapsed must no longer be announced; one that stands still must.
    if outbox.withdraw(session, reference, now, kind=PLACE_OFFERED):
        news.place = news.place or standing.status is ClaimStatus.OFFERED
    outbox.withdraw(session, reference, now, kind=OFFER_REMINDER)
    if outbox.withdraw(session, reference, now, kind=SEAT_OFFERED):
        for seat in standing.trips:
            if seat.status == ClaimStatus.OFFERED and seat.trip.id not in news.seats:
                news.add_seat(seat.trip.id, ClaimStatus.WAITLISTED, Reason.MOVED_UP)
    if news.place:
        words = {"handed_over_by": handed_over_by, "because": news.because}
        if news.added:
            words["stated_consent"] = session.get_one(ConsentText, standing.registration.consent_version).text
        message = mails.status_message(standing, news.seats, before=news.before, **words)
        send(session, message, now, keep=keep, asked_for=news.asked_for)
    elif news.seats:
        send(session, mails.seats_changed(standing, news.seats), now, keep=keep, asked_for=news.asked_for)
    for changed, by_organisers in ((news.details, True), (news.own_details, False)):
        if changed and standing.status is not ClaimStatus.CANCELLED:
            message = mails.registration_changed(standing, changed, by_organisers=by_organisers)
            send(session, message, now, keep=keep, asked_for=news.asked_for)
    if news.choices and not (news.place or news.seats or news.details or news.own_details):
        send(session, mails.choice_given(standing), now, keep=keep)


def _say_nothing(session: Session, registration_ids: Collection[int], now: datetime) -> None:
    """Mark what became of these people's claims as not to be told, and what they were told before as outdated.

    What they were about to be told of an offer that no longer stands is withdrawn; who cancelled is told nothing more.
    """
    session.flush()
    for some in in_pieces(registration_ids):
        ended = select(Registration.id).where(Registration.id.in_(some), Registration.ended_at.is_not(None))
        of_this_act = or_(Claim.changed_at == now, Claim.registration_id.in_(ended))
        session.execute(update(Claim).where(Claim.registration_id.in_(some), of_this_act).values(untold=True))
        session.execute(delete(UntoldNews).where(UntoldNews.registration_id.in_(ended)))
        outbox.outdate(session, select(Registration.reference).where(Registration.id.in_(some)), now)
        for registration_id in session.scalars(with_unsent_offer(some)).all():
            _write(session, standing_of(session, registration_id), News(), now)


def _leave_untold(session: Session, news: Mapping[int, News], now: datetime) -> None:
    rows: dict[int, UntoldNews] = {}
    for some in in_pieces(news):
        known = session.scalars(select(UntoldNews).where(UntoldNews.registration_id.in_(some)))
        rows |= {row.registration_id: row for row in known}
    for registration_id, what in news.items():
        row = rows.get(registration_id) or UntoldNews(registration_id=registration_id, since=now)
        if row.news:
            what.add_all(_read(row.news))
        row.news, row.due_at = _stored(what), None
        session.add(row)


def _stored(news: News) -> dict[str, Any]:
    """What `_read` reads, as the table has it."""
    seats = {str(trip_id): [seat.before, seat.reason, dict(seat.was)] for trip_id, seat in news.seats.items()}
    return {
        "place": news.place,
        "seats": seats,
        "before": news.before,
        "because": news.because,
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


def _take_over(session: Session, registration_id: int, *, due_by: datetime | None = None) -> News | None:
    """Take news that a delegate was still to be told; None if there is none, or another process was quicker.

    With `due_by`, only what is due by then, without waiting for a process that is just telling it.
    """
    mine = _news_of(registration_id).with_for_update(skip_locked=due_by is not None)
    if due_by:
        mine = mine.where(is_due(due_by))
    struck = session.scalar(delete(UntoldNews).where(UntoldNews.registration_id.in_(mine)).returning(UntoldNews.news))
    return None if struck is None else _read(struck)


def _read(stored: dict[str, Any]) -> News:
    # What was stored before trips said what they were has two parts.
    seats = {int(t): SeatNews(seat[0], Reason(seat[1]), *seat[2:]) for t, seat in stored.get("seats", {}).items()}
    before = ClaimStatus(stored["before"]) if stored.get("before") else None
    details, own, choices = (tuple(stored.get(name, ())) for name in ("details", "own_details", "choices"))
    because, added, asked_for = stored.get("because", ""), stored.get("added", False), stored.get("asked_for", False)
    say = stored.get("organisers_say", "")
    return News(stored["place"], seats, before, because, say, details, own, choices, added, asked_for)
