"""Many people, and what an organiser picks of them."""

from dataclasses import replace

from sqlalchemy import select

from dofc_events.core.audit import history_of
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.many.queries import selection_of
from dofc_events.registration.many.service import Order
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.rules import Act
from tests.support.crowd import make_crowd
from tests.support.factories import (
    DELEGATE,
    NOW,
    claim_of,
    make_edition,
)
from tests.support.letters import deliver_all

ORGANISER = replace(DELEGATE, kind="account", name="ana@dofc.test")


EVERYBODY = Filters()


WAITING = Filters(status=ClaimStatus.WAITLISTED)


ALL = Audience(EVERYBODY)


def make_people(session, number: int, **changes) -> list[Registration]:
    """So many registrations at an edition with one place that is taken by the first, all told."""
    edition = make_edition(session, **({"capacity": 1} | changes))
    people = make_crowd(session, edition, number)
    deliver_all(session)
    return people


def pick(*people: Registration, filters: Filters = EVERYBODY) -> Audience:
    return Audience(filters, tuple(person.reference for person in people))


def order(session, edition, act: Act, audience: Audience = ALL) -> Order:
    """What an organiser who has just seen the page confirms."""
    return Order(audience, selection_of(session, edition, audience, act, NOW).digest)


def statuses(session, people) -> list[str]:
    return [str(claim_of(session, person).status) for person in people]


def texts(session, person) -> list[str]:
    query = select(Message.text).where(Message.recipient == person.email, Message.sent_at.is_(None))
    return list(session.scalars(query.order_by(Message.id)))


def acts(session, person) -> list[str]:
    return [entry.act for entry in history_of(session, person.reference)]
