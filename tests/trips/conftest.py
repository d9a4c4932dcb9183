"""What the tests of learning trips share: an edition with three trips, of which two take place at the same time."""

import pytest

from tests.support.factories import make_edition, make_registration, make_three_trips


@pytest.fixture
def edition(session):
    """Places for everybody; what becomes free is given at once, unless a test says otherwise."""
    return make_edition(session, offer_hours=0.0)


@pytest.fixture
def trips(session, edition):
    return make_three_trips(session, edition)


@pytest.fixture
def wine(trips):
    """One seat."""
    return trips[0]


@pytest.fixture
def mill(trips):
    """One seat; overlaps the wine."""
    return trips[1]


@pytest.fixture
def port(trips):
    """One seat; begins when the mill ends."""
    return trips[2]


@pytest.fixture
def person(session, edition, trips):
    """`person("wine", "mill")`: somebody with a place who asked for these trips, the first choice first."""
    return lambda *slugs, **changes: make_registration(session, edition, trips=slugs, **changes)
