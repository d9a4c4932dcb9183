"""What organisers read first: what needs attention, and an edition's figures."""

from datetime import timedelta

import pytest

from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus, TripMode
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.memory.photographs.models import Objection, Photograph
from dofc_events.registration.service import cancel_registration
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_registration, make_trip
from tests.support.pages import Page


@pytest.fixture
def change(writing, edition):
    """`change(freezes_at=…)`: give the edition other dates."""

    def change(**values) -> None:
        with writing() as session:
            here = session.get_one(Edition, edition.id)
            for name, value in values.items():
                setattr(here, name, value)

    return change


def sentences(page: Page) -> list[str]:
    return [" ".join(item.get_text(" ").split()) for item in page.all(".attention li > span")]


# What needs attention


def test_overview_says_kindly_that_nothing_needs_attention(organiser, writing, edition):
    with writing() as session:
        make_registration(session, edition)
    page = organiser.get("/organise/")
    assert "Nothing at the moment" in page.text
    assert not sentences(page)


def test_overview_says_what_waits_with_numbers_and_deadlines(organiser, writing, edition):
    with writing() as session:
        people = [make_registration(session, edition) for _ in range(4)]
        cancel_registration(session, people[0].id, DELEGATE, NOW)
    assert sentences(organiser.get("/organise/")) == [
        "1 place is offered until 18:00, Thursday 5 November 2026 (Sofia time).",
        "1 person is waiting for a place.",
    ]


def test_overview_says_what_is_to_be_taken_down_after_archiving_too(organiser, change, writing, edition):
    with writing() as session:
        asked = [Objection(asked_at=NOW, hides=True) for _ in range(2)]
        session.add(Photograph(edition_id=edition.id, name="a.jpg", size=1, added_at=NOW, objections=asked))
    change(status=EditionStatus.ARCHIVED)
    said = "1 photograph waits for you to decide: a visitor has asked for it to be taken down."
    assert sentences(organiser.get("/organise/")) == [said]


def test_overview_counts_who_is_new_since_the_visit_before(client, writing, edition):
    with writing() as session:
        account = make_account(session, role=RoleName.ORGANISER, edition=edition)
        secrets = [issue_sign_in_link(session, account.id, NOW) for _ in range(2)]
        make_registration(session, edition, now=NOW - timedelta(hours=1))
        reference = make_registration(session, edition, now=NOW + timedelta(hours=1)).reference
    client.get(f"/sign-in/{secrets[0]}").form().submit()
    assert not sentences(client.get("/organise/"))
    client.get(f"/sign-in/{secrets[1]}").form("main form").submit()
    page = client.get("/organise/")
    assert sentences(page) == ["1 registration is new since 14:00, Monday 2 November 2026 (Sofia time)."]
    assert page.follow("1 registration").one("tr[data-registration]")["data-registration"] == reference


def test_overview_says_what_trips_lack(organiser, writing, edition):
    with writing() as session:
        make_trip(session, edition, "wine", title="Wine", capacity=1)
        make_trip(session, edition, "mill", title="Mill", minimum=3)
        make_registration(session, edition, trips=("wine",))
        make_registration(session, edition, trips=("wine",))
    assert sentences(organiser.get("/organise/")) == [
        "“Mill” needs 3 more people to take place: 0 seats are confirmed so far.",
        "1 person is waiting for a seat on “Wine”.",
    ]


def test_overview_says_that_a_draw_is_due(organiser, writing, edition, change):
    change(trip_mode=TripMode.DRAW, trips_close_at=NOW)
    with writing() as session:
        make_trip(session, edition, "mill", title="Mill", minimum=1)
    page = organiser.get("/organise/")
    assert sentences(page) == [
        "“Mill” needs 1 more person to take place: 0 choices so far.",
        (
            "The choices of learning trips have been complete since 14:00, Monday 2 November 2026 (Sofia time): draw "
            "the seats"
        ),
    ]
    assert page.link("draw the seats") == f"/organise/editions/{edition.year}/trips/draw"


def test_overview_names_the_coming_deadlines_with_where_to_change_them(organiser, writing, edition, change):
    days = {
        name: NOW + timedelta(days=number) for number, name in enumerate(("registration_closes_at", "freezes_at"), 1)
    }
    change(**days, trips_open_at=NOW + timedelta(days=3), trips_close_at=NOW + timedelta(days=4))
    with writing() as session:
        make_trip(session, edition)
    assert [sentence.split(" at ")[0] for sentence in sentences(organiser.get("/organise/"))] == [
        "Registration closes",
        "Delegates’ details become read-only",
        "Sign-up for learning trips opens",
        "Sign-up for learning trips closes",
    ]


def test_overview_says_that_a_draft_would_open_soon(organiser, edition, change):
    change(status=EditionStatus.DRAFT, registration_opens_at=NOW + timedelta(days=3))
    page = organiser.get("/organise/")
    assert "but the edition is still a draft" in page.text
    assert page.link("Publish it") == f"/organise/editions/{edition.year}/publish"


def test_overview_is_silent_about_archived_editions(organiser, writing, edition, change):
    with writing() as session:
        for _ in range(4):
            make_registration(session, edition)
    change(status=EditionStatus.ARCHIVED)
    assert not sentences(organiser.get("/organise/"))


def test_overview_tells_organisers_of_their_own_mail_and_the_chair_of_all(enter, writing, edition):
    with writing() as session:
        other = make_edition(session, year=2031)
        for one, count in ((edition, 1), (other, 2)):
            for _ in range(count):
                make_registration(session, one)
        for message in session.query(Message):
            message.state = MessageState.DEAD
    mine = enter("organiser", edition).get("/organise/")
    assert sentences(mine) == ["1 email could not be delivered."]
    assert mine.link("1 email") == f"/organise/editions/{edition.year}/mail?state=dead"
    everything = enter("chair").get("/organise/")
    assert sentences(everything) == ["3 emails could not be delivered."]


def test_overview_costs_the_same_for_many(enter, writing, edition):
    chair = enter("chair")

    def cost() -> int:
        with count_queries() as statements:
            chair.get("/organise/")
        return len(statements)

    few = cost()
    with writing() as session:
        for year in range(2031, 2041):
            one = make_edition(session, year=year, capacity=1)
            trip = make_trip(session, one, capacity=1, minimum=1)
            for _ in range(3):
                make_registration(session, one, trips=(trip.slug,))
    assert cost() == few


# An edition in figures


def test_edition_without_delegates_says_when_figures_come(organiser, year):
    page = organiser.get(f"/organise/editions/{year}/")
    assert "Once the first place is confirmed" in page.text
    assert not page.all(".figure-chart")


def test_edition_shows_each_figure_in_words_numbers_and_a_drawing(enter, writing):
    with writing() as session:
        edition = make_edition(session)
        make_registration(session, edition, country="RS", organisation="Niš Cluster", language="fr")
        make_registration(session, edition, country="XK", organisation="Niš Cluster", category="guest")
        make_registration(session, edition, country="XK", organisation="Alone", category="guest")
    page = enter("organiser", edition).get(f"/organise/editions/{edition.year}/")
    rows = {" ".join(row.get_text(" ").split()) for row in page.all(".bars tbody tr")}
    assert {"Company 1 33%", "Guest 2 67%", "Member of the network 0 0%", "Europe 3 100%", "Serbia 1 33%"} <= rows
    assert {"Kosovo 2 67%", "Niš Cluster 2 67%", "French 1 33%", "English 2 67%"} <= rows
    assert "Alone" not in page.text
    assert all(row.select_one("svg") for row in page.all(".bars tbody tr"))
    assert all(figure.select_one("figcaption h3") and figure.select("table > caption") for figure in page.all("figure"))


def test_growth_is_drawn_beside_that_of_earlier_editions_with_a_table(organiser, writing, edition):
    with writing() as session:
        earlier = make_edition(session, year=2026, registration_opens_at=NOW - timedelta(days=100))
        for days in (99, 90, 60):
            make_registration(session, earlier, now=NOW - timedelta(days=days))
        make_registration(session, edition, now=NOW - timedelta(days=20))
    page = organiser.get(f"/organise/editions/{edition.year}/")
    assert [name.get_text() for name in page.all(".chart-name")] == [f"{edition.year}: 1", "2026: 3"]
    assert page.one("#growth-desc").get_text() == f"{edition.year}: 1; 2026: 3"
    assert "At the same point: 2026: 2." in page.text
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in page.all(".figures-table tr")]
    assert rows[:3] == [["Day", str(edition.year), "2026"], ["0", "0", "0"], ["7", "0", "1"]]
    assert rows[-1] == ["100", "", "3"]


def test_returning_delegates_lead_to_the_list_of_them(organiser, writing, edition):
    with writing() as session:
        earlier = make_edition(session, year=2026)
        make_registration(session, earlier, email="ana@dofc.test")
        back = make_registration(session, edition, email="Ana@dofc.test").reference
        make_registration(session, edition)
    page = organiser.get(f"/organise/editions/{edition.year}/")
    assert ". Of these, 1 also registered for an earlier edition." in page.text
    (link,) = page.all('a[href*="returning"]')
    found = organiser.get(link["href"])
    assert [row["data-registration"] for row in found.all("tr[data-registration]")] == [back]


def test_trips_show_how_full_they_are(organiser, writing, edition):
    with writing() as session:
        make_trip(session, edition, "wine", title="Wine", capacity=1)
        make_trip(session, edition, "mill", title="Mill", cancelled_at=NOW)
        for _ in range(2):
            make_registration(session, edition, trips=("wine",))
    page = organiser.get(f"/organise/editions/{edition.year}/")
    (row,) = page.all(".fill tbody tr")
    assert " ".join(row.get_text(" ").split()) == "Wine 1 of 1 1 1"
    assert row.select_one(".bar-part")["width"] == "100%"


@pytest.mark.parametrize("since", ["yesterday", "2026-11-02T12:00:00", "2026-11-02"])
def test_list_since_what_is_no_moment_is_not_found(organiser, year, since):
    assert organiser.get(f"/organise/editions/{year}/registrations?since={since}").status == 404


def test_list_says_by_what_it_is_narrowed_and_the_search_keeps_it(organiser, writing, edition):
    with writing() as session:
        make_registration(session, edition, organisation="Niš & Co")
        make_registration(session, edition)
    address = f"/organise/editions/{edition.year}/registrations"
    page = organiser.get(f"{address}?organisation=Niš+%26+Co&continent=150&since=2026-11-01T00:00:00Z&returning=1")
    for words in ("Niš & Co", "Europe", "02:00, Sunday 1 November 2026"):
        assert words in page.text
    again = page.form("[role=search]").fill(q="x").submit()
    for name in ("organisation=", "continent=150", "since=2026", "returning=1", "q=x"):
        assert name in again.url
