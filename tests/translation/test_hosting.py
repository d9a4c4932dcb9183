"""What is said about hosting, and to those who run the network, goes through gettext."""

from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.conference.models import Organisation
from dofc_events.core.audit import COMMAND, Actor
from dofc_events.hosting import queries as proposal_links
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.calls.service import open_call
from dofc_events.hosting.hand_over.service import start_hand_over
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.proposals.questions.service import ask_question
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.web.attachments.forms import WORDS_FOR_REASONS
from dofc_events.web.attachments.rules import AttachmentFault
from tests.support.factories import NOW, make_account, make_edition
from tests.support.hosting import (
    WEEK,
    begin_ballot,
    call_details,
    make_answers,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
    shortlist_all,
)
from tests.translation.conftest import DATA, check, unmarked


@pytest.fixture
def hosting(app, writing):
    """Where a proposal and a ballot on it have their pages, with data in letters that our English does not use."""
    said: dict[str, Any] = {"text": "Ко?", "proposals_public": True, "quorum": 1}
    answers: dict[str, Any] = {name: "Ж" for name, value in asdict(make_answers()).items() if isinstance(value, str)}
    answers |= {"member": "", "contact_email": "е@примјер.срб", "country": "RS", "organisation": "Кластер"}
    with writing() as session:
        call, earlier = (
            open_call(session, year, call_details(at, **said), [("Место", 1)], COMMAND, at - WEEK)
            for year, at in ((2029, NOW), (2028, NOW - 2 * WEEK))
        )
        member = make_member(session, name="Члан")
        person = make_representative(session, member, email="е@члан.срб", name="Ана")
        make_proposal(session, call, now=NOW, **answers)
        make_proposal(session, earlier, now=NOW - 2 * WEEK, **answers)
        theirs = {**answers, "organisation": "", "member": member.slug}
        make_proposal(session, earlier, now=NOW - 2 * WEEK, **theirs)
        shortlist_all(session, earlier)
        voter = begin_ballot(session, earlier)[member.slug]
        cast_ballot(session, voter.id, person.id, ["none"], Actor("account", person.email), NOW)
        asker = make_reviewer(session, member, email="е@одбор.срб", name="Бора")
        proposal = session.scalars(select(Proposal).where(Proposal.call_id == call.id)).one()
        ask_question(session, proposal.id, asker.id, "Шта?", COMMAND, NOW)
    with app.app_context():
        own = f"/hosting/proposals/{proposal_links.token_of(proposal)}/"
        return own, f"/hosting/vote/{proposal_links.ballot_token(voter, person.id)}"


def test_pages_of_hosting_are_translated(client, hosting, writing):
    own, vote = hosting
    paths = [
        "/",
        "/hosting/",
        "/hosting/propose",
        "/hosting/lost-link",
        "/hosting/2028/result",
        vote,
        "/hosting/vote/x",
    ]
    for path in [*paths, "/hosting/proposals/x/", own, f"{own}edit", f"{own}check", f"{own}withdraw"]:
        check(client.get(path))
    check(client.get("/hosting/lost-link").form().fill(email="x@example.org").submit())
    with writing() as session:
        call = session.scalars(select(HostingCall).where(HostingCall.year == 2028)).one()
        close_ballot(session, call.id, COMMAND, call.ballot_closes_at)
    for path in ("/hosting/2028/result", vote):
        check(client.get(path))
    for status in ProposalStatus:
        with writing() as session:
            for proposal in session.scalars(select(Proposal)):
                proposal.status = status
        for path in (own, f"{own}edit", f"{own}withdraw"):
            check(client.get(path))


def test_what_is_said_about_mistakes_in_hosting_is_translated(client, hosting):
    own, vote = hosting
    for path, which in (
        ("/hosting/propose", ""),
        (f"{own}edit", ""),
        (own, "/answer"),
        (own, "form[enctype]"),
        (vote, ""),
    ):
        form = client.get(path).form(which)
        for value in ("", "ж" * 6000, "ж\tж", "999999999"):
            typed = {name: value for name in form.names if name not in ("consent", "file")}
            check(form.forge(typed).submit())
    for refusal in AttachmentFault:
        assert not unmarked(str(WORDS_FOR_REASONS[refusal]))


CHAIRS_PAGES = ("settings", "extend", "close", "start-review", "shortlist", "decision")


@pytest.fixture
def organising(hosting, writing, reading):
    """What those who run the network have pages about: sign-in links of the chair and a reviewer, and the addresses."""
    with writing() as session:
        earlier = session.scalars(select(HostingCall).where(HostingCall.year == 2028)).one()
        close_ballot(session, earlier.id, COMMAND, earlier.ballot_closes_at)
        reviewed = open_call(session, 2030, call_details(NOW - WEEK, text="Ко?"), [("Место", 1)], COMMAND, NOW - WEEK)
        said: dict[str, Any] = {name: "Ж" for name, value in asdict(make_answers()).items() if isinstance(value, str)}
        said |= {"member": "", "contact_email": "и@пример.срб", "country": "RS", "organisation": "Други"}
        proposal = make_proposal(session, reviewed, now=NOW - WEEK, **said)
        colleague = make_reviewer(session, make_member(session, name="Трећи"), email="и@одбор.срб", name="Вера")
        scores = {criterion.id: Given(4, "Лепо") for criterion in reviewed.criteria}
        give_review(session, proposal.id, colleague.id, scores, COMMAND, NOW)
        make_edition(session, year=2027, **DATA)
        coming = make_edition(session, year=2029, **DATA)
        start_hand_over(session, coming, make_edition(session, year=2028, **DATA), COMMAND, NOW)
        chair = make_account(session, "шеф@мрежа.срб", name="Елена")
        slug = session.scalars(select(Organisation.slug).where(Organisation.name == "Трећи")).one()
        links = [issue_sign_in_link(session, account.id, NOW) for account in (chair, colleague)]
    calls = [f"calls/{year}/{page}" for year in (2028, 2029, 2030) for page in ("", "compare", *CHAIRS_PAGES)]
    pages = [f"proposals/{proposal.reference}/{page}" for page in ("", "review", "question")]
    members = ["members", "members/new", f"members/{slug}/", f"members/{slug}/settings"]
    paths = ["", "calls/new", *calls, *pages, *members, f"members/{slug}/representatives/new"]
    return links, [f"/organise/hosting/{path}" for path in paths]


HAND_OVER = "/organise/editions/2029/hand-over"


def check_without_zones(page) -> None:
    """The names of zones are IANA's, in every language."""
    for option in page.all("select[name=zone] option"):
        option.remove()
    check(page)


def test_pages_of_those_who_run_the_network_are_translated(client, organising):
    links, paths = organising
    for link in links:
        browser = client.another()
        browser.get(f"/sign-in/{link}").form().submit()
        for path in ["/organise/", HAND_OVER, f"{HAND_OVER}/new", *paths]:
            page = browser.get(path)
            assert page.status in (200, 403, 404)
            has_fields = len(page.all("main form button")) == 1 and not page.form().tag.get("action")
            check_without_zones(page)
            if has_fields:
                form = browser.get(path).form()
                typed = [
                    tag["name"] for tag in form.tag.select("textarea, input:not([type=hidden], .form-check-input)")
                ]
                check_without_zones(form.forge(dict.fromkeys(typed, "ж" * 300)).submit())
