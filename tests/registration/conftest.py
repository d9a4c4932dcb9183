"""What the tests of the delegate's acts share."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.factories import make_edition
from tests.support.letters import kinds

FORM = "/editions/2027/register"
LOST = "/editions/2027/lost-link"
ANSWERS = {
    "given_name": "Łucja",
    "family_name": "Öztürk",
    "badge_name": "Lucy",
    "email": "lucja@example.org",
    "phone": "+359 2 987 6543",
    "organisation": "Trakya Cluster",
    "job_title": "Manager",
    "country": "TR",
    "category": "company",
    "dietary": "No nuts",
    "access_needs": "A ramp",
    "visa_letter": True,
    "photo_consent": True,
    "consent": True,
}


@pytest.fixture
def app(shared_app: Callable[..., Flask]) -> Flask:
    """The site with an email server, so that messages are queued; nobody delivers them unless a test says so."""
    return shared_app(mail_server="127.0.0.1")


@pytest.fixture
def edition(writing):
    with writing() as session:
        return make_edition(session, year=2027, capacity=30)


@pytest.fixture
def change(writing, edition):
    """Changes columns of the edition."""

    def change(**columns):
        with writing() as session:
            for name, value in columns.items():
                setattr(session.get_one(type(edition), edition.id), name, value)

    return change


@pytest.fixture
def mail(reading):
    """The kinds of the messages to an address."""

    def mail(to="lucja@example.org"):
        with reading() as session:
            return kinds(session, to=to)

    return mail


def status_of(page) -> str:
    return str(page.one("[data-registration-status]")["data-registration-status"])


def fill(client, **changes):
    return client.get(FORM).form().fill(ANSWERS | changes)
