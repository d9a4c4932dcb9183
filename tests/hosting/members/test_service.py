"""The members of the network and who speaks for them."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dofc_events.accounts import sessions
from dofc_events.accounts.queries import sessions_of
from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND, Actor
from dofc_events.hosting.ballots.queries import cast_ballots, chaired_members
from dofc_events.hosting.ballots.service import MemberInactive, cast_ballot
from dofc_events.hosting.members.service import (
    MemberDetails,
    MemberExists,
    NameTaken,
    NotARoleOfMembers,
    add_member,
    add_representative,
    change_member,
    details_of,
    remove_representative,
)
from dofc_events.hosting.queries import is_reviewer, members_with_representatives, organisations_of
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.mail.rules import LINK_LIMITS
from tests.support.factories import NOW, make_account, make_organisation
from tests.support.hosting import (
    begin_ballot,
    last_entry,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    shortlist_all,
)

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

DETAILS = MemberDetails(name="ALT Brașov", country="RO", website="https://alt.test", contact_name="Ioana")


def test_an_organisation_of_the_archive_becomes_a_member_once(session):
    known = make_organisation(session, "alt-brasov", name="ALT", country=None)
    member = add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)
    assert member.organisation is known
    assert details_of(member) == DETAILS
    with pytest.raises(MemberExists):
        add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)


def test_one_organisation_is_one_member_whatever_its_short_name(session):
    member = add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)
    with pytest.raises(NameTaken):
        add_member(session, "alt", replace(DETAILS, name="alt  BRAȘOV"), COMMAND, NOW)
    other = add_member(session, "other", replace(DETAILS, name="Other"), COMMAND, NOW)
    with pytest.raises(NameTaken):
        change_member(session, other.organisation_id, DETAILS, COMMAND, NOW)
    assert not change_member(session, member.organisation_id, DETAILS, COMMAND, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_change_of_who_votes_while_members_vote_is_told_and_shown(session):
    call, member = make_call(session), make_member(session, "danube")
    first = make_representative(session, member, email="first@dofc.test")
    make_proposal(session, call)
    shortlist_all(session, call)
    voter, at = begin_ballot(session, call)["danube"], call.ballot_opens_at
    make_account(session, "chair@dofc.test", name="Vera Chair")
    actor = Actor("account", "chair@dofc.test")
    chair = add_representative(session, member.id, "chair@dofc.test", "Vera", RoleName.MEMBER, actor, at)
    message = session.scalars(select(Message).where(Message.recipient == first.email).order_by(Message.id)).all()[-1]
    assert "Vera Chair now votes for" in message.subject and "also chairs the network" in message.text
    assert voter.representatives_changed_at == at
    assert chaired_members(session, call.id, at) == {member.id}
    add_representative(session, member.id, "board@dofc.test", "Board", RoleName.BOARD, actor, at)
    assert mail_to(session, "first@dofc.test") == ["ballot"] * 2
    remove_representative(session, member.id, chair.id, RoleName.MEMBER, actor, at)
    assert mail_to(session, "first@dofc.test") == ["ballot"] * 3


def test_a_member_that_is_made_inactive_does_not_vote_and_its_ballot_does_not_count(session):
    call, member = make_call(session), make_member(session, "danube", name="Danube Cluster")
    person = make_representative(session, member, email="votes@dofc.test")
    proposal = make_proposal(session, call)
    shortlist_all(session, call)
    voter, at = begin_ballot(session, call)["danube"], call.ballot_opens_at
    cast_ballot(session, voter.id, person.id, [proposal.reference], COMMAND, at)
    asleep = MemberDetails(name="Danube Cluster", country="CZ", is_active=False)
    change_member(session, member.id, asleep, COMMAND, at)
    with pytest.raises(MemberInactive):
        cast_ballot(session, voter.id, person.id, ["none"], COMMAND, at)
    assert mail_to(session, "votes@dofc.test") == ["ballot"] * 3
    assert cast_ballots(session, call) == []
    change_member(session, member.id, replace(asleep, is_active=True), COMMAND, at)
    assert len(cast_ballots(session, call)) == 1


def test_a_change_is_logged_with_before_and_after(session):
    member = add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)
    changed = MemberDetails(name="ALT Brașov", country="RO", website="https://alt.test", is_active=False)
    assert change_member(session, member.organisation_id, changed, COMMAND, NOW)
    assert not change_member(session, member.organisation_id, changed, COMMAND, NOW)
    details = last_entry(session, "member_changed").details
    assert details["changes"] == {"contact_name": ["Ioana", ""], "is_active": [True, False]}


def test_an_account_speaks_for_a_member_until_that_is_taken_back(session):
    member = add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)
    here = member.organisation_id
    for role in (RoleName.MEMBER, RoleName.BOARD):
        account = add_representative(session, here, "ioana@dofc.test", "Ioana", role, COMMAND, NOW)
    assert members_with_representatives(session, NOW) == [
        (member, [(account, RoleName.MEMBER), (account, RoleName.BOARD)])
    ]
    assert is_reviewer(session, account.id, NOW)
    assert mail_to(session, "ioana@dofc.test") == ["team-invitation"] * 2
    assert add_representative(session, here, "Ioana@dofc.test", "Ioana", RoleName.BOARD, COMMAND, NOW) is account
    assert mail_to(session, "ioana@dofc.test") == ["team-invitation"] * 2, "nothing is new"
    sessions.begin(session, account.id, "", NOW)
    assert remove_representative(session, here, account.id, RoleName.BOARD, COMMAND, NOW)
    assert not sessions_of(session, account.id, NOW)
    assert not remove_representative(session, here, account.id, RoleName.BOARD, COMMAND, NOW)
    assert not is_reviewer(session, account.id, NOW)
    assert organisations_of(session, account.id, NOW, RoleName.MEMBER) == {here}
    with pytest.raises(NotARoleOfMembers):
        add_representative(session, here, "ioana@dofc.test", "Ioana", RoleName.CHAIR, COMMAND, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_an_invitation_says_for_whom_one_speaks_and_what_to_do(session):
    member = add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)
    for role, words in ((RoleName.MEMBER, "You can vote for it"), (RoleName.BOARD, "score all proposals")):
        address = f"{role}@dofc.test"
        add_representative(session, member.organisation_id, address, "Ioana", role, COMMAND, NOW)
        text = session.scalars(select(Message.text).where(Message.recipient == address)).one()
        assert "ALT Brașov" in text and words in " ".join(text.split())
        assert "http://dofc.test/sign-in" in text and address in text


def test_nobody_is_added_whose_address_was_written_to_too_often(session):
    member = add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)
    for _ in range(LINK_LIMITS[0][0]):
        account = add_representative(
            session, member.organisation_id, "i@dofc.test", "Ioana", RoleName.BOARD, COMMAND, NOW
        )
        remove_representative(session, member.organisation_id, account.id, RoleName.BOARD, COMMAND, NOW)
        session.expire(account)
    with pytest.raises(TooManyMessages):
        add_representative(session, member.organisation_id, "i@dofc.test", "Ioana", RoleName.BOARD, COMMAND, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_role_that_has_ended_allows_nothing(session):
    member = add_member(session, "alt-brasov", DETAILS, COMMAND, NOW)
    account = add_representative(session, member.organisation_id, "i@dofc.test", "Ioana", RoleName.BOARD, COMMAND, NOW)
    account.roles[0].ends_at = NOW
    session.flush()
    assert not is_reviewer(session, account.id, NOW)
    assert members_with_representatives(session, NOW) == [(member, [])]
