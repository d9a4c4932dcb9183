"""The public list of outcomes, narrowed and in pages; each on a page of its own, with the files that it names."""

import pytest

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import COMMAND
from dofc_events.memory.history.service import load_history
from dofc_events.memory.outcomes.rules import OutcomeKind
from dofc_events.memory.outcomes.service import PartyDetails, set_parties
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_edition
from tests.support.memory import make_outcome, paper


@pytest.fixture
def history(writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)


def listed(page) -> list[str]:
    return [item["data-outcome"][:14] for item in page.all("[data-outcome]")]


def test_all_outcomes_are_listed_the_latest_year_first(history, client):
    page = client.get("/").follow("All outcomes")
    assert [heading.get_text() for heading in page.all("main h2")] == ["2016", "2015", "2014", "2013", "2012", "2011"]
    assert listed(page)[:3] == ["2016-cooperati", "2015-multilate", "2015-smart-clu"]


def test_page_after_the_last_outcome_leads_to_the_first_with_its_filters(history, client):
    last = client.get("/outcomes/?kind=milestone").all("[data-outcome]")[-1]["data-outcome"]
    page = client.get(f"/outcomes/?kind=milestone&after={last}")
    assert page.one(".empty").get_text(" ", strip=True) == "There is nothing more on this page. Go to the first page"
    assert len(listed(page.follow("Go to the first page"))) == 2


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ({"year": "2015"}, 2),
        ({"kind": "milestone"}, 2),
        ({"country": "RS"}, 2),
        ({"country": "KR"}, 1),
        ({"signatory": "keimyung-university"}, 1),
        ({"year": "2015", "kind": "declaration"}, 1),
        ({"year": "2011", "kind": "agreement"}, 0),
    ],
)
def test_list_is_narrowed_by_year_kind_country_and_signatory(history, client, narrowed, found):
    page = client.get("/outcomes/").form(".outcome-filters").fill(narrowed).submit()
    assert len(listed(page)) == found
    for name, value in narrowed.items():
        assert page.form(".outcome-filters").value(name) == value
    assert ("No outcomes match" in page.text) == (found == 0)


@pytest.mark.parametrize(
    "query", ["year=20", "year=twelve", "year=٢٠١٥", "kind=treaty", "country=XX", "after=nothing", "year=" + "9" * 400]
)
def test_what_no_outcome_can_have_is_not_found(history, client, query):
    assert client.get(f"/outcomes/?{query}").status == 404


def test_list_without_outcomes_says_so(client):
    page = client.get("/outcomes/")
    assert "No outcomes have been published yet." in page.text and page.all(".outcome-filters") == []


def test_pages_go_on_below_the_last_outcome_and_keep_what_they_are_narrowed_to(client, writing):
    with writing() as session:
        edition = make_edition(session, year=2027)
        for number in range(32):
            make_outcome(session, edition, f"Outcome {number:02}", OutcomeKind.MILESTONE)
        make_outcome(session, edition, "Another kind", OutcomeKind.NETWORK)
    first = client.get("/outcomes/?kind=milestone")
    second = first.follow("Older")
    names = [item["data-outcome"] for page in (first, second) for item in page.all("[data-outcome]")]
    assert len(first.all("[data-outcome]")) == 30 and names == [f"2027-outcome-{number:02}" for number in range(32)]
    assert second.follow("Latest").url == first.url


def test_outcome_shows_nothing_for_what_nobody_knows(history, client):
    page = client.get("/outcomes/2012-balkan-and-black-sea-cluster-network-established")
    assert [term.get_text() for term in page.all("dt")] == ["Date", "Edition"]
    assert page.all("main h2, main table, main ol") == [] and "0" not in page.one("h1").get_text()


def test_outcomes_and_files_of_drafts_are_nobodys(client, writing):
    with writing() as session:
        draft = Edition(year=2033, city="Niš", country="RS", status=EditionStatus.DRAFT)
        session.add(draft)
        session.flush()
        outcome = make_outcome(session, draft, file=paper())
        parties = [PartyDetails(organisation="Quiet House", has_signed=True)]
        set_parties(session, draft.id, outcome.slug, parties, COMMAND, NOW, seen=[])
        content_hash = outcome.files[0].content_hash
    assert client.get(f"/outcomes/{outcome.slug}").status == 404
    assert client.get(f"/outcomes/{outcome.slug}/files/{content_hash}").status == 404
    assert "Quiet House" not in client.get("/outcomes/").text


@pytest.mark.parametrize("path", ["/editions/2027/", "/outcomes/"])
def test_pages_cost_the_same_for_one_outcome_and_for_twenty(client, writing, path):
    counts = []
    for numbers in (range(1), range(1, 20)):
        with writing() as session:
            edition = edition_by_year(session, 2027) or make_edition(session, year=2027)
            for number in numbers:
                slug = make_outcome(session, edition, f"Outcome {number}").slug
                parties = [PartyDetails(organisation=f"House {number}", has_signed=True)]
                set_parties(session, edition.id, slug, parties, COMMAND, NOW, seen=[])
        with count_queries() as queries:
            page = client.get(path)
        assert page.status == 200 and f"Outcome {numbers[-1]}" in page.text
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
