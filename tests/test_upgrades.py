"""Databases of every version that landed are upgraded with their data.

tests/landed/ has, for each version that was the newest one for a while, a few rows as its application wrote them; and
migrations 0001 and 0008 as they landed, for both were changed afterwards (0050).
"""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import func, inspect, select, text

from dofc_events.commands.timers import end_what_is_over, run_timers
from dofc_events.commands.watch import Step, Watch
from dofc_events.config import ROOT
from dofc_events.core import files
from dofc_events.core.db import Base, db, unit_of_work
from dofc_events.core.order import sort_key
from dofc_events.core.schema import differences
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import found_by
from dofc_events.extensions import settings
from dofc_events.hosting.models import Ballot
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.places.models import Arrival, Claim
from dofc_events.privacy.rules import GONE
from dofc_events.trips.models import Draw
from tests.support.databases import close_connections
from tests.support.walk import up_to

LANDED = ROOT / "tests" / "landed"
# Columns that were added to a migration after it had landed.
LATE = {"worker_signs": "mail_error", "ballots": "account_id"}
# What the rows name.
FILES = (b"Programme\n", b"%PDF-1.4 a paper of 0180\n", b"a picture of 0180\n")
NOW = datetime(2026, 11, 28, tzinfo=UTC)
# When nothing that names somebody is kept any more.
LONG_AFTER = datetime(2060, 1, 1, tzinfo=UTC)
# What migrations write anew: _assert_what_migrations_made_of_it says what it should be.
WRITTEN_ANEW = {
    "registrations": {"by_name", "by_organisation", "dietary"},
    "letters": {"body"},
    "messages": {"kind"},
}
PAGES = (
    "/",
    "/editions/2038/",
    "/editions/2033/draw",
    "/outcomes/2031-a-memorandum",
    "/outcomes/2038-memorandum-of-looms",
    "/network/",
    "/outcomes/",
    "/privacy",
)

Rows = dict[str, dict[tuple[object, ...], dict[Any, Any]]]


@pytest.mark.databases("sqlite", "postgresql")
def test_every_version_that_landed_is_upgraded_with_its_data(databases, database_kind, tmp_path):
    """One walk: it stops at each of them, adds its rows, and looks whether those before are as they were."""
    scripts = _scripts_as_they_landed(tmp_path / "migrations")
    with databases.empty(database_kind) as url:
        app = databases.site(url, tmp_path / "instance")
        with app.app_context():
            rows: Rows = {}
            for path in sorted(LANDED.glob("*.sql")):
                up_to(path.stem, scripts)
                assert _changed(rows, _rows()) == [], path.stem
                with unit_of_work() as session:
                    for statement in path.read_text().partition("\n")[2].split(";\n")[:-1]:
                        session.connection().exec_driver_sql(statement)
                rows = _rows()
                if path.stem == "0008":
                    assert _missing(LATE) == LATE.keys()
            up_to("head")
            # Nothing is left to do.
            up_to("head")
            assert _changed(rows, _rows()) == []
            assert _missing(LATE) == set() and differences(db.session.connection()) == []
            _count_on()
            for content in FILES:
                files.store(settings().shared, content, NOW)
            db.session.remove()
        assert _check(app) == "Everything adds up.\n"
        with app.app_context():
            _assert_what_migrations_made_of_it()
        assert app.test_cli_runner().invoke(args=["worker", "--once"]).exit_code == 0
        assert {page: app.test_client().get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 200)
        with app.app_context():
            run_timers(LONG_AFTER)
            end_what_is_over(Step("", Watch()), LONG_AFTER)
            assert set(db.session.scalars(select(Registration.given_name))) == {GONE}
            db.session.remove()
        assert _check(app) == "Everything adds up.\n"
        with app.app_context():
            close_connections()


def _assert_what_migrations_made_of_it() -> None:
    """What they wrote from older rows: where the application has it, as it would write it."""

    def all_of(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in db.session.execute(text(query))]

    # 0003, 0013, 0016, 0025: people are found, and in order.
    for words, name in (
        ("kovac", "Đorđe"),
        ("011 1234", "محمد"),
        ("mohammed", "محمد"),
        ("ђорђе", "Ђорђе"),
        ("ost", "Ђорђе"),
    ):
        assert name in db.session.scalars(select(Registration.given_name).where(found_by(words))).all(), words
    for person in db.session.scalars(select(Registration)):
        names = sort_key(person.family_name or person.given_name, person.given_name), sort_key(person.organisation)
        assert (person.by_name, person.by_organisation) == names, person.given_name
    # 0015
    assert all_of("SELECT dietary FROM registrations WHERE dietary <> ''") == [("No nuts\nno milk",)]
    assert all_of("SELECT body FROM letters WHERE id = 1") == [("Dear {given_name},\n\nsee you.",)]
    # 0030, 0035
    assert all_of("SELECT id FROM proposals WHERE touched_at IS NULL") == []
    assert all_of("SELECT id FROM messages WHERE waits_since <> queued_at") == []
    # 0037: those who were drawn are called what was published.
    published = json.loads(db.session.scalars(select(Draw.document).where(Draw.edition_id == 2)).one() or "")
    drawn = {person["id"] for person in published["people"]}
    assert {name for (name,) in all_of("SELECT draw_name FROM registrations WHERE draw_name IS NOT NULL")} == drawn
    # 0045
    tagged = "SELECT DISTINCT mailbox_key FROM messages WHERE mailbox_key <> recipient_key"
    assert all_of(tagged) == [("zoe@cluster.test",)]
    # 0050: who cast it last is the one who may see it.
    assert db.session.execute(select(Ballot.account_id, Ballot.ranking)).all() == [(102, ["4TRW-8HNC", "none"])]
    # 0065: past midnight where the edition is.
    assert db.session.scalars(select(Arrival.day).order_by(Arrival.id)).all() == [date(2038, 5, 6), date(2038, 5, 5)]
    # 0115, 0117
    assert set(db.session.scalars(select(Claim.status).where(Claim.by_email, Claim.is_hold))) == {"offered"}
    assert all_of("SELECT year FROM editions WHERE asks_questions ORDER BY year") == [(2038,), (2039,)]
    # 0130
    slugs = ["2031-a-memorandum", "2038-alesund-memorandum", "2038-memorandum-of-looms"]
    assert db.session.scalars(select(Outcome.slug).order_by(Outcome.id)).all() == slugs
    parties = "SELECT outcome_id, organisation_id, country, has_signed FROM outcome_parties ORDER BY id"
    signed = [(1, 1, None, True), (2, 1, None, True), (2, 2, None, True)]
    assert all_of(parties) == [*signed, (1, None, "BG", False), (2, None, "NO", False)]
    # 0180: who is signed in stays so.
    assert [len(challenge) for (challenge,) in all_of("SELECT challenge FROM browser_sessions")] == [32]
    # 0190
    assert all_of("SELECT DISTINCT kind FROM messages WHERE kind LIKE '%reminder'") == [("proposal-reminder",)]
    db.session.remove()


def _check(app: Flask) -> str:
    return app.test_cli_runner().invoke(args=["check"]).output


def _scripts_as_they_landed(to: Path) -> ScriptDirectory:
    shutil.copytree(ROOT / "migrations", to, ignore=shutil.ignore_patterns("__pycache__"))
    for landed in LANDED.glob("*.py"):
        shutil.copy(landed, to / "versions" / landed.name)
    return ScriptDirectory(str(to))


def _rows() -> Rows:
    """All rows of the tables that are still known, as the database has them."""
    present = set(inspect(db.engine).get_table_names())
    found: Rows = {}
    for table in Base.metadata.sorted_tables:
        if table.name in present:
            keys = [column.name for column in table.primary_key.columns]
            rows = db.session.execute(text(f"SELECT * FROM {table.name}")).mappings().all()
            found[table.name] = {tuple(row.get(key) for key in keys): row for row in map(dict, rows)}
    # PostgreSQL changes no table that somebody is still reading, and what was prepared does not know of the change.
    db.session.close()
    close_connections()
    return found


def _changed(before: Rows, now: Rows) -> list[str]:
    """What is no longer as it was: rows that went, and columns that say something else."""
    changed = []
    for table, rows in before.items():
        for key, row in rows.items():
            other = now[table].get(key)
            if other is None:
                changed.append(f"{table} {key} is gone")
                continue
            kept = (row.keys() & other.keys()) - WRITTEN_ANEW.get(table, set())
            changed += [f"{table} {key}: {name}" for name in sorted(kept) if row[name] != other[name]]
    return changed


def _count_on() -> None:
    """The numbers that were given by hand are not given again."""
    if db.engine.dialect.name == "postgresql":
        with unit_of_work() as session:
            for table in Base.metadata.sorted_tables:
                if (counted := table.autoincrement_column) is not None:
                    counter = func.pg_get_serial_sequence(table.name, counted.name)
                    session.execute(select(func.setval(counter, select(func.max(counted)).scalar_subquery())))


def _missing(columns: dict[str, str]) -> set[str]:
    inspector = inspect(db.engine)
    return {table for table, name in columns.items() if name not in {c["name"] for c in inspector.get_columns(table)}}
