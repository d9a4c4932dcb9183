"""`flask history` and `flask demo`: run twice they change nothing, and what is invented says so."""

import threading
import time
import unicodedata
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
import yaml
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.commands.check import faults
from dofc_events.commands.demo import DEMO
from dofc_events.conference.models import Edition, Member, Organisation
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus, Window
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import end_of_day, now
from dofc_events.core.connecting import PG_LIMITS
from dofc_events.core.db import Base, db, take_turns, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import GONE_KEY
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.queries import call_by_year, questions_of
from dofc_events.hosting.stages.rules import Stage
from dofc_events.mail.models import Message
from dofc_events.mail.rules import INVENTED
from dofc_events.memory.figures.queries import frozen_record
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.places.models import Claim, Pool
from dofc_events.privacy.rules import GONE
from dofc_events.trips.queries import trip_pools
from tests.support.databases import close_connections
from tests.support.factories import make_edition
from tests.support.site import free_port


@pytest.fixture
def flask(app):
    """`flask("demo")`: one command; fails if it does."""

    def run(*arguments: str) -> str:
        answer = app.test_cli_runner().invoke(args=arguments)
        assert answer.exit_code == 0, f"{answer.output}{answer.exception!r}"
        return answer.stdout

    return run


@pytest.fixture(scope="module")
def demonstration_app(databases, tmp_path_factory):
    """A site that delivers mail, on a database that `flask demo --if-empty` has filled; tests only look at it."""
    with databases.fresh("sqlite") as url:
        # Nobody listens there: all of it is kept.
        mail = {"mail_server": "127.0.0.1", "mail_port": free_port(), "mail_default_sender": "DofC <us@dofc.test>"}
        app = databases.site(url, tmp_path_factory.mktemp("demonstration"), **mail)
        answer = app.test_cli_runner().invoke(args=["demo", "--if-empty"])
        assert answer.exit_code == 0, f"{answer.output}{answer.exception!r}"
        yield app
        with app.app_context():
            close_connections()


@pytest.fixture
def demonstration(demonstration_app):
    """Opens sessions on the database with the demonstration."""

    @contextmanager
    def opened():
        with demonstration_app.app_context(), Session(db.engine) as session:
            yield session

    return opened


def dump(reading) -> dict[str, list[tuple]]:
    """Every row of every table."""
    with reading() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
        }


def filled(tables: dict[str, list[tuple]]) -> set[str]:
    return {name for name, rows in tables.items() if rows}


def test_history_and_demo_change_nothing_when_run_again_nor_what_was_changed_since(flask, reading, writing):
    for command in ("history", "demo"):
        flask(command)
        before = dump(reading)
        flask(command)
        assert dump(reading) == before
    with writing() as session:
        for edition in session.scalars(select(Edition).where(Edition.is_demo)):
            edition.city = "Olomouc"
        session.scalars(select(Edition).where(Edition.year == 2010)).one().summary = "Corrected."
    before = dump(reading)
    for command in ("history", "demo"):
        flask(command)
        assert dump(reading) == before


@pytest.mark.databases("sqlite")
def test_demo_if_empty_does_nothing_when_there_is_an_edition(flask, reading):
    flask("history")
    before = dump(reading)
    flask("demo", "--if-empty")
    assert dump(reading) == before


def test_demo_if_empty_fills_an_empty_database(demonstration):
    assert "registrations" in filled(dump(demonstration))


@pytest.mark.databases("sqlite")
def test_history_loads_nothing_invented(flask, reading):
    flask("history")
    tables = dump(reading)
    people = {"registrations", "accounts", "messages", "claims", "members", "trips", "pools", "consent_texts"}
    assert filled(tables).isdisjoint(people)
    with reading() as session:
        editions = session.scalars(select(Edition).order_by(Edition.year)).all()
        assert [edition.year for edition in editions] == list(range(2010, 2017))
        assert not any(edition.is_demo for edition in editions)
        assert not any(organisation.is_demo for organisation in session.scalars(select(Organisation)))


def test_demo_marks_what_it_invents(demonstration):
    invented = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    with demonstration() as session:
        marked = session.scalars(select(Organisation.slug).where(Organisation.is_demo)).all()
        assert set(marked) == {member["slug"] for member in invented["members"]}
        assert len(session.scalars(select(Member)).all()) == len(marked)
        years = session.scalars(select(Edition.year).where(Edition.is_demo).order_by(Edition.year)).all()
        assert years == [now().year - 1, now().year + 1]
        pools = session.execute(select(Edition.year, Pool.capacity, Pool.taken).join(Pool).order_by(Edition.year)).all()
        assert [tuple(row) for row in pools] == [(years[0], 60, 60), (years[1], 250, 45)]
        for email in (*session.scalars(select(Account.email)), *session.scalars(select(Registration.email))):
            assert email.endswith("@demo.example") or not email, "an address that nobody can have (RFC 2606)"


def test_the_demonstration_edition_is_what_the_contract_says(demonstration):
    with demonstration() as session:
        edition = edition_by_year(session, now().year + 1)
        assert edition.is_demo and edition.window(now()) is Window.OPEN
        assert (edition.city, edition.zone, edition.offer_hours) == ("Brno", "Europe/Prague", 72)
        assert edition.contact_email and edition.contact_name
        assert edition.starts_on.weekday() == 3 and edition.starts_on.month == 10
        assert edition.starts_on > date(edition.year, 9, 30)
        assert edition.ends_on - edition.starts_on == timedelta(days=2)
        trips = [trip for trip, _ in trip_pools(session, edition.id)]
        overlapping = [
            (a.slug, b.slug) for a in trips for b in trips if a.slug < b.slug and a.starts_at < b.ends_at > b.starts_at
            and b.starts_at < a.ends_at
        ]  # fmt: skip
        assert len(overlapping) == 1, "two of them overlap in time"
        for trip in trips:
            assert edition.begins_at() < trip.starts_at < trip.ends_at


def test_the_demonstration_delegates_come_from_everywhere(demonstration):
    with demonstration() as session:
        edition = edition_by_year(session, now().year + 1)
        people = session.scalars(select(Registration).where(Registration.edition_id == edition.id)).all()
        statuses = session.scalars(select(Claim.status).join(Pool).where(Pool.edition_id == edition.id)).all()
        assert faults(session) == []
        messages = session.scalars(select(Message)).all()
        registered = select(AuditEntry.about).where(AuditEntry.act == "registered")
        audited = set(session.scalars(registered.where(AuditEntry.scope == str(edition.year))))
        of_option = select(Claim.status).join(Pool).where(Pool.option_id.is_not(None))
        dinners = sorted(session.scalars(of_option))
    assert dinners == [*["confirmed"] * 4, *["waitlisted"] * 2], "a limited option with a waiting list"
    assert len(people) == 43
    assert len({person.country for person in people}) >= 15
    scripts = {unicodedata.name(person.given_name[0]).split()[0] for person in people}
    assert {"LATIN", "CYRILLIC", "GREEK", "HANGUL", "GEORGIAN"} <= scripts
    assert any(not person.family_name for person in people)
    assert [statuses.count(status) for status in ("cancelled", "confirmed", "offered")] == [3, 38, 2], "a group is held"
    assert {message.state for message in messages} == {"kept"} and len(messages) == 57
    assert audited == {person.reference for person in people}
    assert len({person.registered_at for person in people}) == 42
    assert max(person.registered_at for person in people) < now()


def test_of_the_delegates_of_the_past_edition_nothing_is_left_but_figures(demonstration):
    with demonstration() as session:
        edition = edition_by_year(session, now().year - 1)
        people = session.scalars(select(Registration).where(Registration.edition_id == edition.id)).all()
        assert {(one.given_name, one.email_key.startswith(GONE_KEY)) for one in people} == {(GONE, True)}
        entries = session.scalars(select(AuditEntry).where(AuditEntry.scope == str(edition.year))).all()
        assert not [one for one in entries if INVENTED in f"{one.about}{one.details}"]
        assert edition.status == EditionStatus.ARCHIVED and edition.contact_email is None
        record = frozen_record(session, edition)
        figures = record.figures
        assert figures.total == 60 and len(figures.countries) == 24 and len(figures.categories) == 6
        assert record.growth.days[-1] == record.capacity == 60 and len(record.arrivals) == 2
        assert [trip.taken for trip in record.trips] == [26, 21, 10]
        outcomes = session.scalars(select(Outcome).where(Outcome.edition_id == edition.id).order_by(Outcome.id)).all()
        assert [(len(one.signatories), one.status) for one in outcomes] == [(4, "in_force"), (2, "ended")]
        assert [tag.country for tag in edition.organisers] == ["GR"]


def test_the_demonstration_has_an_open_call_with_three_proposals(demonstration):
    with demonstration() as session:
        call = call_by_year(session, now().year + 2)
        assert call.is_demo and call.stage(now()) is Stage.OPEN
        proposals = session.scalars(select(Proposal).order_by(Proposal.id)).all()
        assert [(p.country, str(p.status), p.from_member) for p in proposals] == [
            ("CZ", "draft", True), ("RO", "submitted", True), ("FR", "submitted", False)
        ]  # fmt: skip
        for proposal in proposals:
            assert "invented" in proposal.proposer and proposal.contact_email.endswith("@demo.example")
            assert proposal.created_at < now()
        assert [len(questions_of(session, proposal.id)) for proposal in proposals] == [0, 0, 1]


@pytest.mark.databases("sqlite")
def test_the_demonstration_begins_with_the_day_that_it_is_in_its_own_zone(flask, reading):
    """In Brno and Belgrade the new year has begun, in Greenwich it has not."""
    with time_machine.travel(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)):
        flask("demo")
    with reading() as session:
        years = session.scalars(select(Edition.year).where(Edition.is_demo).order_by(Edition.year)).all()
        assert years == [2026, 2028]
        gone = select(Registration.given_name).join(Edition, Edition.id == Registration.edition_id)
        assert set(session.scalars(gone.where(Edition.year == 2026))) == {GONE}, "even two months after its end"
        call = call_by_year(session, 2029)
        assert call.closes_at == end_of_day(date(2027, 1, 1) + timedelta(days=70), call.zone)


def test_demo_keeps_its_mail_even_with_a_mail_server(demonstration):
    with demonstration() as session:
        assert set(session.scalars(select(Message.state))) == {"kept"}


@pytest.mark.parametrize("migrates", [True, False])
def test_a_second_start_waits_for_the_first_and_adds_nothing(databases, database_kind, tmp_path, monkeypatch, migrates):
    """The first one may migrate and fill the database for longer than anybody who waits for a page would wait."""
    monkeypatch.setattr("dofc_events.core.db.BUSY_TIMEOUT", 0.05)
    monkeypatch.setattr("dofc_events.core.db.LAST_TRY", 0.05)
    monkeypatch.setattr("dofc_events.core.connecting.PG_LIMITS", PG_LIMITS | {"lock_timeout": "50ms"})
    with databases.fresh(database_kind) as url:
        apps = [databases.site(url, tmp_path / name) for name in ("first", "second")]
        codes: list[object] = []

        def second() -> None:
            for command in (["db", "upgrade"], ["demo", "--if-empty"]):
                answer = apps[1].test_cli_runner().invoke(args=command)
                codes.append(answer.exception or answer.exit_code)

        thread = threading.Thread(target=second)
        with apps[0].app_context():
            with unit_of_work() as session:
                take_turns(session)
                if migrates and database_kind == "postgresql":
                    session.execute(text("SELECT pg_advisory_xact_lock(20100917)"))
                thread.start()
                # Where nothing is to be migrated, it waits before it looks whether anything is there.
                expected = [] if migrates or database_kind == "sqlite" else [0]
                until = time.monotonic() + (10 if expected else 0.4)
                while codes == [] and time.monotonic() < until:
                    thread.join(0.1)
                assert codes == expected
                make_edition(session, year=2031)
            thread.join(20)
            assert codes == [0, 0]
            assert db.session.scalars(select(Edition.year)).all() == [2031]
            db.session.remove()
        for app in apps:
            with app.app_context():
                close_connections()
