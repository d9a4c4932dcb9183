"""The network's history: loaded once, exactly, and silent where its sources are."""

from datetime import UTC, date, datetime

from sqlalchemy import func, select

from dofc_events.conference.models import AttendingCountry, Edition, Member, Organisation
from dofc_events.conference.queries import edition_with_record
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.core.clock import zones
from dofc_events.core.countries import country_codes
from dofc_events.core.db import Base
from dofc_events.memory.history.service import load_history, read_history
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.queries import outcomes_by_edition

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_load_history_changes_nothing_when_run_again(session):
    assert load_history(session, COMMAND, NOW)
    before = _rows(session)
    assert not load_history(session, COMMAND, NOW)
    assert _rows(session) == before


def test_load_history_leaves_what_was_corrected(session):
    load_history(session, COMMAND, NOW)
    session.scalars(select(Edition).where(Edition.year == 2016)).one().city = "Охрид"
    session.scalars(select(Organisation).where(Organisation.slug == "clustero")).one().name = "CLUSTERO"
    session.flush()
    load_history(session, COMMAND, NOW)
    assert session.scalar(select(Edition.city).where(Edition.year == 2016)) == "Охрид"
    assert session.scalar(select(Organisation.name).where(Organisation.slug == "clustero")) == "CLUSTERO"


def test_load_history_adds_what_is_missing(session):
    load_history(session, COMMAND, NOW)
    session.delete(session.scalars(select(Outcome).where(Outcome.title == "Smart Cluster Policy Declaration")).one())
    session.delete(session.scalars(select(AttendingCountry).where(AttendingCountry.country == "MW")).one())
    session.flush()
    loaded = load_history(session, COMMAND, NOW)
    assert (loaded.organisations, loaded.editions, loaded.outcomes, loaded.countries) == (0, 0, 1, 1)


def test_load_history_keeps_every_fact(session):
    load_history(session, COMMAND, NOW)
    edition = edition_with_record(session, 2014)
    assert edition is not None
    assert (edition.ordinal, edition.city, edition.country, edition.venue) == (5, "Tekirdağ", "TR", "Hotel Ramada")
    assert (edition.starts_on, edition.ends_on) == (date(2014, 10, 30), date(2014, 10, 31))
    assert (edition.attendance_at_least, edition.speakers, edition.had_learning_trips) == (250, 40, True)
    assert [organisation.name for organisation in edition.organisers] == ["Cluster House", "Trakya Development Agency"]
    assert " ".join(row.country for row in edition.countries) == "AL AT BA BG DE DK ES GR HR HU IT ME MK RO RS SI TR"
    assert (edition.status, edition.zone, edition.is_demo) == (EditionStatus.ARCHIVED, "Europe/Istanbul", False)


def test_load_history_is_silent_where_the_sources_are(session):
    load_history(session, COMMAND, NOW)
    edition = edition_with_record(session, 2010)
    assert edition is not None
    silent = (
        *(edition.starts_on, edition.ends_on, edition.venue, edition.attendance_at_least, edition.speakers),
        *(edition.had_learning_trips, edition.proposed_by, edition.contact_name, edition.contact_email),
    )
    assert silent == (None,) * 9
    assert (edition.countries, outcomes_of(session, 2010)) == ([], [])
    assert session.scalar(select(func.count()).select_from(Member)) == 0
    assert session.scalars(select(Organisation.country).distinct()).all() == [None]


def test_load_history_keeps_outcomes_with_those_who_signed(session):
    load_history(session, COMMAND, NOW)
    (agreement,) = outcomes_of(session, 2016)
    signed = [party.organisation.name for party in agreement.signatories if party.organisation]
    assert signed == ["Balkan and Black Sea Cluster Network", "Keimyung University"]
    assert [party.country for party in agreement.parties if not party.has_signed] == ["KR"]
    of_2015 = outcomes_of(session, 2015)
    assert [outcome.kind for outcome in of_2015] == ["memorandum", "declaration"]
    assert (of_2015[1].addressed_to or "").startswith("Governments of the Danube Region")
    of_2013 = edition_with_record(session, 2013)
    assert of_2013 is not None
    assert of_2013.proposed_by
    assert of_2013.proposed_by.name == "Bulgarian Dental Tourism Cluster"


def test_load_history_leaves_a_draft_of_a_past_year_to_whoever_began_it(session):
    session.add(Edition(year=2010, city="Plovdiv", country="BG"))
    session.flush()
    load_history(session, COMMAND, NOW)
    assert session.execute(select(Edition.city, Edition.status).where(Edition.year == 2010)).one() == (
        "Plovdiv",
        EditionStatus.DRAFT,
    )


def outcomes_of(session, year: int) -> list[Outcome]:
    edition_id = session.scalars(select(Edition.id).where(Edition.year == year)).one()
    return outcomes_by_edition(session, [edition_id])[edition_id]


def test_history_names_only_known_countries_zones_and_organisations():
    facts = read_history()
    editions, outcomes = facts["editions"], facts["outcomes"]
    codes = {code for fact in (*editions, *outcomes) for code in fact.get("countries", [])}
    codes |= {edition["country"] for edition in editions} | set(facts["series"]["countries_edition_unknown"])
    assert codes <= country_codes()
    assert {edition["zone"] for edition in editions} <= set(zones())
    slugs = {
        slug for fact in (*editions, *outcomes) for key in ("organisers", "signatories") for slug in fact.get(key, [])
    }
    slugs |= {edition["proposed_by"] for edition in editions if "proposed_by" in edition}
    assert slugs == set(facts["organisations"])


def test_load_history_says_so_in_the_trail(session):
    load_history(session, COMMAND, NOW)
    trail = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.act for entry in trail] == ["edition_loaded"] * 7 + ["history_loaded"]
    assert [entry.scope for entry in trail] == [str(year) for year in range(2010, 2017)] + [""]


def _rows(session) -> dict[str, list]:
    return {
        table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
        for table in Base.metadata.sorted_tables
    }
