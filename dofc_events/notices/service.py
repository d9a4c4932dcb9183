"""Tells delegates: every message about what changed for them goes through here, in the commit of what changed."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from dofc_events.conference.models import Edition
from dofc_events.core.audit import Actor, record
from dofc_events.core.changes import Difference
from dofc_events.core.db import in_pieces
from dofc_events.delegates.models import ConsentText, Registration
from dofc_events.delegates.queries import live_registration_id, merged_into, registrations_by_id
from dofc_events.mail import outbox
from dofc_events.mail.envelope import Envelope
from dofc_events.mail.models import Message
from dofc_events.mail.rules import WRITTEN_BY_HAND
from dofc_events.notices import mails
from dofc_events.notices.mails import OFFER_REMINDER, PLACE_OFFERED, SEAT_OFFERED
from dofc_events.notices.models import ToldTogether, UntoldNews
from dofc_events.notices.news.service import News, leave_untold, stored, take_apart, take_over
from dofc_events.notices.queries import OFFERS, standing_of, with_unsent_offer
from dofc_events.notices.rules import BATCH
from dofc_events.places.models import Claim
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import OfferTerms, Promotion
from dofc_events.trips.rules import Reason
from dofc_events.trips.sign_ups.service import SeatBook


class Changes:
    """Collects what one act changes, for each person, so that everybody is told once, of everything.

    Every change that is collected is put into the trail here, in the same words, and into calendars by `revision`:
    nobody is told what the trail does not say. `book` has the seats of the edition's trips; changes in it are told,
    too. Registrations in `quiet` are not told, and the trail says so. All are told why organisers `reopened` the list.
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
        reopened: str = "",
    ) -> None:
        self.session, self.edition, self.actor, self.now, self.keep = session, edition, actor, now, keep
        self.quiet, self.reopened = set(quiet), reopened
        self.news: dict[int, News] = {}
        # The address of the contact of those who have none of their own.
        self.contacts: dict[int, str] = {}
        self.ended: list[str] = []
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
        other: str = "",
    ) -> None:
        """By this act somebody's place at the edition is not what it was; once confirmed, requested seats follow it.

        `other` is the reference of the registration with which a cancelled one was merged.
        """
        said = {"because": because, "other": other}
        self._happened(act, registration, **{name: value for name, value in said.items() if value})
        choices = self.news.get(registration.id, News()).choices
        self.news[registration.id] = News(place=True, before=before, because=because, choices=choices)
        if confirmed:
            self.book.settle(registration.id)

    def cancelled(self, registration: Registration, before: ClaimStatus, because: str = "", *, other: str = "") -> None:
        """Somebody's registration ends; what organisers wrote to many, and has not left, no longer goes to them."""
        registration.ended_at = self.now
        self.place("cancelled", registration, before=before, because=because, other=other)
        self.ended.append(registration.reference)

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

    def tell(self, first: int | None = None, *, together: Collection[int] = (), wait_for_others: bool = False) -> None:
        """Write to everybody; the one who acts, if it is a delegate, comes first.

        What they did to these `together` with their own registration is said in the same message.
        Where the others are many, or several have one contact, only note that they are to be told: the worker writes
        to them, and to a contact once. `wait_for_others`: so may the same thing happen to others with the same contact
        at this moment, each in a unit of work of its own.
        """
        self.record_seats()
        for some in in_pieces(self.ended):
            by_hand = [Message.about.in_(some), Message.kind.in_(WRITTEN_BY_HAND)]
            outbox.withdraw_all(self.session, by_hand, self.now)
        news = {id_: what for id_, what in self.news.items() if id_ not in self.quiet}
        for what in news.values():
            what.reopened = self.reopened
        if self.quiet:
            _say_nothing(self.session, self.quiet, self.now)
        if first is not None:
            mine = news.pop(first, News())
            news = {id_: what for id_, what in news.items() if id_ not in together}
            tell(self.session, first, mine, self.now, keep=self.keep, asked_for=True, together=together)
        later = news if len(news) > BATCH else self._at_one_contact(news, 1 if wait_for_others else 2)
        for registration_id in [id_ for id_ in news if id_ not in later]:
            tell(self.session, registration_id, news[registration_id], self.now, keep=self.keep)
        if later:
            # All rows are written at once, and not each before the next is looked for.
            with self.session.no_autoflush:
                leave_untold(self.session, later, self.now)

    def _at_one_contact(self, news: Mapping[int, News], least: int) -> Mapping[int, News]:
        """What becomes of the places of so many people who have one contact. What is only kept is written at once."""
        known = {id_: self.contacts[id_] for id_, what in news.items() if what.place and id_ in self.contacts}
        people = Counter(() if self.keep else known.values())
        return {id_: news[id_] for id_, contact in known.items() if people[contact] >= least}

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
        if registration.email_key is None:
            self.contacts[registration.id] = registration.email
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
    together: Collection[int] = (),
) -> None:
    """Write to a delegate what changed, and all that they hold now; `handed_over_by` as in `mails.status_message`.

    These have been cancelled `together` with the delegate's, who is told of them in the message about the place.
    What they were still to be told is told with it. With `keep` the message is stored and never sent, for demonstration
    data. What the delegate `asked_for` waits if there were such messages just now, so that many changes are told
    once; not what becomes of the place of somebody with an address of their own, nor an offer.
    """
    session.flush()
    if earlier := take_over(session, registration_id):
        news.add_all(earlier)
    news.asked_for = news.asked_for or asked_for
    standing = standing_of(session, registration_id)
    if asked_for and not keep and put_off(session, standing, news, now):
        return
    for other in together:
        take_over(session, other)
    write(session, standing, news, now, keep=keep, handed_over_by=handed_over_by, together=together)


def tell_news(session: Session, registration_ids: Iterable[int], now: datetime) -> None:
    """Write the messages that an act with many recipients left to be written, unless somebody else has since.

    It locks no pool, which would stop registration for as long as it writes; hence it waits for nobody's news, and
    leaves what is being told just now.
    """
    for registration_id in registration_ids:
        untold = take_over(session, registration_id, due_by=now)
        if untold:
            standing = standing_of(session, registration_id)
            # A contact's address may have been waiting for news of several people.
            at_contact = untold.asked_for and standing.registration.email_key is None
            if not (at_contact and put_off(session, standing, untold, now)):
                write(session, standing, untold, now)


def told_if_known(session: Session, edition_id: int, email: str, now: datetime) -> bool:
    """Write to an address if it is registered already; False if it is not."""
    return tell_known(session, live_registration_id(session, edition_id, email), now)


def tell_known(session: Session, registration_id: int | None, now: datetime) -> bool:
    """Write to an address that somebody has just filled in a form with, if it has this registration already."""
    if registration_id is not None:
        standing = replace(standing_of(session, registration_id), at=now)
        send(session, mails.already_registered(standing), now, asked_for=True)
    return registration_id is not None


def send(
    session: Session, envelope: Envelope, now: datetime, *, keep: bool = False, asked_for: bool = False
) -> Message:
    """Put a message about what was just written into the outbox."""
    session.flush()
    return outbox.enqueue(session, envelope, now, keep=keep, asked_for=asked_for)


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


def put_off(session: Session, standing: mails.Standing, news: News, now: datetime) -> bool:
    """Whether news have to wait, because their address was told of such news just now; then they are kept."""
    if not _can_wait(news, standing):
        return False
    one, due_at = standing.registration, outbox.may_be_told_at(session, standing.registration.email, now)
    if due_at > now:
        session.add(UntoldNews(registration_id=one.id, since=now, due_at=due_at, news=stored(news)))
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


def write(
    session: Session,
    standing: mails.Standing,
    news: News,
    now: datetime,
    *,
    keep: bool = False,
    handed_over_by: str = "",
    together: Collection[int] = (),
) -> None:
    """Write a delegate's message, or several, about news that nobody else tells; see `tell`."""
    withdraw_outdated(session, standing, news, now)
    others = [standing_of(session, id_) for id_ in together]
    for other in others:
        withdraw_outdated(session, other, News(), now)
    left_with = tuple(other.registration.full_name for other in others)
    standing = replace(
        standing,
        organisers_say=news.organisers_say,
        reopened=news.reopened,
        choices=news.choices,
        left_with=left_with,
        at=now,
    )
    if news.place:
        words = {"handed_over_by": handed_over_by, "because": news.because}
        words["merged_into"] = merged_into(session, standing.registration)
        if news.added:
            words["stated_consent"] = session.get_one(ConsentText, standing.registration.consent_version).text
        message = mails.status_message(standing, news.seats, before=news.before, **words)
        sent = send(session, message, now, keep=keep, asked_for=news.asked_for)
        if together:
            session.flush()
            session.add_all(ToldTogether(message_id=sent.id, registration_id=id_) for id_ in together)
    elif news.seats:
        send(session, mails.seats_changed(standing, news.seats), now, keep=keep, asked_for=news.asked_for)
    for changed, by_organisers in ((news.details, True), (news.own_details, False)):
        if changed and standing.status is not ClaimStatus.CANCELLED:
            message = mails.registration_changed(standing, changed, by_organisers=by_organisers)
            send(session, message, now, keep=keep, asked_for=news.asked_for)
    if news.choices and not (news.place or news.seats or news.details or news.own_details):
        send(session, mails.choice_given(standing), now, keep=keep)


def withdraw_outdated(session: Session, standing: mails.Standing, news: News, now: datetime) -> None:
    """Take back what has not left and would no longer be true, before news are told; what still is joins these."""
    registration, reference = standing.registration, standing.registration.reference
    # An offer that was accepted, declined or has lapsed must no longer be announced; one that stands still must.
    named = take_apart(session, [registration.id], now) if registration.email_key is None else ()
    withdrawn = outbox.withdraw(session, reference, now, kinds=(*OFFERS, OFFER_REMINDER))
    if PLACE_OFFERED in withdrawn or named:
        news.place = news.place or standing.status is ClaimStatus.OFFERED
    if SEAT_OFFERED in withdrawn:
        for seat in standing.trips:
            if seat.status == ClaimStatus.OFFERED and seat.trip.id not in news.seats:
                news.add_seat(seat.trip.id, ClaimStatus.WAITLISTED, Reason.MOVED_UP)


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
            write(session, standing_of(session, registration_id), News(), now)
