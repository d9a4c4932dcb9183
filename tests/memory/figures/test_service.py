"""Figures outlive the people: whatever is erased, they stay as they were when the edition was archived."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from dofc_events.conference import service as conference
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.core.references import pseudonym
from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.extensions import settings
from dofc_events.memory.figures import service
from dofc_events.memory.figures.models import FrozenDelegate, FrozenFigures, PseudonymKey
from dofc_events.memory.figures.network.queries import edition_in_figures, network_in_figures
from dofc_events.memory.figures.network.rules import Attendance
from dofc_events.memory.figures.queries import counted_record, figure_faults, frozen_record, growth_of
from dofc_events.memory.figures.timers import editions_to_freeze, freeze_late
from dofc_events.places.models import Arrival, Claim
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

LATER = NOW + timedelta(days=4000)


@pytest.fixture
def editions(session):
    """Three editions, of which three, two and three delegates: Ana is at all of them, Boris at the last two."""
    people = {
        2027: [("ana", "RS"), ("vera", "BG"), ("jan", "CZ")],
        2028: [("ANA", "RS"), ("boris", "BG")],
        2029: [("ana", "AT"), ("boris", "BG"), ("new", "DE")],
    }
    found = []
    for number, (year, there) in enumerate(people.items()):
        moment = NOW + timedelta(days=365 * number)
        edition = make_edition(session, now=moment, year=year)
        for name, country in there:
            make_registration(session, edition, email=f"{name}@dofc.test", country=country, now=moment)
        found.append(edition)
    return found


def archive(session, editions):
    for edition in editions:
        assert service.archive(session, edition.id, COMMAND, LATER)


def erase(session, edition):
    """Whatever names somebody."""
    ids = select(Registration.id).where(Registration.edition_id == edition.id)
    for table in (SearchWord,):
        session.execute(delete(table).where(table.registration_id.in_(ids)))
    claims = select(Claim.id).where(Claim.registration_id.in_(ids))
    session.execute(delete(Arrival).where(Arrival.claim_id.in_(claims)))
    session.execute(delete(Claim).where(Claim.registration_id.in_(ids)))
    session.execute(delete(Registration).where(Registration.edition_id == edition.id))
    session.expire_all()


def returning(session) -> list[tuple[int, int]]:
    rows = session.execute(
        select(FrozenFigures.came_before, FrozenFigures.second_time).order_by(FrozenFigures.edition_id)
    )
    return [tuple(row) for row in rows]


def test_figures_and_curves_stay_when_the_people_are_erased(session, editions):
    before = [counted_record(session, edition, LATER) for edition in editions]
    curves = [growth_of(session, edition, LATER) for edition in editions]
    archive(session, editions)
    network = network_in_figures(session, LATER)
    for edition in editions:
        service.keep_before_erasing(session, edition.id, LATER)
        erase(session, edition)
    after = [frozen_record(session, edition) for edition in editions]
    for was, kept in zip(before, after, strict=True):
        assert kept is not None
        assert kept.figures.countries == was.figures.countries and kept.figures.total == was.figures.total > 0
        assert kept.figures.categories == was.figures.categories and kept.figures.labels == was.figures.labels
        assert (kept.growth, kept.trips, kept.capacity) == (was.growth, was.trips, was.capacity)
    assert [[one.days for one in growth_of(session, e, LATER)[1:]] for e in editions] == [
        [one.days for one in curve[1:]] for curve in curves
    ]
    assert network_in_figures(session, LATER) == network
    # As if nothing had been erased when it is archived once more.
    for edition in editions:
        conference.take_out(session, edition.id, COMMAND, LATER)
        assert frozen_record(session, edition) is not None
    archive(session, editions)
    assert [frozen_record(session, edition) for edition in editions] == after


def test_a_returning_delegate_counts_once_for_each_edition_and_once_for_the_network(session, editions):
    archive(session, editions)
    # Ana in 2028; Ana and Boris in 2029. Of these two, Boris is there for the second time.
    assert returning(session) == [(0, 0), (1, 1), (2, 1)]
    network = network_in_figures(session, LATER)
    assert (network.figures.returning, network.figures.delegates) == (2, Attendance(8))
    # Who was at an edition before the first of them nobody knows: that is not nobody.
    assert [one.returning for one in network.editions] == [None, 1, 2]
    assert [edition_in_figures(session, edition).returning for edition in editions] == [None, 1, 2]
    editions[0].is_demo = True
    session.flush()
    assert [edition_in_figures(session, edition).returning for edition in editions] == [None, None, 2]


@pytest.mark.databases("sqlite", "postgresql")
def test_who_returns_is_known_after_the_first_edition_was_erased(session, editions):
    archive(session, editions[:1])
    service.keep_before_erasing(session, editions[0].id, LATER)
    erase(session, editions[0])
    archive(session, editions[1:])
    assert returning(session) == [(0, 0), (1, 1), (2, 1)]


@pytest.mark.databases("sqlite", "postgresql")
def test_an_earlier_edition_that_is_archived_later_changes_who_returned(session, editions):
    archive(session, reversed(editions))
    assert returning(session) == [(0, 0), (1, 1), (2, 1)]


@pytest.mark.databases("sqlite", "postgresql")
def test_nobody_can_tell_who_was_there_from_the_database_alone(session, editions):
    archive(session, editions)
    kept = set(session.scalars(select(FrozenDelegate.pseudonym)))
    assert len(kept) == 5
    # Whoever has the tables can only guess the key.
    (row,) = session.scalars(select(PseudonymKey))
    for key in ("", row.locked, *row.locked.split("."), *settings().keys):
        names = {pseudonym(key, service.PURPOSE, f"{name}@dofc.test") for name in ("ana", "boris", "vera")}
        assert not names & kept
    said = str(list(session.scalars(select(AuditEntry.details).where(AuditEntry.act == "figures_frozen"))))
    assert "dofc.test" not in said and not any(name in said for name in kept)


@pytest.mark.databases("sqlite", "postgresql")
def test_figures_are_counted_anew_when_an_edition_is_archived_again(session, editions):
    edition = editions[2]
    archive(session, [edition])
    conference.take_out(session, edition.id, COMMAND, LATER)
    assert frozen_record(session, edition) is None
    gone = session.scalars(select(Registration).where(Registration.edition_id == edition.id)).first()
    session.execute(update(Registration).where(Registration.id == gone.id).values(country="KR"))
    session.expire_all()
    archive(session, [edition])
    countries = dict(frozen_record(session, edition).figures.countries)
    assert sum(countries.values()) == 3 and "KR" in countries
    assert session.scalar(select(FrozenFigures.is_final)) is False


@pytest.mark.databases("sqlite", "postgresql")
def test_nothing_is_kept_of_who_leaves_an_edition_that_is_not_over(session, editions):
    service.keep_before_erasing(session, editions[0].id, NOW)
    assert returning(session) == []
    person = session.scalars(select(Registration).where(Registration.edition_id == editions[0].id)).first()
    cancel_registration(session, person.id, DELEGATE, NOW)
    archive(session, editions[:1])
    assert frozen_record(session, editions[0]).figures.total == 2


def test_what_was_frozen_too_early_is_frozen_anew_before_somebody_is_erased(session, editions):
    edition, early = editions[2], NOW + timedelta(days=730)
    service.archive(session, edition.id, COMMAND, early)
    service.take_out(session, edition.id, COMMAND, early)
    make_registration(session, edition, email="late@dofc.test", now=early)
    service.keep_before_erasing(session, edition.id, LATER)
    erase(session, edition)
    assert frozen_record(session, edition).figures.total == 4


def test_an_edition_that_goes_on_after_it_was_archived_is_counted_as_it_is(session, editions):
    edition = editions[2]
    service.archive(session, edition.id, COMMAND, NOW)
    service.keep_before_erasing(session, edition.id, NOW)
    gone = session.scalars(select(Registration).where(Registration.edition_id == edition.id)).first()
    service.take_out(session, edition.id, COMMAND, NOW)
    assert frozen_record(session, edition) is None
    cancel_registration(session, gone.id, DELEGATE, NOW)
    archive(session, [edition])
    assert frozen_record(session, edition).figures.total == 2


def test_the_worker_freezes_what_was_archived_before_figures_were_kept(session, editions):
    conference.archive_edition(session, editions[0].id, COMMAND, LATER)
    assert editions_to_freeze(session) == [editions[0].id]
    assert freeze_late(session, editions[0].id, COMMAND, LATER)
    assert editions_to_freeze(session) == []
    assert not freeze_late(session, editions[0].id, COMMAND, LATER)


def test_the_check_finds_figures_that_contradict_each_other(session, editions):
    archive(session, editions[:2])
    assert figure_faults(session) == []
    first, second = session.scalars(select(FrozenFigures).order_by(FrozenFigures.edition_id))
    first.record = {**first.record, "countries": [["RS", 1]]}
    second.second_time = 2
    session.add(FrozenDelegate(edition_id=editions[2].id, pseudonym="0" * 16))
    session.flush()
    assert figure_faults(session) == [
        "edition 2029: there are names of delegates, and no frozen figures",
        "edition 2027: its frozen categories have more people than its countries",
        "edition 2027: more people arrived, returned or have a name than were counted",
        "edition 2028: more people came for the second time than came before",
    ]
