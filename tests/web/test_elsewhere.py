"""Links to maps and calendars say what they need to, and hold whatever was typed."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from dofc_events.web.elsewhere import calendar_links, map_link

BEGINS, ENDS = datetime(2027, 6, 3, 7, tzinfo=UTC), datetime(2027, 6, 5, 14, tzinfo=UTC)


def asked(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def test_a_map_looks_for_what_is_known_of_an_address():
    assert asked(map_link("Výstaviště 67 & <b>", None, "Praha")) == {"query": "Výstaviště 67 & <b>, Praha"}


def test_calendars_get_title_time_and_place():
    links = calendar_links("Days & nights", ("Hall", "Praha"), BEGINS, ENDS, "Europe/Prague", "https://x.example/")
    google, outlook = asked(links["google"]), asked(links["outlook"])
    assert (google["text"], google["dates"]) == ("Days & nights", "20270603T070000Z/20270605T140000Z")
    assert (google["ctz"], google["location"], google["details"]) == (
        "Europe/Prague",
        "Hall, Praha",
        "https://x.example/",
    )
    assert (outlook["startdt"], outlook["enddt"]) == ("2027-06-03T07:00:00Z", "2027-06-05T14:00:00Z")
    assert (outlook["subject"], outlook["location"]) == ("Days & nights", "Hall, Praha")
