"""Charts as SVG, drawn here: a line chart over time, and a bar beside a number in a table.

No style and no script is inline, and sizes hold on any width: x is a share of the width, y and letters are pixels.
Colours come from the stylesheet; without them a chart still reads, by its dashes, its weights and its labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from markupsafe import Markup

HEIGHT, TOP, BOTTOM = 280, 24, 28
FLOOR = HEIGHT - BOTTOM
# The width of the coordinates in which lines are drawn; they are stretched to the width of the page.
WIDTH = 1000
# Labels of lines are never closer than this.
LABEL_GAP = 18
# From here on a label stands to the left of the end of its line.
LABEL_TURNS = 70
MAX_GRID_LINES = 4


@dataclass(frozen=True)
class Series:
    """A line: its name, and one whole number, 0 or more, for each step from the beginning of the axis on."""

    name: str
    values: Sequence[int]


@dataclass(frozen=True)
class Column:
    """A column with the word below it; `value` is None where it is not known, `says` is the value as it is to be read.

    One that is `open` may be higher: only a lower bound is known.
    """

    label: str
    value: int | None
    says: str = ""
    open: bool = False


@dataclass(frozen=True)
class Tick:
    """A word under the axis, at a step."""

    step: int
    label: str


def line_chart(name: str, title: str, description: str, series: Sequence[Series], ticks: Sequence[Tick]) -> Markup:
    """Lines over the same steps; the first is the subject of the chart. `name` tells charts of one page apart.

    Values hold until the next step, as counts do. Screen readers read `title` and `description`.
    """
    drawn = [(number, one) for number, one in enumerate(series, start=1) if one.values]
    steps = max([1, *(len(one.values) - 1 for _, one in drawn)])
    grid = grid_lines(max((max(one.values) for _, one in drawn), default=0))
    top = grid[-1]
    paths = Markup("").join(_line(number, one.values, steps, top) for number, one in drawn)
    parts = [_grid_line(value, top) for value in grid]
    parts += [_tick(tick, steps) for tick in ticks if tick.step <= steps]
    parts.append(
        Markup('<svg width="100%" height="{0}" viewBox="0 0 {1} {0}" preserveAspectRatio="none">{2}</svg>').format(
            HEIGHT, WIDTH, paths
        )
    )
    heights = spread([_y(one.values[-1], top) for _, one in drawn], LABEL_GAP, FLOOR)
    parts += [_end(number, one, steps, top, height) for (number, one), height in zip(drawn, heights, strict=True)]
    return Markup(
        '<svg class="chart" width="100%" height="{height}" role="img" aria-labelledby="{name}-title"'
        ' aria-describedby="{name}-desc"><title id="{name}-title">{title}</title>'
        '<desc id="{name}-desc">{description}</desc>{parts}</svg>'
    ).format(height=HEIGHT, name=name, title=title, description=description, parts=Markup("").join(parts))


def column_chart(name: str, title: str, description: str, columns: Sequence[Column]) -> Markup:
    """Columns side by side, each with its number above it. Unknown values have no column.

    Screen readers read `title` and `description`.
    """
    top = grid_lines(max((one.value or 0 for one in columns), default=0))[-1]
    each = 100 / max(1, len(columns))
    parts = [_grid_line(0, top), *(_column(place, one, each, top) for place, one in enumerate(columns))]
    return Markup(
        '<svg class="chart" width="100%" height="{height}" role="img" aria-labelledby="{name}-title"'
        ' aria-describedby="{name}-desc"><title id="{name}-title">{title}</title>'
        '<desc id="{name}-desc">{description}</desc>{parts}</svg>'
    ).format(height=HEIGHT, name=name, title=title, description=description, parts=Markup("").join(parts))


def bar(value: int, whole: int) -> Markup:
    """A bar that is filled as `value` is of `whole`; beside it the number must stand in words."""
    share = 100 * min(value, whole) / whole if whole else 0
    return Markup(
        '<svg class="bar-of" width="100%" height="14" aria-hidden="true">'
        '<rect class="bar-whole" width="100%" height="14"/><rect class="bar-part" width="{}%" height="14"/></svg>'
    ).format(_short(share))


def grid_lines(largest: int) -> list[int]:
    """Round numbers from 0 to one that is not below `largest`: few, evenly apart, at least 0 and 1."""
    largest = max(1, largest)
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(step for step in steps if step * MAX_GRID_LINES >= largest)
    return list(range(0, largest + step, step))


def spread(wanted: Sequence[float], gap: float, lowest: float) -> list[float]:
    """Heights near those `wanted`, in the same order, none closer to another than `gap` and none below `lowest`.

    Heights grow downwards.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    heights = list(wanted)
    for above, one in pairwise(order):
        heights[one] = max(wanted[one], heights[above] + gap)
    for one in reversed(order):
        heights[one] = min(heights[one], lowest)
        lowest = heights[one] - gap
    return heights


def _line(number: int, values: Sequence[int], steps: int, top: int) -> Markup:
    path = [f"M0 {_short(_y(values[0], top))}"]
    for step, (before, value) in enumerate(pairwise(values), start=1):
        if value != before:
            path.append(f"H{_short(WIDTH * step / steps)}V{_short(_y(value, top))}")
    path.append(f"H{_short(WIDTH * (len(values) - 1) / steps)}")
    return Markup('<path class="chart-line chart-line-{}" d="{}" vector-effect="non-scaling-stroke"/>').format(
        number, "".join(path)
    )


def _end(number: int, one: Series, steps: int, top: int, height: float) -> Markup:
    x = 100 * (len(one.values) - 1) / steps
    anchor, dx, dy = ("end", 0, -8) if x > LABEL_TURNS else ("start", 8, 5)
    return Markup(
        '<circle class="chart-end chart-end-{n}" cx="{x}%" cy="{y}" r="4"/>'
        '<text class="chart-name chart-name-{n}" x="{x}%" y="{height}" dx="{dx}" dy="{dy}" text-anchor="{anchor}">'
        "{name}: {value}</text>"
    ).format(
        n=number,
        x=_short(x),
        y=_short(_y(one.values[-1], top)),
        height=_short(height),
        dx=dx,
        dy=dy,
        anchor=anchor,
        name=one.name,
        value=one.values[-1],
    )


def _column(place: int, one: Column, each: float, top: int) -> Markup:
    middle = _short(each * (place + 0.5))
    parts = [
        Markup('<text class="chart-scale" x="{}%" y="{}" text-anchor="middle">{}</text>').format(
            middle, HEIGHT - 8, one.label
        )
    ]
    if one.value is not None:
        y = _y(one.value, top)
        parts.append(
            Markup(
                '<rect class="chart-column{}" x="{}%" width="{}%" y="{}" height="{}"/>'
                '<text class="chart-name" x="{}%" y="{}" text-anchor="middle">{}</text>'
            ).format(
                " chart-column-open" if one.open else "",
                _short(each * (place + 0.2)),
                _short(each * 0.6),
                _short(y),
                _short(FLOOR - y),
                middle,
                _short(y - 8),
                one.says or one.value,
            )
        )
    return Markup("").join(parts)


def _grid_line(value: int, top: int) -> Markup:
    y = _short(_y(value, top))
    return Markup(
        '<line class="chart-grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>'
        '<text class="chart-scale" y="{0}" dy="-4">{1}</text>'
    ).format(y, value)


def _tick(tick: Tick, steps: int) -> Markup:
    x = 100 * tick.step / steps
    anchor = "start" if x < 5 else "end" if x > 94 else "middle"
    return Markup('<text class="chart-scale" x="{}%" y="{}" text-anchor="{}">{}</text>').format(
        _short(x), HEIGHT - 8, anchor, tick.label
    )


def _y(value: int, top: int) -> float:
    return FLOOR - (FLOOR - TOP) * value / top


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
