"""Checks one file, in a process with limits; `check_upload` says what comes in and goes out."""

import json

from dofc_events.core.limited import serve
from dofc_events.web.attachments.reading.rules import checked
from dofc_events.web.attachments.rules import AttachmentRefused


def read(sent: bytes) -> bytes:
    """A line of JSON, and behind it the file's bytes, unless they are those that came in."""
    name, _, content = sent.partition(b"\n")
    try:
        file = checked(json.loads(name), content)
    except AttachmentRefused as refusal:
        return json.dumps({"refused": refusal.reason}).encode()
    head = json.dumps({"name": file.name, "media_type": file.media_type}).encode()
    return head if file.content == content else head + b"\n" + file.content


if __name__ == "__main__":
    serve(read)
