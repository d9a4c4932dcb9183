"""Migrations: they lead to exactly what the models say, there and back, with data in the tables."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Engine, Inspector, create_engine, func, inspect, select, text

from dofc_events.config import ROOT
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import Base, db, unit_of_work
from dofc_events.core.files import hash_of
from dofc_events.core.order import sort_key
from dofc_events.core.references import pseudonym
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import found_by
from dofc_events.memory.history.service import load_history
from dofc_events.trips.models import Draw
from tests.support.databases import close_connections
from tests.support.factories import make_edition, make_registration, make_trip
from tests.support.walk import SCRIPTS, down_to, up_to

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
# As the application wrote it with 0002.
SEARCHED_BEFORE = "dorde\nђурђевић\n\nana.k@dofc.test\ntrakya cluster\n7kx9-q2mb\n7kx9q2mb"
PINS = ROOT / "migrations" / "landed.sha256"
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
        made = create_engine(url)
        Base.metadata.create_all(made)
        expected, migrated = _schema(made), _schema(db.engine)
        made.dispose()
    assert migrated == expected


def test_a_migration_keeps_the_data_when_it_is_taken_back_and_repeated(app):
    """Only what the migration itself adds may go.

    Each is repeated as soon as it was taken back, then taken back for good; at the end all are repeated at once.
    """
    with app.app_context():
        with unit_of_work() as session:
            load_history(session, COMMAND, NOW)
            edition = make_edition(session, capacity=5)
            make_trip(session, edition)
            make_registration(session, edition)
        before, schema = _row_counts(), _schema(db.engine)
        for revision, previous in pairwise(REVISIONS):
            rows = _row_counts()
            down_to(previous)
            up_to(revision)
            assert _row_counts() == rows, revision
            down_to(previous)
        up_to("head")
        assert (_row_counts(), _schema(db.engine)) == (before, schema)


def test_the_first_migration_takes_everything_with_it(databases, database_kind, tmp_path):
    with databases.empty(database_kind) as url:
        app = databases.site(url, tmp_path)
        with app.app_context():
            up_to(REVISIONS[-1])
            assert inspect(db.engine).get_table_names() != ["alembic_version"]
            down_to("base")
            assert inspect(db.engine).get_table_names() == ["alembic_version"]
            close_connections()


def test_who_registered_with_earlier_versions_is_found_and_shown_as_those_who_came_later(app):
    """0003 has the words that the search looked through until then, and nothing of the application.

    0015: what browsers ended with a carriage return ends as we store it. 0016: telephones are found. 0025: Hebrew and
    Arabic names are found by Latin letters.
    """
    by_letters = {"محمد": "mohammed", "דוד": "david"}
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session)
            make_registration(session, edition, given_name="Ђорђе", family_name="Đurić")
            make_registration(session, edition, given_name="Mia", phone="+381 11 1234567", organisation="A")
            make_registration(
                session, edition, given_name="Eva", dietary="No nuts\r\nno milk\rno eggs", organisation="A"
            )
            for name in by_letters:
                make_registration(session, edition, given_name=name, family_name="", organisation="A")
        down_to("0002")
        with unit_of_work() as session:
            described = text("UPDATE registrations SET search_text = :words WHERE given_name = 'Ђорђе'")
            session.execute(described, {"words": SEARCHED_BEFORE})
        up_to("0024")
        with unit_of_work() as session:
            # As they were written before the search knew their consonants.
            known = "SELECT id FROM registrations WHERE given_name IN ('محمد', 'דוד')"
            without = "DELETE FROM search_words WHERE word NOT IN ('محمد', 'דוד') AND registration_id IN"
            session.execute(text(f"{without} ({known})"))
        up_to("head")
        keys = select(Registration.called, Registration.by_name, Registration.by_organisation)
        for words in ("dorde", "Ђурђ", "ana.k@dofc.test", "trakya clus", "7KX9Q2MB", "7kx9-q2mb"):
            found = db.session.execute(keys.where(found_by(words))).all()
            assert found == [("duric ђорђе", sort_key("Đurić", "Ђорђе"), sort_key("Trakya Cluster"))], words
        assert db.session.scalars(select(Registration.phone).where(found_by("011 1234"))).all() == ["+381 11 1234567"]
        eva = select(Registration.dietary).where(Registration.given_name == "Eva")
        assert db.session.scalar(eva) == "No nuts\nno milk\nno eggs"
        for name, typed in by_letters.items():
            assert db.session.scalars(select(Registration.given_name).where(found_by(typed))).all() == [name]
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
        down_to("0036")
        up_to("head")
        assert [db.session.get_one(Registration, one).draw_name for one in ids] == names
        keys = set(db.session.scalars(select(Draw.names_key)))
        assert len(keys) == 2 and min(map(len, keys)) >= 32
        db.session.close()


def test_what_has_landed_is_not_changed():
    """A database that was made with a migration is never made with it again: docs/architecture.md, Migrations."""
    pinned = [line.split() for line in PINS.read_text().splitlines()]
    files = {path.name: hash_of(path.read_bytes()) for path in (ROOT / "migrations" / "versions").glob("*.py")}
    assert {name: files.get(name) for _, name in pinned} == {name: content_hash for content_hash, name in pinned}
    assert files.keys() == {name for _, name in pinned}, "each has its line, and new ones are added to the end"


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
    once = "SELECT tbl_name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"
    with engine.connect() as connection:
        given_once = connection.scalars(text(once)).all() if engine.dialect.name == "sqlite" else ()
    tables = [name for name in inspector.get_table_names() if name != "alembic_version"]
    return {name: _table(inspector, name) | {"given once": name in given_once} for name in tables}


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
