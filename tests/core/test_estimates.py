"""How PostgreSQL finds what an act wrote in the middle of which it counted the tables, and saw nothing."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url, text

from dofc_events.core.db import writing_engine
from dofc_events.core.estimates import count_anew
from dofc_events.organise.registrations.export.queries import export_rows
from dofc_events.organise.registrations.queries import Order
from dofc_events.registration.queries import Audience
from tests.support.crowd import make_crowd
from tests.support.factories import make_edition

pytestmark = pytest.mark.databases("postgresql")

PEOPLE = 60
HOW_MANY = text("SELECT reltuples FROM pg_class WHERE relname = 'registrations'")


@pytest.fixture
def edition(app, writing, database_url):
    """Many registrations that were written in one transaction, in the middle of which somebody else counted."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with writing() as session:
        make_crowd(session, edition := make_edition(session), PEOPLE)
        session.flush()
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("ANALYZE")
    return edition


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def test_an_export_puts_the_line_in_order_once_and_not_for_each_row(reading, edition):
    asked: list[tuple[str, Any]] = []

    def note(connection, cursor, statement, parameters, *rest) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    options: dict[str, Any] = {"trips": (), "questions": (), "zone": edition.zone, "language": "en", "link_to": str}
    with reading() as session:
        assert len(list(export_rows(session, edition.id, Audience(), order=Order(), **options))) == PEOPLE
        event.remove(Engine, "before_cursor_execute", note)
        [(statement, values)] = [one for one in asked if "row_number" in one[0]]
        plan = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
    assert [node["Actual Loops"] for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "WindowAgg"] == [1]


def test_after_an_act_tables_are_counted_without_waiting_for_anybody(app, reading, edition, capsys):
    with app.app_context():
        with writing_engine().connect() as holder, holder.begin():
            holder.exec_driver_sql("LOCK registrations IN SHARE UPDATE EXCLUSIVE MODE")
            count_anew()
            with reading() as session:
                assert session.scalar(HOW_MANY) == 0
        count_anew()
    with reading() as session:
        assert session.scalar(HOW_MANY) == PEOPLE
    assert capsys.readouterr().err == ""


def test_an_act_does_not_fail_because_tables_cannot_be_counted(make_app, database_url, capsys):
    gone = make_url(database_url).set(database="nowhere").render_as_string(hide_password=False)
    with make_app(database_url=gone).app_context():
        count_anew()
    assert capsys.readouterr().err.count("not_counted") == 1
