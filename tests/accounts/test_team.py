"""An edition's team: invited, prolonged, ended; every change is on record with what was before."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts import team
from dofc_events.accounts.queries import account_by_email, roles_at
from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import NoSuchRole
from dofc_events.core.audit import Actor, AuditEntry
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.rules import LINK_LIMITS
from tests.support.factories import NOW, make_account, make_edition

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

ELENA = Actor("account", "elena@dofc.test")
UNTIL = NOW + timedelta(days=30)


@pytest.fixture
def edition(session):
    return make_edition(session)


@pytest.fixture
def elena(session, edition):
    """The id of the role of the edition's only organiser."""
    return make_account(session, ELENA.name, RoleName.ORGANISER, edition=edition).roles[0].id


@pytest.fixture
def invite(session, edition):
    """`invite()`: Ben is at the desk until UNTIL; the id of his role."""

    def invite(role=RoleName.DESK, email="ben@dofc.test", ends_at=UNTIL, now=NOW) -> int:
        team.invite(session, edition.id, email, "Ben Novák", role, ends_at, ELENA, now)
        return next(r.id for r in roles_at(session, edition.id) if (r.account.email, r.role) == (email, role))

    return invite


def last_entry(session) -> tuple:
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    return entry.act, entry.actor, entry.scope, entry.details


def test_invite_gives_the_role_and_writes_without_a_link_that_signs_in(session, edition, invite):
    make_account(session, ELENA.name, name="Elena Petrova")
    invite()
    ben = account_by_email(session, "ben@dofc.test")
    assert ben.grants(NOW) == ben.grants(UNTIL - timedelta(seconds=1)) == [Grant(RoleName.DESK, edition.id)]
    assert ben.grants(UNTIL) == []
    message = session.scalars(select(Message)).one()
    assert (message.kind, message.recipient, message.scope) == ("team-invitation", "ben@dofc.test", str(edition.year))
    for said in ("Elena Petrova has added you", "At the desk", "This lasts until 14:00, Wednesday 2 December 2026"):
        assert said in " ".join(message.text.split()), said
    assert message.text.count("/sign-in") == 1 and "/sign-in/" not in message.text
    act, actor, scope, details = last_entry(session)
    assert (act, actor, scope, details["ends_at"]) == ("role_added", str(ELENA), str(edition.year), UNTIL.isoformat())


def test_invite_refuses_who_has_the_role_and_takes_who_had_it(session, edition, invite):
    first = invite()
    with pytest.raises(team.InTeamAlready):
        invite()
    assert invite(ends_at=None, now=UNTIL) == first
    assert account_by_email(session, "ben@dofc.test").grants(UNTIL) == [Grant(RoleName.DESK, edition.id)]


def test_invite_writes_to_an_address_only_so_often(session, edition, invite):
    for _number in range(LINK_LIMITS[0][0]):
        role = invite()
        team.end_role(session, edition.id, role, ELENA, NOW)
    with pytest.raises(TooManyMessages):
        invite()


@pytest.mark.databases("sqlite", "postgresql")
def test_change_end_records_from_what_to_what(session, edition, invite):
    role_id = invite()
    assert team.change_end(session, edition.id, role_id, None, ELENA, NOW)
    assert last_entry(session) == (
        "role_changed",
        str(ELENA),
        str(edition.year),
        {"email": "ben@dofc.test", "role": "desk", "changes": {"ends_at": [UNTIL.isoformat(), None]}},
    )
    assert not team.change_end(session, edition.id, role_id, None, ELENA, NOW)


def test_end_role_ends_it_at_once(session, edition, elena, invite):
    role_id = invite(ends_at=None)
    team.end_role(session, edition.id, role_id, ELENA, NOW)
    assert account_by_email(session, "ben@dofc.test").grants(NOW) == []
    assert last_entry(session)[3] == {
        "email": "ben@dofc.test",
        "role": "desk",
        "changes": {"ends_at": [None, NOW.isoformat()]},
    }
    with pytest.raises(NoSuchRole):
        team.end_role(session, edition.id, role_id, ELENA, NOW)
    with pytest.raises(NoSuchRole):
        team.change_end(session, edition.id, role_id, None, ELENA, NOW)


def test_last_organiser_stays_unless_the_chair_says_so(session, edition, elena, invite):
    invite()
    invite(RoleName.ORGANISER, ends_at=NOW + timedelta(days=1))
    with pytest.raises(team.LastOrganiser):
        team.end_role(session, edition.id, elena, ELENA, NOW + timedelta(days=1))
    team.end_role(session, edition.id, elena, ELENA, NOW)
    with pytest.raises(team.LastOrganiser):
        team.end_role(session, edition.id, invite(RoleName.ORGANISER, "cy@dofc.test", None, UNTIL), ELENA, UNTIL)


@pytest.mark.databases("sqlite", "postgresql")
def test_chair_may_leave_an_edition_without_organisers(session, edition, elena):
    team.end_role(session, edition.id, elena, ELENA, NOW, even_the_last=True)
    assert [role.has_ended(NOW) for role in roles_at(session, edition.id)] == [True]


@pytest.mark.databases("sqlite", "postgresql")
def test_roles_of_another_edition_are_not_touched(session, edition, elena):
    other = make_edition(session, year=2031)
    with pytest.raises(NoSuchRole):
        team.end_role(session, other.id, elena, ELENA, NOW)
