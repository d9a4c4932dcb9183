"""Draws a card as PNG: `core/contained.py` runs this file, and the site never loads what draws."""

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, partial
from io import BytesIO
from pathlib import Path

from anyascii import anyascii
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from dofc_events.config import ROOT
from dofc_events.core.limited import serve
from dofc_events.documents.cards.rules import HEIGHT, WIDTH, Card

FONTS = Path(__file__).with_name("fonts")
MOTIF = ROOT / "static" / "img" / "hexagons.svg"

# Those of the stylesheet.
PAPER, INK, SOFT, TEAL, CORAL = "#faf7f2", "#1d2a33", "#505d66", "#0b5563", "#c8553d"
LINKS = "#2b7f8c"

EDGE, MEASURE = 80, 650
TITLE_SIZES = (76, 64, 54, 46, 40, 34)
MAX_TITLE = 330
# Corners are drawn so many times as large, and made smooth by making them smaller.
TIMES = 3


def draw(card: Card) -> bytes:
    """The picture, as PNG."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    _hang_motif(picture)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 14, HEIGHT), fill=TEAL)
    _sign(pen)
    below = _fitted(card.below, _font("Regular", 34), MEASURE, 2)
    size, title = _title(card.title)
    leading = round(size * 1.2)
    y = (HEIGHT - len(title) * leading - (58 if card.above else 0) - len(below) * 46) // 2 + 34
    if card.above:
        pen.text((EDGE, y), _fitted(card.above, _font("Bold", 32), MEASURE, 1)[0], fill=TEAL, font=_font("Bold", 32))
        y += 58
    for line in title:
        pen.text((EDGE, y), line, fill=INK, font=_font("Bold", size))
        y += leading
    for number, line in enumerate(below):
        pen.text((EDGE, y + 20 + 46 * number), line, fill=SOFT, font=_font("Regular", 34))
    written = BytesIO()
    picture.quantize(128, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def legible(text: str, font: FreeTypeFont) -> str:
    """The text, and whatever the font has no letter for in Latin letters; signs that it does not have are left out."""
    return " ".join("".join(c if _has(font, c) else _in_latin(c) for c in text).split())


def _in_latin(letter: str) -> str:
    return "" if unicodedata.category(letter).startswith("S") else anyascii(letter)


def _has(font: FreeTypeFont, letter: str) -> bool:
    return letter.isspace() or font.getmask(letter).getbbox() != _missing(font)


@cache
def _missing(font: FreeTypeFont) -> tuple[int, int, int, int] | None:
    """What stands for a letter that is in no font: Unicode has none with this number."""
    box: tuple[int, int, int, int] | None = font.getmask("\U0010ffff").getbbox()
    return box


@cache
def _font(weight: str, size: int) -> FreeTypeFont:
    return ImageFont.truetype(str(FONTS / f"NotoSerif-{weight}.ttf"), size)


def _title(text: str) -> tuple[int, list[str]]:
    """The largest size in which the whole title has room; of what has none in the smallest, the beginning."""
    for size in TITLE_SIZES:
        most = MAX_TITLE // round(size * 1.2)
        lines = _lines(text, _font("Bold", size), MEASURE)
        if len(lines) <= most:
            return size, lines
    return size, _fitted(text, _font("Bold", size), MEASURE, most)


def _fitted(text: str, font: FreeTypeFont, width: int, most: int) -> list[str]:
    lines = _lines(text, font, width)
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and font.getlength(f"{last}…") > width:
        last = last[:-1].rstrip()
    return [*lines[: most - 1], f"{last}…"]


def _lines(text: str, font: FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in legible(text, font).split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        # A word that is longer than a line goes on in the next.
        while font.getlength(word) > width:
            end = next(end for end in range(len(word) - 1, 0, -1) if font.getlength(word[:end]) <= width)
            lines.append(word[:end])
            word = word[end:]
        lines.append(word)
    return lines


def _sign(pen: ImageDraw.ImageDraw) -> None:
    place = partial(_moved, times=1.25, x=EDGE - 3, y=52)
    for points, fill in zip(_hexagons(ROOT / "static" / "img" / "favicon.svg"), (CORAL, TEAL, TEAL), strict=True):
        pen.polygon(place(points), fill=fill)
    pen.text((EDGE + 54, 54), "Days of Clusters", fill=INK, font=_font("Bold", 28))


def _hang_motif(picture: Image.Image) -> None:
    """The hexagons of our pages, to the right and over the edge."""
    size = WIDTH * TIMES, HEIGHT * TIMES
    large = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(large)
    place = partial(_moved, times=1.5 * TIMES, x=690 * TIMES, y=30 * TIMES)
    for line in re.findall(r'd="M([\d. ]+)L([\d. ]+)"', MOTIF.read_text()):
        pen.line(place([tuple(map(float, end.split())) for end in line]), fill=LINKS, width=3 * TIMES)
    for points, sharing in zip(_hexagons(MOTIF), re.findall(r"<polygon(.*?)/>", MOTIF.read_text()), strict=True):
        colour = CORAL if "#c8553d" in sharing else LINKS
        fill = f"{LINKS}29" if "opacity" in sharing else colour if " fill=" in sharing else None
        corners = place(points)
        pen.polygon(corners, fill=fill)
        pen.line([*corners, *corners[:2]], fill=colour, width=4 * TIMES, joint="curve")
    small = large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    picture.paste(small, (0, 0), small)


def _hexagons(file: Path) -> list[list[tuple[float, float]]]:
    corners = (points.split() for points in re.findall(r'points="([^"]+)"', file.read_text()))
    return [[tuple(map(float, corner.split(","))) for corner in one] for one in corners]  # type: ignore[misc]


def _moved(points: Sequence[tuple[float, ...]], *, times: float, x: float, y: float) -> list[tuple[float, float]]:
    return [(x + times * a, y + times * b) for a, b in points]


if __name__ == "__main__":
    serve(lambda content: draw(Card(**json.loads(content))))
