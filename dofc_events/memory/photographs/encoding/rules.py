"""A picture in the sizes and formats in which it is served: upright, in the colours of the web, and nothing but it.

Run in a process with limits alone, see `queries.py`: what people send can cost any decoder minutes and gigabytes.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from pi_heif import register_heif_opener
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from dofc_events.memory.photographs.rules import FORMATS, MAX_SERVED, WIDTHS, PictureFault, PictureRefused

# A telephone's largest has 50 million. Of JPEG only what is needed is unpacked, of others everything.
MAX_PIXELS = {"JPEG": 120_000_000, "MPO": 120_000_000, "HEIF": 51_000_000, "AVIF": 51_000_000}
MAX_PIXELS_OF_OTHERS = 40_000_000
MAX_HEIGHT = 2400
# MPO is opened as the JPEG that it is.
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")

# The best first: the first that fits into MAX_SERVED is taken. Where none of those fits that still look well, a size is
# left out; of the smallest, whatever fits.
QUALITIES = {"avif": (62, 54, 46, 38, 30), "jpeg": (82, 74, 66, 58, 50, 42, 34)}
WORSE = (20, 10, 1)
OPTIONS: dict[str, dict[str, Any]] = {
    "avif": {"speed": 8, "max_threads": 1},
    "jpeg": {"progressive": True, "optimize": True},
}

_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error, zlib.error)

register_heif_opener(thumbnails=False, decode_threads=1)
# Ours count pixels, by kind; Pillow's warning is of no use here, its error comes at twice as many.
Image.MAX_IMAGE_PIXELS = max(MAX_PIXELS.values())


@dataclass(frozen=True)
class Made:
    """One size in one format; `format` is a key of FORMATS."""

    format: str
    width: int
    height: int
    content: bytes


def made_of(source: BinaryIO) -> list[Made]:
    """Every size of a picture, in each format. Raises PictureRefused."""
    picture = _unpacked(source)
    made: list[Made] = []
    for number, size in enumerate(_sizes(*picture.size)):
        smaller = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        for name in FORMATS:
            content = _packed(smaller, name, at_any_price=number == 0)
            if content is not None:
                made.append(Made(name, *size, content))
    return made


def _sizes(width: int, height: int) -> Iterator[tuple[int, int]]:
    """What is made of a picture of this size, narrow to wide: never larger than it is, nor higher than MAX_HEIGHT."""
    widest = min(width, max(1, MAX_HEIGHT * width // height))
    for wanted in sorted({min(one, widest) for one in WIDTHS}):
        yield wanted, max(1, round(height * wanted / width))


def _packed(picture: Image.Image, name: str, *, at_any_price: bool) -> bytes | None:
    """The picture as few bytes as a telephone may be sent, or None if it would no longer look well."""
    left = [*QUALITIES[name], *(WORSE if at_any_price else ())]
    while left:
        packed = io.BytesIO()
        picture.save(packed, name.upper(), quality=left[0], **OPTIONS[name])
        if packed.tell() <= MAX_SERVED:
            return packed.getvalue()
        # Each try costs as much: one step takes a fifth off, and whoever has far to go does not try them all.
        steps = max(1, int(math.log(packed.tell() / MAX_SERVED, 1.25)))
        left = left[min(steps, len(left) - 1) :] if len(left) > 1 else []
    return None


def _unpacked(source: BinaryIO) -> Image.Image:
    """The picture, upright, in sRGB, without anything that came with it."""
    try:
        picture = Image.open(source, formats=KINDS)
    except UnidentifiedImageError:
        raise PictureRefused(PictureFault.BROKEN) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureRefused(PictureFault.TOO_MANY_PIXELS) from None
    except _BROKEN:
        raise PictureRefused(PictureFault.BROKEN) from None
    if picture.width * picture.height > MAX_PIXELS.get(str(picture.format), MAX_PIXELS_OF_OTHERS):
        raise PictureRefused(PictureFault.TOO_MANY_PIXELS)
    try:
        # A JPEG is unpacked at a half, a quarter or an eighth, as long as that is enough. Others do not know it.
        picture.draft(None, (2 * WIDTHS[-1], 2 * WIDTHS[-1]))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        plain = _in_srgb(upright)
    except _BROKEN:
        raise PictureRefused(PictureFault.BROKEN) from None
    # Whoever packs it would pack this as well: where it was taken, by which camera, a small picture of the whole.
    plain.info = {}
    return plain


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The colours that were meant, as browsers show them without a profile; what is transparent becomes white."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        # Sixteen bits of grey.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        shown = picture.convert("RGBA")
        picture = Image.new("RGBA", shown.size, "white")
        picture.alpha_composite(shown)
        picture = picture.convert("RGB")
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            meant = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            # A profile that is none, or one of other colours than the picture has.
            meant = None
        if meant is not None:
            return meant
    return picture.convert("RGB")
