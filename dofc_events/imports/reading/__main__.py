"""Reads one file as a table, in a process with limits; see `queries.read_table`."""

import json
from dataclasses import asdict

from dofc_events.core.limited import serve
from dofc_events.imports.reading.rules import FileRefused, ReadAs, read_table


def read(sent: bytes) -> bytes:
    """Behind a line of JSON the file's bytes come in; the table goes out as JSON."""
    wanted, _, content = sent.partition(b"\n")
    try:
        table = read_table(content, ReadAs(**json.loads(wanted)))
    except FileRefused as refusal:
        return json.dumps({"refused": refusal.fault}).encode()
    return json.dumps(asdict(table)).encode()


if __name__ == "__main__":
    serve(read)
