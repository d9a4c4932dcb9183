"""Emails about hosting: every message is complete in both parts, and says what happens next."""

from dataclasses import replace
from typing import Any

import pytest

from dofc_events.accounts.models import Account
from dofc_events.core.db import unit_of_work
from dofc_events.hosting import mails
from dofc_events.hosting.models import Decision, Proposal, Question, Voter
from dofc_events.hosting.queries import ballot_token, token_of
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import Stage
from tests.support.factories import NOW
from tests.support.hosting import (
    WEEK,
    begin_ballot,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
    shortlist_all,
)
from tests.support.tree import parsed

EVIL = "<b/onmouseover=alert(1)>Müller</b>{{777777*7}}%(x)s"


class World:
    """A proposal in which everything was filled in by somebody with bad intentions, and a ballot on it."""

    def __init__(self, session) -> None:
        call = make_call(session)
        typed: dict[str, Any] = dict.fromkeys(("organisation", "contact_name", "city", "venue"), EVIL)
        self.proposal: Proposal = make_proposal(session, call, **typed, co_hosts=EVIL)
        (self.co_host,) = self.proposal.asked_co_hosts
        self.proposal.settled_at = NOW
        self.reviewer: Account = make_reviewer(session, name=EVIL)
        member = make_member(session, name=EVIL)
        self.people: list[Account] = [make_representative(session, member, name=EVIL) for _ in range(2)]
        shortlist_all(session, call)
        self.voter: Voter = begin_ballot(session, call)[member.slug]
        self.question = Question(text=EVIL, account_id=self.reviewer.id)
        self.decision = Decision(call_id=call.id, words_to_host=EVIL, words_to_others=EVIL)
        self.decision.proposal = self.proposal


@pytest.fixture(scope="module")
def world(databases, tmp_path_factory):
    """One for all: to write an email changes nothing in it."""
    with databases.fresh("sqlite") as url:
        app = databases.site(url, tmp_path_factory.mktemp("instance"))
        with app.app_context(), unit_of_work() as session, session.no_autoflush:
            yield World(session)
            session.expunge_all()


TO_PROPOSER = (
    lambda w: mails.draft_saved(w.proposal),
    lambda w: mails.links(w.proposal.contact_email, [w.proposal]),
    lambda w: mails.received(w.proposal),
    lambda w: mails.question_asked(w.proposal, w.question),
    lambda w: mails.under_review(w.proposal),
    lambda w: mails.under_review(w.proposal, again=True),
    lambda w: mails.shortlisted(w.proposal),
    lambda w: mails.dates_changed(w.proposal, replace(w.proposal.call.dates, closes_at=NOW)),
    lambda w: mails.dates_changed(w.proposal, replace(w.proposal.call.dates, closes_at=NOW + 2 * WEEK)),
    lambda w: mails.co_host_confirmed(w.co_host),
    lambda w: mails.membership_settled(w.proposal),
    lambda w: mails.may_be_public(w.proposal),
    lambda w: mails.draft_reminder(w.proposal),
    lambda w: mails.draft_ends(w.proposal, NOW),
    lambda w: mails.draft_ends(w.proposal, NOW + 9 * WEEK),
    lambda w: mails.declined(w.proposal, w.decision),
    lambda w: mails.declined(w.proposal, Decision(words_to_others=EVIL, reason=EVIL)),
)
TO_VOTER = (
    lambda w: mails.ballot_opened(w.voter, [w.proposal], [], w.people[0]),
    lambda w: mails.ballot_opened(w.voter, [], [w.proposal], w.people[0]),
    lambda w: mails.representative_changed(w.voter, w.people[0], w.people[1], by=EVIL, added=True, is_chair=True),
    lambda w: mails.representative_changed(w.voter, w.people[0], w.people[1], by=EVIL, added=False, is_chair=False),
    lambda w: mails.member_struck(w.voter, w.people[0]),
    lambda w: mails.ballot_reminder(w.voter, w.people[0]),
    lambda w: mails.withdrawn_in_ballot(w.voter, w.proposal, w.people[0]),
    lambda w: mails.ballot_cast(w.voter, w.people[0], w.people[0], changed=False),
    lambda w: mails.ballot_cast(w.voter, w.people[1], w.people[0], changed=True),
)
WITHOUT_ANY_LINK = (
    lambda w: mails.address_changed(w.proposal, "old@dofc.test"),
    lambda w: mails.withdrawn(w.proposal, NOW),
    lambda w: mails.withdrawal(w.proposal, ProposalStatus.SHORTLISTED, Stage.DECISION, w.reviewer),
    lambda w: mails.received_for_chair(w.proposal, w.reviewer),
    lambda w: mails.received_for_chair(w.proposal, w.reviewer, represents=True),
    lambda w: mails.proposed_by_another(w.proposal, w.people[0]),
    lambda w: mails.ballot_counted(w.proposal.call, w.reviewer, [w.voter], 1),
    lambda w: mails.outcome(w.proposal.call, w.decision, "lyon@dofc.test", EVIL, co_hosts=[w.co_host]),
    lambda w: mails.outcome(w.proposal.call, Decision(reason=EVIL), "host@dofc.test", EVIL, hands_over=True),
    lambda w: mails.withdrawn(w.proposal, NOW + WEEK),
    lambda w: mails.co_host_asked(w.co_host, "lyon@dofc.test", EVIL),
    lambda w: mails.withdrawn_for_co_host(w.co_host, "lyon@dofc.test", EVIL),
    lambda w: mails.dates_changed_for_account(
        w.proposal.call, replace(w.proposal.call.dates, ballot_opens_at=NOW), w.reviewer
    ),
    lambda w: mails.accepted(w.proposal, w.decision, 2029),
    lambda w: mails.question_answered(w.proposal, w.question, w.reviewer),
)
EVERY = (*TO_PROPOSER, *TO_VOTER, *WITHOUT_ANY_LINK)


@pytest.mark.parametrize("write", EVERY)
def test_every_message_is_complete_and_shows_what_was_typed_as_text(world, write):
    envelope = write(world)
    page = parsed(envelope.html)
    assert not page.select("b, script, [onmouseover]")
    assert "5444439" not in envelope.text and page.select("title") and page.select("h1")
    for part in (envelope.text, page.get_text()):
        assert "Müller" in part and "Balkan and Black Sea Cluster Network" in part
        assert "None" not in part and "%(" not in part.replace(EVIL, "")
    assert envelope.subject and "\n" not in envelope.subject and "&lt;" not in envelope.subject
    assert envelope.scope == "hosting-2029"
    assert all(len(line) <= 76 or line.startswith("http") for line in envelope.text.splitlines())
    links = [str(a["href"]) for a in page.select("a[href]")]
    assert all(link.startswith("http://dofc.test/") and link in envelope.text for link in links)


@pytest.mark.parametrize("write", EVERY)
def test_every_message_says_what_happens_next(world, write):
    envelope = write(world)
    said = (" ".join(part.split()) for part in (envelope.text, parsed(envelope.html).text))
    assert all("What happens next:" in part or "there is nothing for you to do" in part for part in said)


@pytest.mark.parametrize("write", TO_PROPOSER)
def test_a_proposer_is_sent_the_link_to_their_own_page(world, write):
    envelope = write(world)
    page = f"http://dofc.test/hosting/proposals/{token_of(world.proposal)}/"
    assert page in envelope.text and page in envelope.html
    assert (envelope.recipient, envelope.about) == (world.proposal.contact_email, world.proposal.reference)


@pytest.mark.parametrize("write", TO_VOTER)
def test_a_representative_is_sent_a_link_of_their_own(world, write):
    envelope = write(world)
    mine, other = (f"/hosting/vote/{ballot_token(world.voter, person.id)}" for person in world.people)
    assert mine in envelope.text and other not in envelope.text
    assert (envelope.kind, envelope.recipient) == ("ballot", world.people[0].email)


def test_who_cannot_rank_an_own_proposal_is_told_that_the_gap_may_be_recognised(world):
    for own in ([], [world.proposal]):
        envelope = mails.ballot_opened(world.voter, [], own, world.people[0])
        for part in (" ".join(envelope.text.split()), parsed(envelope.html).get_text()):
            assert ("This gap may make it recognisable" in part) == bool(own)
            assert "Nobody can then find out" not in part


@pytest.mark.parametrize("write", WITHOUT_ANY_LINK)
def test_no_other_message_has_a_link_that_acts_for_a_person(world, write):
    envelope = write(world)
    assert "/hosting/proposals/" not in envelope.text.replace("/organise/hosting/proposals/", "")
    assert "/hosting/vote/" not in envelope.text
