"""Compares a database with what the code expects: its revision, and its tables with the models."""

from functools import cache
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dofc_events.config import ROOT
from dofc_events.core.db import Base

MISSING, FOREIGN, OTHERWISE = "is missing", "is not known to this version", "is not as this version has it"


@cache
def newest_revision() -> str:
    """The migration that this code needs."""
    return str(ScriptDirectory(str(ROOT / "migrations")).get_current_head())


def revision_of(connection: Connection) -> str | None:
    """The last migration that a database has had; None if it never had one."""
    return MigrationContext.configure(connection).get_current_revision()


def differences(connection: Connection) -> list[str]:
    """One sentence for each way in which the tables differ from the models.

    Additional tables and indexes are fine.
    """
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[Any] = []
    for difference in compare_metadata(context, Base.metadata):
        found += difference if isinstance(difference, list) else [difference]
    return [_in_words(*one) for one in found if one[0] not in ("remove_table", "remove_index")]


def _in_words(kind: str, *what: Any) -> str:
    said = MISSING if kind.startswith("add_") else FOREIGN if kind.startswith("remove_") else OTHERWISE
    if kind == "add_table":
        return f"table {what[0].name}: it {said}"
    if kind.endswith("_column"):
        return f"column {what[1]}.{what[2].name}: it {said}"
    if kind.startswith("modify_"):
        return f"column {what[1]}.{what[2]}: its {kind.removeprefix('modify_')} {said}"
    return f"{kind.partition('_')[2]} {what[0].name} of table {what[0].table.name}: it {said}"
