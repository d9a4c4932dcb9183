"""What may be attached to a proposal: checked by its content, whatever its name.

A picture is unpacked and re-encoded, so that only the picture is left of it. A PDF stays as it is, because it
may be signed; hence it is refused if it is anything else besides, or can do more than be read.
"""

import enum
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject

from dofc_events.core.errors import Refusal

MAX_BYTES = 10 * 1024 * 1024
# Some 120 MB while it is unpacked; a page of A4 scanned at 400 dots an inch has half of it.
MAX_PIXELS = 30_000_000
# Reading one takes some seconds; a scanned letter has a hundred.
MAX_OBJECTS = 20_000
LONGEST_NAME = 100

ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
# MPO is a JPEG with more pictures behind the first, as telephones with two lenses write it.
FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WEBP"}
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
# How pictures in HEIF begin (ISO/IEC 23008-12): telephones write them, and few programs can read them.
_HEIF = re.compile(rb"^.{4}ftyp(heic|heix|hevc|heim|heis|hevm|mif1|msf1|avif)", re.DOTALL)

# What a PDF does automatically, as the names of its actions and entries say (ISO 32000-2, 12.6.4 and 7.7.4).
ACTIVE_ACTIONS = frozenset(
    ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition", "/RichMediaExecute")
)
ACTIVE_ENTRIES = frozenset(("/JS", "/JavaScript", "/XFA", "/RichMedia"))
CARRYING_ENTRIES = frozenset(("/EmbeddedFiles", "/EmbeddedFile", "/EF"))

_BROKEN_PDF = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, zlib.error)
_BROKEN_IMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, zlib.error)
_HTML = re.compile(rb"<\s*(?:!doctype|html|script|body|svg|iframe)\b", re.IGNORECASE)
_PDF_END = re.compile(rb"%%EOF\s*\Z")


class AttachmentFault(enum.StrEnum):
    """Why a file is refused."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    HEIF = "heif"
    BROKEN = "broken"
    SOMETHING_ELSE_INSIDE = "something_else_inside"
    ENCRYPTED = "encrypted"
    ACTIVE = "active"
    CARRIES_FILES = "carries_files"
    TOO_COMPLICATED = "too_complicated"
    TOO_MANY_PIXELS = "too_many_pixels"


class AttachmentRefused(Refusal):
    """The file was refused, for this `reason`; nothing of it was kept."""

    def __init__(self, reason: AttachmentFault) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class CheckedFile:
    """A harmless file: its name, its type and its bytes."""

    name: str
    media_type: str
    content: bytes


def checked(name: str, content: bytes) -> CheckedFile:
    """The file as it may be kept, called what it is. Raises AttachmentRefused.

    The name decides nothing: what is a picture in truth is kept as one, with the ending that fits.
    """
    if not content:
        raise AttachmentRefused(AttachmentFault.EMPTY)
    if len(content) > MAX_BYTES:
        raise AttachmentRefused(AttachmentFault.TOO_LARGE)
    if content.startswith(b"%PDF-"):
        _refuse_harmful_pdf(content)
        return CheckedFile(safe_name(name, "application/pdf"), "application/pdf", content)
    media_type, picture = _written_anew(content)
    return CheckedFile(safe_name(name, media_type), media_type, picture)


def safe_name(name: str, media_type: str) -> str:
    """A file's name without path and without what no name should hold, in composed form, with the ending of its type.

    Letters of every script stay. What cannot be seen goes: control and format characters can make a name look as if it
    had another ending.
    """
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if c in '<>:"|?*' or unicodedata.category(c)[0] in "CZ" else c for c in base)
    stem = " ".join(seen.split()).strip(". ")
    ending = PurePosixPath(stem).suffix
    if ending.lower() in (*ENDINGS.values(), ".jpeg"):
        stem = stem.removesuffix(ending)
    return (stem.strip(". ")[:LONGEST_NAME].strip() or "file") + ENDINGS[media_type]


def _written_anew(content: bytes) -> tuple[str, bytes]:
    """The picture, unpacked and packed again: without what was hidden in it, or where it was taken."""
    try:
        # Reads the header alone. Animations keep their first picture.
        picture = Image.open(io.BytesIO(content), formats=tuple(MEDIA_TYPES))
    except UnidentifiedImageError:
        is_heif = _HEIF.match(content)
        raise AttachmentRefused(AttachmentFault.HEIF if is_heif else AttachmentFault.UNKNOWN_TYPE) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise AttachmentRefused(AttachmentFault.TOO_MANY_PIXELS) from None
    except _BROKEN_IMAGE:
        raise AttachmentRefused(AttachmentFault.BROKEN) from None
    with picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise AttachmentRefused(AttachmentFault.TOO_MANY_PIXELS)
        kind = FORMATS[str(picture.format)]
        packed = io.BytesIO()
        try:
            upright = ImageOps.exif_transpose(picture)
            for name in tuple(upright.info):
                if name != "transparency":
                    del upright.info[name]
            upright.save(packed, format=kind, **({} if kind == "PNG" else {"quality": 90}))
        except _BROKEN_IMAGE:
            raise AttachmentRefused(AttachmentFault.BROKEN) from None
    return MEDIA_TYPES[kind], packed.getvalue()


def _refuse_harmful_pdf(content: bytes) -> None:
    if not _PDF_END.search(content) or _HTML.search(content) or zipfile.is_zipfile(io.BytesIO(content)):
        raise AttachmentRefused(AttachmentFault.SOMETHING_ELSE_INSIDE)
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise AttachmentRefused(AttachmentFault.ENCRYPTED)
        if not reader.pages:
            raise AttachmentRefused(AttachmentFault.BROKEN)
        for found in _dictionaries(reader.trailer):
            _refuse_harmful_entries(found)
    except RecursionError:
        raise AttachmentRefused(AttachmentFault.TOO_COMPLICATED) from None
    except _BROKEN_PDF:
        raise AttachmentRefused(AttachmentFault.BROKEN) from None


def _dictionaries(root: PdfObject) -> Iterator[DictionaryObject]:
    """Every dictionary that a reader can come to, once. Names are spelt out, however they were escaped."""
    waiting: list[object] = [root]
    seen: set[tuple[int, int]] = set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, IndirectObject):
            if (found.idnum, found.generation) in seen:
                continue
            seen.add((found.idnum, found.generation))
            if len(seen) > MAX_OBJECTS:
                raise AttachmentRefused(AttachmentFault.TOO_COMPLICATED)
            found = found.get_object()
        if isinstance(found, DictionaryObject):
            yield found
            waiting += [found.raw_get(key) for key in found]
        elif isinstance(found, ArrayObject):
            waiting += list.__iter__(found)


def _refuse_harmful_entries(found: DictionaryObject) -> None:
    if ACTIVE_ENTRIES & found.keys() or found.get("/S") in ACTIVE_ACTIONS:
        raise AttachmentRefused(AttachmentFault.ACTIVE)
    if CARRYING_ENTRIES & found.keys() or found.get("/Type") == "/EmbeddedFile":
        raise AttachmentRefused(AttachmentFault.CARRIES_FILES)
