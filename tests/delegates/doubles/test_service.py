"""Possible duplicates: found once each, kept up to date, settled for good, and never everybody with everybody."""

import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.core.audit import Actor, history_of
from dofc_events.delegates.doubles import service as doubles
from dofc_events.delegates.models import LikelyDouble
from dofc_events.delegates.service import details_of
from dofc_events.registration.service import cancel_registration, change_details, correct_address
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, find_doubles, make_edition, make_registration

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

ELENA = Actor("account", "elena@dofc.test")
ANA: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "country": "RS", "organisation": "Zelena Energija"}


@pytest.fixture
def edition(session):
    return make_edition(session)


@pytest.fixture
def ana(session, edition):
    return make_registration(session, edition, **ANA)


@pytest.fixture
def twin(session, edition, ana):
    return make_registration(session, edition, **ANA | {"given_name": "Ковач", "family_name": "Ана"})


@pytest.fixture
def look(session):
    """`look(edition)`: the pairs, once the worker has looked."""

    def look(edition) -> list[tuple[int, int]]:
        find_doubles(session, doubles.to_compare(session, 100))
        found = doubles.likely_doubles(session, edition.id, limit=100)
        assert doubles.count_doubles(session, [edition.id]).get(edition.id, 0) == len(found)
        return [(pair.first_id, pair.second_id) for pair in found]

    return look


@pytest.mark.databases("sqlite", "postgresql")
def test_compare_finds_a_pair_once(session, edition, ana, twin, look):
    make_registration(session, edition, given_name="Marko", family_name="Ilić")
    assert doubles.count_to_compare(session, edition.id) == 3
    assert look(edition) == [(ana.id, twin.id)]
    assert doubles.count_to_compare(session, edition.id) == 0
    find_doubles(session, [ana.id, twin.id])
    assert look(edition) == [(ana.id, twin.id)]


@pytest.mark.databases("sqlite", "postgresql")
def test_compare_finds_who_shares_nothing_but_the_telephone(session, edition, look):
    one = make_registration(session, edition, **ANA | {"phone": "+381 11 123 4567"})
    other = make_registration(session, edition, given_name="Anna", family_name="Kovacz", phone="+381 11 123 4567")
    assert look(edition) == [(one.id, other.id)]


@pytest.mark.databases("sqlite", "postgresql")
def test_compare_passes_over_a_name_without_a_letter(session, edition, ana, twin, look):
    """It shares nothing with anybody, and must not keep the others from being compared."""
    make_registration(session, edition, given_name="!!!", family_name="")
    assert look(edition) == [(ana.id, twin.id)]
    assert doubles.count_to_compare(session, edition.id) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_compare_looks_at_one_edition_alone(session, edition, ana, look):
    other = make_edition(session, year=2031)
    make_registration(session, other, **ANA)
    assert look(edition) == look(other) == []


def test_cancelled_registrations_are_nobodys_double(session, edition, ana, twin, look):
    assert look(edition)
    cancel_registration(session, twin.id, DELEGATE, NOW)
    assert look(edition) == []
    another = make_registration(session, edition, **ANA)
    assert look(edition) == [(ana.id, another.id)]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_change_of_details_is_looked_at_again(session, edition, ana, twin, look):
    assert look(edition)
    change_details(session, twin.id, replace(details_of(twin), given_name="Marko", family_name="Ilić"), DELEGATE, NOW)
    assert look(edition) == []
    change_details(session, twin.id, replace(details_of(twin), given_name="Ana", family_name="Kovac"), DELEGATE, NOW)
    assert look(edition) == [(ana.id, twin.id)]


@pytest.mark.databases("sqlite", "postgresql")
def test_two_people_are_not_shown_again(session, edition, ana, twin, look):
    look(edition)
    [pair] = doubles.likely_doubles(session, edition.id, limit=1)
    assert doubles.tell_apart(session, edition.id, [pair.id], ELENA, NOW) == [pair]
    assert look(edition) == []
    correct_address(session, twin.id, "ana.new@dofc.test", DELEGATE, NOW)
    assert look(edition) == []
    for one, other in ((ana, twin), (twin, ana)):
        [entry] = [entry for entry in history_of(session, one.reference) if entry.act == "told_apart"]
        assert (entry.actor, entry.scope, entry.details["other"]) == (str(ELENA), str(edition.year), other.reference)
    assert doubles.tell_apart(session, edition.id, [pair.id], ELENA, NOW) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_pairs_of_another_edition_are_not_told_apart(session, edition, ana, twin, look):
    look(edition)
    [pair] = session.scalars(select(LikelyDouble)).all()
    assert doubles.tell_apart(session, make_edition(session, year=2031).id, [pair.id], ELENA, NOW) == []
    assert pair.told_apart_at is None


@pytest.mark.databases("sqlite", "postgresql")
def test_pages_of_pairs_join(session, edition, look):
    for _number in range(4):
        make_registration(session, edition, **ANA)
    assert len(look(edition)) == 6
    first = doubles.likely_doubles(session, edition.id, limit=4)
    rest = doubles.likely_doubles(session, edition.id, before_id=first[-1].id, limit=4)
    assert len({pair.id for pair in (*first, *rest)}) == 6


@pytest.mark.databases("sqlite", "postgresql")
def test_comparing_costs_as_much_among_many_as_among_few(session, edition, ana):
    counts = []
    for others in (1, 40):
        for number in range(others):
            make_registration(session, edition, given_name="Ana", family_name=f"Person{number:02}", country="BG")
        ana.compared = False
        session.flush()
        with count_queries() as queries:
            find_doubles(session, [ana.id])
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7, counts


@pytest.mark.databases("sqlite", "postgresql")
def test_what_a_name_costs_does_not_grow_with_its_words(session, edition):
    """They come from strangers, who would else hold the worker for minutes."""
    long = " ".join(f"{a}š{b}" for a in "bcdfghjk" for b in "lmnp")[:100]
    people = [
        make_registration(session, edition, given_name=long, family_name=long[n:], phone="+381 11 123 4567")
        for n in range(8)
    ]
    begun = time.process_time()
    [found] = doubles.look_for_doubles(session, [people[-1].id])
    assert len(found.likely_doubles) == 7
    assert time.process_time() - begun < 1


def test_a_round_of_comparing_ends_when_its_time_is_over_and_the_next_goes_on(session, edition, ana, twin, look):
    first = doubles.look_for_doubles(session, doubles.to_compare(session, 100), lambda: True)
    assert [one.registration_id for one in first] == [ana.id]
    doubles.note_doubles(session, first)
    assert doubles.to_compare(session, 100) == [twin.id]
    assert look(edition) == [(ana.id, twin.id)]


@pytest.mark.databases("sqlite", "postgresql")
def test_who_was_changed_since_the_comparison_is_compared_again(session, edition, ana, twin, look):
    compared = doubles.look_for_doubles(session, [ana.id, twin.id])
    change_details(session, twin.id, replace(details_of(twin), given_name="Marko", family_name="Ilić"), DELEGATE, NOW)
    session.flush()
    doubles.note_doubles(session, compared)
    assert doubles.to_compare(session, 100) == [twin.id]
    assert look(edition) == []
