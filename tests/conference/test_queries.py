"""Which editions count, which one is current, and in how many queries one learns that."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from dofc_events.conference import queries
from dofc_events.conference.members.service import add_member
from dofc_events.conference.models import AttendingCountry, Edition, Organisation
from dofc_events.conference.queries import coming_editions, current_edition, past_editions
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import from_zone
from dofc_events.memory.figures.network.queries import network_in_figures
from tests.support.databases import count_queries

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

TODAY = date(2027, 6, 4)
NOW = datetime(2027, 6, 4, 12, tzinfo=UTC)


def add_edition(session, year, **columns) -> Edition:
    edition = Edition(**{"year": year, "status": "published", "city": "Brno", "country": "CZ"} | columns)
    session.add(edition)
    session.flush()
    return edition


def days(first: date, length: int = 2) -> dict[str, date]:
    return {"starts_on": first, "ends_on": first + timedelta(days=length)}


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("status", "first", "is_current"),
    [
        ("published", TODAY - timedelta(days=2), True),
        ("published", TODAY - timedelta(days=3), False),
        ("published", TODAY + timedelta(days=100), True),
        ("draft", TODAY + timedelta(days=100), False),
        ("archived", TODAY + timedelta(days=100), False),
    ],
)
def test_current_edition_is_published_and_not_over(session, status, first, is_current):
    edition = add_edition(session, 2027, status=status, **days(first))
    assert current_edition(session, NOW) is (edition if is_current else None)


@pytest.mark.databases("sqlite", "postgresql")
def test_current_edition_is_the_nearest_when_there_are_more(session):
    add_edition(session, 2029)
    add_edition(session, 2028, **days(TODAY + timedelta(days=400)))
    add_edition(session, 2027, **days(TODAY + timedelta(days=35)))
    add_edition(session, 2026, **days(TODAY - timedelta(days=365)))
    assert [edition.year for edition in coming_editions(session, NOW)] == [2027, 2028, 2029]
    assert [current_edition(session, NOW)] == coming_editions(session, NOW)[:1]


@pytest.mark.parametrize(
    ("zone", "hour", "is_over"),
    [
        ("America/Los_Angeles", time(17, 30), False),
        ("America/Los_Angeles", time(23, 59, 59), False),
        ("America/Los_Angeles", time(0), True),
        ("Pacific/Auckland", time(23, 59, 59), False),
        ("Pacific/Auckland", time(0), True),
    ],
)
def test_days_of_an_edition_are_days_of_its_zone(session, zone, hour, is_over):
    """In Los Angeles the last afternoon is the next day by UTC; in Auckland the day after begins on the same one."""
    edition = add_edition(session, 2027, zone=zone, ends_on=TODAY)
    moment = from_zone(TODAY + timedelta(days=hour == time(0)), hour, zone)
    assert coming_editions(session, moment) == ([] if is_over else [edition])
    assert current_edition(session, moment) == (None if is_over else edition)
    assert past_editions(session, moment) == ([edition] if is_over else [])
    assert network_in_figures(session, moment).figures.editions == is_over


@pytest.mark.parametrize(("zone", "has_been"), [("Pacific/Auckland", True), ("America/Los_Angeles", False)])
def test_an_edition_of_which_only_the_year_is_known_counts_once_that_year_is_over_where_it_was(session, zone, has_been):
    add_edition(session, 2027, zone=zone, status="archived")
    new_year = datetime(2028, 1, 1, tzinfo=UTC) - timedelta(hours=1) * (1 if has_been else -1)
    assert network_in_figures(session, new_year).figures.editions == has_been


@pytest.mark.databases("sqlite", "postgresql")
def test_past_editions_are_over_or_archived_latest_first(session):
    add_edition(session, 2010, status="archived")
    add_edition(session, 2025, status="draft", **days(TODAY - timedelta(days=700)))
    add_edition(session, 2026, **days(TODAY - timedelta(days=365)))
    add_edition(session, 2027, **days(TODAY - timedelta(days=1)))
    assert [edition.year for edition in past_editions(session, NOW)] == [2026, 2010]


@pytest.mark.databases("sqlite", "postgresql")
def test_edition_by_year_finds_drafts_too(session):
    edition = add_edition(session, 2028, status="draft")
    assert queries.edition_by_year(session, 2028) == edition
    assert queries.edition_by_id(session, edition.id) == edition
    assert queries.edition_by_year(session, 2029) is None
    assert queries.edition_by_id(session, edition.id + 1) is None
    assert queries.all_editions(session) == [edition]


def test_member_by_slug_finds_members_only(session):
    member = add_member(session, "cluster-house", "Cluster House", "RS", COMMAND, NOW)
    session.add(Organisation(slug="not-a-member", name="Not a member"))
    session.flush()
    assert queries.member_by_slug(session, "cluster-house") is member
    assert queries.member_by_slug(session, "not-a-member") is None
    assert [m.organisation.name for m in queries.members(session)] == ["Cluster House"]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    "query",
    [
        lambda session: [e.countries for e in past_editions(session, NOW)],
        lambda session: coming_editions(session, NOW),
        lambda session: [m.organisation.name for m in queries.members(session)],
        lambda session: read_record(queries.edition_with_record(session, 1900)),
    ],
)
def test_queries_are_as_many_with_1_as_with_30_rows(session, query):
    counts = []
    for numbers in (range(1), range(1, 30)):
        add_rows(session, numbers)
        session.expunge_all()
        with count_queries() as statements:
            query(session)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8


def add_rows(session, numbers: range) -> None:
    """For each number a past edition, one to come, and a member."""
    if not queries.edition_by_year(session, 1900):
        add_edition(session, 1900, status=EditionStatus.ARCHIVED)
    for number in numbers:
        past = add_edition(session, 1901 + number, status=EditionStatus.ARCHIVED)
        past.countries.append(AttendingCountry(country="DE"))
        add_edition(session, 2028 + number, **days(TODAY + timedelta(days=365 * number)))
        add_member(session, f"member-{number}", f"Member {number}", None, COMMAND, NOW)
    session.flush()


def read_record(edition: Edition | None) -> None:
    assert edition
    assert edition.organisers == []
    assert edition.countries == []
