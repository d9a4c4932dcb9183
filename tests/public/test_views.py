"""What anyone sees: the network, its editions, one edition; drafts and gaps stay unseen."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine

from dofc_events.conference import service
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import from_zone
from dofc_events.hosting.decisions.service import announce_decision, prepare_decision
from dofc_events.memory.history.service import load_history
from dofc_events.places.models import Pool
from dofc_events.trips.models import Trip
from tests.support.hosting import WEEK, make_call, make_proposal, shortlist_all

HOME_LEAD = "The annual conference of cluster organisations. "
NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)
DETAILS = service.EditionDetails(
    city="Prague",
    country="CZ",
    venue="Palace of Industry",
    venue_address="Výstaviště 67",
    zone="Europe/Prague",
    starts_on=date(2027, 6, 3),
    starts_at=time(9),
    ends_on=date(2027, 6, 5),
    ends_at=time(17),
    summary="Clusters that learn from each other.",
    programme="# Thursday\n\nAn evening by the *river*.\n\n<script>alert(1)</script>",
    registration_opens_at=datetime(2027, 1, 11, 8, tzinfo=UTC),
    registration_closes_at=datetime(2027, 5, 16, 22, tzinfo=UTC),
    contact_name="Jana Host",
    contact_email="host@example.org",
)


@pytest.fixture(autouse=True)
def _in_february_2027():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def write(writing):
    """Runs one act in a unit of work of its own."""

    def run(act):
        with writing() as session:
            return act(session)

    return run


def announce(session, year=2027, details=DETAILS, *, capacity=None, taken=0, publish=True):
    edition = service.create_edition(session, year, details, [("guest", "Guest")], COMMAND, NOW)
    if publish:
        service.publish_edition(session, edition.id, COMMAND, NOW)
    if capacity is not None:
        session.add(Pool(edition_id=edition.id, capacity=capacity, taken=taken))
    return edition


def test_home_says_that_nothing_is_announced_when_there_is_nothing(client):
    page = client.get("/")
    assert page.status == 200
    assert "has not been announced" in page.text
    assert page.all(".figures, .timeline") == []


def test_pages_name_the_next_host_once_it_is_announced_while_no_edition_is(client, write):
    closed = NOW + 3 * WEEK

    def decide(session):
        call = make_call(session, now=NOW)
        chosen = make_proposal(session, call, organisation="Brno Cluster", now=NOW)
        shortlist_all(session, call)
        words: dict[str, Any] = {"zone": "", "words_to_host": "", "words_to_others": "", "reason": "No ballot."}
        prepare_decision(session, call.id, reference=chosen.reference, **words, actor=COMMAND, now=closed)
        return call

    def said() -> list[str]:
        pages = [client.get(path) for path in ("/", "/editions/")]
        return [page.one(".lead").get_text(" ", strip=True).removeprefix(HOME_LEAD) for page in pages]

    call = write(decide)
    assert said() == ["The next edition has not been announced yet."] * 2
    write(lambda session: announce_decision(session, call.id, COMMAND, closed))
    named = f"Brno Cluster will host the Days of Clusters {call.year} in Brno, Czechia."
    assert all(text.startswith(named) for text in said())
    assert client.get("/").link("How it was decided") == f"/hosting/{call.year}/result"
    write(announce)
    assert client.get("/").h1 == "Days of Clusters 2027" and "Brno Cluster" not in client.get("/editions/").text


def test_home_shows_the_figures_and_the_past_editions(client, write):
    write(lambda session: load_history(session, COMMAND, NOW))
    page = client.get("/")
    assert [tag.get_text() for tag in page.all(".figures dd")] == ["7", "33", "5", "550", "7"]
    assert "delegates, at least" in page.text
    assert [tag.get_text() for tag in page.all(".timeline h3")] == [
        *("Ohrid, North Macedonia", "Brașov, Romania", "Tekirdağ, Türkiye", "Sofia, Bulgaria"),
        *("Niš, Serbia", "Niš, Serbia", "Niš, Serbia"),
    ]
    assert "31 October – 1 November 2013" in page.text


@pytest.mark.parametrize("path", ["/", "/editions/", "/editions/2027/"])
@pytest.mark.parametrize(
    ("capacity", "taken", "words", "button"),
    [
        (200, 10, "Places available.", "Register"),
        (200, 188, "12 places left.", "Register"),
        (200, 199, "1 place left.", "Register"),
        (200, 200, "All places are taken. You can join the waiting list", "Join the waiting list"),
        (0, 0, "All places are taken. You can join the waiting list", "Join the waiting list"),
    ],
)
def test_pages_say_what_one_gets_when_one_can_register(client, write, path, capacity, taken, words, button):
    write(lambda session: announce(session, capacity=capacity, taken=taken))
    page = client.get(path)
    assert words in page.text
    assert page.one("main .btn-primary").get_text(strip=True) == button
    assert page.link(button) == "/editions/2027/register"


@pytest.mark.parametrize("path", ["/", "/editions/", "/editions/2027/", "/editions/2027/register"])
@pytest.mark.parametrize(
    ("limits", "invited", "words"),
    [
        # What the edition has left is of no use where no category that is open to everybody has any of it.
        ((5, 5), (), "All places are taken."),
        ((5, 8), (), "3 places left."),
        ((5, None), (), "Places available."),
        ((5, None), ("guest",), "All places are taken."),
        ((None, 5), ("guest", "company"), "Places available."),
    ],
)
def test_pages_say_what_open_categories_have_left(client, write, path, limits, invited, words):
    def open_with_limits(session):
        edition = service.create_edition(
            session, 2027, DETAILS, [("company", "Company"), ("guest", "Guest")], COMMAND, NOW
        )
        service.publish_edition(session, edition.id, COMMAND, NOW)
        session.add(Pool(edition_id=edition.id, capacity=200, taken=10))
        for category, limit in zip(edition.categories, limits, strict=True):
            category.by_invitation = category.slug in invited
            if limit is not None:
                session.add(Pool(category_id=category.id, capacity=limit, taken=5))

    write(open_with_limits)
    assert words in client.get(path).text


@pytest.mark.parametrize("path", ["/", "/editions/", "/editions/2027/"])
@pytest.mark.parametrize(
    ("window", "words"),
    [
        (
            {"registration_opens_at": datetime(2027, 3, 1, 8, tzinfo=UTC)},
            "Registration opens at 09:00, Monday 1 March 2027 (Prague time).",
        ),
        (
            {"registration_closes_at": datetime(2027, 1, 20, 17, tzinfo=UTC)},
            "Registration closed at 18:00, Wednesday 20 January 2027 (Prague time).",
        ),
    ],
)
def test_pages_have_no_button_when_one_cannot_register(client, write, path, window, words):
    write(lambda session: announce(session, details=replace(DETAILS, **window), capacity=200))
    page = client.get(path)
    assert words in page.text
    assert page.all("main .btn-primary") == []


@pytest.mark.parametrize(("hour", "is_coming"), [(time(17, 30), True), (time(23, 59), True), (time(0), False)])
def test_an_edition_stays_announced_until_its_last_day_is_over_where_it_is(client, write, hour, is_coming):
    """In Los Angeles it is still the last afternoon when the next day begins in Greenwich."""
    zone, last_day = "America/Los_Angeles", date(2027, 6, 5)
    details = replace(DETAILS, city="Los Angeles", country="US", zone=zone, ends_at=time(18))
    write(lambda session: announce(session, details=details, capacity=200))
    with time_machine.travel(from_zone(last_day + timedelta(days=hour == time(0)), hour, zone), tick=False):
        for path in ("/", "/editions/"):
            past = [tag.get_text(strip=True) for tag in client.get(path).all(".timeline h3")]
            assert past == ([] if is_coming else ["Los Angeles, United States"])
        # Somebody who has lost the link is offered that edition's.
        assert bool(client.get("/registrations/unknown/").all("form[action='/editions/2027/lost-link']")) == is_coming


def test_edition_shows_what_a_delegate_must_know(client, write):
    write(lambda session: announce(session, capacity=200))
    page = client.get("/editions/2027/")
    assert page.h1 == "Days of Clusters 2027"
    for words in (
        "Prague, Czechia · 3–5 June 2027",
        "Registration is open until the end of Sunday 16 May 2027 (Prague time).",
        "09:00, Thursday 3 June 2027",
        "17:00, Saturday 5 June 2027",
        "Palace of Industry Výstaviště 67",
        "Jana Host host@example.org",
    ):
        assert words in page.text


def test_edition_says_what_delegates_ask_where_organisers_do(client, write):
    def with_texts(session):
        edition = announce(session, capacity=200)
        edition.cost, edition.languages, edition.dress = "Taking part is free.", "English", "<b>Warm</b>"
        edition.faq = "## May I bring a dog?\n\nNo."

    write(with_texts)
    page = client.get("/editions/2027/")
    facts = {row.select_one("dt").text: row.select_one("dd").text for row in page.all("#good-to-know ~ .facts > div")}
    assert facts == {"Cost": "Taking part is free.", "Language": "English", "Dress code": "<b>Warm</b>"}
    assert [question.text for question in page.all("#questions ~ .prose h3")] == ["May I bring a dog?"]
    card = page.one(".edition-card")
    assert card.select_one("a.btn")["href"] == "/editions/2027/register"
    assert "openstreetmap.org/search?query=" in card.select_one("a[rel~=external]")["href"]


def test_edition_shows_the_programme_without_harm(client, write):
    write(lambda session: announce(session))
    page = client.get("/editions/2027/")
    assert [tag.name for tag in page.all(".prose > *")] == ["h3", "p", "p"]
    assert page.one(".prose em").get_text() == "river"
    assert "<script>alert(1)</script>" in page.text


def test_edition_shows_its_trips_in_its_zone(client, write):
    def with_trips(session):
        edition = announce(session)
        begins = datetime(2027, 6, 4, 6, 30, tzinfo=UTC)
        trip = Trip(
            edition_id=edition.id,
            slug="glass",
            title="Glass valley",
            description="Three *workshops*.",
            meeting_point="Main station",
            hosts="Moser",
            bring="Closed shoes",
            accessibility="Level *floors*",
            walking=True,
            starts_at=begins,
            ends_at=begins + timedelta(hours=8),
            position=1,
        )
        bare = Trip(
            edition_id=edition.id,
            slug="bare",
            title="Night train",
            starts_at=begins,
            ends_at=begins + timedelta(days=1),
            position=2,
        )
        session.add_all([bare, trip])
        session.flush()
        session.add_all([Pool(trip_id=trip.id, capacity=30), Pool(trip_id=bare.id, capacity=9)])

    write(with_trips)
    page = client.get("/editions/2027/")
    assert [tag.get_text() for tag in page.all("#trips ~ .cards h3")] == ["Glass valley", "Night train"]
    glass = " ".join(page.one("#trip-glass").get_text(" ").split())
    for words in (
        "08:30–16:30, Friday 4 June 2027",
        "30 of 30 seats free",
        "You visit Moser",
        "Meeting point Main station",
        "Bring Closed shoes",
        "Involves a lot of walking",
        "Accessibility Level floors",
    ):
        assert words in glass
    # Whose clocks these are, is said where the edition begins, and once where one signs up.
    assert "(Prague time)" not in glass
    bare = page.one("#trip-bare").get_text()
    assert "08:30, Friday 4 June 2027 – 08:30, Saturday 5 June 2027" in bare
    assert "Meeting point" not in bare


def test_edition_shows_what_is_on_record_of_a_past_one(client, write):
    write(lambda session: load_history(session, COMMAND, NOW))
    page = client.get("/editions/2014/")
    assert _facts(page) == {
        "Venue": "Hotel Ramada",
        "Organised by": "Cluster House Trakya Development Agency",
        "Attendance": "250 or more delegates",
        "Speakers": "40",
        "Learning trips": "On the agenda",
        "Countries": "Albania, Austria, Bosnia & Herzegovina, Bulgaria, Croatia, Denmark, Germany, Greece, Hungary,"
        " Italy, Montenegro, North Macedonia, Romania, Serbia, Slovenia, Spain, Türkiye",
    }
    assert client.get("/editions/2016/").one("article").get_text(" ", strip=True) == (
        "Agreement Cooperation agreement with Keimyung University, Daegu"
        " Signed by: Balkan and Black Sea Cluster Network; Keimyung University Also involved: South Korea"
    )
    assert "Addressed to: Governments of the Danube Region" in client.get("/editions/2015/").text
    assert _facts(client.get("/editions/2013/"))["Proposed by"] == "Bulgarian Dental Tourism Cluster"


def test_edition_is_silent_where_nothing_is_known(client, write):
    write(lambda session: load_history(session, COMMAND, NOW))
    page = client.get("/editions/2010/")
    assert _facts(page) == {"Organised by": "Cluster House"}
    assert [tag.get_text() for tag in page.all("main h2")] == ["Key facts"]
    assert page.one("main").get_text(" ", strip=True).startswith("Niš, Serbia Days of Clusters 2010")


def test_edition_has_no_button_when_it_is_over(client, write):
    write(lambda session: service.archive_edition(session, announce(session, capacity=200).id, COMMAND, NOW))
    page = client.get("/editions/2027/")
    assert page.all("main .btn") == []
    assert "Key facts" in page.text


@pytest.mark.parametrize("path", ["/", "/editions/", "/editions/2027/"])
def test_a_draft_is_not_shown(client, write, path):
    write(lambda session: announce(session, publish=False))
    page = client.get(path)
    assert "Prague" not in page.text
    assert page.status == (404 if "2027" in path else 200)


def test_edition_is_not_found_when_there_is_none(client):
    assert client.get("/editions/1999/").status == 404


def test_home_shows_the_nearest_edition_and_names_the_later(client, write):
    later = replace(DETAILS, city="Brno", starts_on=date(2028, 6, 1), ends_on=date(2028, 6, 2))
    write(lambda session: (announce(session, 2028, later), announce(session)))
    page = client.get("/")
    assert page.h1 == "Days of Clusters 2027"
    assert page.link("Days of Clusters 2028") == "/editions/2028/"
    assert [tag.get_text() for tag in client.get("/editions/").all("article h2")] == [
        "Days of Clusters 2027",
        "Days of Clusters 2028",
    ]


def test_search_engines_are_told_what_is_not_for_them(app, client):
    answer = app.test_client().get("/robots.txt")
    assert answer.mimetype == "text/plain"
    *rules, nothing, sitemap = answer.text.splitlines()
    assert (nothing, sitemap) == ("", f"Sitemap: {client.base_url}/sitemap.xml")
    assert rules == [
        *("User-agent: *", "Disallow: /organise/", "Disallow: /registrations/"),
        *("Disallow: /hosting/proposals/", "Disallow: /hosting/vote/", "Disallow: /hosting/co-host/"),
        *("Disallow: /groups/", "Disallow: /sign-in"),
    ]


def test_the_sign_is_where_programs_look_for_it(app):
    answer = app.test_client().get("/favicon.ico")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert b"<svg" in answer.data


def test_an_error_says_what_to_do_and_no_number(client):
    page = client.get("/nowhere")
    assert page.status == 404
    assert "404" not in page.one("main").get_text()
    assert [link["href"] for link in page.all("main a")] == ["/"]


def _facts(page) -> dict[str, str]:
    return {
        row.select_one("dt").get_text(" ", strip=True): row.select_one("dd").get_text(" ", strip=True)
        for row in page.all("main .facts > div")
    }


def test_a_public_page_says_what_a_link_to_it_should_show(client, write):
    write(lambda session: announce(session, capacity=200))
    page = client.get("/editions/2027/")
    said = {tag.get("property") or tag.get("name"): tag["content"] for tag in page.all("head meta[content]")}
    assert said["description"] == said["og:description"]
    assert "Prague, Czechia, 3–5 June 2027. Clusters that learn" in said["og:description"]
    assert page.one("link[rel=canonical]")["href"] == said["og:url"] == f"{client.base_url}/editions/2027/"
    data = json.loads(page.one("script[type='application/ld+json']").text)
    assert data["@type"] == "Event" and data["image"] == said["og:image"]
    assert (data["startDate"], data["endDate"]) == ("2027-06-03T09:00:00+02:00", "2027-06-05T17:00:00+02:00")
    assert data["location"]["address"]["addressCountry"] == "CZ"


def test_what_is_typed_cannot_end_the_data_in_the_head(client, write):
    sly = replace(DETAILS, summary="</script><script>alert(1)</script>")
    write(lambda session: announce(session, details=sly, capacity=200))
    page = client.get("/editions/2027/")
    assert "alert(1)" in json.loads(page.one("script[type='application/ld+json']").text)["description"]
    assert len(page.all("script:not([src])")) == 1


def test_an_edition_without_days_is_no_event(client, write):
    write(lambda session: load_history(session, COMMAND, NOW))
    assert client.get("/editions/2010/").all("script[type='application/ld+json']") == []
    assert json.loads(client.get("/").one("script[type='application/ld+json']").text)["@type"] == "Organization"
