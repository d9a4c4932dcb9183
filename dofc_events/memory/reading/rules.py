"""What a file is that somebody imports: the whole memory, or a history that people wrote."""

import re
from typing import Any, BinaryIO

import yaml

from dofc_events.memory.archive.rules import read_archive
from dofc_events.memory.rules import Fault, FaultKind, FileRefused

ARCHIVE = b"PK\x03\x04"
MAX_HISTORY = 1024 * 1024


class _Loader(yaml.SafeLoader):
    """Plain values alone, and NO is Norway: only true and false are yes and no (YAML 1.2, 10.3.2)."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|True|TRUE|false|False|FALSE"), list("tTfF"))


def read(file: BinaryIO) -> dict[str, Any]:
    """`rows` and `files` of the whole memory, or the `facts` of a history; where nothing fits, `refused`."""
    try:
        begin = file.read(len(ARCHIVE))
        file.seek(0)
        if begin == ARCHIVE:
            contents = read_archive(file)
            return {"rows": contents.rows, "files": contents.files}
        return {"facts": _facts(file.read(MAX_HISTORY + 1))}
    except FileRefused as refusal:
        return {"refused": [[fault.kind, fault.where] for fault in refusal.faults]}


def _facts(content: bytes) -> Any:
    if len(content) > MAX_HISTORY:
        raise FileRefused(Fault(FaultKind.TOO_LARGE))
    try:
        return yaml.load(content.decode(), _Loader)  # noqa: S506 (a safe one)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise FileRefused(Fault(FaultKind.NOT_YAML, str(line))) from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        raise FileRefused(Fault(FaultKind.NOT_OURS)) from None
