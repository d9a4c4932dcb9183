"""What a proposer can do, and until when."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dofc_events.core import files
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.core.clock import from_zone
from dofc_events.core.errors import ChangedMeanwhile
from dofc_events.extensions import settings
from dofc_events.hosting import queries as links
from dofc_events.hosting.calls.service import set_shortlist, start_review
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.proposals.attachments.queries import attached_bytes
from dofc_events.hosting.proposals.attachments.service import add_attachment, remove_attachment
from dofc_events.hosting.proposals.service import (
    PROPOSER,
    Answers,
    AnswersOutOfOrder,
    CallNotOpen,
    Incomplete,
    NoSuchCall,
    NotAMember,
    ProposalFixed,
    TooManyAttachments,
    answers_of,
    change_proposal,
    missing_of,
    save_draft,
    send_links,
    submit_proposal,
    withdraw_proposal,
)
from dofc_events.hosting.queries import attached_hashes, proposal_by_link
from dofc_events.hosting.rules import MAX_ATTACHMENTS, ProposalFault, ProposalStatus
from dofc_events.mail.models import Message
from dofc_events.mail.outbox import TooManyMessages
from dofc_events.web.attachments.reading.rules import checked
from tests.support import uploads
from tests.support.factories import NOW
from tests.support.hosting import (
    YEAR,
    last_entry,
    mail_to,
    make_answers,
    make_call,
    make_member,
    make_proposal,
)

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

MINUTE = timedelta(minutes=1)
DRAFT, SUBMITTED, WITHDRAWN = ProposalStatus.DRAFT, ProposalStatus.SUBMITTED, ProposalStatus.WITHDRAWN


def draft(session, answers: Answers, *, form_key: str = "key", now: datetime = NOW) -> Proposal:
    return save_draft(
        session, YEAR, answers, language="en", consent_text="Yes.", form_key=form_key, actor=PROPOSER, now=now
    )


def change(session, proposal: Proposal, now: datetime = NOW, seen: Answers | None = None, **changes) -> Proposal:
    answers = replace(answers_of(proposal), **changes)
    return change_proposal(session, proposal.id, answers, consent_text="Yes.", actor=PROPOSER, now=now, seen=seen)


def everything_kept(instance: Path) -> list[str]:
    return sorted(path.name for path in (instance / "files").glob("*"))


# Drafts


def test_a_draft_needs_an_address_alone_and_its_link_is_mailed(session):
    make_call(session)
    proposal = draft(session, Answers(contact_email="jana@dofc.test"))
    assert proposal.status == DRAFT
    message = session.scalars(select(Message)).one()
    assert (message.kind, message.recipient, message.about) == ("proposal-link", "jana@dofc.test", proposal.reference)
    assert f"/hosting/proposals/{links.token_of(proposal)}/" in message.text


def test_the_same_form_sent_twice_gives_one_proposal_and_one_mail(session):
    make_call(session)
    answers = make_answers()
    assert draft(session, answers) is draft(session, answers)
    assert mail_to(session, answers.contact_email) == ["proposal-link"]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_link_leads_to_its_own_proposal_and_a_changed_one_nowhere(session):
    call = make_call(session)
    mine, other = make_proposal(session, call), make_proposal(session, call)
    assert proposal_by_link(session, links.token_of(mine)) is mine
    assert proposal_by_link(session, links.token_of(mine).replace(mine.reference, other.reference)) is None
    assert proposal_by_link(session, "wrong") is None


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"member": "nobody"}, NotAMember),
        ({"starts_on": date(YEAR, 5, 19), "ends_on": date(YEAR, 5, 17)}, AnswersOutOfOrder),
        ({"starts_on": date(YEAR - 1, 5, 19)}, AnswersOutOfOrder),
    ],
)
def test_answers_that_do_not_go_together_are_refused(session, changes, refusal):
    make_call(session)
    with pytest.raises(refusal):
        draft(session, make_answers(**changes))


def test_all_faults_are_said_at_once(session):
    make_call(session)
    with pytest.raises(AnswersOutOfOrder) as refused:
        draft(session, make_answers(starts_on=date(YEAR, 1, 2), ends_on=date(YEAR - 1, 12, 30)))
    assert refused.value.faults == (ProposalFault.ENDS_BEFORE_IT_BEGINS, ProposalFault.NOT_IN_THE_YEAR)


def test_only_an_active_member_proposes_and_its_name_is_that_of_the_network(session):
    make_call(session)
    member = make_member(session, "czech-cluster", name="Czech Cluster")
    make_member(session, "asleep", is_active=False)
    with pytest.raises(NotAMember):
        draft(session, make_answers(member="asleep"))
    proposal = draft(session, make_answers(member="czech-cluster", organisation="Somebody else"))
    assert (proposal.proposed_by, proposal.organisation, proposal.proposer) == (member, "", "Czech Cluster")


def test_a_year_without_a_call_takes_nothing(session):
    with pytest.raises(NoSuchCall):
        draft(session, make_answers())


def test_an_address_is_not_flooded_with_links(session):
    call = make_call(session)
    for _ in range(5):
        make_proposal(session, call, DRAFT, contact_email="jana@dofc.test")
    with pytest.raises(TooManyMessages):
        make_proposal(session, call, DRAFT, contact_email="jana@dofc.test")


# Changes


def test_a_change_is_kept_with_what_was_before(session):
    proposal = make_proposal(session, make_call(session))
    change(session, proposal, city="Ostrava", starts_on=date(YEAR, 5, 16))
    assert proposal.city == "Ostrava"
    details = last_entry(session, "proposal_changed").details
    assert details["changes"] == {"city": ["Brno", "Ostrava"], "starts_on": [f"{YEAR}-05-17", f"{YEAR}-05-16"]}


def test_an_older_state_is_not_changed(session):
    proposal = make_proposal(session, make_call(session))
    seen = answers_of(proposal)
    change(session, proposal, city="Ostrava", seen=seen)
    with pytest.raises(ChangedMeanwhile):
        change(session, proposal, city="Zlín", seen=seen)
    assert proposal.city == "Ostrava"


@pytest.mark.databases("sqlite", "postgresql")
def test_another_address_ends_the_link_and_both_are_told(session):
    proposal = make_proposal(session, make_call(session), contact_email="old@dofc.test")
    old = links.token_of(proposal)
    change(session, proposal, contact_email="new@dofc.test")
    assert proposal_by_link(session, old) is None
    assert mail_to(session, "old@dofc.test")[-1] == "address-changed"
    assert mail_to(session, "new@dofc.test") == ["proposal-link"]
    text = session.scalars(select(Message.text).where(Message.recipient == "new@dofc.test")).one()
    assert links.token_of(proposal) in text
    old_text = session.scalars(select(Message.text).where(Message.kind == "address-changed")).one()
    assert "/hosting/proposals/" not in old_text


def test_what_is_submitted_stays_complete(session):
    proposal = make_proposal(session, make_call(session))
    with pytest.raises(Incomplete) as refused:
        change(session, proposal, venue="", consent=False)
    assert refused.value.missing == ("venue", "consent")
    draft_of_mine = make_proposal(session, proposal.call, DRAFT)
    assert change(session, draft_of_mine, venue="").venue == ""


# Submitting and withdrawing


def test_submitting_is_confirmed_once(session):
    proposal = make_proposal(session, make_call(session), DRAFT, contact_email="jana@dofc.test")
    assert submit_proposal(session, proposal.id, PROPOSER, NOW)
    assert not submit_proposal(session, proposal.id, PROPOSER, NOW)
    assert (proposal.status, proposal.submitted_at) == (SUBMITTED, NOW)
    assert mail_to(session, "jana@dofc.test") == ["proposal-link", "proposal-received"]


def test_an_incomplete_draft_is_told_what_is_missing_and_loses_nothing(session):
    proposal = make_proposal(session, make_call(session), DRAFT, venue_capacity=None, team="", consent=False)
    with pytest.raises(Incomplete) as refused:
        submit_proposal(session, proposal.id, PROPOSER, NOW)
    assert refused.value.missing == ("venue_capacity", "team", "consent") == missing_of(proposal)
    assert (proposal.status, proposal.city) == (DRAFT, "Brno")


@pytest.mark.parametrize(
    ("zone", "day", "closes_at"),
    [
        # Clocks in Belgrade jump from 2:00 to 3:00 on the 28th of March 2027, and fall back on the 31st of October.
        ("Europe/Belgrade", date(2027, 3, 28), "2027-03-28T22:00+00:00"),
        ("Europe/Belgrade", date(2027, 3, 27), "2027-03-27T23:00+00:00"),
        ("Europe/Belgrade", date(2027, 10, 31), "2027-10-31T23:00+00:00"),
        ("Europe/Belgrade", date(2027, 10, 30), "2027-10-30T22:00+00:00"),
        # Istanbul has had no summer time since 2016.
        ("Europe/Istanbul", date(2027, 3, 28), "2027-03-28T21:00+00:00"),
        ("Europe/Istanbul", date(2027, 10, 31), "2027-10-31T21:00+00:00"),
    ],
)
def test_the_deadline_is_the_end_of_the_day_where_the_call_is(session, zone, day, closes_at):
    """A call that closes at the end of a day takes the last proposal a minute before midnight there."""
    midnight = from_zone(day + timedelta(days=1), datetime.min.time(), zone)
    assert midnight == datetime.fromisoformat(closes_at)
    call = make_call(session, now=midnight - timedelta(days=7), zone=zone, closes_at=midnight)
    early, late = (make_proposal(session, call, DRAFT, now=midnight - MINUTE) for _ in range(2))
    assert submit_proposal(session, early.id, PROPOSER, midnight - MINUTE)
    with pytest.raises(CallNotOpen) as refused:
        submit_proposal(session, late.id, PROPOSER, midnight)
    assert refused.value.call is call
    for act in (
        lambda: change(session, early, now=midnight, city="Ostrava"),
        lambda: draft(session, make_answers(), now=midnight),
        lambda: add_attachment(session, early.id, checked("a.pdf", uploads.pdf()), PROPOSER, midnight),
    ):
        with pytest.raises(CallNotOpen):
            act()
    assert (late.status, early.city) == (DRAFT, "Brno")


def test_nothing_is_taken_before_the_call_opens(session):
    make_call(session, opens_at=NOW + MINUTE)
    with pytest.raises(CallNotOpen):
        draft(session, make_answers())
    assert draft(session, make_answers(), now=NOW + MINUTE)


def test_withdrawing_is_for_good_and_possible_after_the_deadline(session):
    call = make_call(session)
    proposal = make_proposal(session, call, contact_email="jana@dofc.test")
    later = call.closes_at + MINUTE
    start_review(session, call.id, WORKER, later)
    set_shortlist(session, call.id, [proposal.reference], COMMAND, later)
    assert withdraw_proposal(session, proposal.id, PROPOSER, later)
    assert not withdraw_proposal(session, proposal.id, PROPOSER, later)
    assert mail_to(session, "jana@dofc.test")[-2:] == ["proposal-status", "proposal-status"]
    message = session.scalars(select(Message).order_by(Message.id)).all()[-1]
    assert "has been withdrawn" in message.text and "new proposal" not in message.text
    with pytest.raises(ProposalFixed):
        submit_proposal(session, proposal.id, PROPOSER, NOW)


def test_what_is_under_review_cannot_be_changed_even_if_the_call_is_open_again(session):
    call = make_call(session)
    proposal = make_proposal(session, call)
    start_review(session, call.id, WORKER, call.closes_at)
    with pytest.raises(ProposalFixed):
        change(session, proposal, now=call.closes_at - MINUTE, city="Ostrava")


# Attachments


def test_what_is_attached_lies_under_its_hash_and_the_same_file_once(session):
    proposal = make_proposal(session, make_call(session))
    first = add_attachment(session, proposal.id, checked("a.pdf", uploads.pdf()), PROPOSER, NOW)
    assert add_attachment(session, proposal.id, checked("again.pdf", uploads.pdf()), PROPOSER, NOW) is first
    assert everything_kept(settings().instance) == [first.content_hash]
    assert files.read(settings().instance, first.content_hash) == uploads.pdf()


def test_a_proposal_takes_so_many_files_and_no_more(session):
    proposal = make_proposal(session, make_call(session))
    pictures = [uploads.picture(size=(8, height)) for height in range(1, MAX_ATTACHMENTS + 2)]
    added = [add_attachment(session, proposal.id, checked("a.png", p), PROPOSER, NOW) for p in pictures[:-1]]
    with pytest.raises(TooManyAttachments):
        add_attachment(session, proposal.id, checked("a.png", pictures[-1]), PROPOSER, NOW)
    assert len(everything_kept(settings().instance)) == MAX_ATTACHMENTS
    assert remove_attachment(session, proposal.id, added[0].id, PROPOSER, NOW)
    session.expire(proposal, ["attachments"])
    assert add_attachment(session, proposal.id, checked("a.png", pictures[-1]), PROPOSER, NOW)


@pytest.mark.databases("sqlite", "postgresql")
def test_nobody_takes_off_the_file_of_another_proposal(session):
    call = make_call(session)
    mine, other = make_proposal(session, call), make_proposal(session, call)
    attachment = add_attachment(session, other.id, checked("a.pdf", uploads.pdf()), PROPOSER, NOW)
    assert not remove_attachment(session, mine.id, attachment.id, PROPOSER, NOW)
    assert attached_hashes(session) == {attachment.content_hash}


def test_bytes_that_nobody_names_go_after_a_while_and_those_in_use_stay(session):
    call = make_call(session)
    one, two = make_proposal(session, call), make_proposal(session, call)
    gone = add_attachment(session, one.id, checked("a.png", uploads.picture()), PROPOSER, NOW)
    for proposal in (one, two):
        kept = add_attachment(session, proposal.id, checked("b.pdf", uploads.pdf()), PROPOSER, NOW)
    remove_attachment(session, one.id, gone.id, PROPOSER, NOW)
    remove_attachment(session, one.id, one.attachments[-1].id, PROPOSER, NOW)
    instance = settings().instance
    assert files.sweep(instance, attached_hashes(session), NOW + 59 * MINUTE) == 0
    assert files.sweep(instance, attached_hashes(session), NOW + 61 * MINUTE) == 1
    assert everything_kept(instance) == [kept.content_hash]


def test_a_file_that_several_have_attached_takes_its_room_once(session):
    call, letter = make_call(session), uploads.pdf()
    for _ in range(2):
        add_attachment(session, make_proposal(session, call).id, checked("letter.pdf", letter), PROPOSER, NOW)
    assert attached_bytes(session) == len(letter)


# The link again


@pytest.mark.databases("sqlite", "postgresql")
def test_lost_links_are_mailed_to_who_has_one_and_to_nobody_else(session):
    call = make_call(session)
    mine = [make_proposal(session, call, contact_email="jana@dofc.test") for _ in range(2)]
    make_proposal(session, call, WITHDRAWN, contact_email="jana@dofc.test", city="Zlín")
    session.query(Message).delete()
    send_links(session, "Jana@dofc.test", NOW)
    send_links(session, "nobody@dofc.test", NOW)
    message = session.scalars(select(Message)).one()
    assert message.recipient == "jana@dofc.test"
    assert all(links.token_of(proposal) in message.text for proposal in mine)
    assert "Zlín" not in message.text
