"""A crowd is what as many people would have left behind who really registered."""

import pytest
from sqlalchemy import func, or_, select

from dofc_events.commands.check import faults
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import found_by
from dofc_events.mail.models import Message
from dofc_events.places.models import Claim, Pool
from dofc_events.trips.models import Trip
from tests.support.crowd import make_crowd
from tests.support.factories import make_edition, make_registration, make_three_trips

PEOPLE = 8


def left_behind(session, edition) -> list:
    """Everything but names, numbers and words of messages."""
    mine = Registration.edition_id == edition.id
    about = select(Registration.reference).where(mine)
    pools = select(Pool.capacity, Pool.taken, Pool.next_position).outerjoin(Trip).order_by(Pool.id)
    claims = select(Claim.status, Claim.position, Claim.preference).join(Registration).order_by(Claim.pool_id, Claim.id)
    messages = select(Message.kind, Message.state, func.count()).where(Message.about.in_(about))
    acts = select(AuditEntry.act, func.count()).where(AuditEntry.about.in_(about))
    return [
        session.execute(pools.where(or_(Pool.edition_id == edition.id, Trip.edition_id == edition.id))).all(),
        session.execute(claims.where(mine)).all(),
        session.execute(messages.group_by(Message.kind, Message.state)).all(),
        session.execute(acts.group_by(AuditEntry.act)).all(),
    ]


def register_each(session, edition, count, **changes) -> list[Registration]:
    return [make_registration(session, edition, **changes) for _ in range(count)]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("capacity", [1, 5])
@pytest.mark.parametrize("trips", [(), ("wine", "port", "mill")])
def test_a_crowd_is_as_many_registrations(session, capacity, trips):
    found = []
    for year, add in ((2030, make_crowd), (2031, register_each)):
        edition = make_edition(session, year=year, capacity=capacity)
        make_three_trips(session, edition, capacity=3)
        people = add(session, edition, PEOPLE, trips=trips)
        assert len({person.email for person in people}) == len({person.id for person in people}) == PEOPLE
        # The next people come behind them.
        make_registration(session, edition, trips=trips)
        session.expire_all()
        assert faults(session) == []
        assert session.scalars(select(Registration.id).where(found_by(people[-1].reference))).all() == [people[-1].id]
        found.append(left_behind(session, edition))
    assert found[0] == found[1]
