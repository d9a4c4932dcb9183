"""What may be attached to anything: checked by its content, whatever its name.

Run in a process with limits alone, see `__main__`: what strangers send can cost any parser minutes and gigabytes.
What is cheap to count is counted first: pixels, scans, and what is packed in a PDF.

A picture is unpacked and written anew, so that nothing but the picture is left of it. A PDF stays as it is, because it
may be signed; hence it is refused if it is anything else besides, or can do more than be read.
"""

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader, apply_configuration
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    PdfObject,
    TextStringObject,
)

from dofc_events.core.normal import normal
from dofc_events.web.attachments.rules import MAX_BYTES, AttachmentFault, AttachmentRefused, CheckedFile

# Some 250 MB while it is unpacked and packed again; a page of A4 scanned at 400 dots an inch has half of it.
MAX_PIXELS = 30_000_000
# Of WebP each pixel takes twice as much.
MAX_PIXELS_OF_WEBP = 16_000_000
# Each unpacks the whole picture once more; a progressive JPEG has some ten, and its previews one each.
MAX_SCANS = 64
# Reading one takes some seconds; a scanned letter has a hundred.
MAX_OBJECTS = 20_000
# So many objects unpacked, with room; what pages show is not unpacked here.
MAX_UNPACKED = 32 * 1024 * 1024
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

_WEB = re.compile(r"\s*(https?://\w|mailto:)", re.IGNORECASE)

_BROKEN_PDF = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, zlib.error)
_BROKEN_IMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, zlib.error)
_HTML = re.compile(rb"<\s*(?:!doctype|html|script|body|svg|iframe)\b", re.IGNORECASE)
_PDF_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_SCAN = b"\xff\xda"


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
    base = re.split(r"[/\\]", normal("NFC", name))[-1]
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
        kind = FORMATS[str(picture.format)]
        if picture.width * picture.height > (MAX_PIXELS_OF_WEBP if kind == "WEBP" else MAX_PIXELS):
            raise AttachmentRefused(AttachmentFault.TOO_MANY_PIXELS)
        if kind == "JPEG" and content.count(_SCAN) > MAX_SCANS:
            raise AttachmentRefused(AttachmentFault.TOO_COSTLY)
        packed = io.BytesIO()
        try:
            upright = ImageOps.exif_transpose(picture)
            for name in tuple(upright.info):
                if name != "transparency":
                    del upright.info[name]
            upright.save(packed, format=kind, **({} if kind == "PNG" else {"quality": 90}))
        except _BROKEN_IMAGE:
            raise AttachmentRefused(AttachmentFault.BROKEN) from None
    if packed.tell() > MAX_BYTES:
        # A few colours may take more than they did.
        raise AttachmentRefused(AttachmentFault.TOO_LARGE)
    return MEDIA_TYPES[kind], packed.getvalue()


def _refuse_harmful_pdf(content: bytes) -> None:
    if not content.rstrip().endswith(b"%%EOF") or _HTML.search(content) or zipfile.is_zipfile(io.BytesIO(content)):
        raise AttachmentRefused(AttachmentFault.SOMETHING_ELSE_INSIDE)
    _refuse_packed(content)
    try:
        # However it is packed, and however often.
        with apply_configuration(
            zlib_maximum_output_length=MAX_UNPACKED,
            lzw_maximum_output_length=MAX_UNPACKED,
            run_length_maximum_output_length=MAX_UNPACKED,
            brotli_maximum_output_length=MAX_UNPACKED,
        ):
            reader = PdfReader(io.BytesIO(content), strict=False)
            if reader.is_encrypted:
                raise AttachmentRefused(AttachmentFault.ENCRYPTED)
            if not reader.pages:
                raise AttachmentRefused(AttachmentFault.BROKEN)
            for found in _dictionaries(reader.trailer):
                _refuse_harmful_entries(found)
    except RecursionError:
        raise AttachmentRefused(AttachmentFault.TOO_COSTLY) from None
    except _BROKEN_PDF:
        raise AttachmentRefused(AttachmentFault.BROKEN) from None


def _refuse_packed(content: bytes) -> None:
    """Count what the reader would unpack, objects and the tables of where they are, without keeping it."""
    left = MAX_UNPACKED
    for found in _PDF_STREAM.finditer(content):
        entries = content[max(0, found.start() - 1000) : found.start()].rpartition(b"obj")[2]
        if b"/ObjStm" not in entries and b"/XRef" not in entries:
            continue
        unpacked, packed = zlib.decompressobj(), content[found.end() :]
        with suppress(zlib.error):
            while packed and not unpacked.eof:
                left -= len(unpacked.decompress(packed, 1024 * 1024))
                packed = unpacked.unconsumed_tail
                if left < 0:
                    raise AttachmentRefused(AttachmentFault.TOO_COSTLY)


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
                raise AttachmentRefused(AttachmentFault.TOO_COSTLY)
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
    names_a_file = isinstance(_at(found, "/F"), TextStringObject | ByteStringObject)
    if names_a_file or not all(map(_is_harmless, _actions_of(found))):
        raise AttachmentRefused(AttachmentFault.ACTIVE)


def _actions_of(found: DictionaryObject) -> Iterator[tuple[bool, DictionaryObject]]:
    """What a dictionary does: automatically or, when somebody presses it, by hand."""
    by_itself = _at(found, "/AA")
    triggered = list(by_itself.values()) if isinstance(by_itself, DictionaryObject) else []
    for is_by_hand, action in (
        *((True, _at(found, key)) for key in ("/A", "/PA", "/Next")),
        *((False, action) for action in (_at(found, "/OpenAction"), *triggered)),
    ):
        for one in action if isinstance(action, ArrayObject) else [action]:
            resolved = one.get_object() if isinstance(one, IndirectObject) else one
            if isinstance(resolved, DictionaryObject) and "/S" in resolved:
                yield is_by_hand, resolved


def _at(found: DictionaryObject, key: str) -> object:
    # `get` would not follow a reference.
    return found[key] if key in found else None  # noqa: SIM401


def _is_harmless(action: tuple[bool, DictionaryObject]) -> bool:
    """Whether it moves within the document or, pressed by hand, leads to a page or an address for email."""
    is_by_hand, what = action
    kind = str(what["/S"])
    if kind in ("/GoTo", "/Named"):
        return True
    return is_by_hand and kind == "/URI" and bool(_WEB.match(str(what.get("/URI", ""))))
