"""Pages cost the same number of queries however much they show, and registering however many are registered."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update

from dofc_events.conference.models import AttendingCountry, Edition, Organisation
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.memory.outcomes.models import FollowUp, Outcome, Party
from dofc_events.places.models import Claim, Pool
from tests.support.databases import count_queries
from tests.support.factories import NOW, claim_of, make_edition, make_registration

ANSWERS = {"given_name": "Ana", "organisation": "A", "country": "RS", "category": "guest", "consent": True}
# What registering may ask of the database, from opening the form to the page that it leads to; and what it writes.
# Four of the queries are about the trips: for the form, for its answers, for the email and for the page it leads to.
MAX_STATEMENTS, WRITES = 33, 8


def past_edition(year: int) -> Outcome:
    """An edition of long ago, with what it led to."""
    organisation = Organisation(slug=f"host-{year}", name=f"Host {year}", country="RS")
    edition = Edition(year=year, status=EditionStatus.ARCHIVED, city="Niš", country="RS", starts_on=date(year, 5, 3))
    edition.countries = [AttendingCountry(country="BG")]
    outcome = Outcome(kind="memorandum", slug=f"memorandum-{year}", title=f"Memorandum {year}", year=year)
    outcome.edition, outcome.is_published, outcome.changed_at = edition, True, NOW
    outcome.parties = [
        Party(position=0, organisation=organisation, has_signed=True),
        Party(position=1, country="RS"),
    ]
    outcome.follow_up = [FollowUp(position=0, noted_on=date(year + 1, 1, 1), text="It went on.")]
    return outcome


def crowd(session, edition, count: int) -> None:
    """This many more registrations, alike except for what must differ; those without a place wait."""
    registration = make_registration(session, edition)
    claim = claim_of(session, registration)
    people = [
        {
            **columns_of(registration),
            "id": 1000 + i,
            "reference": f"X{i}",
            "form_key": f"key-{i}",
            "email_key": f"{i}@x",
        }
        for i in range(count)
    ]
    session.execute(insert(Registration), people)
    room = session.get_one(Pool, claim.pool_id).capacity - 1
    held: list[dict] = [{"status": "confirmed", "position": None}] * room
    held += [{"status": "waitlisted", "position": i + 1} for i in range(count - room)]
    claims = [{**columns_of(claim), "id": 1000 + i, "registration_id": 1000 + i, **held[i]} for i in range(count)]
    session.execute(insert(Claim), claims)
    taken = min(room, count) + 1
    session.execute(update(Pool).values(taken=taken, next_position=max(1, count - room + 1)))


def columns_of(row) -> dict:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


# An edition's page shows all that the network remembers of it, from each table of the memory.
PUBLIC = {"/": 12, "/editions/": 10, "/editions/2015/": 17, "/outcomes/": 12, "/outcomes/memorandum-2015": 12}


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_cost_the_same_for_one_edition_and_for_thirty(client, writing, path):
    counts = []
    for years in ([2015], range(1985, 2015)):
        with writing() as session:
            session.add_all([past_edition(year) for year in years])
        with count_queries() as queries:
            page = client.get(path)
        assert page.status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= PUBLIC[path], counts
    if path in ("/", "/editions/"):
        assert len(page.all(".timeline > li")) == 31


def test_coming_editions_cost_the_same_for_one_and_for_five(client, writing):
    counts = []
    for years in ([2030], range(2031, 2035)):
        with writing() as session:
            for year in years:
                make_edition(session, year=year, now=NOW + timedelta(days=365 * (year - 2027)))
        with count_queries() as queries:
            assert client.get("/editions/").status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("others", [4, 500])
def test_registering_costs_a_few_statements_however_many_are_registered(client, writing, others):
    with writing() as session:
        crowd(session, make_edition(session, year=2028, capacity=3, now=now()), others)
    with count_queries() as queries:
        form = client.get("/editions/2028/register").form()
        page = form.fill(ANSWERS | {"email": "ana@dofc.test"}).submit()
    assert page.one("[data-waiting-position]")["data-waiting-position"] == str(others - 1)
    assert len(queries) <= MAX_STATEMENTS and len(queries.writes) == WRITES, "\n".join(queries)


@pytest.mark.parametrize("others", [4, 500])
def test_the_own_page_costs_a_few_queries_however_many_are_registered(client, app, writing, others):
    with writing() as session:
        edition = make_edition(session, year=2028, capacity=3, now=now())
        crowd(session, edition, others)
        registration = make_registration(session, edition)
    with app.app_context():
        address = f"/registrations/{token_of(registration)}/"
    with count_queries() as queries:
        assert client.get(address).status == 200
    assert len(queries) <= 5, "\n".join(queries)
