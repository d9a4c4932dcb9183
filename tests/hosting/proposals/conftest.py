"""What the tests beside this file share."""

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.hosting.models import Proposal
from dofc_events.hosting.queries import token_of
from tests.support.factories import NOW
from tests.support.hosting import make_call, make_member

# The names of the contract, and what goes into them.
ANSWERS = {
    "organisation": "Brno Cluster",
    "contact_name": "Jana Dvořáková",
    "contact_email": "jana@example.org",
    "city": "Brno",
    "country": "CZ",
    "starts_on": "2029-05-17",
    "ends_on": "2029-05-19",
    "venue": "Hall of Machines",
    "venue_capacity": "240",
    "budget_eur": "48 000",
    "funding": "The region pays half.",
    "travel": "By train from Vienna.",
    "team": "Five people.",
    "supporters": "The city of Brno",
    "trip_ideas": "The foundry\r\nA brewery",
    "motivation": "It is our turn.",
    "consent": True,
}

NEEDED = [name for name in ANSWERS if name not in ("contact_email", "supporters", "trip_ideas")]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def call(writing):
    with writing() as session:
        make_member(session, "danube", name="Danube Cluster")
        return make_call(session)


def proposals(reading) -> list[Proposal]:
    with reading() as session:
        return list(session.scalars(select(Proposal).order_by(Proposal.id)))


@pytest.fixture
def alone(reading):
    """The one proposal that there is."""

    def alone() -> Proposal:
        (proposal,) = proposals(reading)
        return proposal

    return alone


def status_of(page) -> str:
    return page.one("[data-proposal-status]")["data-proposal-status"]


def token_for(client, proposal) -> str:
    with client.app.app_context():
        return token_of(proposal)
