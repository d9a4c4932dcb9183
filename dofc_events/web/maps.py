"""Maps of countries as SVG, drawn here: no tiles, and nothing from anybody else.

The shapes are Natural Earth's (public domain); `tests/map_shapes.py` wrote them down. Colours come from the stylesheet.
What a map shows must stand in words beside it: a country that is marked leads there, by mouse or keyboard.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

SHAPES = Path(__file__).with_name("shapes.json")

# What is smaller cannot be seen, or hit: it gets a dot. In square units of a map that is 1000 wide.
SMALL = 120
RADIUS = 13


@dataclass(frozen=True)
class Marked:
    """A country to highlight: `tone` is a class of the stylesheet, `says` its text, `number` stands in a hexagon on it.

    It links to the `target` on the same page.
    """

    code: str
    tone: str
    says: str
    target: str
    number: int = 0


def shown_on(view: str) -> frozenset[str]:
    """The countries that a map has, by their codes."""
    return frozenset(_views()[view]["countries"])


def country_map(
    view: str, title: str, description: str, marked: Sequence[Marked], *, is_picture: bool = False
) -> Markup:
    """The map "region" (Europe and the Black Sea) or "world", with these countries marked.

    As a picture it leads nowhere, and stands where the words are on another page.
    """
    drawn = _views()[view]
    countries = drawn["countries"]
    here = {one.code: one for one in marked if one.code in countries}
    rest = "".join(country["path"] for code, country in countries.items() if code not in here)
    parts = [Markup('<path class="map-land" d="{}"/>').format(rest)]
    # Numbers last, so that no neighbour covers them.
    ordered = sorted(here.values(), key=lambda one: one.number)
    parts += [_country(one, countries[one.code], is_picture) for one in ordered]
    return Markup(
        '<svg class="map" viewBox="0 0 {width} {height}" role="{role}" aria-labelledby="map-{view}-title"'
        ' aria-describedby="map-{view}-desc"><title id="map-{view}-title">{title}</title>'
        '<desc id="map-{view}-desc">{description}</desc>{parts}</svg>'
    ).format(
        width=drawn["width"],
        height=drawn["height"],
        role="img" if is_picture else "group",
        view=view,
        title=title,
        description=description,
        parts=Markup("").join(parts),
    )


def _country(one: Marked, shape: dict[str, Any], is_picture: bool) -> Markup:
    x, y = shape["at"]
    dot = Markup('<circle class="map-dot" cx="{}" cy="{}" r="6"/>').format(x, y) if shape["area"] < SMALL else ""
    number = ""
    if one.number:
        number = Markup(
            '<polygon class="map-sign" points="{}"/><text class="map-number" x="{}" y="{}">{}</text>'
        ).format(_hexagon(x, y), x, y, one.number)
    if is_picture:
        return Markup('<g class="map-{}"><path d="{}"/>{}{}</g>').format(one.tone, shape["path"], dot, number)
    return Markup('<a class="map-{}" href="#{}"><title>{}</title><path d="{}"/>{}{}</a>').format(
        one.tone, one.target, one.says, shape["path"], dot, number
    )


def _hexagon(x: int, y: int) -> str:
    half = round(RADIUS * 0.866)
    corners = ((0, -RADIUS), (half, -RADIUS // 2), (half, RADIUS // 2), (0, RADIUS), (-half, RADIUS // 2))
    return " ".join(f"{x + dx},{y + dy}" for dx, dy in (*corners, (-half, -RADIUS // 2)))


@cache
def _views() -> dict[str, Any]:
    views: dict[str, Any] = json.loads(SHAPES.read_text(encoding="utf-8"))
    return views
