"""Who boarded the bus."""

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.trips.bus import service as bus_service
from dofc_events.trips.bus.service import BusFull, NotOnTrip
from dofc_events.trips.sign_ups.service import NoSuchTrip
from tests.support.factories import NOW, seat_of

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def bus(session, edition, wine):
    """`bus(bus_service.board, person)`: somebody at the door of the bus to the wine."""
    return lambda do, who, slug="wine": do(session, edition.id, slug, who.id, COMMAND, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_board_is_noted_once_and_taken_back(session, person, bus, wine):
    who = person("wine")
    for do in (
        bus_service.board,
        bus_service.board,
        bus_service.undo_boarding,
        bus_service.undo_boarding,
        bus_service.board,
    ):
        bus(do, who)
        assert (seat_of(session, who, wine).used_at is not None) == (do is bus_service.board)
    acts = session.scalars(select(AuditEntry.act).where(AuditEntry.act.like("board%")).order_by(AuditEntry.id)).all()
    assert acts == ["boarded", "boarding_undone", "boarded"]


def test_board_lets_who_waits_take_the_seat_of_who_did_not_come_until_the_bus_is_full(session, person, bus):
    holder, first, second = person("wine"), person("wine"), person("wine")
    bus(bus_service.board, first)
    with pytest.raises(BusFull):
        bus(bus_service.board, second)
    bus(bus_service.board, holder)


def test_board_is_refused_without_a_seat_and_on_an_unknown_trip(session, person, bus):
    with pytest.raises(NotOnTrip):
        bus(bus_service.board, person("mill"))
    with pytest.raises(NoSuchTrip):
        bus(bus_service.board, person("wine"), "sea")
