"""Co-hosts: asked when a proposal is submitted; they count, and bar their member, once they have confirmed it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND
from dofc_events.hosting.co_hosts.service import CO_HOST, TooLateToConfirm, confirm_co_host
from dofc_events.hosting.models import Review
from dofc_events.hosting.proposals.service import PROPOSER, answers_of, change_proposal, withdraw_proposal
from dofc_events.hosting.queries import own_among
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import Interest, ProposalStatus, co_hosts_in, without_addresses
from tests.support.factories import NOW
from tests.support.hosting import (
    begin_ballot,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
    shortlist_all,
)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("- Moravian Museum, m@brno.test\n- Lyon Cluster", (("Moravian Museum", "m@brno.test"), ("Lyon Cluster", ""))),
        ("Museum <m@brno.test>\nMuseum", (("Museum", "m@brno.test"),)),
        ("Škoda (friends of); m@brno.test", (("Škoda (friends of)", "m@brno.test"),)),
        ("Institut za metale (IMT), m@brno.test", (("Institut za metale (IMT)", "m@brno.test"),)),
        (
            "Institut (IMT) (m@brno.test)\nMuseum (m@brno.test)",
            (("Institut (IMT)", "m@brno.test"), ("Museum", "m@brno.test")),
        ),
        (
            "Institut (IMT, m@brno.test)\n(m@brno.test, Museum)",
            (("Institut (IMT)", "m@brno.test"), ("(Museum)", "m@brno.test")),
        ),
        ("m@brno.test, Opera", (("Opera", "m@brno.test"),)),
        (
            "Lyon Cluster (invented)\nOpera)\nTheatre (",
            (("Lyon Cluster (invented)", ""), ("Opera", ""), ("Theatre", "")),
        ),
        ("m@brno.test", ()),
        ("", ()),
    ],
)
def test_a_co_host_has_a_name_and_may_have_an_address(typed, said):
    assert co_hosts_in(typed) == said
    assert len(co_hosts_in("\n".join(f"Friend {n}" for n in range(50)))) == 10


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("- Museum (MB), m@brno.test\n\nLyon Cluster", "Museum (MB)\nLyon Cluster"),
        ("Opera o@brno.test, p@brno.test o@brno.test\nm@brno.test", "Opera"),
        ("\n".join(f"Friend {n} (f{n}@brno.test)" for n in range(12)), "\n".join(f"Friend {n}" for n in range(12))),
        ("Café @ Brno", "Café @ Brno"),
        ("", ""),
    ],
)
def test_without_addresses_names_stay_however_many_there_are(typed, left):
    assert without_addresses(typed) == left


@pytest.fixture
def lyon(session):
    member = make_member(session, "lyon", name="Lyon Cluster")
    make_representative(session, member, email="votes@lyon.test")
    return member


def test_a_member_is_asked_through_its_representatives_and_others_at_their_address(session, lyon):
    draft = make_proposal(session, make_call(session), ProposalStatus.DRAFT, co_hosts="Museum, m@brno.test")
    assert mail_to(session, "m@brno.test") == [] and draft.asked_co_hosts == []
    named = "Museum, m@brno.test\nLyon cluster, liar@brno.test\nNobody"
    proposal = make_proposal(session, draft.call, co_hosts=named)
    asked = [mail_to(session, address) for address in ("m@brno.test", "votes@lyon.test", "liar@brno.test")]
    assert asked == [["proposal-link"], ["proposal-link"], []]
    assert [one.asked_at for one in proposal.asked_co_hosts] == [NOW, NOW, None]


@pytest.mark.parametrize("name", ["Vardar Cluster (invented)", "Cluster; Vardar, Ltd.", "Vardar)"])
def test_a_member_is_recognised_by_its_own_name_however_it_ends(session, name):
    member = make_member(session, "vardar", name=name)
    make_representative(session, member, email="votes@vardar.test")
    proposal = make_proposal(session, make_call(session), co_hosts=name)
    (co_host,) = proposal.asked_co_hosts
    assert (co_host.organisation_id, co_host.asked_at) == (member.id, NOW)
    assert mail_to(session, "votes@vardar.test") == ["proposal-link"]


def test_who_is_still_named_keeps_the_answer_and_who_is_new_is_asked(session, lyon):
    proposal = make_proposal(session, make_call(session), co_hosts="Lyon Cluster\nMuseum, m@brno.test")
    confirm_co_host(session, proposal.asked_co_hosts[0].id, CO_HOST, NOW)
    answers = replace(answers_of(proposal), co_hosts="Lyon Cluster\nOpera, o@brno.test")
    change_proposal(session, proposal.id, answers, consent_text="", actor=PROPOSER, now=NOW)
    assert [(one.name, one.confirmed_at) for one in proposal.asked_co_hosts] == [("Lyon Cluster", NOW), ("Opera", None)]
    assert [len(mail_to(session, to)) for to in ("votes@lyon.test", "m@brno.test", "o@brno.test")] == [1, 1, 1]


def test_naming_co_hosts_again_and_again_fills_no_mailbox(session, lyon):
    proposal = make_proposal(session, make_call(session), co_hosts="Museum, m@brno.test")
    for number in range(9):
        answers = replace(answers_of(proposal), co_hosts=f"Museum {number}, m+{number}@brno.test")
        change_proposal(session, proposal.id, answers, consent_text="", actor=PROPOSER, now=NOW)
    written = [message for n in range(9) for message in mail_to(session, f"m+{n}@brno.test")]
    assert len(written) == 4 and proposal.asked_co_hosts[0].asked_at is None


def test_a_member_that_is_named_judges_until_it_has_confirmed(session, lyon):
    call = make_call(session)
    proposal = make_proposal(session, call, co_hosts="Lyon Cluster", contact_email="jana@brno.test")
    reviewer = make_reviewer(session, lyon)
    scores = {criterion.id: Given(1) for criterion in call.criteria}
    give_review(session, proposal.id, reviewer.id, scores, COMMAND, call.review_opens_at)
    (co_host,) = proposal.asked_co_hosts
    assert confirm_co_host(session, co_host.id, CO_HOST, call.review_opens_at)
    assert not confirm_co_host(session, co_host.id, CO_HOST, call.review_opens_at)
    assert session.scalars(select(Review)).all() == []
    assert own_among(session, [proposal], reviewer.id, NOW) == {proposal.id: Interest.MEMBER}
    assert mail_to(session, "jana@brno.test")[-1] == "proposal-status"


def test_while_members_vote_nobody_is_barred_by_confirming(session, lyon):
    call = make_call(session)
    proposal = make_proposal(session, call, co_hosts="Lyon Cluster")
    shortlist_all(session, call)
    begin_ballot(session, call)
    with pytest.raises(TooLateToConfirm):
        confirm_co_host(session, proposal.asked_co_hosts[0].id, CO_HOST, call.ballot_opens_at)


def test_co_hosts_that_have_confirmed_are_told_of_a_withdrawal_and_others_are_not(session, lyon):
    proposal = make_proposal(
        session, make_call(session), co_hosts="Lyon Cluster\nMuseum, m@brno.test\nOpera, o@brno.test"
    )
    for co_host in proposal.asked_co_hosts[:2]:
        confirm_co_host(session, co_host.id, CO_HOST, NOW)
    withdraw_proposal(session, proposal.id, PROPOSER, NOW)
    told = [mail_to(session, to)[1:] for to in ("votes@lyon.test", "m@brno.test", "o@brno.test")]
    assert told == [["proposal-status"], ["proposal-status"], []]
