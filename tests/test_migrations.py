"""Migrations: they lead to exactly what the models say, there and back, with data in the tables."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Engine, Inspector, create_engine, inspect, select, text

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
# Names that 0025 makes found, and what is typed.
BY_LETTERS = {"محمد": "mohammed", "דוד": "david"}
# What is counted where not all rows are: the words of those to whom earlier versions gave others.
OTHERS = "SELECT id FROM registrations WHERE given_name NOT IN ('Ђорђе', 'محمد', 'דוד')"
COUNTED = {"search_words": f"search_words WHERE registration_id IN ({OTHERS})"}
# What a migration added to a table that is older, and takes back: two ways to write a telephone number.
GOES = {"0016": {"search_words": -2}}
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


def test_migrations_keep_the_data_when_they_are_taken_back_and_repeated(app):
    """One by one to the first and back, then all at once until nothing is left.

    What a migration itself adds may go, and comes back with it; each row of any other table stays, both ways. On the
    way up the data is made what earlier versions left, so that migrations have something to write anew.
    """
    with app.app_context():
        names = _people_and_draws(app)
        schema, rows = _schema(db.engine), {REVISIONS[0]: _row_counts()}
        for revision, previous in pairwise(REVISIONS):
            down_to(previous)
            assert _changed(rows[revision], _row_counts()) == GOES.get(revision, {}), revision
            if previous == "0036":
                draws = _take_draws()
            rows[previous] = _row_counts()
        for revision in reversed(REVISIONS[:-1]):
            up_to(revision)
            assert _row_counts() == rows[revision], revision
            _leave_what_earlier_versions_left(revision, draws)
        assert _schema(db.engine) == schema
        _assert_that_people_are_found_and_shown()
        _assert_that_draws_keep_their_names(names)
        down_to("base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        close_connections()


def _people_and_draws(app: Flask) -> list[str | None]:
    """People whom migrations concern, what else the site can have, and two draws; the names of their people there.

    Names in draws were made with the secret key. Those of another key are not in what was published.
    """
    with unit_of_work() as session:
        load_history(session, COMMAND, NOW)
        edition = make_edition(session)
        make_trip(session, edition)
        make_registration(session, edition, given_name="Ђорђе", family_name="Đurić")
        make_registration(session, edition, given_name="Mia", phone="+381 11 1234567", organisation="A")
        make_registration(session, edition, given_name="Eva", dietary="No nuts\r\nno milk\rno eggs", organisation="A")
        for name in BY_LETTERS:
            make_registration(session, edition, given_name=name, family_name="", organisation="A")
        pending, drawn = (make_edition(session, year=year) for year in (2031, 2032))
        told, known, _ = (
            make_registration(session, edition, family_name=name, organisation="A")
            for edition, name in ((pending, "Told"), (drawn, "Known"), (drawn, "Lost"))
        )
        names = [_name_with_the_key(app, 2031, told), _name_with_the_key(app, 2032, known), None]
        for edition, document in ((pending, None), (drawn, {"people": [{"id": names[1]}, {"id": "0123"}]})):
            text_of = json.dumps(document) if document else None
            session.add(Draw(edition_id=edition.id, seed="s", names_key="k", fixed_at=NOW, document=text_of))
        return names


def _take_draws() -> list[dict[str, Any]]:
    """They would go with the table, which came with 0002."""
    with unit_of_work() as session:
        draws = session.execute(text("SELECT * FROM draws")).mappings().all()
        session.execute(text("DELETE FROM draws"))
        return [dict(draw) for draw in draws]


def _leave_what_earlier_versions_left(revision: str, draws: list[dict[str, Any]]) -> None:
    """The words that the search looked through until 0003; names from before it knew their consonants; and draws."""
    with unit_of_work() as session:
        if revision == "0002":
            described = text("UPDATE registrations SET search_text = :words WHERE given_name = 'Ђорђе'")
            session.execute(described, {"words": SEARCHED_BEFORE})
        elif revision == "0024":
            known = "SELECT id FROM registrations WHERE given_name IN ('محمد', 'דוד')"
            without = "DELETE FROM search_words WHERE word NOT IN ('محمد', 'דוד') AND registration_id IN"
            session.execute(text(f"{without} ({known})"))
        elif revision == "0036":
            values = ", ".join(f":{name}" for name in draws[0])
            session.execute(text(f"INSERT INTO draws ({', '.join(draws[0])}) VALUES ({values})"), draws)


def _assert_that_people_are_found_and_shown() -> None:
    """Who registered with earlier versions is found and shown as those who came later.

    0003 has the words that the search looked through until then, and nothing of the application. 0015: what browsers
    ended with a carriage return ends as we store it. 0016: telephones are found. 0025: Hebrew and Arabic names are
    found by Latin letters.
    """
    keys = select(Registration.called, Registration.by_name, Registration.by_organisation)
    for words in ("dorde", "Ђурђ", "ana.k@dofc.test", "trakya clus", "7KX9Q2MB", "7kx9-q2mb"):
        found = db.session.execute(keys.where(found_by(words))).all()
        assert found == [("duric ђорђе", sort_key("Đurić", "Ђорђе"), sort_key("Trakya Cluster"))], words
    assert db.session.scalars(select(Registration.phone).where(found_by("011 1234"))).all() == ["+381 11 1234567"]
    eva = select(Registration.dietary).where(Registration.given_name == "Eva")
    assert db.session.scalar(eva) == "No nuts\nno milk\nno eggs"
    for name, typed in BY_LETTERS.items():
        assert db.session.scalars(select(Registration.given_name).where(found_by(typed))).all() == [name]
    db.session.close()


def _assert_that_draws_keep_their_names(names: list[str | None]) -> None:
    """Migration 0037: names in a draw that were published or told are stored."""
    people = select(Registration.draw_name).where(Registration.family_name.in_(["Told", "Known", "Lost"]))
    assert db.session.scalars(people.order_by(Registration.id)).all() == names
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
    tables = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {COUNTED.get(name, name)}" for name in sorted(tables))
    found: dict[str, int] = dict(db.session.execute(text(counts)).all())
    # PostgreSQL changes no table that somebody is still reading.
    db.session.close()
    return found


def _changed(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    """How many rows came or went, by table, of those that are still there."""
    return {name: now[name] - count for name, count in before.items() if now.get(name, count) != count}


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
