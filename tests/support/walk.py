"""Walks through the migrations, as `flask db` goes them, but for reading all of them for each step."""

from collections.abc import Callable
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from flask import current_app

from dofc_events.config import ROOT

SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))


def up_to(revision: str, scripts: ScriptDirectory = SCRIPTS) -> None:
    _go(scripts, lambda present: scripts._upgrade_revs(revision, present))


def down_to(revision: str) -> None:
    _go(SCRIPTS, lambda present: SCRIPTS._downgrade_revs(revision, present))


def _go(scripts: ScriptDirectory, steps: Callable[[Any], Any]) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    with EnvironmentContext(config, scripts, fn=lambda present, _: steps(present)):
        scripts.run_env()
