"""What the editions add up to: counted, and silent where nobody knows."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dofc_events.conference.models import AttendingCountry, Edition
from dofc_events.core.audit import COMMAND
from dofc_events.memory.figures.network.queries import edition_in_figures, network_in_figures
from dofc_events.memory.figures.network.rules import Attendance, NetworkFigures
from dofc_events.memory.history.service import load_history, read_history
from tests.support.databases import count_queries

TODAY = date(2027, 6, 4)
NOW = datetime(2027, 6, 4, 12, tzinfo=UTC)


def add_edition(session, year, **columns) -> Edition:
    edition = Edition(**{"year": year, "status": "published", "city": "Brno", "country": "CZ"} | columns)
    session.add(edition)
    session.flush()
    return edition


def test_figures_are_zero_when_there_is_nothing(session):
    assert network_in_figures(session, NOW).figures == NetworkFigures(0, 0, 0)


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ({"status": "published", "ends_on": TODAY - timedelta(days=1)}, True),
        ({"status": "archived", "ends_on": TODAY - timedelta(days=1)}, True),
        ({"status": "archived", "year": 2010}, True),
        ({"status": "published", "ends_on": TODAY}, False),
        ({"status": "archived", "ends_on": TODAY + timedelta(days=1)}, False),
        ({"status": "archived", "year": 2027}, False),
        ({"status": "draft", "ends_on": TODAY - timedelta(days=1)}, False),
        ({"status": "archived", "year": 2010, "is_demo": True}, False),
        ({"status": "published", "year": 2010}, False),
    ],
)
def test_figures_count_an_edition_when_it_has_taken_place(session, columns, counts):
    edition = add_edition(session, **{"year": 2026} | columns)
    session.add(AttendingCountry(edition_id=edition.id, country="NZ"))
    session.flush()
    assert network_in_figures(session, NOW).figures == (NetworkFigures(1, 2, 2) if counts else NetworkFigures(0, 0, 0))


def test_figures_count_each_country_once(session):
    for year in (2010, 2011):
        edition = add_edition(session, year, status="archived")
        session.add_all(AttendingCountry(edition_id=edition.id, country=code) for code in ("CZ", "DE"))
    session.add_all(AttendingCountry(edition_id=None, country=code) for code in ("DE", "KR"))
    session.flush()
    assert network_in_figures(session, NOW).figures == NetworkFigures(2, 3, 2)


def test_the_history_alone_gives_what_the_network_publishes(session):
    load_history(session, COMMAND, NOW)
    network = network_in_figures(session, NOW)
    published = read_history()["series"]["published_figures"]
    assert {name: getattr(network.figures, name) for name in published} == published
    # Of four editions nobody knows how many came, so that the sum is a lower bound.
    assert network.figures.delegates == Attendance(150 + 250 + 150, at_least=True)
    assert (network.figures.returning, network.figures.outcomes) == (None, 7)
    known = {one.year: (one.attendance, one.countries and len(one.countries)) for one in network.editions}
    assert known == {
        2010: (None, None),
        2011: (None, None),
        2012: (None, None),
        2013: (Attendance(150, at_least=True), 12),
        2014: (Attendance(250, at_least=True), 17),
        2015: (Attendance(150, at_least=True), 16),
        2016: (None, None),
    }
    assert network.countries_so_far == [1, 1, 1, 12, 19, 24, 24]
    assert network.outcomes_so_far[-1] == network.figures.outcomes


def test_figures_cost_the_same_for_many_editions(session):
    def cost() -> int:
        with count_queries() as statements:
            network_in_figures(session, NOW)
        return len(statements)

    session.add(AttendingCountry(edition_id=add_edition(session, 2010, status="archived").id, country="CZ"))
    session.flush()
    few = cost()
    for year in range(1980, 2009):
        session.add(AttendingCountry(edition_id=add_edition(session, year, status="archived").id, country="DE"))
    session.flush()
    session.expire_all()
    assert cost() == few


def test_a_demonstration_has_figures_of_its_own_and_adds_nothing_to_the_network(session):
    edition = add_edition(session, 2026, status="archived", is_demo=True, attendance_at_least=90)
    assert edition_in_figures(session, edition).attendance == Attendance(90, at_least=True)
    assert network_in_figures(session, NOW).figures.delegates is None
