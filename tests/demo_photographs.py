"""Draws the pictures of the demonstration: `python -m tests.demo_photographs`. Nobody is on them; hexagons are.

What is served of them lies in `dofc_events/commands/data/photographs/`, as the worker would make it of a photograph.
"""

import io
import json
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from dofc_events.commands.invented import PICTURES
from dofc_events.core.files import hash_of
from dofc_events.memory.photographs.encoding.rules import made_of

WIDTH, HEIGHT = 3600, 2400
INK, TEAL, DEEP, CORAL = "#1d2a33", "#0b5563", "#073c47", "#c8553d"
PAPER, SAND, WHEAT, SKY, LEAF = "#faf7f2", "#e3d8c6", "#f0cb76", "#cfe3e4", "#3f7f5f"

Draw = ImageDraw.ImageDraw


def mixed(first: str, second: str, share: float) -> tuple[int, ...]:
    """A colour between two."""
    a, b = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (first, second))
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))


def hexagon(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    corners = [math.pi / 180 * (60 * corner - 30) for corner in range(6)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in corners]


def honeycomb(radius: float, top: float, bottom: float) -> Iterator[tuple[float, float]]:
    """The centres of the hexagons that cover a strip of the picture."""
    wide, high = radius * math.sqrt(3), radius * 1.5
    for row in range(int(top / high) - 1, int(bottom / high) + 2):
        for column in range(-1, int(WIDTH / wide) + 2):
            yield column * wide + (row % 2) * wide / 2, row * high


def ground(above: str, below: str, until: float = HEIGHT, radius: float = 110) -> tuple[Image.Image, Draw]:
    """A sky of hexagons that fades from one colour to another."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), above)
    draw, chance = ImageDraw.Draw(picture), random.Random(7)
    for x, y in honeycomb(radius, 0, until + radius):
        share = min(1, max(0, y / until)) + chance.uniform(-0.05, 0.05)
        draw.polygon(hexagon(x, y, radius * 1.01), fill=mixed(above, below, min(1, max(0, share))))
    return picture, draw


def town() -> Image.Image:
    """A town on a river, with two towers on a hill."""
    picture, draw = ground("#f6c9a0", PAPER, 1500)
    for number, radius in enumerate((330, 250, 180)):
        draw.polygon(hexagon(2750, 620, radius), fill=mixed("#f6c9a0", CORAL, 0.25 + 0.25 * number))
    draw.polygon(
        [(0, 1700), (900, 1250), (1700, 1060), (2500, 1300), (WIDTH, 1620), (WIDTH, HEIGHT), (0, HEIGHT)], fill=LEAF
    )
    for x in (1500, 1830):
        draw.rectangle((x - 62, 520, x + 62, 1120), fill=INK)
        draw.polygon([(x - 84, 530), (x, 150), (x + 84, 530)], fill=DEEP)
        for y in (620, 760, 900):
            draw.polygon(hexagon(x, y, 26), fill=WHEAT)
    draw.polygon([(1440, 1120), (1440, 860), (1665, 700), (1890, 860), (1890, 1120)], fill=TEAL)
    draw.polygon(hexagon(1665, 930, 74), fill=WHEAT)
    chance = random.Random(3)
    for row, (base, colour) in enumerate(((1560, CORAL), (1760, TEAL), (1960, DEEP))):
        x = -60 + 40 * row
        while x < WIDTH:
            wide, high = chance.randint(170, 300), chance.randint(190, 380)
            wall = mixed(SAND, PAPER, chance.random())
            draw.rectangle((x, base - high, x + wide, base + 340), fill=wall)
            draw.polygon(
                [(x - 24, base - high), (x + wide / 2, base - high - 130), (x + wide + 24, base - high)], fill=colour
            )
            for window in range(x + 50, x + wide - 30, 84):
                for floor in range(base - high + 60, base - 20, 110):
                    draw.polygon(hexagon(window, floor, 25), fill=mixed(colour, INK, 0.4))
            x += wide + chance.randint(-6, 44)
    for wave, level in honeycomb(70, 2130, HEIGHT):
        if level > 2100:
            draw.polygon(hexagon(wave, level, 72), fill=mixed(TEAL, SKY, 0.18 + 0.5 * chance.random()))
    return picture


def hall() -> Image.Image:
    """A hall with lamps like a honeycomb, an empty stage and rows of chairs."""
    picture, draw = ground("#12313a", DEEP, 1500, 150)
    chance = random.Random(11)
    glow = Image.new("RGB", (WIDTH, HEIGHT))
    shine = ImageDraw.Draw(glow)
    lamps = [(x, y) for x, y in honeycomb(150, 150, 780) if 0 < y < 800 and chance.random() < 0.42]
    for x, y in lamps:
        shine.polygon(hexagon(x, y, 150), fill=WHEAT)
    picture = Image.blend(picture, glow.filter(ImageFilter.GaussianBlur(90)), 0.45)
    draw = ImageDraw.Draw(picture)
    for x, y in lamps:
        draw.polygon(hexagon(x, y, 108), fill=mixed(WHEAT, PAPER, chance.random() * 0.7))
    draw.polygon([(600, 1000), (3000, 1000), (3000, 1560), (600, 1560)], fill=TEAL)
    for number, colour in enumerate((CORAL, WHEAT, PAPER)):
        x, y = ((1800, 1140), (1660, 1380), (1940, 1380))[number]
        draw.polygon(hexagon(x, y, 132), fill=colour)
    draw.polygon([(330, 1560), (3270, 1560), (3420, 1700), (180, 1700)], fill=mixed(SAND, INK, 0.15))
    for row in range(5):
        y, size = 1790 + row * 130, 46 + row * 13
        for seat in range(-14, 15):
            x = WIDTH / 2 + seat * size * 2.5
            if abs(seat) > 0:
                draw.polygon(hexagon(x, y, size), fill=mixed(CORAL, INK, 0.15 + 0.09 * row))
                draw.rectangle(
                    (x - size * 0.72, y + size * 0.5, x + size * 0.72, y + size * 1.3), fill=mixed(INK, CORAL, 0.25)
                )
    return picture


def vineyard() -> Image.Image:
    """Hills with rows of vines, and a cellar's door."""
    picture, draw = ground(SKY, "#fdf3dc", 1250)
    draw.polygon(hexagon(820, 560, 210), fill=WHEAT)
    draw.polygon(hexagon(820, 560, 150), fill="#f7dc9a")
    for number in range(4):
        base, shift = 1020 + 260 * number, 900 * number
        shape = [(x, base + 150 * math.sin((x + shift) / 620)) for x in range(0, WIDTH + 60, 60)]
        draw.polygon([*shape, (WIDTH, HEIGHT), (0, HEIGHT)], fill=mixed("#9fbf7f", LEAF, number / 3))
        size = 20 + 12 * number
        for row in range(3):
            for x in range(-40, WIDTH, round(size * 2.3)):
                y = base + 150 * math.sin((x + shift) / 620) + 60 + row * (52 + 16 * number)
                draw.polygon(hexagon(x, y, size), fill=mixed(LEAF, DEEP, 0.12 + 0.16 * number + 0.05 * row))
                if (x // 7 + row) % 5 == 0:
                    draw.polygon(hexagon(x + size * 0.5, y + size * 0.6, size * 0.4), fill="#6b3355")
    draw.pieslice((2350, 1290, 3150, 2090), 180, 360, fill=mixed(SAND, INK, 0.1))
    draw.rectangle((2350, 1690, 3150, 1990), fill=mixed(SAND, INK, 0.1))
    draw.pieslice((2560, 1440, 2940, 1820), 180, 360, fill=CORAL)
    draw.rectangle((2560, 1630, 2940, 1990), fill=CORAL)
    draw.polygon(hexagon(2750, 1680, 90), fill=mixed(CORAL, INK, 0.45))
    return picture


def workshop() -> Image.Image:
    """Gears and bolts on a bench, as a workshop of machine builders has them."""
    picture, draw = ground("#e9eef0", SAND, HEIGHT, 130)
    chance = random.Random(5)

    def gear(x: float, y: float, radius: float, teeth: int, colour: str) -> None:
        for tooth in range(teeth):
            angle = 2 * math.pi * tooth / teeth
            reach, half = radius * 1.16, math.pi / teeth * 0.55
            points = ((radius * 0.9, -half), (reach, -half * 0.7), (reach, half * 0.7), (radius * 0.9, half))
            draw.polygon([(x + r * math.cos(angle + a), y + r * math.sin(angle + a)) for r, a in points], fill=colour)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        draw.ellipse(
            (x - radius * 0.8, y - radius * 0.8, x + radius * 0.8, y + radius * 0.8), fill=mixed(colour, PAPER, 0.18)
        )
        for hole in range(6):
            angle = math.pi / 3 * hole
            draw.polygon(
                hexagon(x + radius * 0.5 * math.cos(angle), y + radius * 0.5 * math.sin(angle), radius * 0.17),
                fill=SAND,
            )
        draw.polygon(hexagon(x, y, radius * 0.26), fill=INK)

    gear(1150, 1050, 720, 24, TEAL)
    gear(2420, 720, 470, 16, CORAL)
    gear(2560, 1640, 560, 18, DEEP)
    for _bolt in range(26):
        x, y, size = chance.randint(60, WIDTH - 60), chance.randint(1700, HEIGHT - 60), chance.randint(40, 80)
        draw.polygon(hexagon(x, y, size), fill=mixed(INK, SKY, chance.uniform(0.2, 0.6)))
        draw.ellipse((x - size * 0.45, y - size * 0.45, x + size * 0.45, y + size * 0.45), fill=mixed(INK, SKY, 0.1))
    return picture


def harbour() -> Image.Image:
    """A white tower by the sea, and boats with hexagonal sails."""
    picture, draw = ground("#f3b58c", "#fbe3c4", 1350)
    draw.polygon(hexagon(2650, 900, 260), fill=WHEAT)
    draw.polygon(hexagon(2650, 900, 190), fill="#fbe6b0")
    draw.polygon(
        [(0, 1400), (500, 1160), (1200, 1320), (2000, 1210), (2900, 1360), (WIDTH, 1250), (WIDTH, 1500), (0, 1500)],
        fill=mixed(TEAL, SKY, 0.55),
    )
    chance = random.Random(13)
    for x, y in honeycomb(80, 1420, HEIGHT):
        if y > 1400:
            share = (y - 1400) / (HEIGHT - 1400)
            draw.polygon(hexagon(x, y, 82), fill=mixed(SKY, TEAL, min(1, share + 0.25 * chance.random())))
    draw.polygon([(0, 1980), (1500, 1980), (1620, 2080), (1620, HEIGHT), (0, HEIGHT)], fill=mixed(SAND, INK, 0.18))
    draw.rectangle((520, 820, 1120, 1990), fill=PAPER)
    draw.rectangle((850, 820, 1120, 1990), fill=mixed(PAPER, SAND, 0.6))
    for x in range(480, 1160, 120):
        draw.rectangle((x, 740, x + 74, 860), fill=PAPER if x < 840 else mixed(PAPER, SAND, 0.6))
    draw.rectangle((690, 520, 950, 760), fill=mixed(PAPER, SAND, 0.3))
    for x in range(670, 960, 96):
        draw.rectangle((x, 460, x + 54, 540), fill=mixed(PAPER, SAND, 0.3))
    for y in range(1000, 1850, 210):
        for x in (670, 820, 970):
            draw.polygon(hexagon(x, y, 30), fill=mixed(INK, TEAL, 0.4))
    for x, y, size, colour in (
        (2050, 1800, 210, CORAL),
        (2750, 1640, 150, PAPER),
        (3150, 2050, 290, TEAL),
        (1850, 1560, 90, WHEAT),
    ):
        draw.polygon(hexagon(x, y - size * 1.15, size), fill=mixed(colour, PAPER, 0.12))
        draw.polygon(
            [(x, y - size * 2.15), (x + size * 0.87, y - size * 1.65), (x, y - size * 1.15)],
            fill=mixed(colour, INK, 0.12),
        )
        draw.rectangle((x - size * 0.03, y - size * 2.3, x + size * 0.03, y), fill=INK)
        draw.polygon(
            [(x - size, y - 4), (x + size, y - 4), (x + size * 0.7, y + size * 0.4), (x - size * 0.7, y + size * 0.4)],
            fill=mixed(INK, CORAL, 0.18),
        )
    return picture


def table() -> Image.Image:
    """A table on which something is to be signed: sheets, pens, a row of empty chairs, pennants above."""
    picture, draw = ground("#1f4a52", "#0f2f37", 1500, 140)
    chance = random.Random(17)
    for number in range(13):
        x = 130 + number * 280
        y = 250 + 190 * math.sin(math.pi * number / 12)
        colour = (CORAL, WHEAT, SKY, LEAF)[number % 4]
        draw.polygon(hexagon(x, y + 120, 104), fill=colour)
        draw.polygon(hexagon(x, y + 120, 52), fill=mixed(colour, INK, 0.25))
        if number:
            before = 250 + 190 * math.sin(math.pi * (number - 1) / 12)
            draw.line((x - 280, before + 20, x, y + 20), fill=PAPER, width=9)
    for chair in range(7):
        x = 450 + chair * 450
        draw.polygon(hexagon(x, 1080, 190), fill=mixed(CORAL, INK, 0.2))
        draw.polygon(hexagon(x, 1080, 150), fill=mixed(CORAL, INK, 0.05))
        draw.rectangle((x - 150, 1200, x + 150, 1480), fill=mixed(CORAL, INK, 0.35))
    draw.polygon([(150, 1420), (3450, 1420), (WIDTH, 1800), (0, 1800)], fill=mixed("#a9713f", PAPER, 0.25))
    draw.polygon([(0, 1800), (WIDTH, 1800), (WIDTH, HEIGHT), (0, HEIGHT)], fill=mixed("#8a5a31", INK, 0.15))
    for number in range(60):
        x, y = 60 * number, 1800 + 100
        draw.polygon(hexagon(x + 40 * (number % 2), y + 130 + 170 * (number % 3), 58), fill=mixed("#8a5a31", INK, 0.28))
    for sheet in range(6):
        x, slant = 560 + sheet * 480, (sheet - 2.5) * 26
        draw.polygon(
            [(x + slant, 1470), (x + 250 + slant, 1470), (x + 290 + slant * 2, 1740), (x - 40 + slant * 2, 1740)],
            fill=PAPER,
        )
        for line in range(5):
            y = 1510 + line * 36
            draw.line(
                (x + 30 + slant * 1.2, y, x + (150 if line == 4 else 215) + slant * 1.2, y),
                fill=mixed(INK, PAPER, 0.55),
                width=8,
            )
        draw.polygon(hexagon(x + 190 + slant * 1.9, 1700, 26), fill=CORAL)
        pen = x + 320 + slant * 1.6 + chance.randint(-20, 20)
        draw.line((pen, 1500, pen + 70, 1690), fill=INK, width=18)
        draw.line((pen + 66, 1680, pen + 78, 1716), fill=WHEAT, width=12)
    return picture


# What they show, and what is to be seen for those who cannot see it; by edition.
DRAWN: dict[str, dict[Callable[[], Image.Image], tuple[str, str]]] = {
    "next": {
        town: ("The host city", "A town on a river, with two towers on a hill, drawn in hexagons"),
        hall: ("The hall before the opening", "An empty hall, drawn: lamps like a honeycomb, a stage, rows of chairs"),
        vineyard: ("On the trip to the wine growers", "Hills with rows of vines and the door of a cellar, drawn"),
        workshop: ("On the trip to the machine builders", "Three gears and many bolts on a bench, drawn"),
    },
    "past": {
        harbour: (
            "The tower by the sea",
            "A white tower by the sea in the evening, and boats with hexagonal sails, drawn",
        ),
        table: (
            "Before the signing",
            "A table with six sheets and six pens, empty chairs and a line of pennants, drawn",
        ),
    },
}


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*"):
        old.unlink()
    rows = {which: [*_rows(drawn)] for which, drawn in DRAWN.items()}
    (PICTURES / "photographs.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _rows(drawn: dict[Callable[[], Image.Image], tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Draws, writes what is served, and says so in the words of the memory."""
    for position, (draw, (caption, alternative)) in enumerate(drawn.items(), start=1):
        sent = io.BytesIO()
        draw().resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.LANCZOS).save(sent, "PNG")
        sizes = []
        for one in made_of(sent):
            # Few browsers ask for the other format, and all of this lies beside the code.
            if one.format == "jpeg" and one.width != 800:
                continue
            content_hash = hash_of(one.content)
            (PICTURES / content_hash).write_bytes(one.content)
            size = {"format": one.format, "width": one.width, "height": one.height, "size": len(one.content)}
            sizes.append({**size, "hash": content_hash})
        row = {"source": hash_of(sent.getvalue()), "name": f"{draw.__name__}.png", "position": position, "sizes": sizes}
        row |= {"caption": f"{caption}, drawn for this demonstration", "alternative": alternative}
        row |= {"photographer": "nobody, a program drew it", "licence": "CC0-1.0", "people_agreed": True}
        yield row | {"is_cover": position == 1, "is_published": True}


if __name__ == "__main__":
    main()
