"""What the tests beside this file share."""

from datetime import timedelta

import pytest

from dofc_events.commands.check import faults
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.places.queries import edition_pool
from dofc_events.registration.trips import service as seats
from tests.support.factories import (
    DELEGATE,
    NOW,
    make_edition,
    make_registration,
    make_three_trips,
)
from tests.support.letters import deliver_all, unsent

HOUR, FIVE_MINUTES = timedelta(hours=1), timedelta(minutes=5)


@pytest.fixture
def edition(session):
    """What becomes free is given at once, unless a test sets hours."""
    return make_edition(session, offer_hours=0.0)


@pytest.fixture
def trips(session, edition):
    return make_three_trips(session, edition)


@pytest.fixture
def person(session, edition, trips):
    """`person("wine")`: somebody with a place who asked for these trips and was told what became of it."""

    def make(*slugs):
        made = make_registration(session, edition, trips=slugs)
        deliver_all(session)
        return made

    return make


@pytest.fixture(autouse=True)
def sound(session):
    """Whatever a test did, the data is consistent in the end."""
    yield
    assert faults(session) == []


def choose(session, who, *slugs, any_trip=False, now=NOW) -> bool:
    return seats.choose_trips(session, who.id, slugs, any_trip=any_trip, actor=DELEGATE, now=now)


def told(session, *people) -> list[list[str]]:
    """The kinds of what each of them is told now."""
    return [[message.kind for message in unsent(session, to=person.email)] for person in people]


@pytest.fixture
def offered(session, edition, person):
    """Somebody with an offer of the wine for ten hours, which is told; another one is waiting for it too."""
    edition.offer_hours = 10.0
    holder, who, waiting = person("wine"), person("wine"), person("wine")
    choose(session, holder)
    deliver_all(session)
    return who, waiting


@pytest.fixture
def placed_and_not(session, edition, person):
    """One with the only place and a seat on the wine; one who waits for a place and asked for wine and port."""
    edition_pool(session, edition.id).capacity = 1
    return person("wine"), person("wine", "port")


def tell_due(session, at) -> None:
    news.tell_news(session, queries.untold_news(session, 999, at), at)
