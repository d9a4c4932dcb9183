"""What the tests beside this file share."""

from datetime import timedelta

import pytest
import time_machine

from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.registration import service
from tests.registration.conftest import FORM
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration, make_trip
from tests.support.letters import deliver_all, kinds

TRAVELLER = {
    "given_name": "Zoë",
    "email": "zoe@dofc.test",
    "organisation": "Trakya Cluster",
    "country": "TR",
    "category": "company",
    "consent": True,
}


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


# Learning trips


@pytest.fixture
def edition(writing):
    """Two trips at the same time and a third, each with one seat; the third one's is taken, and Boris waits for it."""
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=4, offer_hours=10)
        for slug in ("bridges", "cellars"):
            make_trip(session, edition, slug, capacity=1, title=slug.title(), bring="Boots")
        later = {
            "starts_at": edition.begins_at() + timedelta(hours=30),
            "ends_at": edition.begins_at() + timedelta(hours=34),
        }
        make_trip(session, edition, "docks", capacity=1, title="Docks", **later)
        make_registration(session, edition, given_name="Ana", trips=("docks",))
        make_registration(session, edition, given_name="Boris", trips=("docks",))
        deliver_all(session)
    return edition


@pytest.fixture
def act(writing, edition):
    """Does something in a unit of work of its own."""

    def act(do, *arguments, **options):
        with writing() as session:
            return do(session, *arguments, **options)

    return act


def status_of(page) -> str:
    return str(page.one("[data-registration-status]")["data-registration-status"])


def seats_on(page) -> dict[str, str]:
    return {str(tag["data-trip"]): str(tag["data-trip-status"]) for tag in page.all("[data-trip]")}


def words_on(page) -> dict[str, str]:
    """What the list of a delegate's own trips says of each."""
    return {
        str(tag["data-trip"]): " ".join(tag.select_one("p").get_text(" ").split())
        for tag in page.all(".trip-list [data-trip]")
    }


def register(client, **answers):
    return client.get(FORM).form().fill(TRAVELLER | answers).submit()


def trips_page(client, own):
    return client.get(own.url.partition("#")[0] + "trips")


def two_tabs(client, own):
    return trips_page(client, own).form(), trips_page(client, own).form()


@pytest.fixture
def boris(people, page_of, writing) -> str:
    """Boris's page, once Ana has cancelled and he was told of his offer."""
    with writing() as session:
        service.cancel_registration(session, people[0].id, DELEGATE, NOW)
        deliver_all(session)
    return page_of(people[1])
