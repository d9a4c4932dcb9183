"""What the tests beside this file share."""

import pytest
import time_machine

from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from tests.support.factories import NOW, make_edition, make_registration
from tests.support.letters import deliver_all, kinds


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def people(writing) -> list[Registration]:
    """Ana has the only place, Boris and Vera wait; all have been told."""
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=1, offer_hours=10)
        made = [make_registration(session, edition, given_name=name) for name in ("Ana", "Boris", "Vera")]
        deliver_all(session)
    return made


@pytest.fixture
def page_of(app):
    """The address of somebody's own page."""

    def page_of(person, path=""):
        with app.app_context():
            return f"/registrations/{token_of(person)}/{path}"

    return page_of


@pytest.fixture
def ana(people, page_of) -> str:
    return page_of(people[0])


@pytest.fixture
def mail(reading):
    """The kinds of what somebody was sent."""

    def mail(to):
        with reading() as session:
            return kinds(session, to=getattr(to, "email", to))

    return mail


def status_of(page) -> str:
    return str(page.one("[data-registration-status]")["data-registration-status"])
