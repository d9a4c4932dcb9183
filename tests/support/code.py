"""What the code says about itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dofc_events.config import ROOT

# What a function that records is called, and at which place it is given the act.
RECORDERS, ACT = re.compile(r"record|log|_log|_record\w*"), 3


def recordings() -> Iterator[tuple[Path, ast.Call]]:
    """Every call that adds to the trail, with the file in which it stands."""
    for path in sorted((ROOT / "dofc_events").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or len(call.args) <= ACT:
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if RECORDERS.fullmatch(name):
                yield path, call
