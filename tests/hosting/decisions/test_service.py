"""The decision: prepared privately, announced to all at once; the accepted proposal becomes the next edition."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.conference.models import Edition, EditionOrganiser, Organisation
from dofc_events.conference.rules import EditionStatus, TripMode
from dofc_events.conference.service import EditionExists
from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.core.clock import in_zone
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.calls.service import change_call, details_of, set_shortlist, start_review
from dofc_events.hosting.co_hosts.service import CO_HOST, confirm_co_host
from dofc_events.hosting.decisions.rules import Because, needs_reason
from dofc_events.hosting.decisions.service import (
    NothingPrepared,
    NotShortlisted,
    ReasonNeeded,
    ZoneNeeded,
    announce_decision,
    prepare_decision,
)
from dofc_events.hosting.hand_over.queries import hand_over_items, hand_over_sides
from dofc_events.hosting.hand_over.service import ItemDetails, add_item, tick_item
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.rules import LONGEST_NAME, HandOverKind, ProposalStatus, Side
from dofc_events.hosting.stages.rules import WrongStage
from dofc_events.mail.models import Message
from dofc_events.places.queries import edition_pool
from dofc_events.trips.queries import trip_pools
from tests.support.factories import NOW, make_account, make_edition, make_trip
from tests.support.hosting import (
    WEEK,
    YEAR,
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

MINUTE = timedelta(minutes=1)


@pytest.fixture
def call(session):
    """A call whose last member has the archive's last edition before it behind it."""
    make_edition(session, year=2027, starts_on=date(2027, 5, 20), ends_on=date(2027, 5, 22), trip_mode=TripMode.DRAW)
    make_member(session, "brno", name="Brno Cluster")
    return make_call(session)


def proposed(session, call, **changes):
    return make_proposal(session, call, **changes)


def vote_and_count(session, call) -> datetime:
    """Until the ballot is counted; when that is."""
    shortlist_all(session, call)
    begin_ballot(session, call)
    close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    return call.ballot_closes_at


def prepare(session, call, chosen, *, zone="", reason="We had no choice.", now=None):
    return prepare_decision(
        session,
        call.id,
        reference=chosen.reference if chosen else None,
        zone=zone,
        words_to_host="Well done.",
        words_to_others="Try again in two years.",
        reason=reason,
        actor=COMMAND,
        now=now or call.ballot_closes_at,
    )


def test_nothing_is_decided_before_the_count(session, call):
    proposal = proposed(session, call)
    shortlist_all(session, call)
    begin_ballot(session, call)
    for moment in (NOW, call.ballot_closes_at):
        with pytest.raises(WrongStage):
            prepare(session, call, proposal, now=moment)
        with pytest.raises(WrongStage):
            announce_decision(session, call.id, COMMAND, moment)
    close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    with pytest.raises(NothingPrepared):
        announce_decision(session, call.id, COMMAND, call.ballot_closes_at)


@pytest.mark.databases("sqlite", "postgresql")
def test_what_was_prepared_for_want_of_a_ballot_is_not_announced_while_members_vote(session, call):
    """With new dates for the ballot it could be, and the ballot went on."""
    proposal = proposed(session, call)
    at = call.ballot_closes_at
    prepare(session, call, None)
    start_review(session, call.id, COMMAND, at)
    set_shortlist(session, call.id, [proposal.reference], COMMAND, at)
    later = replace(details_of(call), ballot_opens_at=at + MINUTE, ballot_closes_at=at + WEEK)
    change_call(session, call.id, later, COMMAND, at)
    with pytest.raises(WrongStage):
        announce_decision(session, call.id, COMMAND, at)
    begin_ballot(session, call)
    with pytest.raises(WrongStage):
        announce_decision(session, call.id, COMMAND, at + MINUTE)
    close_ballot(session, call.id, WORKER, at + WEEK)
    with pytest.raises(NothingPrepared):
        announce_decision(session, call.id, COMMAND, at + WEEK)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_prepared_decision_is_told_to_nobody_and_can_be_another_one(session, call):
    one, two = proposed(session, call), proposed(session, call)
    vote_and_count(session, call)
    before = session.scalars(select(Message.id)).all()
    prepare(session, call, one)
    prepare(session, call, two)
    assert call.decision.proposal is two
    assert last_entry(session, "decision_prepared").details == {"changes": {"proposal": [one.reference, two.reference]}}
    assert session.scalars(select(Message.id)).all() == before
    assert {one.status, two.status} == {ProposalStatus.SHORTLISTED}


def test_what_the_network_did_not_decide_needs_a_reason(session, call):
    one, two = proposed(session, call), proposed(session, call, city="Cluj")
    with pytest.raises(ReasonNeeded) as refused:
        prepare(session, call, None, reason="")
    assert refused.value.because is Because.NO_BALLOT
    shortlist_all(session, call)
    member = make_member(session)
    person = make_representative(session, member)
    voters = begin_ballot(session, call)
    cast_ballot(session, voters[member.slug].id, person.id, [one.reference], COMMAND, call.ballot_opens_at)
    close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    call.quorum = 1
    assert prepare(session, call, one, reason="")
    for choice in (two, None):
        with pytest.raises(ReasonNeeded) as refused:
            prepare(session, call, choice, reason="")
        assert refused.value.because is Because.AGAINST_THE_BALLOT
    assert prepare(session, call, two, reason="Brno is on strike.").reason == "Brno is on strike."


@pytest.mark.parametrize(
    ("order", "votes", "choice", "because"),
    [
        (None, 0, "none", Because.NO_BALLOT),
        ((), 0, "a", Because.NOBODY_VOTED),
        (("a", "none"), 1, "a", Because.NO_QUORUM),
        (("a", "none"), 2, "none", Because.AGAINST_THE_BALLOT),
        (("a", "none"), 2, "a", None),
    ],
)
def test_a_reason_is_needed_where_the_ballot_did_not_say_it(order, votes, choice, because):
    assert needs_reason(order, votes, 2, choice) is because


@pytest.mark.databases("sqlite", "postgresql")
def test_all_proposers_are_told_at_once_each_what_it_means_for_them(session, call):
    one = proposed(session, call, contact_email="one@dofc.test")
    two = proposed(session, call, contact_email="two@dofc.test", city="Cluj", country="RO")
    draft = make_proposal(session, call, ProposalStatus.DRAFT, contact_email="draft@dofc.test")
    at = vote_and_count(session, call)
    prepare(session, call, one)
    announce_decision(session, call.id, COMMAND, at)
    assert [one.status, two.status, draft.status] == ["accepted", "declined", "draft"]
    texts = {
        message.recipient: message.text
        for message in session.scalars(select(Message).where(Message.queued_at == at))
        if message.kind == "proposal-status"
    }
    assert set(texts) == {"one@dofc.test", "two@dofc.test"}
    assert "Well done." in texts["one@dofc.test"] and "/organise/editions/2029/hand-over" in texts["one@dofc.test"]
    assert "Try again" in texts["two@dofc.test"] and "Brno" in texts["two@dofc.test"]
    assert "/hosting/2029/result" in texts["two@dofc.test"]
    with pytest.raises(WrongStage):
        announce_decision(session, call.id, COMMAND, at)
    with pytest.raises(WrongStage):
        prepare(session, call, two)


def test_accepting_none_declines_all_and_makes_no_edition(session, call):
    proposal = proposed(session, call, contact_email="one@dofc.test")
    at = vote_and_count(session, call)
    prepare(session, call, None)
    assert announce_decision(session, call.id, COMMAND, at) is None
    assert proposal.status == ProposalStatus.DECLINED
    assert session.scalar(select(Edition).where(Edition.year == YEAR)) is None
    assert mail_to(session, "one@dofc.test")[-1] == "proposal-status"


def test_a_call_without_a_shortlist_can_end_without_a_ballot(session, call):
    proposal = proposed(session, call)
    with pytest.raises(NotShortlisted):
        prepare(session, call, proposal)
    prepare(session, call, None)
    announce_decision(session, call.id, COMMAND, call.ballot_closes_at)
    assert proposal.status == ProposalStatus.DECLINED


def test_who_withdraws_before_the_announcement_is_not_accepted(session, call):
    proposal = proposed(session, call)
    at = vote_and_count(session, call)
    prepare(session, call, proposal)
    withdraw_proposal(session, proposal.id, PROPOSER, at)
    with pytest.raises(NotShortlisted):
        announce_decision(session, call.id, COMMAND, at)


def test_a_year_whose_edition_is_published_gets_no_second_one_and_that_is_said_at_once(session, call):
    proposal = proposed(session, call)
    at = vote_and_count(session, call)
    prepare(session, call, proposal)
    make_edition(session, year=YEAR)
    with pytest.raises(EditionExists):
        announce_decision(session, call.id, COMMAND, at)
    with pytest.raises(EditionExists):
        prepare(session, call, proposal)
    assert prepare(session, call, None)


def test_a_draft_of_the_year_is_filled_in_and_keeps_its_texts_and_trips(session, accept):
    """Only "none" could be announced while there was a draft."""
    draft = make_edition(
        session,
        year=YEAR,
        status=EditionStatus.DRAFT,
        summary="Three days.",
        city="Nowhere",
        starts_on=date(YEAR, 6, 1),
        ends_on=date(YEAR, 6, 3),
    )
    make_trip(session, draft, slug="the-foundry", title="Another foundry")
    edition = accept(contact_email="jana@dofc.test", trip_ideas="The foundry")
    assert edition is draft and edition.status == EditionStatus.DRAFT
    assert (edition.city, edition.summary, edition.starts_on) == ("Brno", "Three days.", date(YEAR, 5, 17))
    assert edition_pool(session, edition.id).capacity == 240
    assert [trip.slug for trip, _pool in trip_pools(session, edition.id)] == ["the-foundry", "the-foundry-2"]
    assert Grant(RoleName.ORGANISER, edition_id=edition.id) in account_by_email(session, "jana@dofc.test").grants(NOW)


@pytest.mark.parametrize(
    ("country", "zone", "kept"),
    [
        ("CZ", "", "Europe/Prague"),
        ("CZ", "Europe/Paris", "Europe/Prague"),
        ("ES", "Atlantic/Canary", "Atlantic/Canary"),
    ],
)
def test_the_zone_is_that_of_the_country(session, call, country, zone, kept):
    proposal = proposed(session, call, country=country)
    vote_and_count(session, call)
    assert prepare(session, call, proposal, zone=zone).zone == kept


@pytest.mark.parametrize("zone", ["", "Europe/Prague"])
def test_the_zone_is_asked_for_where_the_country_has_several(session, call, zone):
    proposal = proposed(session, call, country="ES")
    vote_and_count(session, call)
    with pytest.raises(ZoneNeeded) as refused:
        prepare(session, call, proposal, zone=zone)
    assert refused.value.zones == ("Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid")


# The next edition


@pytest.fixture
def accept(session, call):
    """`accept(city="Cluj", …)`: a proposal with these answers was accepted; the edition that it became."""

    def accepted(confirmed=(), **changes) -> Edition:
        proposal = proposed(session, call, **changes)
        for one in proposal.asked_co_hosts:
            if one.name in confirmed:
                confirm_co_host(session, one.id, CO_HOST, NOW)
        at = vote_and_count(session, call)
        prepare(session, call, proposal)
        return announce_decision(session, call.id, COMMAND, at)

    return accepted


def test_what_was_proposed_is_the_next_edition_as_a_draft(session, accept):
    edition = accept(contact_email="jana@dofc.test")
    assert (edition.year, edition.status) == (YEAR, "draft")
    assert (edition.city, edition.country, edition.venue, edition.zone) == (
        "Brno",
        "CZ",
        "Hall of Machines",
        "Europe/Prague",
    )
    assert (edition.starts_on, edition.ends_on) == (date(YEAR, 5, 17), date(YEAR, 5, 19))
    assert (edition.contact_name, edition.contact_email) == ("Jana Dvořáková", "jana@dofc.test")
    assert edition_pool(session, edition.id).capacity == 240
    account = account_by_email(session, "jana@dofc.test")
    assert account.grants(NOW) == [Grant(RoleName.ORGANISER, edition_id=edition.id)]


def test_what_the_last_edition_had_is_copied_with_its_dates_moved(session, accept):
    last = session.scalar(select(Edition).where(Edition.year == 2027))
    edition = accept()
    assert [c.slug for c in edition.categories] == [c.slug for c in last.categories]
    assert (edition.starts_at, edition.offer_hours, edition.trip_mode) == (time(9, 30), 72, TripMode.DRAW)
    for name in ("registration_opens_at", "registration_closes_at"):
        there, here = in_zone(getattr(last, name), last.zone), in_zone(getattr(edition, name), edition.zone)
        assert here.date() - there.date() == edition.starts_on - last.starts_on
        assert here.time() == there.time()
    assert (edition.summary, edition.programme) == ("", "")


def test_times_of_day_that_do_not_fit_a_single_day_are_left_for_the_host(session, call, accept):
    last = session.scalar(select(Edition).where(Edition.year == 2027))
    last.starts_at, last.ends_at = time(16), time(9)
    edition = accept(ends_on=date(YEAR, 5, 17))
    assert (edition.starts_at, edition.ends_at) == (None, None)


def organisers_of(session, edition) -> list[str]:
    query = select(Organisation.name).join(EditionOrganiser).where(EditionOrganiser.edition_id == edition.id)
    return list(session.scalars(query.order_by(EditionOrganiser.position)))


@pytest.mark.databases("sqlite", "postgresql")
def test_host_and_the_co_hosts_that_confirmed_are_its_organisers_and_known_ones_are_not_made_twice(session, accept):
    named = "- Moravian Museum\n- Brno cluster\n- Škoda Friends\n- Never Asked"
    edition = accept(
        ("Moravian Museum", "Brno cluster", "Škoda Friends"), member="brno", organisation="", co_hosts=named
    )
    assert organisers_of(session, edition) == ["Brno Cluster", "Moravian Museum", "Škoda Friends"]
    assert edition.proposed_by.slug == "brno"


def test_a_co_host_whose_name_is_a_whole_sentence_does_not_keep_the_decision_back(session, accept):
    sentence = "With the kind help of " + "everybody " * 40
    edition = accept((sentence[:LONGEST_NAME],), co_hosts=sentence)
    _host, helper = organisers_of(session, edition)
    assert helper.startswith("With the kind help") and len(helper) == 200


def test_trip_ideas_become_trips_without_seats_that_nobody_sees_yet(session, accept):
    edition = accept(trip_ideas="- The foundry\n- Draw\n- The foundry")
    trips = [(trip.slug, trip.title, pool.capacity) for trip, pool in trip_pools(session, edition.id)]
    assert trips == [("the-foundry", "The foundry", 0), ("draw-2", "Draw", 0), ("the-foundry-2", "The foundry", 0)]
    (trip, _), *_ = trip_pools(session, edition.id)
    assert in_zone(trip.starts_at, edition.zone) == in_zone(trip.starts_at, "Europe/Prague").replace(
        year=YEAR, month=5, day=18, hour=10, minute=0
    )


@pytest.mark.databases("sqlite", "postgresql")
def test_the_hand_over_begins_with_what_the_last_host_did_and_both_tick_it_off(session, accept):
    edition = accept()
    items = {item.topic: item for item in hand_over_items(session, edition.id)}
    last = session.scalar(select(Edition).where(Edition.year == 2027))
    assert items["registration_opened"].happened_at == last.registration_opens_at
    assert items["last_host"].details == {"year": 2027, "name": "Elena Petrova", "email": "host@dofc.test"}
    assert {item.kind for item in items.values()} == set(HandOverKind)
    contact = items["last_host"]
    assert tick_item(session, edition.id, contact.id, Side.HOST, COMMAND, NOW, done=True)
    assert not tick_item(session, edition.id, contact.id, Side.HOST, COMMAND, NOW, done=True)
    assert (contact.host_done_at, contact.last_host_done_at) == (NOW, None)
    assert tick_item(session, edition.id, contact.id, Side.HOST, COMMAND, NOW, done=False)
    added = add_item(session, edition.id, HandOverKind.LESSON, ItemDetails("Order buses early."), COMMAND, NOW)
    assert hand_over_items(session, edition.id)[-1] is added


def test_each_host_ticks_for_its_own_side_and_the_chair_for_both(session, accept):
    edition = accept(contact_email="jana@dofc.test")
    last = session.scalar(select(Edition).where(Edition.year == 2027))
    other = make_edition(session, year=2025)
    accounts = {
        "host": account_by_email(session, "jana@dofc.test"),
        "last": make_account(session, role=RoleName.ORGANISER, edition=last),
        "other": make_account(session, role=RoleName.ORGANISER, edition=other),
        "desk": make_account(session, role=RoleName.DESK, edition=last),
        "chair": make_account(session),
    }
    sides = {name: hand_over_sides(session, account.id, edition, NOW) for name, account in accounts.items()}
    both = {Side.HOST, Side.LAST_HOST}
    assert sides == {"host": {Side.HOST}, "last": {Side.LAST_HOST}, "other": set(), "desk": set(), "chair": both}
