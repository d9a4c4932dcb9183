"""Proposals side by side: no column is lost without a sign, on screens and on paper."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.hosting.calls.service import start_review
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.reviews.service import Given, give_review
from tests.support.factories import make_account
from tests.support.hosting import YEAR, make_call, make_proposal, make_reviewer

COMPARE = f"/organise/hosting/calls/{YEAR}/compare"
HIDDEN = "() => { const r = document.querySelector('.compare'); return r.scrollWidth - r.clientWidth; }"


@pytest.fixture
def site(live_server, database_url, writing):
    moment = now()
    with writing() as session:
        chair = make_account(session, "chair@example.org", RoleName.CHAIR, now=moment)
        call = make_call(session, now=moment - timedelta(days=8))
        proposals: list[Proposal] = [
            make_proposal(session, call, now=moment - timedelta(days=8), motivation="It is our turn. " * 30)
            for _ in range(5)
        ]
        start_review(session, call.id, COMMAND, moment)
        reviewer = make_reviewer(session, now=moment)
        # In no order in which they were proposed.
        for number, proposal in zip((3, 1, 5, 2, 4), proposals, strict=True):
            scores = {criterion.id: Given(number) for criterion in call.criteria}
            give_review(session, proposal.id, reviewer.id, scores, COMMAND, moment)
    site = live_server(database_url)
    site.chair = chair
    return site


@pytest.mark.databases("sqlite")
def test_five_proposals_fit_a_desk_and_more_than_fits_is_said(site, browser, sign_in):
    tab = browser.open(site.url, (1280, 800))
    tab.sign_in(sign_in(site.chair))
    page = tab.goto(COMPARE)
    assert page.evaluate(HIDDEN) <= 0
    assert not page.get_by_text("The table scrolls sideways").is_visible()
    means = page.locator(".compare dl.scores div:first-child dd")
    assert means.all_inner_texts() != ["5.0", "4.0", "3.0", "2.0", "1.0"]
    page.get_by_role("link", name="Sort by score").click()
    # Between two pages there is no link either.
    expect(means).to_have_text(["5.0", "4.0", "3.0", "2.0", "1.0"])
    expect(page.get_by_role("link", name="Sort by score")).to_have_count(0)
    page.emulate_media(media="print")
    assert page.evaluate(HIDDEN) <= 0
    page.emulate_media(media="screen")
    tab.resize((390, 844))
    assert page.evaluate(HIDDEN) > 0
    assert page.get_by_text("The table scrolls sideways").is_visible()
