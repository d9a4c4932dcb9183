"""What import-linter cannot see of the layout in docs/architecture.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dofc_events
from dofc_events.config import ROOT

PACKAGE = Path(dofc_events.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 400
PROMISES = ("rules.py", "service.py")
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "util.py", "helper.py", "misc.py", "common.py"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_imports_stand_at_the_top_of_a_file(path: Path):
    """An import inside a function hides from import-linter that something climbs the ladder."""
    functions = [n for n in ast.walk(_tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    hidden = [n.lineno for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert not hidden, f"imports inside functions in lines {sorted(set(hidden))}"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_file_can_be_read_in_one_go(path: Path):
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines; a feature of that size has parts with names"


@pytest.mark.parametrize("path", [p for p in FILES if p.name in PROMISES], ids=_name)
def test_public_functions_state_their_promise_in_a_docstring(path: Path):
    silent = [f.name for f in _public_functions(_tree(path)) if not ast.get_docstring(f)]
    assert not silent, f"no docstring: {', '.join(silent)}"


def test_every_module_and_package_says_what_it_is_for():
    silent = [_name(path) for path in FILES if not ast.get_docstring(_tree(path))]
    assert not silent


def test_no_file_is_named_after_nothing():
    assert not [_name(path) for path in FILES if path.name in FORBIDDEN_NAMES]


def test_only_entry_points_ask_for_the_time():
    """Rules and services are given `now`, so that what they do at midnight in May can be tested in November."""
    # Guards and what views share run in a request; delivery has to know how long the mail server took.
    entry_points = {"commands", "guards.py", "shared.py", "delivery.py"}
    asking = []
    for path in FILES:
        parts = set(path.relative_to(PACKAGE).parts)
        if parts & entry_points or path.name.endswith("views.py") or path.name == "clock.py":
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "dofc_events.core.clock":
                asking += [_name(path) for alias in node.names if alias.name == "now"]
    assert not asking


def test_what_writes_is_asked_for_by_units_of_work_and_whole_copies_alone():
    """On all other connections the database refuses to write; on these nobody would notice."""
    asking = {_name(path) for path in FILES if {"writing_engine", "begin_writing"} & _names(_tree(path))}
    doors = {"core/connecting.py", "core/db.py", "core/copying.py", "commands/backup.py"}
    assert asking == {f"dofc_events/{door}" for door in doors}


def test_commands_begin_anew_after_a_conflict():
    """As views and the worker's steps do, without having to say so."""
    writing = {}
    for path in (PACKAGE / "commands").glob("*.py"):
        for function in (n for n in ast.walk(_tree(path)) if isinstance(n, ast.FunctionDef)):
            if "unit_of_work()" in "".join(map(ast.unparse, function.body)):
                writing[f"{path.name}:{function.name}"] = map(ast.unparse, function.decorator_list)
    assert len(writing) > 5
    assert [name for name, decorators in writing.items() if "tried_again" not in decorators] == []


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _names(tree: ast.Module) -> set[str]:
    """The functions that a module defines or calls by name."""
    nodes = list(ast.walk(tree))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)} | {
        node.id for node in nodes if isinstance(node, ast.Name)
    }


def _public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
