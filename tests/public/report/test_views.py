"""What is on record of the editions, on paper."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.service import take_out
from dofc_events.core.audit import COMMAND
from dofc_events.delegates.models import Registration
from dofc_events.memory.figures.service import archive
from dofc_events.memory.history.service import load_history
from dofc_events.privacy.rules import GONE
from dofc_events.registration.arrivals.service import note_arrival
from tests.support.databases import dump
from tests.support.factories import NOW as REGISTERED
from tests.support.factories import make_account, make_edition, make_question, make_registration, make_trip

NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)
AFTER = REGISTERED + timedelta(days=400)


@pytest.fixture(autouse=True)
def _after_all_editions():
    with time_machine.travel(AFTER, tick=False):
        yield


def test_a_report_says_what_is_known_of_an_edition_and_nothing_else(client, writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)
    page = client.get("/editions/2014/report")
    facts = {
        row.select_one("dt").text: row.select_one("dd").get_text(" ", strip=True) for row in page.all(".facts > div")
    }
    assert facts["Attendance"] == "250 or more delegates" and facts["17 countries"].startswith("Albania, Austria")
    assert "Speakers" not in client.get("/editions/2016/report").text
    assert page.all("svg") == page.all(".site-header svg")


def test_a_report_has_the_figures_that_were_frozen(client, writing):
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=3)
        make_trip(session, edition, title="Wine growers")
        for number, country in enumerate(("RS", "RS", "BG")):
            moment = REGISTERED + timedelta(days=number)
            make_registration(session, edition, country=country, now=moment, email=f"p{number}@dofc.test")
    with writing() as session:
        archive(session, edition.id, COMMAND, AFTER)
    before = client.get("/editions/2027/report")
    public = client.get("/editions/2027/")
    for page in (before, public):
        bars = {row.select_one("th").get_text(): row.select_one("td").get_text() for row in page.all(".bars tbody tr")}
        assert bars == {"Serbia": "2", "Bulgaria": "1", "Company": "3", "Wine growers": "0 of 20"}
        assert "Registered 3 delegates" in page.one("main").get_text(" ", strip=True) and "Attendance" not in page.text
        assert "All places were taken after 33 days." in page.text and len(page.all("#growth-title")) == 1
    assert "3 delegates" in public.text and "Bulgaria, Serbia" in public.text
    with writing() as session:
        take_out(session, edition.id, COMMAND, AFTER)
    for page in ("", "report"):
        text = client.get(f"/editions/2027/{page}").text
        assert "3 delegates" not in text and "All places were taken" not in text, "it is counted again"


@pytest.mark.parametrize("days", [1, 400])
def test_an_edition_that_was_archived_before_it_began_is_said_to_be_cancelled_and_counts_nowhere(client, writing, days):
    with writing() as session:
        edition = make_edition(session, year=2027)
        make_registration(session, edition)
        archive(session, edition.id, COMMAND, REGISTERED)
    with time_machine.travel(REGISTERED + timedelta(days=days), tick=False):
        for path in ("/", "/editions/", "/editions/2027/", "/editions/2027/report"):
            page = client.get(path)
            assert "This edition has been cancelled." in page.text and "1 delegate" not in page.text, path
            assert page.all(".figures, #figures") == [], path
        assert "schema.org/EventCancelled" in client.get("/editions/2027/").html
        assert "Days of Clusters 2027" not in client.get("/editions/report").text


def test_every_figure_and_plot_is_the_same_when_the_people_have_been_erased(app, client, sign_in, writing, reading):
    """Ana is at both editions, and Boris at the second; the run that erases them is the real one."""
    people = {2027: [("ana", "RS"), ("vera", "BG"), ("jan", "CZ")], 2028: [("ANA", "RS"), ("boris", "BG")]}
    with writing() as session:
        for number, (year, there) in enumerate(people.items()):
            opened = REGISTERED + timedelta(days=365 * number)
            edition = make_edition(session, year=year, capacity=4, now=opened)
            make_trip(session, edition)
            make_question(session, edition, "t-shirt")
            for day, (name, country) in enumerate(there):
                moment, email = opened + timedelta(days=day), f"{name}@dofc.test"
                person = make_registration(session, edition, country=country, now=moment, email=email)
                begins_at = edition.begins_at()
                note_arrival(session, person.id, COMMAND, begins_at + timedelta(minutes=20 * day))
    later = AFTER + timedelta(days=365)
    with writing() as session:
        for year in people:
            edition = edition_by_year(session, year)
            archive(session, edition.id, COMMAND, later)
            # Whom to write to is a person, too, and the one thing that public pages lose.
            edition.contact_name = edition.contact_email = None
        account = make_account(session, now=later)
    public = ["/", "/editions/", "/editions/report", "/network/"]
    public += [f"/editions/{year}/{page}" for year in people for page in ("", "report")]
    with time_machine.travel(later, tick=False):

        def seen() -> list[str]:
            chair = sign_in(account)
            overviews = [
                chair.get(f"/organise/editions/{year}").one("main").get_text(" ", strip=True) for year in people
            ]
            return [*(client.get(path).html for path in public), *overviews]

        before = seen()
        # Once at each edition, and once for the network.
        assert "1 delegate had been at an earlier edition" in client.get("/editions/2028/").text
        assert "came more than once 1" in client.get("/network/").one(".figures").get_text(" ", strip=True)
        answer = app.test_cli_runner().invoke(args=["privacy", "run", "--at", "2040-01-01"])
        assert answer.exit_code == 0, answer.output
        with reading() as session:
            assert {one.given_name for one in session.scalars(select(Registration))} == {GONE}
        assert seen() == before
    said = str(dump(app.extensions["dofc_events"].database_url)).lower()
    assert not [name for name in ("ana@", "vera@", "jan@", "boris@") if name in said]


def test_all_editions_are_in_one_report(client, writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)
        make_edition(session, year=2026, is_demo=True, status="archived")
    page = client.get("/editions/report")
    assert [heading.get_text() for heading in page.all("h2")] == [f"Days of Clusters {y}" for y in range(2010, 2017)]


def test_there_is_no_report_on_what_is_not_over(client, writing):
    with writing() as session:
        make_edition(session, year=2029, now=AFTER)
        make_edition(session, year=2020, status="draft")
        assert edition_by_year(session, 2029)
    for year in (2029, 2020, 1999):
        assert client.get(f"/editions/{year}/report").status == 404
