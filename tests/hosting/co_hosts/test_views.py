"""What a co-host sees and confirms, by its link."""

import re

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.hosting.co_hosts.service import CO_HOST, confirm_co_host
from dofc_events.hosting.models import CoHost
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.models import Message
from tests.support.factories import NOW
from tests.support.hosting import make_call, make_proposal


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def link_to(session, address):
    text = session.scalars(select(Message.text).where(Message.recipient == address)).first()
    return re.search(r"/hosting/co-host/\S+", text)[0]


@pytest.mark.parametrize("confirms", [True, False])
def test_a_co_host_reads_that_the_proposal_has_been_withdrawn(client, writing, confirms):
    with writing() as session:
        proposal_id = make_proposal(session, make_call(session), co_hosts="Museum, m@brno.test").id
        link = link_to(session, "m@brno.test")
    form = client.get(link).form()
    if confirms:
        form.submit()
    with writing() as session:
        withdraw_proposal(session, proposal_id, PROPOSER, NOW)
    page = client.get(link)
    assert page.h1 == "This proposal has been withdrawn" and not page.all("main form")
    assert ("Museum had confirmed at" in page.text) is confirms
    assert "members are voting" not in page.text and "is a co-host" not in page.text
    late = form.submit()
    assert (late.status, late.h1) == (403, page.h1)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (ProposalStatus.ACCEPTED, "Museum will be named as a host"),
        (ProposalStatus.DECLINED, "This proposal was not accepted"),
    ],
)
def test_a_co_host_reads_what_was_decided(client, writing, status, said):
    with writing() as session:
        proposal = make_proposal(session, make_call(session), co_hosts="Museum, m@brno.test")
        link = link_to(session, "m@brno.test")
        confirm_co_host(session, proposal.asked_co_hosts[0].id, CO_HOST, NOW)
        proposal.status = status
    assert said in client.get(link).text


def test_a_co_host_confirms_by_its_own_link_and_a_look_confirms_nothing(client, writing, reading):
    with writing() as session:
        make_proposal(session, make_call(session), co_hosts="Museum, m@brno.test", funding="Secret funds")
    with reading() as session:
        text = session.scalars(select(Message.text).where(Message.recipient == "m@brno.test")).one()
    link = re.search(r"/hosting/co-host/\S+", text)[0]

    def confirmed():
        with reading() as session:
            return session.scalars(select(CoHost.confirmed_at)).one()

    page = client.get(link)
    assert "names Museum as a co-host" in page.text and "Secret" not in page.text and "m@brno" not in page.text
    assert confirmed() is None
    page = page.form().submit()
    assert "Museum is a co-host" in page.h1 and confirmed() == NOW
    assert client.get(link[:-3]).status == 404
