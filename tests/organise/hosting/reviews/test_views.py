"""Reviewers: the comparison, one proposal, questions, scores; and what each may not see or do."""

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import EditionOrganiser
from dofc_events.conference.rules import EditionStatus
from dofc_events.hosting.models import HostingCall, Proposal, Question, Review
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.web.attachments.reading.rules import checked
from tests.support import uploads
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_edition
from tests.support.hosting import (
    WEEK,
    YEAR,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
    shortlist_all,
)

COMPARE = f"/organise/hosting/calls/{YEAR}/compare"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def danube(writing):
    """A member that organised an edition long ago, and prepares two others."""
    with writing() as session:
        archived = make_edition(session, year=2011, status=EditionStatus.ARCHIVED, starts_on=None, ends_on=None)
        editions = [archived, make_edition(session), make_edition(session, year=2028, status=EditionStatus.DRAFT)]
        danube = make_member(session, "danube", name="Danube Cluster")
        for edition in editions:
            session.add(EditionOrganiser(edition_id=edition.id, organisation_id=danube.id, position=0))
        return danube


@pytest.fixture
def call(writing, danube):
    """A call whose review has begun, with the proposals of Brno and of the Danube Cluster."""
    with writing() as session:
        call = make_call(session, now=NOW - WEEK)
        make_proposal(session, call, now=NOW - WEEK, organisation="Brno Cluster", contact_email="jana@dofc.test")
        make_proposal(session, call, now=NOW - WEEK, member="danube", organisation="", city="Novi Sad", country="RS")
        return call


@pytest.fixture
def found(reading):
    """`found("Brno Cluster")`: the proposal of an organisation."""

    def found(proposer: str) -> Proposal:
        with reading() as session:
            return next(p for p in session.scalars(select(Proposal)) if p.proposer == proposer)

    return found


@pytest.fixture
def reviewer(client, writing, danube, sign_in, call):
    """`reviewer()`: the browser of a reviewer of the Danube Cluster."""
    with writing() as session:
        account = make_reviewer(session, danube, name="Mira Petrović")
    return lambda: sign_in(account)


@pytest.fixture
def score(writing):
    """`score(proposal, 5)`: another reviewer gives that on each criterion."""

    def score(proposal: Proposal, number: int, note: str = "") -> None:
        with writing() as session:
            reviewer = make_reviewer(session, name="Goran Ilić")
            call = session.get_one(HostingCall, proposal.call_id)
            scores = {criterion.id: Given(number, note) for criterion in call.criteria}
            give_review(session, proposal.id, reviewer.id, scores, None, NOW)

    return score


def address(proposal: Proposal, path: str = "") -> str:
    return f"/organise/hosting/proposals/{proposal.reference}/{path}"


def scores_in(form) -> list[str]:
    return [name for name in form.names if name.startswith("score-")]


# Side by side


def test_the_comparison_has_what_is_compared(reviewer, found):
    page = reviewer().get(COMPARE)
    rows = {
        row.select_one("th").get_text(): [cell.get_text(" ", strip=True) for cell in row.select("td")]
        for row in page.all("tbody tr")
    }
    assert rows["Place"] == ["Brno, Czechia", "Novi Sad, Serbia"]
    assert rows["Capacity"] == ["240", "240"]
    assert rows["Budget"][0] == "48,000 euros"
    assert rows["Per delegate, if the venue is full"][0] == "200 euros"
    assert rows["Experience as host"] == ["No edition in the archive", "Organised the edition of 2011"]
    assert rows["Travel"][0] == "By train from Vienna."
    region = page.one("[role=region]")
    assert region["tabindex"] == "0" and region["aria-labelledby"] == page.one("h1")["id"]


HIDDEN = (ProposalStatus.DRAFT, ProposalStatus.WITHDRAWN)


def test_drafts_and_what_was_withdrawn_are_nobodys_to_read(reviewer, writing, call):
    with writing() as session:
        here = session.get_one(HostingCall, call.id)
        hidden = [make_proposal(session, here, status, now=NOW - WEEK) for status in HIDDEN]
    browser = reviewer()
    assert browser.get(COMPARE).one("[data-total]")["data-total"] == "2"
    for proposal in hidden:
        for path in ("", "review", "question"):
            assert browser.get(address(proposal, path)).status == 404


def test_who_only_votes_reads_the_shortlist_without_contact_and_reviews(
    writing, sign_in, client, found, call, score, danube
):
    proposal = found("Brno Cluster")
    score(proposal, 5, "Splendid.")
    with writing() as session:
        voter = make_representative(session, danube)
    browser = sign_in(voter)
    assert "nothing on the shortlist" in browser.get(COMPARE).text
    assert browser.get(address(proposal)).status == 404
    with writing() as session:
        shortlist_all(session, session.get_one(HostingCall, call.id))
    page = browser.get(COMPARE)
    assert page.one("[data-total]")["data-total"] == "2" and "You do not review it" not in page.text
    page = browser.get(address(proposal))
    assert page.status == 200
    assert "jana@dofc.test" not in page.text
    assert "Reviews" not in page.text and "Splendid" not in page.text
    assert browser.get(address(proposal, "review")).status == 403


def test_the_comparison_takes_as_many_queries_for_thirty_proposals_as_for_two(reviewer, writing, call, score, found):
    score(found("Brno Cluster"), 4)
    browser = reviewer()
    with count_queries() as two:
        browser.get(COMPARE)
    with writing() as session:
        here = session.get_one(HostingCall, call.id)
        for number in range(28):
            member = make_member(session, f"m-{number}")
            make_proposal(session, here, now=NOW - WEEK, member=member.slug, organisation="")
    with count_queries() as thirty:
        assert browser.get(COMPARE).one("[data-total]")["data-total"] == "30"
    assert len(two) == len(thirty)


# Scores


def test_a_review_is_given_and_changed(reviewer, found, reading):
    brno, browser = found("Brno Cluster"), reviewer()
    form = browser.get(address(brno, "review")).form()
    names = scores_in(form)
    page = form.fill(dict.fromkeys(names, "4")).fill({"note-1": "Near the station."}).submit()
    assert page.url == address(brno)
    form = browser.get(address(brno, "review")).form()
    assert (form.value(names[0]), form.value("note-1")) == ("4", "Near the station.")
    form.fill({names[0]: "1"}).submit()
    with reading() as session:
        review = session.scalars(select(Review)).one()
        assert sorted(score.score for score in review.scores) == [1, 4, 4]


def test_a_criterion_without_score_is_named_and_nothing_is_lost(reviewer, found, reading):
    form = reviewer().get(address(found("Brno Cluster"), "review")).form()
    page = form.fill({"score-1": "5", "note-2": "Who pays the rest?"}).submit()
    assert page.status == 422
    assert "Give Funding a score from 1 to 5" in page.text
    assert (page.form().value("score-1"), page.form().value("note-2")) == ("5", "Who pays the rest?")
    assert page.form().forge({"score-2": "9", "score-3": "0"}).submit().status == 422
    with reading() as session:
        assert not session.scalars(select(Review)).all()


def test_what_others_gave_is_read_after_giving_ones_own(reviewer, found, score, clock, call):
    brno = found("Brno Cluster")
    score(brno, 5, "Splendid hall.")
    browser = reviewer()
    for path in (address(brno), COMPARE):
        before = browser.get(path)
        assert "Splendid hall" not in before.text and "5.0" not in before.text
    form = browser.get(address(brno, "review")).form()
    page = form.fill(dict.fromkeys(scores_in(form), "2")).submit()
    assert "Splendid hall" in page.text
    # Twice 5.0 and 2.0 have the mean 3.5, whatever the weights, and are 3 apart.
    assert [dd.get_text() for dd in page.all("#reviews ~ dl.figures dd")] == ["3.5", "3.5", "3.0", "2"]
    assert [dd.get_text() for dd in browser.get(COMPARE).all(".scores dd")] == ["3.5", "3.5", "3.0"]


def test_when_reviews_are_over_every_reviewer_reads_them_and_none_can_be_changed(reviewer, found, score, clock, call):
    brno = found("Brno Cluster")
    score(brno, 5, "Splendid hall.")
    clock.move_to(call.review_closes_at)
    browser = reviewer()
    assert "Splendid hall" in browser.get(address(brno)).text
    page = browser.get(address(brno, "review"))
    assert page.status == 403
    assert "Reviews ended" in page.text


def test_ones_own_members_proposal_is_not_reviewed_by_page_or_by_crafted_request(reviewer, found, reading):
    own, browser = found("Danube Cluster"), reviewer()
    assert "own member proposes" in browser.get(address(own)).text
    page = browser.get(address(own, "review"))
    assert page.status == 403
    assert "own member proposes" in page.text and not page.all("main form")
    form = browser.get(address(found("Brno Cluster"), "review")).form()
    form.fill(dict.fromkeys(scores_in(form), "5"))
    form.tag["action"] = address(own, "review")
    assert form.submit().status == 403
    with reading() as session:
        assert not session.scalars(select(Review)).all()


def test_the_chair_reads_whether_the_contact_represents_the_member(writing, sign_in, call, found, danube):
    own, note = found("Danube Cluster"), "is not the address of a representative of Danube Cluster"
    with writing() as session:
        chair, reviewer = make_account(session), make_reviewer(session)
    assert note in sign_in(chair).get(address(own)).text
    assert note not in sign_in(chair).get(address(found("Brno Cluster"))).text
    assert note not in sign_in(reviewer).get(address(own)).text
    with writing() as session:
        make_representative(session, danube, email=own.contact_email)
    page = sign_in(chair).get(address(own))
    assert note not in page.text and "(a representative of Danube Cluster)" in page.text


def test_the_chair_reads_reviews_and_gives_none(client, writing, sign_in, found, score, call):
    with writing() as session:
        chair = make_account(session, role=RoleName.CHAIR)
    score(found("Brno Cluster"), 5, "Splendid hall.")
    browser = sign_in(chair)
    assert "Splendid hall" in browser.get(address(found("Brno Cluster"))).text
    assert browser.get(address(found("Brno Cluster"), "review")).status == 403


def test_reviews_before_their_time_are_refused_with_the_time(reviewer, writing, found, clock, call):
    clock.move_to(call.closes_at - WEEK)
    page = reviewer().get(address(found("Brno Cluster"), "review"))
    assert page.status == 403
    assert "Reviews begin at 13:00, Monday 2 November 2026 (Belgrade time)" in page.text


# Questions and files


def test_a_question_goes_to_the_proposer(reviewer, found, reading):
    brno = found("Brno Cluster")
    browser = reviewer()
    assert browser.get(address(brno)).follow("Ask a question").form().submit().status == 422
    page = browser.get(address(brno, "question")).form().fill(text="Who pays the buses?").submit()
    assert page.url == address(brno)
    assert "Who pays the buses?" in page.text
    with reading() as session:
        assert session.scalars(select(Question.text)).all() == ["Who pays the buses?"]
        assert mail_to(session, "jana@dofc.test")[-1] == "proposal-question"


def test_who_asked_is_shown_to_the_chair_and_to_who_reviews_the_proposal_alone(
    reviewer, writing, sign_in, found, call, danube
):
    brno = found("Brno Cluster")
    page = reviewer().get(address(brno, "question"))
    assert "can read the question and the answer without your name" in page.text
    page.form().fill(text="Who pays the buses?").submit()
    with writing() as session:
        shortlist_all(session, session.get_one(HostingCall, call.id))
        see_it = (make_account(session), make_reviewer(session))
        # The second has the proposal's contact address.
        others = (make_representative(session, danube), make_reviewer(session, email="jana@dofc.test"))
    for account in (*see_it, *others):
        page = sign_in(account).get(address(brno))
        assert "Who pays the buses?" in page.text
        assert ("Mira Petrović" in page.text) is (account in see_it)


def test_nobody_asks_the_own_member(reviewer, found):
    page = reviewer().get(address(found("Danube Cluster"), "question"))
    assert page.status == 403
    assert not page.all("main form")


def test_a_file_is_saved_and_never_run_and_belongs_to_its_proposal(reviewer, writing, client):
    with writing() as session:
        call = make_call(session, YEAR + 1)
        first, second = make_proposal(session, call), make_proposal(session, call)
        file = add_attachment(session, first.id, checked("letter of support.pdf", uploads.pdf()), PROPOSER, NOW)
        number = file.id
    browser = reviewer()
    assert "letter of support.pdf" in browser.get(address(first)).text
    answer = browser.get(address(first, f"files/{number}"))
    assert (answer.status, answer.data) == (200, uploads.pdf())
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert browser.get(address(second, f"files/{number}")).status == 404
    assert browser.get(address(first, "files/99999999999")).status == 404


# Who does not judge


def test_a_conflict_is_asked_about_first_and_the_chair_sees_it(reviewer, sign_in, writing, found):
    brno = found("Brno Cluster")
    page = reviewer().get(address(brno)).follow("Declare a conflict of interest")
    assert "This cannot be undone" in page.text
    assert page.form().submit().status == 422
    page = page.form().fill(reason="My brother works there.").submit()
    assert "You have declared a conflict of interest" in page.text
    assert page.client.get(address(brno, "review")).status == 403
    with writing() as session:
        chair = make_account(session)
    page = sign_in(chair).get(f"/organise/hosting/calls/{YEAR}/")
    interests = [item.get_text() for item in page.all("#interests ~ ul li")]
    assert interests == [
        "Mira Petrović: Brno Cluster (declared a conflict)",
        "Mira Petrović: Danube Cluster (own member)",
    ]


def test_the_chair_settles_whether_a_proposer_is_a_member(sign_in, writing, call, found):
    with writing() as session:
        make_proposal(session, session.get_one(HostingCall, call.id), organisation="Danube Clusters", now=NOW - WEEK)
        chair = make_account(session)
    page = sign_in(chair).get(f"/organise/hosting/calls/{YEAR}/").follow("Settle whether Danube Clusters is a member")
    assert page.form().choices("member") == ["danube", "none!"]
    page = page.form().fill(member="none!").submit()
    assert page.url == address(found("Danube Clusters")) and "is not a member." in page.text
