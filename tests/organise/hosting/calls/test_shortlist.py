"""Two who set a shortlist at the same time."""

import time_machine

from dofc_events.accounts.rules import RoleName
from dofc_events.hosting.calls.service import start_review
from tests.support.factories import make_account
from tests.support.hosting import YEAR, make_call, make_proposal

PAGE = f"/organise/hosting/calls/{YEAR}/shortlist"


def test_two_shortlists_are_compared_by_the_names_of_their_proposals(writing, sign_in):
    with writing() as session:
        call = make_call(session)
        proposals = [
            make_proposal(session, call, organisation=f"{c} Cluster", city=c) for c in ("Brno", "Cluj", "Lyon")
        ]
        start_review(session, call.id, None, call.closes_at)
        chair = make_account(session, role=RoleName.CHAIR)
    brno, cluj, lyon = (proposal.reference for proposal in proposals)
    with time_machine.travel(call.closes_at, tick=False):
        browser = sign_in(chair)
        theirs, mine = (browser.get(PAGE).form() for _tab in range(2))
        theirs.fill(references=[brno, cluj]).submit()
        page = mine.fill(references=[lyon]).submit()
    assert page.status == 422
    assert [dd.get_text() for dd in page.all(".versions dd")] == [
        "Brno Cluster, Brno\nCluj Cluster, Cluj",
        "Lyon Cluster, Lyon",
    ]
