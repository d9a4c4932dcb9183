"""The documents say what the code does, where a program can compare the two."""

import re
from dataclasses import fields

import pytest

from dofc_events.config import ROOT, Settings

OPERATIONS = ROOT / "docs" / "operations.md"
CONTRACT = ROOT / "docs" / "contract.md"

# Fields that no variable sets: tests give another directory.
NOT_VARIABLES = {"instance"}
# Variables that are read before or beside the settings: by gunicorn and by the Makefile.
BESIDE_THE_SETTINGS = {"PORT", "WEB_CONCURRENCY"}
VARIABLES = {field.name.upper() for field in fields(Settings)} - {n.upper() for n in NOT_VARIABLES}


def named_in(path) -> set[str]:
    """The environment variables that a document names, in its `code`."""
    code = re.findall(r"`([^`]*)`", path.read_text(encoding="utf-8"))
    return {name for piece in code for name in re.findall(r"\b[A-Z][A-Z_]{3,}\b", piece)}


@pytest.mark.parametrize("variable", sorted(VARIABLES | BESIDE_THE_SETTINGS))
def test_operations_explains_every_variable(variable):
    assert variable in named_in(OPERATIONS)


def test_the_contract_names_every_variable():
    environment = CONTRACT.read_text(encoding="utf-8").partition("## Environment")[2].partition("\n## ")[0]
    promised = set(re.findall(r"`([A-Z][A-Z_]+)`", environment))
    assert promised == VARIABLES | BESIDE_THE_SETTINGS


@pytest.mark.databases("sqlite")
def test_the_contract_names_every_command(app):
    promised = re.findall(r"`flask --app wsgi ([\w-]+)", CONTRACT.read_text(encoding="utf-8"))
    ours = {"accounts", "check", "demo", "edition", "history", "mail", "worker"}
    assert ours <= set(promised) and ours <= set(app.cli.commands)
