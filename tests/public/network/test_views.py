"""The network on a map and in a list: what the map shows is said in words, too."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from dofc_events.conference.members.service import add_member
from dofc_events.conference.models import Edition, Organisation
from dofc_events.core.audit import COMMAND
from dofc_events.memory.history.service import load_history
from tests.support.databases import count_queries

NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_february_2027():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def history(writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)


def test_the_network_shows_its_figures_countries_and_growth(client, history):
    page = client.get("/network/")
    figures = {row.select_one("dt").text: row.select_one("dd").text for row in page.all(".figures > div")}
    assert figures == {
        "editions": "7",
        "countries": "33",
        "continents": "5",
        "delegates, at least": "550",
        "outcomes": "7",
    }
    assert len(page.all(".country-list > li")) == 33
    cells = {
        row.select_one("th").get_text(): [cell.get_text(strip=True) for cell in row.select("td")]
        for row in page.all("tbody tr")
    }
    assert cells["Tekirdağ 2014"] == ["250 or more", "17", "19", "1"]
    # Of 2016 nobody knows how many came, and from where.
    assert cells["Ohrid 2016"][:2] == ["", ""]
    assert "9 more countries came to an edition that no source names" in page.text


def test_every_country_that_the_maps_mark_leads_to_its_words(client, history, writing):
    with writing() as session:
        for slug, country in (("one", "RS"), ("two", "RS"), ("island", "MT")):
            add_member(session, slug, f"Cluster {slug}", country, COMMAND, NOW)
    page = client.get("/network/")
    listed = {item["id"]: item.get_text(" ", strip=True) for item in page.all(".country-list > li")}
    linked = {link["href"].removeprefix("#"): link.select_one("title").text for link in page.all("svg.map a")}
    assert listed.keys() == linked.keys() and len(listed) == 34
    assert linked["country-rs"] == "Serbia, 2 members, host of 3 editions"
    assert "Cluster one" in listed["country-rs"] and "Days of Clusters" not in listed["country-mt"]
    for svg in page.all("svg.map"):
        assert svg.select_one("title").text and "Serbia, 2 members" in svg.select_one("desc").text


def test_organisations_are_listed_with_what_they_did(client, history, writing):
    with writing() as session:
        session.add(Edition(year=2030, city="Daegu", country="KR", proposed_by=Organisation(slug="x", name="Secret")))
    said = {
        card.select_one("h3").text: card.get_text(" ", strip=True)
        for card in client.get("/network/").all(".card-quiet")
    }
    assert "Sofia 2013" in said["Bulgarian Dental Tourism Cluster"]
    assert "Signed: Cooperation agreement with Keimyung" in said["Keimyung University"]
    assert said["Cluster House"].count("20") == 7
    # What a draft says is for its organisers.
    assert "Secret" not in said


def test_the_page_stands_when_there_is_nothing(client):
    page = client.get("/network/")
    assert page.all(".figures, .country-list > li, .charts") == []


def test_the_network_costs_the_same_for_many(client, writing):
    def cost() -> int:
        with count_queries() as statements:
            assert client.get("/network/").status == 200
        return len(statements)

    def add(number: int) -> None:
        with writing() as session:
            add_member(session, f"m{number}", f"Cluster {number}", "CZ", COMMAND, NOW)
            day = date(1980 + number, 5, 3)
            session.add(
                Edition(year=day.year, city="Brno", country="CZ", status="archived", starts_on=day, ends_on=day)
            )

    add(0)
    client.get("/network/")
    few = cost()
    for number in range(1, 30):
        add(number)
    assert cost() == few
