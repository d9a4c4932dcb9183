"""Charts: what is drawn is where the numbers say, can be read aloud, and keeps to the policy of our pages."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.web.charts import (
    FLOOR,
    LABEL_GAP,
    TOP,
    Column,
    Series,
    Tick,
    bar,
    column_chart,
    grid_lines,
    line_chart,
    spread,
)
from tests.support.tree import Element, parsed

SERIES = [Series("2027", (0, 2, 2, 5)), Series("2026", (1, 1, 4, 4, 4, 8))]
TICKS = [Tick(0, "opening")]


def drawn(series=SERIES, ticks=TICKS, **words) -> Element:
    values = {"name": "growth", "title": "Over time", "description": "2027: 5"} | words
    return parsed(line_chart(**values, series=series, ticks=ticks))


def heights_of(path: str) -> list[float]:
    return [float(height) for height in re.findall(r"(?:V|M0 )([\d.]+)", path)]


@pytest.mark.parametrize(
    ("largest", "lines"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (7, [0, 2, 4, 6, 8]),
        (143, [0, 50, 100, 150]),
        (100_000, [0, 50_000, 100_000]),
    ],
)
def test_grid_has_round_numbers(largest, lines):
    assert grid_lines(largest) == lines


@given(st.integers(0, 10**7))
def test_grid_is_even_and_reaches_the_largest_number_with_few_lines(largest):
    lines = grid_lines(largest)
    assert lines[0] == 0 and lines[-2] < max(1, largest) <= lines[-1] and len(lines) <= 5
    assert len({b - a for a, b in pairwise(lines)}) == 1


@given(st.lists(st.floats(TOP, FLOOR), max_size=8))
def test_labels_keep_their_distance_their_order_and_the_frame(wanted):
    heights = spread(wanted, LABEL_GAP, FLOOR)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for above, below in pairwise(order):
        assert heights[below] - heights[above] >= LABEL_GAP - 1e-6
    assert all(0 <= height <= FLOOR + 1e-6 for height in heights)


def test_labels_that_have_room_stay_where_they_are():
    assert spread([200, 30, 100], 18, 280) == [200, 30, 100]


def test_line_goes_through_the_values_and_ends_where_its_series_does():
    this, earlier = (str(line["d"]) for line in drawn().select("path"))
    # The scale ends at 8; five steps are as wide as the chart.
    assert heights_of(this) == [FLOOR - (FLOOR - TOP) * value / 8 for value in (0, 2, 5)]
    assert heights_of(earlier) == [FLOOR - (FLOOR - TOP) * value / 8 for value in (1, 4, 8)]
    assert this.endswith("H600") and earlier.endswith("H1000")
    assert [end["cx"] for end in drawn().select("circle")] == ["60%", "100%"]


def test_lines_have_their_last_value_beside_them_and_differ_in_more_than_colour():
    chart = drawn()
    assert [name.get_text() for name in chart.select(".chart-name")] == ["2027: 5", "2026: 8"]
    assert [name["text-anchor"] for name in chart.select(".chart-name")] == ["start", "end"]
    assert [line["class"].split()[1] for line in chart.select("path")] == ["chart-line-1", "chart-line-2"]


def test_line_without_values_is_left_out_and_the_others_keep_their_looks():
    chart = drawn([Series("2027", ()), SERIES[1]])
    assert [line["class"].split()[1] for line in chart.select("path")] == ["chart-line-2"]


def test_chart_without_any_value_is_an_empty_frame():
    assert not drawn([Series("2027", ())]).select("path")
    assert [line.get_text() for line in drawn([]).select(".chart-scale")] == ["0", "1", "opening"]


def test_chart_is_an_image_with_a_title_and_a_description():
    chart = drawn().select_one("svg")
    assert chart["role"] == "img"
    assert chart.select_one(f"#{chart['aria-labelledby']}").get_text() == "Over time"
    assert chart.select_one(f"#{chart['aria-describedby']}").get_text() == "2027: 5"


def test_words_cannot_become_markup():
    chart = drawn([Series("<script>", (1,))], [Tick(0, "<b>")], title='"><i>', description="<u>")
    assert not chart.select("script, b, i, u")


def test_words_under_the_axis_stand_at_their_steps_and_not_beyond_the_end():
    chart = drawn(ticks=[Tick(0, "a"), Tick(2, "b"), Tick(5, "c"), Tick(6, "d")])
    ticks = [tick for tick in chart.select(".chart-scale") if tick.has_attr("x")]
    assert [(tick.get_text(), tick["x"]) for tick in ticks] == [("a", "0%"), ("b", "40%"), ("c", "100%")]


@pytest.mark.parametrize(
    ("value", "whole", "width"), [(0, 0, "0%"), (0, 4, "0%"), (1, 3, "33.3%"), (4, 4, "100%"), (9, 4, "100%")]
)
def test_bar_is_filled_as_its_number_says(value, whole, width):
    drawing = parsed(bar(value, whole))
    assert drawing.select_one(".bar-part")["width"] == width
    # Beside it stands the number.
    assert drawing.select_one("svg")["aria-hidden"] == "true"


@pytest.mark.parametrize("drawing", [bar(1, 2), line_chart("n", "t", "d", SERIES, [])])
def test_drawings_have_no_inline_code(drawing):
    assert not re.search(r"\bstyle=|<style|<script|\bon\w+=", drawing)


def test_columns_show_what_is_known_and_nothing_else():
    columns = [Column("2010", None), Column("2014", 250, "250+", open=True), Column("2027", 125)]
    chart = parsed(column_chart("c", "Delegates", "2014: 250", columns))
    rects = chart.select("rect")
    assert [float(str(rect["height"])) for rect in rects] == [(FLOOR - TOP) * 250 / 300, (FLOOR - TOP) * 125 / 300]
    assert ["chart-column-open" in rect["class"] for rect in rects] == [True, False]
    assert [text.get_text() for text in chart.select(".chart-name")] == ["250+", "125"]
