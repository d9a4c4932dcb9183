"""Reads one file that somebody imports, in a process with limits; see `queries.read_file`."""

import json
from typing import BinaryIO

from dofc_events.core.limited import serve_file
from dofc_events.memory.reading.rules import read


def write(file: BinaryIO, answer: BinaryIO) -> None:
    """The file comes in, and what it says goes out as JSON, days as ISO 8601."""
    answer.write(json.dumps(read(file), default=lambda value: value.isoformat()).encode())


if __name__ == "__main__":
    serve_file(write)
