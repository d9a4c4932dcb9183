"""Why a file is not taken, and what is known of one that is."""

import enum
from dataclasses import dataclass

from dofc_events.core.errors import Refusal

MAX_BYTES = 10 * 1024 * 1024


class AttachmentFault(enum.StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    HEIF = "heif"
    BROKEN = "broken"
    SOMETHING_ELSE_INSIDE = "something_else_inside"
    ENCRYPTED = "encrypted"
    ACTIVE = "active"
    CARRIES_FILES = "carries_files"
    TOO_COSTLY = "too_costly"
    TOO_MANY_PIXELS = "too_many_pixels"
    NO_ROOM = "no_room"  # beside its owner's others
    NO_ROOM_HERE = "no_room_here"  # for anybody


class AttachmentRefused(Refusal):
    """The file is not taken, for this `reason`; nothing of it was kept."""

    def __init__(self, reason: AttachmentFault) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class CheckedFile:
    """A file that does no harm: what it is called, what it is, and its bytes."""

    name: str
    media_type: str
    content: bytes
