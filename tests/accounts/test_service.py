"""Accounts, their roles, and links that sign in once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from dofc_events.accounts import service
from dofc_events.accounts.models import Account, Role, SignInLink
from dofc_events.accounts.queries import account_by_email, account_by_id, account_of_link
from dofc_events.accounts.rules import Grant, RoleName, includes_chair
from dofc_events.conference.models import Edition, Organisation
from dofc_events.core.audit import COMMAND, Actor, AuditEntry
from dofc_events.core.references import hash_secret
from dofc_events.mail.models import Message
from dofc_events.mail.rules import LINK_LIMITS

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

NOW = datetime(2027, 6, 3, 8, tzinfo=UTC)
LASTS = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)
CHAIR = Grant(RoleName.CHAIR)


@pytest.fixture
def edition(session):
    edition = Edition(year=2027, city="Prague", country="CZ")
    session.add(edition)
    session.flush()
    return edition


@pytest.fixture
def ada(session):
    return service.add_account(session, "Ada@example.org", "Ada Chair", CHAIR, COMMAND, NOW)


def count(session, table) -> int:
    return session.scalar(select(func.count()).select_from(table))


def messages(session) -> list[Message]:
    return list(session.scalars(select(Message).order_by(Message.id)))


def acts(session) -> list[tuple[str, str]]:
    return [(e.act, e.actor) for e in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def link_in(message: Message) -> str:
    return message.text.split("http://dofc.test/sign-in/")[1].split()[0]


def test_add_account_makes_an_account_with_its_role(session, ada):
    assert (ada.email, ada.email_key, ada.name, ada.created_at) == (
        "Ada@example.org",
        "ada@example.org",
        "Ada Chair",
        NOW,
    )
    assert ada.grants(NOW) == [CHAIR]
    assert includes_chair(ada.grants(NOW))
    assert acts(session) == [("account_added", "command"), ("role_added", "command")]


@pytest.mark.databases("sqlite", "postgresql")
def test_add_account_changes_nothing_when_done_twice(session, ada):
    before = acts(session)
    assert service.add_account(session, "Ada@example.org", "Ada Chair", CHAIR, COMMAND, NOW).id == ada.id
    session.expire_all()
    assert account_by_id(session, ada.id).grants(NOW) == [CHAIR]
    assert (count(session, Account), count(session, Role)) == (1, 1)
    assert acts(session) == before


def test_add_account_adds_a_role_when_the_address_has_an_account(session, ada, edition):
    organiser = Grant(RoleName.ORGANISER, edition_id=edition.id)
    again = service.add_account(session, "ADA@EXAMPLE.ORG", "Somebody else", organiser, COMMAND, NOW)
    session.expire_all()
    assert (again.id, again.name, again.email) == (ada.id, "Ada Chair", "Ada@example.org")
    assert set(account_by_id(session, ada.id).grants(NOW)) == {CHAIR, organiser}


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("role", [RoleName.CHAIR, RoleName.DESK, RoleName.BOARD])
def test_database_refuses_a_role_that_the_account_has(session, edition, role):
    member = Organisation(slug="weavers", name="Weavers' Cluster")
    session.add(member)
    session.flush()
    grant = Grant(
        role,
        edition.id if role is RoleName.DESK else None,
        member.id if role is RoleName.BOARD else None,
    )
    account = service.add_account(session, "ada@example.org", "Ada", grant, COMMAND, NOW)
    session.add(
        Role(account_id=account.id, role=role, edition_id=grant.edition_id, organisation_id=grant.organisation_id)
    )
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


@pytest.mark.databases("sqlite", "postgresql")
def test_database_refuses_a_role_without_what_it_is_for(session, ada):
    session.add(Role(account_id=ada.id, role=RoleName.ORGANISER))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_a_role_allows_nothing_from_its_end_on(session, ada):
    ada.roles[0].ends_at = NOW
    assert ada.grants(NOW - MOMENT) == [CHAIR]
    assert ada.grants(NOW) == []


def test_add_account_begins_a_role_again_that_has_ended_and_keeps_one_that_stands(session, edition):
    grant, until = Grant(RoleName.DESK, edition.id), NOW + LASTS
    service.add_account(session, "ben@example.org", "Ben", grant, COMMAND, NOW, ends_at=until)
    ben = service.add_account(session, "ben@example.org", "Ben", grant, COMMAND, NOW)
    assert [role.ends_at for role in ben.roles] == [until]
    service.add_account(session, "ben@example.org", "Ben", grant, COMMAND, until)
    assert [role.ends_at for role in ben.roles] == [None]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "role_added")).all()
    assert [(entry.scope, entry.details["ends_at"]) for entry in entries] == [
        (str(edition.year), until.isoformat()),
        (str(edition.year), None),
    ]


def test_account_by_email_finds_other_spellings(session, ada):
    assert account_by_email(session, " ADA@Example.Org ").id == ada.id
    assert account_by_email(session, "adam@example.org") is None


@pytest.mark.databases("sqlite", "postgresql")
def test_issue_sign_in_link_stores_no_secret(session, ada):
    secret = service.issue_sign_in_link(session, ada.id, NOW, COMMAND)
    link = session.scalars(select(SignInLink)).one()
    assert link.secret_hash == hash_secret(secret) != secret
    assert (link.account_id, link.expires_at, link.used_at) == (ada.id, NOW + LASTS, None)
    assert acts(session)[-1] == ("sign_in_link_issued", "command")
    assert all(secret not in str(entry.details) for entry in session.scalars(select(AuditEntry)))


@pytest.mark.databases("sqlite", "postgresql")
def test_issue_sign_in_link_keeps_valid_links_and_removes_expired_ones(session, ada):
    first = service.issue_sign_in_link(session, ada.id, NOW)
    service.issue_sign_in_link(session, ada.id, NOW + LASTS - MOMENT)
    assert account_of_link(session, first, NOW + LASTS - MOMENT)
    service.issue_sign_in_link(session, ada.id, NOW + LASTS)
    assert count(session, SignInLink) == 2


@pytest.mark.databases("sqlite", "postgresql")
def test_ask_for_link_writes_to_a_known_address(session, ada):
    service.ask_for_link(session, "ada@example.org", NOW)
    (message,) = messages(session)
    assert (message.kind, message.recipient_name, message.expires_at) == ("sign-in", "Ada Chair", NOW + LASTS)
    assert link_in(message) in message.html
    assert service.use_link(session, link_in(message), NOW) == ada.id


def test_ask_for_link_writes_to_the_address_on_record_when_another_spelling_is_typed(session, ada):
    # Both count as the same address; a mail server may keep them apart, and deliver one to somebody else.
    service.ask_for_link(session, "ADA@example.org", NOW)
    assert [m.recipient for m in messages(session)] == ["Ada@example.org"]


def test_ask_for_link_writes_to_nobody_when_there_is_no_account(session, ada):
    service.ask_for_link(session, "eve@example.org", NOW)
    assert messages(session) == []
    assert count(session, SignInLink) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_ask_for_link_leaves_a_trace_without_the_address_when_there_is_no_account(session):
    service.ask_for_link(session, "eve@example.org", NOW)
    (entry,) = session.scalars(select(AuditEntry))
    assert (entry.act, entry.actor) == ("sign_in_link_refused", "visitor")
    assert "eve" not in f"{entry.about} {entry.details}"


@pytest.mark.databases("sqlite", "postgresql")
def test_ask_for_link_stops_silently_when_the_address_got_enough(session, ada):
    most, span = LINK_LIMITS[0]
    for _ in range(most + 3):
        service.ask_for_link(session, "ada@example.org", NOW)
    assert len(messages(session)) == count(session, SignInLink) == most
    service.ask_for_link(session, "ada@example.org", NOW + span)
    assert len(messages(session)) == most + 1


def test_use_link_signs_in_once(session, ada):
    secret = service.issue_sign_in_link(session, ada.id, NOW)
    assert service.use_link(session, secret, NOW) == ada.id
    assert acts(session)[-1] == ("signed_in", "account:Ada@example.org")
    assert not account_of_link(session, secret, NOW)
    with pytest.raises(service.SignInLinkNotValid):
        service.use_link(session, secret, NOW)


def test_use_link_works_until_the_link_expires(session, ada):
    early, late = (service.issue_sign_in_link(session, ada.id, NOW) for _ in range(2))
    assert account_of_link(session, early, NOW + LASTS - MOMENT)
    assert service.use_link(session, early, NOW + LASTS - MOMENT) == ada.id
    assert not account_of_link(session, late, NOW + LASTS)
    with pytest.raises(service.SignInLinkNotValid):
        service.use_link(session, late, NOW + LASTS)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("secret", ["", "wrong", "é/'\";--", "x" * 5000])
def test_use_link_is_refused_when_the_secret_is_wrong(session, ada, secret):
    service.issue_sign_in_link(session, ada.id, NOW)
    assert not account_of_link(session, secret, NOW)
    with pytest.raises(service.SignInLinkNotValid):
        service.use_link(session, secret, NOW)


def test_use_link_does_not_take_the_hash_for_the_secret(session, ada):
    stored = hash_secret(service.issue_sign_in_link(session, ada.id, NOW))
    with pytest.raises(service.SignInLinkNotValid):
        service.use_link(session, stored, NOW)


def test_account_of_link_does_not_use_the_link(session, ada):
    secret = service.issue_sign_in_link(session, ada.id, NOW)
    assert all(account_of_link(session, secret, NOW) for _ in range(3))
    assert service.use_link(session, secret, NOW) == ada.id


def test_use_link_leaves_other_links_alone(session, ada):
    ben = service.add_account(session, "ben@example.org", "Ben", CHAIR, Actor("account", "ada"), NOW)
    hers, his = service.issue_sign_in_link(session, ada.id, NOW), service.issue_sign_in_link(session, ben.id, NOW)
    assert service.use_link(session, his, NOW) == ben.id
    assert service.use_link(session, hers, NOW) == ada.id
