"""An edition in figures, against a plain recount."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.conference.rules import EditionStatus
from dofc_events.core.countries import continent_of
from dofc_events.delegates.models import Registration
from dofc_events.memory.figures.queries import LARGEST, figures_of, growth_of
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration.service import cancel_registration
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

OPENED = NOW - timedelta(days=30)


@pytest.fixture
def earlier(session):
    """The edition before, half as many years ago; its registration opened at another time of another day."""
    return make_edition(session, year=2026, registration_opens_at=OPENED - timedelta(days=300, hours=7))


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=40, registration_opens_at=OPENED - timedelta(days=20))


@pytest.fixture
def people(session, earlier, edition):
    """Sixty people, of whom twenty wait and some have cancelled; a third of the addresses was there before."""
    chance = random.Random(4)
    for number in range(20):
        opened = earlier.registration_opens_at
        there = make_registration(
            session, earlier, email=f"p{number * 3}@dofc.test", now=opened + timedelta(hours=31 * number)
        )
        if number % 5 == 0:
            cancel_registration(session, there.id, DELEGATE, NOW)
    found = []
    for number in range(60):
        changes = {
            "email": f"p{number}@dofc.test",
            "country": chance.choice(["RS", "BG", "GE", "XK", "US"]),
            "language": chance.choice(["en", "fr"]),
            "category": chance.choice(["member", "company"]),
            "organisation": f"Cluster {chance.randint(1, 14)}",
        }
        moment = OPENED + timedelta(minutes=chance.randint(-20_000, 43_000))
        found.append(make_registration(session, edition, now=moment, **changes))
    for person in chance.sample(found, 12):
        cancel_registration(session, person.id, DELEGATE, NOW)
    # Some came before the day that is the opening now.
    edition.registration_opens_at = OPENED
    session.flush()
    return found


def confirmed(session, people) -> list[Registration]:
    return [person for person in people if claim_of(session, person).status == ClaimStatus.CONFIRMED]


def largest_first(keys) -> list[tuple[str, int]]:
    return sorted(Counter(keys).items(), key=lambda pair: (-pair[1], pair[0]))


@pytest.mark.databases("sqlite", "postgresql")
def test_figures_are_what_a_recount_gives(session, edition, earlier, people):
    counted, figures = confirmed(session, people), figures_of(session, edition)
    assert 0 < figures.total == len(counted) < len(people)
    assert figures.countries == largest_first(p.country for p in counted)
    assert figures.continents == largest_first(continent_of(p.country) for p in counted)
    assert figures.languages == largest_first(p.language for p in counted)
    assert figures.organisations == [one for one in largest_first(p.organisation for p in counted) if one[1] > 1][:10]
    assert len(figures.organisations) == LARGEST
    # In the order of the form, also those that nobody has.
    by_slug = Counter(person.category.slug for person in counted)
    assert figures.categories == [("member", by_slug["member"]), ("company", by_slug["company"]), ("guest", 0)]
    there = select(Registration.email_key).where(Registration.edition_id == earlier.id, Registration.ended_at.is_(None))
    before = set(session.scalars(there))
    assert 0 < figures.returning == sum(1 for person in counted if person.email_key in before)
    assert figures_of(session, earlier).returning == 0


def test_growth_is_what_a_recount_gives_for_each_edition(session, edition, earlier, people):
    this, before = growth_of(session, edition, NOW)
    assert (this.year, before.year) == (edition.year, earlier.year)
    counted = confirmed(session, people)
    assert len(this.days) == 31
    for day, number in enumerate(this.days):
        assert number == sum(1 for p in counted if p.registered_at < OPENED + timedelta(days=day + 1)), day
    assert this.days[-1] == figures_of(session, edition).total
    # Every 31 hours somebody came, and each fifth has cancelled.
    assert before.days[:8] == (0, 1, 2, 3, 3, 4, 4, 5)
    assert before.days[-1] == before.by(10_000) == 16


@pytest.mark.databases("sqlite", "postgresql")
def test_growth_has_no_days_before_registration_opens(session):
    edition = make_edition(session, registration_opens_at=NOW + timedelta(days=1))
    (growth,) = growth_of(session, edition, NOW)
    assert (growth.days, growth.by(3)) == ((), 0)


def test_growth_ends_when_registration_closes_unless_somebody_came_later(session):
    edition = make_edition(session, registration_closes_at=NOW)
    make_registration(session, edition, now=NOW - timedelta(days=1))
    assert len(growth_of(session, edition, NOW + timedelta(days=50))[0].days) == 31
    edition.registration_closes_at = OPENED + timedelta(days=2)
    session.flush()
    assert growth_of(session, edition, NOW)[0].days[-1] == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_growth_is_compared_with_the_last_three_that_somebody_came_to(session, edition):
    people = {year: make_registration(session, make_edition(session, year=year)) for year in range(2020, 2026)}
    people[2024].edition.status = EditionStatus.DRAFT
    cancel_registration(session, people[2025].id, DELEGATE, NOW)
    make_registration(session, make_edition(session, year=2031))
    session.flush()
    assert [growth.year for growth in growth_of(session, edition, NOW)] == [edition.year, 2023, 2022, 2021]


def test_growth_of_an_edition_without_an_opening_is_not_known(session):
    assert growth_of(session, make_edition(session, registration_opens_at=None), NOW) == []


def test_figures_cost_the_same_for_many(session, edition):
    def cost() -> int:
        with count_queries() as statements:
            figures_of(session, edition)
            growth_of(session, edition, NOW)
        return len(statements)

    make_registration(session, edition)
    assert edition.categories
    few = cost()
    for number in range(29):
        make_registration(session, edition, country="RS" if number % 2 else "BG", organisation=f"Cluster {number}")
    before = make_edition(session, year=2026)
    make_registration(session, before)
    assert cost() == few
