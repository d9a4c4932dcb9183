"""Makes the sizes of one picture, in a process with limits; see `queries.made_from`, which says what comes out."""

import json
from typing import BinaryIO

from dofc_events.core.limited import serve_file
from dofc_events.memory.photographs.encoding.rules import made_of
from dofc_events.memory.photographs.rules import PictureRefused


def write(source: BinaryIO, answer: BinaryIO) -> None:
    """A line of JSON, and behind it the sizes, one after the other."""
    try:
        made = made_of(source)
    except PictureRefused as refusal:
        answer.write(json.dumps({"refused": refusal.fault}).encode())
        return
    answer.write(json.dumps([[one.format, one.width, one.height, len(one.content)] for one in made]).encode() + b"\n")
    for one in made:
        answer.write(one.content)


if __name__ == "__main__":
    serve_file(write)
