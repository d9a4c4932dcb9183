"""The chair keeps the whole memory: facts with their sources, a file in, all of it out."""

import zipfile
from io import BytesIO

import pytest

from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_with_record
from dofc_events.core.audit import COMMAND
from dofc_events.memory.history.service import load_history
from tests.support.factories import NOW
from tests.support.memory import make_document

HISTORY = """
editions: [{year: 2014, city: Tekirdağ, country: TR, venue: "<b>Old</b> Hall", attendance_at_least: 260}]
outcomes: [{year: 2014, kind: agreement, title: Договор, countries: [BG]}]
"""


EDITION = b"editions: [{city: A, country: TR, year: %s}]"


@pytest.fixture
def chair(enter, writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)
    return enter("chair")


@pytest.fixture
def send(chair):
    """`send(b"…")`: the page after the chair has sent this file."""
    return lambda content: chair.get("/organise/memory/").form("form[enctype]").fill(file=("a.yaml", content)).submit()


def problems(page) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.all(".error-summary .d-block, .field-error .d-block")]


@pytest.mark.parametrize("role", ["organiser", "desk"])
def test_whole_memory_is_the_chairs(enter, edition, role):
    for path in ("", "export", "countries", "editions/2014", f"import/{'0' * 64}"):
        assert enter(role, edition).get(f"/organise/memory/{path}").status == 403


def test_facts_of_a_past_edition_are_changed_with_their_sources(chair, client, reading):
    form = chair.get("/organise/memory/").follow("Facts 2012").form()
    typed = {"venue": "Hotel Niš", "attendance_at_least": "120", "countries": "tr, BG RS", "had_learning_trips": "no"}
    typed |= {"organisers": "Cluster House\n  Нови дом \n", "sources-2-source": "Report of 2012"}
    form.fill(typed).submit()
    with reading() as session:
        found = edition_with_record(session, 2012)
        assert (found.venue, found.attendance_at_least, found.had_learning_trips) == ("Hotel Niš", 120, False)
        assert [row.name for row in found.organisers] == ["Cluster House", "Нови дом"]
        assert [row.country for row in found.countries] == ["BG", "RS", "TR"]
    page = client.get("/editions/2012/")
    assert "Sources: Report of 2012" in page.text and "120 or more delegates" in page.text
    trail = chair.get("/organise/editions/2012/audit").text
    assert "Changed the facts about the edition" in trail and "Delegates, at least: nothing → 120" in trail
    assert "Countries: nothing → Bulgaria; Serbia; Türkiye" in trail and "Venue: Report of 2012" in trail
    # What is cleared is not known any more, and nothing is shown for it.
    chair.get("/organise/memory/editions/2012").form().fill(attendance_at_least="", countries="").submit()
    assert "delegates" not in client.get("/editions/2012/").one("main").get_text()


def test_facts_that_cannot_be_are_refused(chair):
    form = chair.get("/organise/memory/editions/2012").form()
    refused = form.fill(countries="BG, XX", attendance_at_least="0", starts_on="2012-10-30").submit()
    assert refused.status == 422 and "“XX” is not a country code" in refused.text
    form = refused.form()
    refused = form.fill(countries="BG", attendance_at_least="1").submit()
    assert refused.status == 422 and "The last day is before the first." in refused.text
    refused = refused.form().fill(starts_on="2021-10-11", ends_on="2021-10-12").submit()
    assert refused.status == 422 and "The days are far from the year of the edition, 2012." in refused.text


def test_a_fact_that_there_is_not_is_not_taken(chair):
    form = chair.get("/organise/memory/editions/2012").form()
    page = form.forge({"sources-0-fact": "weather", "starts_on": "then"}).submit()
    assert page.status == 422


def test_facts_of_an_edition_in_use_belong_to_its_settings(chair, year):
    assert chair.get(f"/organise/memory/editions/{year}").status == 404


def test_countries_of_no_known_edition_are_changed(chair, client):
    chair.get("/organise/memory/countries").form().fill(countries="AU, KR").submit()
    # 24 came to editions that are known, and two of nine are left.
    assert "countries 26 continents 3" in client.get("/").one(".figures").get_text(" ", strip=True)


def test_file_is_imported_after_its_difference_was_shown(send, chair, client, reading):
    shown = send(HISTORY.encode())
    assert shown.h1 == "What would change" and shown.one("[data-total]")["data-total"] == "2"
    text = shown.one("[data-change='editions 2014']").get_text(" ", strip=True)
    assert text == "Edition 2014 Venue Hotel Ramada → <b>Old</b> Hall Delegates, at least 250 → 260"
    new = shown.one("[data-change='outcomes 2014-dogovor']").get_text(" ", strip=True)
    assert "Договор" in new and "Kind Agreement" in new and "Country: Bulgaria" in new
    with reading() as session:
        assert edition_with_record(session, 2014).venue == "Hotel Ramada"
    done = shown.form("main form").submit()
    assert "2 changes imported." in done.text
    assert client.get("/outcomes/2014-dogovor").h1 == "Договор"
    assert send(HISTORY.encode()).all("main form") == []
    assert "Imported from a file: editions, 2014" in chair.get("/organise/editions/2014/audit").text


def test_what_changed_since_the_difference_was_shown_is_shown_again(send, chair, writing):
    shown = send(HISTORY.encode())
    with writing() as session:
        edition_with_record(session, 2014).venue = "Meanwhile"
    again = shown.form("main form").submit()
    assert again.status == 422 and "Meanwhile" in again.text
    assert "2 changes imported." in again.form("main form").submit().text


def test_numbers_of_editions_change_places_and_a_postponed_edition_keeps_its_year(send):
    swapped = b"2014, ordinal: 6}, {year: 2015, city: B, country: TR, ordinal: 5}"
    later = b", {year: 2020, city: C, country: TR, ordinal: 8, starts_on: 2022-05-20, ends_on: 2022-05-21"
    assert "3" in send(EDITION % (swapped + later)).one("[data-total]")["data-total"]


MISTAKES = [
    (b"\x00\xff", "neither a history nor an exported memory"),
    (b"editions: [{year: 2014}]", "editions 2014: city: This is missing."),
    (b"editions: [{year: 2014, city: A, country: TR, mayor: 1}]", "mayor: This name is not known here."),
    (EDITION % b"2014, ends_on: 2014-10-29", "editions 2014: ends_on: This ends before it begins"),
    (EDITION % b"2014, starts_on: 2041-10-30, ends_on: 2041-10-31", "starts_on: The days are far from the year"),
    (EDITION % b"2020, starts_on: 2020-05-20, ends_on: 2020-05-19", "editions 2020: ends_on: This ends before"),
    (
        EDITION % b"2020, starts_on: 2020-05-20, ends_on: 2020-05-20, starts_at: '12:00', ends_at: '09:00'",
        "2020: ends_at",
    ),
    (EDITION % b"2020, ordinal: 5", "editions 2014, 2020: ordinal: These editions have the same number"),
    (
        EDITION % b"2020, ordinal: 8}, {year: 2021, city: B, country: TR, ordinal: 8",
        "editions 2020, 2021: ordinal: These editions",
    ),
    (b"a: &a [x]\nb: " + b"[*a," * 2000, "YAML"),
]


def test_file_that_cannot_be_imported_says_why(send):
    for content, words in MISTAKES:
        refused = send(content)
        assert refused.status == 422 and words in refused.text, content[:100]


def test_what_is_no_file_of_rows_is_not_found(chair, writing, edition):
    with writing() as session:
        document = make_document(session, session.get_one(Edition, edition.id))
    for name in (document.content_hash, "0" * 64, "x", "..%2f"):
        assert chair.get(f"/organise/memory/import/{name}").status == 404


def test_whole_memory_leaves_with_its_files(chair, writing, edition, send):
    with writing() as session:
        document = make_document(session, session.get_one(Edition, edition.id))
    answer = chair.get("/organise/memory/export")
    archive = zipfile.ZipFile(BytesIO(answer.data))
    assert f"files/{document.content_hash}" in archive.namelist()
    assert "Nothing. Everything in the file" in send(answer.data).text
