"""What a photograph may be, in which sizes it is served, and what it needs to be published."""

import enum
import re

from dofc_events.core.errors import Refusal

MEGABYTE = 1024 * 1024
# A camera's best JPEG has some 25 MB, a telephone's 8.
MAX_BYTES = 30 * MEGABYTE
# Sixty photographs of 8 MB in one form, and what a browser wraps around them.
MAX_FORM = 512 * MEGABYTE
# Of one edition: what a person can look through, and no gallery that fills the disk.
MAX_PHOTOGRAPHS = 500
LONGEST_NAME = 300
LONGEST_CAPTION, LONGEST_ALTERNATIVE, LONGEST_PHOTOGRAPHER = 300, 500, 200

# What a browser chooses from, in pixels. Nothing that is served has more bytes, so that no telephone loads more.
WIDTHS = (400, 800, 1200, 1600)
MAX_SERVED = 150_000
FORMATS = {"avif": "image/avif", "jpeg": "image/jpeg"}

# A worker that was killed while it prepared one comes back to it after so many seconds, and not for ever.
MAX_TRIES = 3


class PhotographState(enum.StrEnum):
    """`waiting` to be made ready, `ready`, or `refused` for a fault."""

    WAITING = "waiting"
    READY = "ready"
    REFUSED = "refused"


class PictureFault(enum.StrEnum):
    """Why a file does not become a photograph."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    DRAWING = "drawing"
    NOT_A_PICTURE = "not_a_picture"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_COSTLY = "too_costly"
    TOO_MANY = "too_many"
    NO_ROOM = "no_room"
    LOST = "lost"


class PictureRefused(Refusal):
    """A file that does not become a photograph; `fault` says why."""

    def __init__(self, fault: PictureFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Licence(enum.StrEnum):
    """Under which terms others may use a photograph; the identifiers are SPDX's, where there is one."""

    RESERVED = "reserved"
    BY = "CC-BY-4.0"
    BY_SA = "CC-BY-SA-4.0"
    ZERO = "CC0-1.0"


LICENCE_LINKS = {
    Licence.BY: "https://creativecommons.org/licenses/by/4.0/",
    Licence.BY_SA: "https://creativecommons.org/licenses/by-sa/4.0/",
    Licence.ZERO: "https://creativecommons.org/publicdomain/zero/1.0/",
}


class Missing(enum.StrEnum):
    """What a photograph lacks before anybody else may see it."""

    READY = "ready"
    CAPTION = "caption"
    ALTERNATIVE = "alternative"
    PEOPLE = "people"
    DECISION = "decision"


# How what telephones and cameras write begins: JPEG (and MPO), PNG, GIF, WebP, TIFF is none of it.
_PICTURE = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF.{4}WEBP", re.DOTALL)
# ISO/IEC 23008-12: HEIC of telephones, and AVIF.
_HEIF = re.compile(rb".{4}ftyp(heic|heix|hevc|heim|heis|hevm|mif1|msf1|avif|avis)", re.DOTALL)
_DRAWING = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!--|<!doctype svg|<svg)", re.IGNORECASE)


def refuse_at_once(head: bytes, size: int) -> None:
    """Judge a file by its first bytes and its size, before it is kept. Raises PictureRefused."""
    if not size:
        raise PictureRefused(PictureFault.EMPTY)
    if size > MAX_BYTES:
        raise PictureRefused(PictureFault.TOO_LARGE)
    if _PICTURE.match(head) or _HEIF.match(head):
        return
    raise PictureRefused(PictureFault.DRAWING if _DRAWING.match(head) else PictureFault.NOT_A_PICTURE)
