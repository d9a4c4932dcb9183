"""What the code says about itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dofc_events.config import ROOT

# What a function that records is called, and at which place it is given the act.
RECORDERS = {
    re.compile(r"record|record_of|log|_log|_record\w*"): 3,
    re.compile(r"_by_hand"): 1,
    re.compile(r"place|_happened"): 0,
}


def recordings() -> Iterator[tuple[Path, ast.Call, ast.expr]]:
    """Every call that adds to the trail, with the file in which it stands and the act."""
    for path in sorted((ROOT / "dofc_events").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            for recorder, act in RECORDERS.items():
                if recorder.fullmatch(name) and len(call.args) > act:
                    yield path, call, call.args[act]
