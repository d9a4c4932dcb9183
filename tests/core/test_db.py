"""The database: one door to write, read-only everywhere else, on both kinds."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from unittest.mock import ANY

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import event, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm.exc import DetachedInstanceError

from dofc_events.conference.models import Category, Edition
from dofc_events.core import db as core_db
from dofc_events.core.audit import COMMAND, AuditEntry, record
from dofc_events.core.db import db, end_session, erase_deleted, insert_row, single_statements, unit_of_work
from tests.support.databases import close_connections
from tests.support.factories import NOW, make_edition

ENTRY = {"at": NOW, "actor": "nobody", "act": "tested", "scope": "", "about": "", "details": {}}


def acts(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


def test_unit_of_work_commits_when_its_block_ends(writing, reading):
    with writing() as session:
        record(session, COMMAND, NOW, "tested")
    assert acts(reading) == ["tested"]


def test_unit_of_work_rolls_back_and_passes_on_what_was_raised(writing, reading):
    def fail(error: type[BaseException]) -> None:
        with writing() as session:
            record(session, COMMAND, NOW, "tested")
            session.flush()
            raise error

    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            fail(error)
    assert acts(reading) == []


def test_unit_of_work_leaves_a_read_only_session_behind_when_the_database_refused(app, reading):
    with app.app_context():
        for _ in range(2):
            with pytest.raises(IntegrityError), unit_of_work() as session:
                session.execute(insert(Category).values(edition_id=1, slug=None, label="x", position=0))
        with pytest.raises(DBAPIError):
            db.session.execute(insert(AuditEntry).values(ENTRY))
    assert acts(reading) == []


def test_writing_is_refused_outside_a_unit_of_work(app, reading):
    with app.app_context():
        with unit_of_work():
            pass
        for _ in range(2):
            with pytest.raises(DBAPIError, match=r"readonly|read-only"):
                db.session.execute(insert(AuditEntry).values(ENTRY))
            db.session.rollback()
        db.session.add(AuditEntry(**ENTRY))
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            db.session.commit()
        db.session.rollback()
    assert acts(reading) == []


def test_writing_is_refused_on_a_connection_that_wrote_before(app):
    """The pool hands the same connections out again: what one unit of work was allowed does not last."""
    with app.app_context():
        for _ in range(3):
            with unit_of_work() as session:
                record(session, COMMAND, NOW, "tested")
            with pytest.raises(DBAPIError), db.engine.begin() as connection:
                connection.execute(insert(AuditEntry).values(ENTRY))


@pytest.mark.databases("postgresql")
def test_a_page_that_reads_neither_begins_nor_ends_a_transaction(app):
    with app.app_context():
        assert not db.session.scalars(select(AuditEntry.act)).all()
        driver = db.session.connection().connection.driver_connection
        assert isinstance(driver, psycopg.Connection) and driver.info.transaction_status == TransactionStatus.IDLE


def test_only_single_statements_are_committed_without_waiting_for_the_disk(app, database_kind):
    """On the connection that the pool hands out again each time."""
    how = text("PRAGMA synchronous" if database_kind == "sqlite" else "SHOW synchronous_commit")
    answers = []
    with app.app_context():
        if database_kind == "postgresql":
            # The tests' own server never waits.
            with unit_of_work() as session:
                name = session.scalar(text("SELECT current_database()"))
                session.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit TO ON'))
            close_connections()
        for _ in range(2):
            with unit_of_work() as session:
                answers.append(session.scalar(how))
            with single_statements() as connection:
                answers.append(connection.scalar(how))
        close_connections()
    # SQLite's words are FULL and NORMAL.
    assert answers == ([2, 1] if database_kind == "sqlite" else ["on", "off"]) * 2


def test_a_single_statement_is_there_for_everybody_at_once(app, reading):
    with app.app_context(), single_statements() as connection:
        connection.execute(insert(AuditEntry).values(ENTRY))
        assert acts(reading) == [ENTRY["act"]]
        with unit_of_work() as session:
            record(session, COMMAND, NOW, "tested")
        connection.execute(insert(AuditEntry).values(ENTRY))
    assert len(acts(reading)) == 3


def test_unit_of_work_detaches_what_was_read_before(app, writing):
    with writing() as session:
        edition_id = make_edition(session).id
    with app.app_context():
        before = db.session.get_one(Edition, edition_id)
        with unit_of_work() as session:
            assert before not in session
            session.get_one(Edition, edition_id).city = "Plovdiv"
        assert inspect(before).detached
        assert before.city == "Sofia", "what was loaded stays readable"
        with pytest.raises(DetachedInstanceError):
            assert before.categories
        assert db.session.get_one(Edition, edition_id).city == "Plovdiv"


def test_a_reader_is_not_blocked_by_a_writer_and_sees_what_was_before(app, writing, reading):
    seen: list[list[str]] = []
    with writing() as session:
        record(session, COMMAND, NOW, "tested")
        session.flush()
        reader = threading.Thread(target=lambda: seen.append(acts(reading)))
        reader.start()
        reader.join(timeout=10)
        assert seen == [[]]
    assert acts(reading) == ["tested"]


@pytest.mark.databases("postgresql")
def test_what_was_prepared_stays_prepared_from_one_request_to_the_next(app, reading):
    for _ in range(8):
        with reading() as session:
            session.scalar(select(Edition.id))
    with reading() as session:
        prepared = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("FROM editions" in statement for statement in prepared), prepared


@pytest.mark.databases("sqlite")
def test_a_writer_waits_for_another_and_then_sees_what_it_wrote(writing):
    """A transaction that began by reading would fail at once instead ("database is locked")."""
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(10)
        with writing() as session:
            order.append(f"second sees {len(session.scalars(select(AuditEntry)).all())}")

    thread = threading.Thread(target=second)
    thread.start()
    with writing() as session:
        record(session, COMMAND, NOW, "tested")
        inside.set()
        thread.join(timeout=0.3)
        order.append("first ends")
    thread.join(timeout=10)
    assert order == ["first ends", "second sees 1"]


@pytest.mark.databases("sqlite")
def test_sqlite_is_set_up_for_a_site(app):
    with app.app_context():
        assert db.session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert db.session.scalar(text("PRAGMA foreign_keys")) == 1
        assert db.session.scalar(text("PRAGMA busy_timeout")) == 5_000
        # Whoever has waited for others of the same process waits no longer for those of another one.
        with unit_of_work() as session:
            assert 4_000 < session.scalar(text("PRAGMA busy_timeout")) <= 5_000


def test_a_row_that_leads_nowhere_is_refused(writing):
    with pytest.raises(IntegrityError), writing() as session:
        session.add(Category(edition_id=4711, slug="x", label="x", position=0))


def test_insert_row_leaves_what_add_and_flush_leave(session):
    """Its key and its defaults are known, and what changes later is written."""
    rows = [Edition(year=2030 + number, city="Niš", country="RS") for number in range(2)]
    session.add(rows[0])
    session.flush()
    insert_row(session, rows[1])
    assert all(inspect(row).persistent and not inspect(row).modified for row in rows)
    known = [{**vars(row), "id": 0, "year": 0} for row in rows]
    assert {name: known[0][name] for name in known[1]} == known[1] | {"_sa_instance_state": ANY}
    assert session.get(Edition, rows[1].id) is rows[1]
    rows[1].city = "Sofia"
    session.flush()
    session.expire_all()
    assert (rows[1].year, rows[1].city, rows[1].offer_hours) == (2031, "Sofia", 72.0)


def test_insert_row_refuses_what_leads_nowhere(writing):
    with pytest.raises(IntegrityError), writing() as session:
        insert_row(session, Category(edition_id=4711, slug="x", label="x", position=0))


def test_moments_are_stored_in_utc_and_come_back_aware(writing, reading):
    evening = datetime(2026, 7, 1, 20, 30, 15, 123456, timezone(timedelta(hours=3)))
    with writing() as session:
        record(session, COMMAND, evening, "tested")
    with reading() as session:
        at = session.scalars(select(AuditEntry.at)).one()
        assert (at, at.utcoffset()) == (evening, timedelta(0))
        assert session.scalars(select(AuditEntry.act).where(AuditEntry.at == evening.astimezone(UTC))).one() == "tested"


def test_a_naive_moment_is_refused(writing):
    naive = datetime(2026, 7, 1, 20, 30)  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive datetime"), writing() as session:
        record(session, COMMAND, naive, "tested")


@pytest.mark.databases("sqlite")
def test_what_was_deleted_is_erased_without_keeping_writers_waiting_for_long(app, monkeypatch):
    """While somebody reads what was there before, and will not stop."""
    monkeypatch.setattr(core_db, "BUSY_TIMEOUT", 0.1)
    monkeypatch.setattr(core_db, "PATIENT_TIMEOUT", 3)
    with app.app_context():
        with unit_of_work() as session:
            record(session, COMMAND, NOW, "tested")
        with db.engine.connect() as reader:
            assert reader.scalars(select(AuditEntry.act)).all() == ["tested"]
            with unit_of_work() as session:
                record(session, COMMAND, NOW, "tested")
            began = time.monotonic()
            erase_deleted(AuditEntry)
            assert time.monotonic() - began < core_db.PATIENT_TIMEOUT


@pytest.mark.databases("sqlite")
def test_connections_that_read_never_become_such_that_write(app):
    """For SQLite would then prepare all their statements again, which takes longer than to execute them."""
    said: list[str] = []

    def note(connection, record) -> None:
        connection.set_trace_callback(said.append)

    with app.app_context():
        close_connections()
        for engine in db.engines.values():
            event.listen(engine.pool, "connect", note)
        for _ in range(3):
            with unit_of_work() as session:
                record(session, COMMAND, NOW, "tested")
            assert db.session.scalars(select(AuditEntry.act)).first() == "tested"
            with single_statements() as connection:
                connection.execute(insert(AuditEntry).values(ENTRY))
            end_session()
        close_connections()
    assert said and not [line for line in said if "query_only" in line]
