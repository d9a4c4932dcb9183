"""Organisers of an edition, signed in."""

import pytest
import time_machine

from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link, use_link
from dofc_events.conference.queries import edition_by_year
from tests.support.crowd import make_crowd
from tests.support.factories import NOW, make_account, make_edition, make_registration
from tests.support.pages import Client


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def year(writing) -> int:
    """The year of an edition with two places."""
    with writing() as session:
        return make_edition(session, capacity=2).year


@pytest.fixture
def enter(app, client, writing):
    """`enter("organiser", edition)`: the browser of a new account with that role; `into` another site's app."""

    def enter(role: str, edition=None, organisation=None, into=None) -> Client:
        with writing() as session:
            account = make_account(session, role=RoleName(role), edition=edition, organisation=organisation)
            use_link(session, issue_sign_in_link(session, account.id, NOW), NOW)
        return Client(into or app, base_url="http://dofc.test").sign_in(account)

    return enter


@pytest.fixture
def edition(reading, year):
    with reading() as session:
        return edition_by_year(session, year)


@pytest.fixture
def organiser(enter, edition):
    return enter("organiser", edition)


@pytest.fixture
def register(writing, year):
    """`register(given_name="Ana")`: the reference of somebody who registered."""

    def register(**changes) -> str:
        with writing() as session:
            return make_registration(session, edition_by_year(session, year), **changes).reference

    return register


@pytest.fixture
def register_many(writing, year):
    """`register_many(29, dietary="Vegan")`: this many people registered with the same answers."""

    def register_many(count: int, **changes) -> None:
        with writing() as session:
            make_crowd(session, edition_by_year(session, year), count, **changes)

    return register_many
