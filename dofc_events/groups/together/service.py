"""Tells a contact of several people at once, and takes the places that are offered to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dofc_events.core.audit import Actor
from dofc_events.delegates.queries import registrations_by_id
from dofc_events.groups import mails
from dofc_events.groups.models import Group
from dofc_events.groups.queries import Person, groups_with, offered_to
from dofc_events.mail import outbox
from dofc_events.notices.mails import OFFER_REMINDER, Standing
from dofc_events.notices.models import ToldTogether
from dofc_events.notices.news.service import News, take_apart, take_over
from dofc_events.notices.queries import standing_of
from dofc_events.notices.service import Changes, log, put_off, send, withdraw_outdated, write
from dofc_events.places import service as places
from dofc_events.places.queries import overdue
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import RegistrationOver

Told = list[tuple[Standing, News]]


def confirm_places(session: Session, group_id: int, actor: Actor, now: datetime) -> int:
    """Take every place that is held for, or offered to, people without an address of their own; returns how many.

    As only the link in the email can (`proof_of_group`). Raises RegistrationOver.
    """
    places.lock_edition_pool(session, session.get_one(Group, group_id).edition_id)
    group = session.get_one(Group, group_id, populate_existing=True)
    if group.edition.is_over(now):
        raise RegistrationOver
    changes, found = Changes(session, group.edition, actor, now), offered_to(session, group, now)
    outbox.withdraw(session, group.reference, now, kinds=[OFFER_REMINDER])
    for one in found:
        act = "hold_confirmed" if one.claim.is_hold else "offer_accepted"
        places.accept_claim(session, one.claim, now)
        changes.place(act, one.registration, confirmed=True)
    changes.tell()
    return len(found)


def tell_contacts(session: Session, registration_ids: Sequence[int], now: datetime) -> None:
    """Write to contacts what was left to be told of these people: once of all to whom the same has happened.

    As `notices.service.tell_news` it waits for nobody, and leaves what is being told just now.
    """
    groups = groups_with(session, registration_ids)
    news = {id_: untold for id_ in registration_ids if (untold := take_over(session, id_, due_by=now))}
    if named := take_apart(session, news, now):
        for id_ in news.keys() & named:
            news[id_].place = True
    alike: dict[object, Told] = {}
    # Read before, for each of them is looked at.
    people = registrations_by_id(session, news)
    for id_, what in news.items():
        standing = standing_of(session, id_)
        withdraw_outdated(session, standing, what, now)
        own = () if _can_be_shared(what, standing) else (people[id_].reference,)
        claim = standing.claim
        key = (
            groups[id_].id,
            standing.status,
            claim.is_hold,
            claim.offered_until,
            what.before,
            what.asked_for,
            what.reopened,
            *own,
        )
        alike.setdefault(key, []).append((standing, what))
    for told in alike.values():
        _tell(session, groups[told[0][0].registration.id], told, now)


def remind_contact(session: Session, group_id: int, actor: Actor, now: datetime) -> None:
    """Remind a contact once of the offers to several people that lapse soon; of one alone somebody else does."""
    places.lock_edition_pool(session, session.get_one(Group, group_id).edition_id)
    group = session.get_one(Group, group_id, populate_existing=True)
    offered = [one for one in offered_to(session, group, now) if one.claim.remind_at and one.claim.remind_at <= now]
    due = [one for one in offered if not overdue(one.claim, now)]
    if len(due) < 2:
        return
    for one in due:
        one.claim.remind_at = None
        log(session, actor, now, "offer_reminder", one.registration)
    until = min(one.claim.offered_until for one in due if one.claim.offered_until)
    send(session, mails.places_together(group, due, until=until), now)


def _tell(session: Session, group: Group, told: Told, now: datetime) -> None:
    # The contact's address may be anybody's.
    told = [
        (standing, what) for standing, what in told if not (what.asked_for and put_off(session, standing, what, now))
    ]
    if len(told) == 1:
        write(session, *told[0], now)
    elif told:
        people = [_person(standing) for standing, _ in told]
        news = told[0][1]
        words: dict[str, Any] = {"reopened": news.reopened, "before": news.before}
        tell_together(session, group, people, now, asked_for=news.asked_for, **words)


def tell_together(
    session: Session,
    group: Group,
    people: Sequence[Person],
    now: datetime,
    *,
    keep: bool = False,
    asked_for: bool,
    reopened: str = "",
    before: ClaimStatus | None = None,
) -> None:
    """Write one message to the contact about what several people hold, which is the same; `keep` as elsewhere."""
    session.flush()
    envelope = mails.places_together(group, people, reopened=reopened, before=before)
    message = outbox.enqueue(session, envelope, now, keep=keep, asked_for=asked_for)
    session.flush()
    session.add_all(ToldTogether(message_id=message.id, registration_id=one.registration.id) for one in people)


def _can_be_shared(news: News, standing: Standing) -> bool:
    """Whether news say no more than what has become of the place, and of seats with it."""
    more = (news.because, news.organisers_say, news.details, news.own_details, news.choices, news.added)
    return news.place and not any(more) and standing.status in mails.TOGETHER


def _person(standing: Standing) -> Person:
    seats = tuple((seat.trip.title, seat.claim) for seat in standing.trips if seat.claim is not None)
    return Person(standing.registration, standing.claim, seats)
