"""The shortlist where others act while its form is open."""

from collections.abc import Iterator

import pytest
import time_machine

from dofc_events.accounts.rules import RoleName
from dofc_events.hosting.calls.service import start_review
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from tests.support.factories import make_account
from tests.support.hosting import YEAR, make_call, make_proposal

PAGE = f"/organise/hosting/calls/{YEAR}/shortlist"


@pytest.fixture
def proposals(writing) -> Iterator[list[Proposal]]:
    """Brno, Cluj and Lyon, which are under review."""
    with writing() as session:
        call = make_call(session)
        cities = ("Brno", "Cluj", "Lyon")
        proposals = [make_proposal(session, call, organisation=f"{city} Cluster", city=city) for city in cities]
        start_review(session, call.id, None, call.closes_at)
    with time_machine.travel(call.closes_at, tick=False):
        yield proposals


@pytest.fixture
def forms(writing, sign_in, proposals):
    """The chair's form, in two tabs."""
    with writing() as session:
        account = make_account(session, role=RoleName.CHAIR)
    browser = sign_in(account)
    return [browser.get(PAGE).form() for _tab in range(2)]


def withdraw(writing, proposal: Proposal) -> None:
    with writing() as session:
        withdraw_proposal(session, proposal.id, PROPOSER, proposal.call.closes_at)


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_two_shortlists_are_compared_by_the_names_of_their_proposals(writing, proposals, forms, is_withdrawn):
    brno, cluj, lyon = (proposal.reference for proposal in proposals)
    theirs, mine = forms
    theirs.fill(references=[brno, cluj]).submit()
    if is_withdrawn:
        withdraw(writing, proposals[2])
    page = mine.fill(references=[lyon]).submit()
    assert page.status == 422
    versions = [dd.get_text() for dd in page.all(".versions dd")]
    assert versions == ["Brno Cluster, Brno\nCluj Cluster, Cluj", "Lyon Cluster, Lyon"]


def test_a_proposal_withdrawn_while_the_form_was_open_is_named(writing, proposals, forms):
    form = forms[0].fill(references=[proposal.reference for proposal in proposals[1:]])
    withdraw(writing, proposals[2])
    page = form.submit()
    assert page.status == 422
    said = "Withdrawn since you opened this page: Lyon Cluster, Lyon. Check the list again."
    assert page.one(".field-error").get_text() == said
    assert page.form().value("references") == proposals[1].reference
