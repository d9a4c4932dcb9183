"""Maps: every country is where the list of countries has it, and leads to its words."""

from dofc_events.core.countries import country_codes
from dofc_events.web.maps import SHAPES, Marked, country_map, shown_on
from tests.support.tree import parsed

MARKED = [
    Marked("RS", "member", "Serbia, 1 member", "country-rs", 3),
    Marked("MT", "came", "Malta", "country-mt"),
    Marked("KR", "came", "South Korea", "country-kr"),
]


def test_maps_show_countries_that_there_are():
    assert shown_on("world") <= country_codes() and shown_on("region") <= country_codes()
    assert {"RS", "BG", "MK", "XK", "CY", "MT", "CZ", "FR", "GE", "UA"} <= shown_on("region")
    # Whoever is known to have come is on the map of the world.
    assert set("AU KR MW NL NO NZ PL TN US RS AL BA ME SI CH".split()) <= shown_on("world")
    # The page has both maps in it.
    assert SHAPES.stat().st_size < 60_000


def test_marked_countries_are_links_with_a_name_and_small_ones_are_dots():
    svg = parsed(country_map("region", "Europe", "Serbia; Malta", MARKED))
    links = {link["href"]: link for link in svg.select("a")}
    assert links.keys() == {"#country-rs", "#country-mt"}
    assert [links["#country-rs"].select_one(one).text for one in ("title", "text")] == ["Serbia, 1 member", "3"]
    assert links["#country-mt"].select(".map-dot") and not links["#country-rs"].select(".map-dot")
    assert [svg.select_one(f"svg > {one}").text for one in ("title", "desc")] == ["Europe", "Serbia; Malta"]


def test_what_a_country_is_called_is_escaped():
    assert "<b>" not in country_map("world", "<b>", "<b>", [Marked("KR", "came", "<b>", "x")])
