"""Migrations: they lead to exactly what the models say, there and back, with data in the tables."""

import json
import shutil
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Engine, Inspector, create_engine, func, inspect, select, text

from dofc_events.config import ROOT
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import Base, db, unit_of_work
from dofc_events.core.files import hash_of
from dofc_events.core.order import sort_key
from dofc_events.core.references import pseudonym
from dofc_events.core.schema import differences
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import found_by
from dofc_events.hosting.models import Ballot
from dofc_events.memory.history.service import load_history
from dofc_events.trips.models import Draw
from tests.support.factories import make_edition, make_registration, make_trip

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))
# As the application wrote it with 0002.
SEARCHED_BEFORE = "dorde\nђурђевић\n\nana.k@dofc.test\ntrakya cluster\n7kx9-q2mb\n7kx9q2mb"
LANDED = ROOT / "tests" / "landed"
PINS = ROOT / "migrations" / "landed.sha256"
# Columns that were added to a migration after it had landed.
LATE = {"worker_signs": "mail_error", "ballots": "account_id"}
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()]


def test_migrations_have_one_head():
    assert len(SCRIPTS.get_heads()) == 1


def test_models_ask_for_nothing_more_when_migrated(app):
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_make_what_the_models_say_down_to_the_constraints(app, databases, database_kind):
    """compare_metadata does not look at CHECK constraints, nor at the conditions of indexes."""
    with app.app_context(), databases.empty(database_kind) as url:
        made = create_engine(url, execution_options={"writes": True})
        Base.metadata.create_all(made)
        expected, migrated = _schema(made), _schema(db.engine)
        made.dispose()
    assert migrated == expected


def test_migrations_go_down_and_up_again_when_there_is_data(app):
    with app.app_context():
        with unit_of_work() as session:
            load_history(session, COMMAND, NOW)
            make_registration(session, make_edition(session, capacity=5))
        before = _schema(db.engine)
        for revision in [*REVISIONS[1:], "base"]:
            flask_migrate.downgrade(revision=revision)
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
        flask_migrate.upgrade()
        assert _schema(db.engine) == before


def test_a_migration_keeps_the_data_when_it_is_taken_back_and_repeated(app):
    """Only what the migration itself adds may go; the first one takes everything with it.

    Each is repeated as soon as it was taken back, then taken back for good; at the end all are repeated at once.
    """
    with app.app_context():
        with unit_of_work() as session:
            load_history(session, COMMAND, NOW)
            edition = make_edition(session, capacity=5)
            make_trip(session, edition)
            make_registration(session, edition)
        before = _row_counts()
        for revision, previous in pairwise(REVISIONS):
            rows = _row_counts()
            flask_migrate.downgrade(revision=previous)
            flask_migrate.upgrade(revision=revision)
            assert _row_counts() == rows, revision
            flask_migrate.downgrade(revision=previous)
        flask_migrate.upgrade()
        assert _row_counts() == before


def test_who_registered_before_the_search_knew_spellings_is_still_found(app):
    """Migration 0003 has the words that the search looked through until then, and nothing of the application."""
    with app.app_context():
        with unit_of_work() as session:
            make_registration(session, make_edition(session), given_name="Ђорђе", family_name="Đurić")
        flask_migrate.downgrade(revision="0002")
        with db.engine.connect().execution_options(writes=True, postgresql_readonly=False) as connection:
            connection.execute(text("UPDATE registrations SET search_text = :words"), {"words": SEARCHED_BEFORE})
            connection.commit()
        flask_migrate.upgrade()
        keys = select(Registration.called, Registration.by_name, Registration.by_organisation)
        for words in ("dorde", "Ђурђ", "ana.k@dofc.test", "trakya clus", "7KX9Q2MB", "7kx9-q2mb"):
            found = db.session.execute(keys.where(found_by(words))).all()
            assert found == [("duric ђорђе", sort_key("Đurić", "Ђорђе"), sort_key("Trakya Cluster"))], words
        db.session.close()


def test_telephones_of_those_who_registered_before_are_found(app):
    """Migration 0016."""
    with app.app_context():
        with unit_of_work() as session:
            make_registration(session, make_edition(session), phone="+381 11 1234567")
        flask_migrate.downgrade(revision="0015")
        flask_migrate.upgrade()
        assert db.session.scalars(select(Registration.phone).where(found_by("011 1234"))).all() == ["+381 11 1234567"]
        db.session.close()


def test_what_browsers_ended_with_a_carriage_return_ends_as_we_store_it(app):
    """Migration 0015."""
    with app.app_context():
        with unit_of_work() as session:
            make_registration(session, make_edition(session), dietary="No nuts\r\nno milk\rno eggs")
        flask_migrate.downgrade(revision="0014")
        flask_migrate.upgrade()
        assert db.session.scalars(select(Registration.dietary)).all() == ["No nuts\nno milk\nno eggs"]
        db.session.close()


def test_names_in_a_draw_that_were_published_or_told_are_stored(app):
    """Migration 0037: they were made with the secret key. Those of another key are not in what was published."""
    with app.app_context():
        with unit_of_work() as session:
            pending, drawn = (make_edition(session, year=year) for year in (2031, 2032))
            told, known, lost = (make_registration(session, edition) for edition in (pending, drawn, drawn))
            names = [_name_with_the_key(app, 2031, told), _name_with_the_key(app, 2032, known), None]
            for edition, document in ((pending, None), (drawn, {"people": [{"id": names[1]}, {"id": "0123"}]})):
                text_of = json.dumps(document) if document else None
                session.add(Draw(edition_id=edition.id, seed="s", names_key="k", fixed_at=NOW, document=text_of))
            ids = [person.id for person in (told, known, lost)]
        flask_migrate.downgrade(revision="0036")
        flask_migrate.upgrade()
        assert [db.session.get_one(Registration, one).draw_name for one in ids] == names
        keys = set(db.session.scalars(select(Draw.names_key)))
        assert len(keys) == 2 and min(map(len, keys)) >= 32
        db.session.close()


def test_the_first_versions_are_upgraded_with_their_data(databases, database_kind, tmp_path):
    """Migration 0050: 0001 and 0008 were changed after they had landed, and databases were made before.

    tests/landed/ has both as they landed, and rows as the application wrote them with each.
    """
    scripts = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", scripts, ignore=shutil.ignore_patterns("__pycache__"))
    for landed in LANDED.glob("*.py"):
        shutil.copy(landed, scripts / "versions" / landed.name)
    with databases.empty(database_kind) as url:
        app = databases.site(url, tmp_path / "instance")
        with app.app_context():
            for revision in ("0001", "0008"):
                flask_migrate.upgrade(directory=str(scripts), revision=revision)
                with unit_of_work() as session:
                    for statement in (LANDED / f"{revision}.sql").read_text().splitlines()[1:]:
                        session.connection().exec_driver_sql(statement)
            assert _missing(LATE) == LATE.keys()
            flask_migrate.upgrade()
            # Nothing is left to do.
            flask_migrate.upgrade()
            assert _missing(LATE) == set() and differences(db.session.connection()) == []
            assert db.session.scalars(select(Registration.family_name)).all() == ["Kovač"]
            # Who cast it last is the one who may see it.
            assert db.session.execute(select(Ballot.account_id, Ballot.ranking)).all() == [(2, ["4TRW-8HNC", "none"])]
            db.session.remove()
            db.engine.dispose()
        assert app.test_cli_runner().invoke(args=["check"]).output == "Everything adds up.\n"
        assert app.test_cli_runner().invoke(args=["worker", "--once"]).exit_code == 0
        with app.app_context():
            db.engine.dispose()


def test_what_has_landed_is_not_changed():
    """A database that was made with a migration is never made with it again: docs/architecture.md, Migrations."""
    pinned = [line.split() for line in PINS.read_text().splitlines()]
    files = {path.name: hash_of(path.read_bytes()) for path in (ROOT / "migrations" / "versions").glob("*.py")}
    assert {name: files.get(name) for _, name in pinned} == {name: content_hash for content_hash, name in pinned}
    assert files.keys() == {name for _, name in pinned}, "each has its line, and new ones are added to the end"


def _missing(columns: dict[str, str]) -> set[str]:
    inspector = inspect(db.engine)
    return {table for table, name in columns.items() if name not in {c["name"] for c in inspector.get_columns(table)}}


def _name_with_the_key(app: Flask, year: int, person: Registration) -> str:
    return pseudonym(app.config["SECRET_KEY"], f"draw-{year}", person.reference)


def _row_counts() -> dict[str, int]:
    tables = inspect(db.engine).get_table_names()
    known = [table for name, table in Base.metadata.tables.items() if name in tables]
    counts = {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in known}
    # PostgreSQL changes no table that somebody is still reading.
    db.session.close()
    return counts


def _schema(engine: Engine) -> dict[str, dict[str, Any]]:
    """Everything that the database says about its tables, in an order that does not depend on how they were made."""
    inspector = inspect(engine)
    tables = [name for name in inspector.get_table_names() if name != "alembic_version"]
    return {name: _table(inspector, name) for name in tables}


def _table(inspector: Inspector, name: str) -> dict[str, Any]:
    return {
        "columns": _sorted({**c, "type": str(c["type"])} for c in inspector.get_columns(name)),
        "primary key": inspector.get_pk_constraint(name),
        "foreign keys": _sorted(inspector.get_foreign_keys(name)),
        "indexes": _sorted({**i, "dialect_options": _texts(i)} for i in inspector.get_indexes(name)),
        "unique": _sorted(inspector.get_unique_constraints(name)),
        "checks": _sorted(inspector.get_check_constraints(name)),
    }


def _sorted(entries: Any) -> list[dict[str, Any]]:
    return sorted((dict(entry) for entry in entries), key=lambda entry: str(entry["name"]))


def _texts(index: Any) -> dict[str, str]:
    return {key: str(value) for key, value in index.get("dialect_options", {}).items()}


def test_hebrew_and_arabic_names_of_those_who_registered_before_are_found_by_latin_letters(app):
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session, capacity=5)
            names = {"محمد": "mohammed", "דוד": "david"}
            for name in names:
                make_registration(session, edition, given_name=name, family_name="")
        flask_migrate.downgrade(revision="0024")
        with unit_of_work() as session:
            # As they were written before the search knew their consonants.
            session.execute(text("DELETE FROM search_words WHERE word NOT IN ('محمد', 'דוד')"))
        flask_migrate.upgrade()
        for name, typed in names.items():
            found = db.session().scalars(select(Registration.given_name).where(found_by(typed))).all()
            assert found == [name]
