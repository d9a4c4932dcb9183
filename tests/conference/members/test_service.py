"""Organisations that become members."""

from sqlalchemy import select

from dofc_events.conference.members import service
from dofc_events.core.audit import COMMAND, AuditEntry
from tests.support.factories import NOW


def test_add_member_is_noted_once(session):
    first = service.add_member(session, "alpha", "Alpha", "RS", COMMAND, NOW)
    assert service.add_member(session, "alpha", "Another name", None, COMMAND, NOW) is first
    assert (first.organisation.name, first.organisation.country) == ("Alpha", "RS")
    assert session.scalars(select(AuditEntry.act)).all() == ["member_added"]
