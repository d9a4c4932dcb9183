"""What a stranger's file is."""

import json

from dofc_events.core import contained
from dofc_events.extensions import settings
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentFault, AttachmentRefused, CheckedFile

MEGABYTE = 1024 * 1024
CHECKER = "dofc_events.web.attachments.reading"


def check_upload(name: str, content: bytes) -> CheckedFile:
    """The file as it may be kept. Raises AttachmentRefused, and TooBusy while enough others are checked.

    It is read in a process of its own, which takes seconds: not in a transaction. The name goes there as a line of
    JSON, before the bytes; `reading/__main__` answers in the same way.
    """
    if not content:
        raise AttachmentRefused(AttachmentFault.EMPTY)
    if len(content) > MAX_BYTES:
        raise AttachmentRefused(AttachmentFault.TOO_LARGE)
    try:
        answer = contained.run(CHECKER, json.dumps(name).encode() + b"\n" + content, settings().instance)
    except contained.TooCostly:
        raise AttachmentRefused(AttachmentFault.TOO_COSTLY) from None
    except contained.ReaderFailed:
        raise AttachmentRefused(AttachmentFault.BROKEN) from None
    head, _, kept = answer.partition(b"\n")
    said = json.loads(head)
    if "refused" in said:
        raise AttachmentRefused(AttachmentFault(said["refused"]))
    return CheckedFile(said["name"], said["media_type"], kept or content)
