"""Writes `dofc_events/web/shapes.json`: the countries as SVG paths, for the maps that the site draws.

    python -m tests.map_shapes countries-110m.json countries-50m.json

The two files are those of the npm package world-atlas 2.0.2: Natural Earth's countries (naturalearthdata.com, in the
public domain), as TopoJSON. What Natural Earth draws as it is controlled, the United Nations' members are shown with:
Crimea with Ukraine, the north of Cyprus with Cyprus, Somaliland with Somalia. Kosovo is there under XK.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import asin, cos, hypot, log, pi, radians, sin, sqrt, tan
from pathlib import Path
from typing import Any

from babel.core import get_global

from dofc_events.web.maps import SHAPES

Point = tuple[float, float]
Ring = list[Point]

WITHOUT_NUMBER = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
# West, south, east, north.
CRIMEA = (32.3, 44.2, 36.7, 46.3)
REGION = (-22.0, 26.0, 62.0, 68.0)
WIDTH = 1000


def equal_earth(lon: float, lat: float) -> Point:
    """Šavrič, Patterson and Jenny, 2018: areas are right, and it looks like a globe."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    theta = asin(sqrt(3) / 2 * sin(radians(lat)))
    slope = 9 * a4 * theta**8 + 7 * a3 * theta**6 + 3 * a2 * theta**2 + a1
    x = 2 * sqrt(3) * radians(lon - 11) * cos(theta) / (3 * slope)
    return x, -(a4 * theta**9 + a3 * theta**7 + a2 * theta**3 + a1 * theta)


def conic(lon: float, lat: float) -> Point:
    """Lambert's conformal conic between 40° and 56° north, around 21° east: what atlases use for Europe."""
    first, last, middle = radians(40), radians(56), radians(48)

    def t(angle: float) -> float:
        return tan(pi / 4 + angle / 2)

    n = log(cos(first) / cos(last)) / log(t(last) / t(first))
    f = cos(first) * t(first) ** n / n
    rho, at = f / t(radians(lat)) ** n, n * radians(lon - 21)
    return rho * sin(at), rho * cos(at) - f / t(middle) ** n


def rings_of(file: Path) -> Iterator[tuple[str, list[Ring]]]:
    """Each polygon of each country: its code and its rings, the outer one first."""
    topology = json.loads(file.read_text())
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    aliases = get_global("territory_aliases")
    for country in topology["objects"]["countries"]["geometries"]:
        code = (aliases.get(country.get("id", "")) or [WITHOUT_NUMBER.get(country["properties"]["name"])])[0]
        if code is None or code == "AQ":
            continue
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        for polygon in polygons:
            rings = [_joined(arcs, ring) for ring in polygon]
            yield ("UA" if code == "RU" and _within(rings[0], CRIMEA) else code), rings


def shapes(file: Path, project: Callable[[float, float], Point], box: Any, view: Any, tolerance: float) -> Any:
    """The view of one map: its size, a path for each country, and the middle of its largest part."""
    corners = [project(lon, lat) for lon, lat in view]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    scale = WIDTH / (max(x for x, _ in corners) - left)
    height = round(scale * (max(y for _, y in corners) - top))
    drawn: defaultdict[str, list[Ring]] = defaultdict(list)
    for code, rings in rings_of(file):
        for ring in rings:
            clipped = _clipped(ring, box) if box else ring
            placed = [((x - left) * scale, (y - top) * scale) for x, y in (project(*point) for point in clipped)]
            if len(placed) > 3:
                drawn[code].append(placed)
    found = {}
    for code, all_rings in sorted(drawn.items()):
        largest = max(all_rings, key=lambda ring: abs(_area(ring)))
        x, y = _middle(largest)
        if not (0 <= x <= WIDTH and 0 <= y <= height) and not any(_touches(ring, height) for ring in all_rings):
            continue
        large = [ring for ring in all_rings if (abs(_area(ring)) > 12 or ring is largest) and _touches(ring, height)]
        paths = [_path(_simplified(ring, tolerance)) for ring in large]
        found[code] = {"path": "".join(paths), "at": [round(x), round(y)], "area": round(abs(_area(largest)))}
    return {"width": WIDTH, "height": height, "countries": found}


def _joined(arcs: list[Ring], ring: list[int]) -> Ring:
    """The arcs as one ring; what goes on beyond 180° east has more degrees, so that nothing is drawn right across."""
    points: Ring = []
    for index in ring:
        for lon, lat in arcs[index] if index >= 0 else arcs[~index][::-1]:
            before = points[-1][0] if points else lon
            points.append((lon + 360 * round((before - lon) / 360), lat))
    beyond = 360 if max(lon for lon, _ in points) < -168 else -360 if min(lon for lon, _ in points) > 195 else 0
    return [(lon + beyond, lat) for lon, lat in points]


def _within(ring: Ring, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    return all(west <= x <= east and south <= y <= north for x, y in ring)


def _touches(ring: Ring, height: float) -> bool:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return max(xs) > 0 and min(xs) < WIDTH and max(ys) > 0 and min(ys) < height


def _clipped(ring: Ring, box: tuple[float, float, float, float]) -> Ring:
    """Sutherland and Hodgman's algorithm, one side of the box after the other."""
    west, south, east, north = box
    for axis, bound, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        points, ring = ring, []
        for one, two in zip(points, points[1:] + points[:1], strict=True):
            inside, next_inside = sign * (one[axis] - bound) >= 0, sign * (two[axis] - bound) >= 0
            if inside:
                ring.append(one)
            if inside != next_inside:
                share = (bound - one[axis]) / (two[axis] - one[axis])
                ring.append((one[0] + share * (two[0] - one[0]), one[1] + share * (two[1] - one[1])))
    return ring


def _simplified(ring: Ring, tolerance: float) -> Ring:
    """Douglas and Peucker's algorithm on both halves of a ring."""
    far = max(range(len(ring)), key=lambda i: hypot(ring[i][0] - ring[0][0], ring[i][1] - ring[0][1]))
    return _thinned(ring[: far + 1], tolerance)[:-1] + _thinned(ring[far:], tolerance)


def _thinned(points: Ring, tolerance: float) -> Ring:
    if len(points) < 3:
        return points
    (ax, ay), (bx, by) = points[0], points[-1]
    length = hypot(bx - ax, by - ay) or 1e-9
    away = [abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length for x, y in points[1:-1]]
    most = max(range(len(away)), key=away.__getitem__)
    if away[most] <= tolerance:
        return [points[0], points[-1]]
    return _thinned(points[: most + 2], tolerance)[:-1] + _thinned(points[most + 1 :], tolerance)


def _area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def _middle(ring: Ring) -> Point:
    area = _area(ring) or 1e-9
    pairs = list(zip(ring, ring[1:] + ring[:1], strict=True))
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * area)
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * area)
    return x, y


def _path(ring: Ring) -> str:
    steps = [(round(x), round(y)) for x, y in ring]
    parts = [f"M{steps[0][0]} {steps[0][1]}l"]
    for (ax, ay), (bx, by) in pairwise(steps):
        if (ax, ay) != (bx, by):
            parts.append(f"{bx - ax} {by - ay} ")
    if len(parts) == 1:
        # So small that nothing is left of it: a dot stands for it.
        parts.append("0 0")
    return "".join(parts).strip().replace(" -", "-") + "z"


if __name__ == "__main__":
    whole, near = (Path(name) for name in sys.argv[1:3])
    globe = [(-169, 0), (190, 0), (11, 81), (11, -54)]
    region = [(-9.5, 35), (-9.5, 58), (48, 35), (21, 34.2), (21, 58.5), (46, 50)]
    SHAPES.write_text(
        json.dumps(
            {
                "source": "Natural Earth (public domain), by world-atlas 2.0.2; written by tests/map_shapes.py",
                "world": shapes(whole, equal_earth, None, globe, 1.2),
                "region": shapes(near, conic, REGION, region, 1.0),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        + "\n"
    )
