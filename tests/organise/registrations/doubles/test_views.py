"""Likely doubles side by side: their number is the list's everywhere, and each pair is settled in one of two ways."""

from typing import Any

import pytest
from sqlalchemy import delete, select

from dofc_events.conference.queries import edition_by_year
from dofc_events.delegates.doubles import service as doubles
from dofc_events.delegates.models import LikelyDouble
from dofc_events.delegates.queries import registration_by_reference, token_of
from dofc_events.mail.models import Message
from dofc_events.questions.queries import answered_by, answers_of
from dofc_events.registration.answers.service import give_answers
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.service import cancel_registration
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, find_doubles, make_edition, make_question, make_registration
from tests.support.tree import parsed

ANA: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "country": "RS", "organisation": "Zelena Energija"}


@pytest.fixture
def register(writing, year):
    """`register(…)`: the references of this many possible duplicates, compared as the worker does."""

    def register(*people: dict) -> list[str]:
        with writing() as session:
            edition = edition_by_year(session, year)
            found = [make_registration(session, edition, **ANA | person) for person in people]
            find_doubles(session, [registration.id for registration in found])
            return [registration.reference for registration in found]

    return register


def test_doubles_stand_side_by_side_with_what_differs_marked(organiser, register, year):
    one, other = register(
        {"phone": "+381 11 123 4567", "email": "ana.kovac@dofc.test"},
        {"given_name": "Ана", "email": "ana.kovac1@dofc.test"},
    )
    page = organiser.get(f"/organise/editions/{year}/doubles")
    assert page.one("[data-total]")["data-total"] == "1"
    assert page.one("[data-double]")["data-double"] == f"{one} {other}"
    assert {row.select_one("th").get_text(" ", strip=True) for row in page.all("tr.differs")} == {
        "Name differs",
        "Email differs",
        "Mobile phone differs",
    }
    assert [mark.text for mark in page.all("tr.differs mark")][:2] == ["Ana Kovač", "Ана Kovač"]
    assert "similar names, similar email addresses, similar organisations, the same country." in page.text
    links = [link["href"] for link in page.all("td a")]
    assert [link.partition("?")[2] for link in links] == [f"pick={one}&act=cancel", f"pick={other}&act=cancel"]
    assert organiser.get(links[0]).status == 200


def test_two_people_are_not_shown_again(organiser, register, year):
    one, other = register({}, {"organisation": "Niš"})
    page = organiser.get(f"/organise/editions/{year}/doubles").form().submit("Mark as different people")
    assert "have been marked as different people. They will not be shown here again" in page.text
    assert page.one("[data-total]")["data-total"] == "0" and "There are no possible duplicates" in page.text
    history = organiser.get(f"/organise/editions/{year}/registrations/{one}").text
    assert f"Marked as a different person from Ana Kovač, {other}" in history


def test_a_pair_that_was_settled_meanwhile_changes_nothing(organiser, register, year):
    register({}, {})
    form = organiser.get(f"/organise/editions/{year}/doubles").form()
    form.submit("Mark as different people")
    assert "no longer on the list" in form.submit("Mark as different people").text


@pytest.mark.parametrize(
    ("button", "people", "pairs"),
    [("Mark as different people", 2, "1"), ("Mark those selected as different people", 3, "3")],
)
def test_another_pair_with_the_number_of_one_settled_is_left_alone(
    organiser, register, writing, year, button, people, pairs
):
    register(*[{}] * people)
    page = organiser.get(f"/organise/editions/{year}/doubles")
    form = page.form().fill(pick=[box["value"] for box in page.all("input.pick")])
    with writing() as session:
        session.execute(delete(LikelyDouble))
    register(*[{"given_name": "Boriana", "family_name": "Copy", "country": "BG"}] * people)
    shown = form.submit(button)
    assert "no longer on the list" in shown.text and "Boriana" in shown.all("[data-double]")[0].text
    assert shown.one("[data-total]")["data-total"] == pairs


def test_several_pairs_are_dismissed_at_once_and_those_settled_meanwhile_are_counted(organiser, register, year):
    one, other, third = register({}, {}, {})
    page = organiser.get(f"/organise/editions/{year}/doubles")
    numbers = [box["value"] for box in page.all("input.pick")]
    form = page.form().fill(pick=numbers[:2])
    shown = form.submit("Mark those selected as different people")
    assert "2 pairs have been marked as different people" in shown.text
    assert shown.one("[data-total]")["data-total"] == "1" and not shown.all("input.pick")[1:]
    for reference in (one, other, third):
        told = organiser.get(f"/organise/editions/{year}/registrations/{reference}").text
        assert "Marked as a different person" in told, reference
    shown = form.fill(pick=numbers).submit("Mark those selected as different people")
    assert (
        "Ana Kovač and Ana Kovač have been marked" in shown.text and "2 pairs are no longer on the list" in shown.text
    )
    register({}, {})
    page = organiser.get(f"/organise/editions/{year}/doubles")
    shown = page.form().submit("Mark those selected as different people")
    assert shown.status == 422 and "Tick the pairs that are different people." in shown.text


def test_number_is_the_lists_wherever_it_stands(organiser, register, year):
    register({}, {}, {})
    number = organiser.get(f"/organise/editions/{year}/doubles").one("[data-total]")["data-total"]
    assert number == "3"
    for path in ("/organise/", f"/organise/editions/{year}/registrations"):
        link = organiser.get(path).one(f'a[href="/organise/editions/{year}/doubles"]')
        assert link["data-count"] == number, path


def test_pages_of_pairs_join(organiser, register, year):
    register(*[{}] * 7)
    first = organiser.get(f"/organise/editions/{year}/doubles")
    second = first.follow("Older")
    pairs = {pair["data-double"] for page in (first, second) for pair in page.all("[data-double]")}
    assert len(first.all("[data-double]")) == 20 and len(pairs) == 21


def test_page_says_that_some_are_still_to_be_compared(organiser, writing, year):
    with writing() as session:
        make_registration(session, edition_by_year(session, year))
    page = organiser.get(f"/organise/editions/{year}/doubles")
    assert "1 registration has yet to be compared" in page.text and "no possible duplicates so far" in page.text


def test_page_costs_the_same_for_one_pair_and_for_many(organiser, register, year):
    counts = []
    for people in (2, 5):
        register(*[{}] * people)
        with count_queries() as queries:
            organiser.get(f"/organise/editions/{year}/doubles")
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


def test_pairs_of_another_edition_are_not_found(organiser, writing, year):
    with writing() as session:
        other = make_edition(session, year=2031)
        people = [make_registration(session, other, **ANA) for _number in range(2)]
        find_doubles(session, [person.id for person in people])
        [pair] = doubles.likely_doubles(session, other.id, limit=2)
        path = f"/organise/editions/{year}/doubles/{pair.id}/two-people"
    token = organiser.get(f"/organise/editions/{year}/settings/texts").form().value("csrf_token")
    assert "no longer on the list" in organiser.post(path, {"csrf_token": token}).text


def test_a_pair_is_merged_with_what_was_chosen(organiser, register, year):
    one, other = register(
        {"organisation": "Drvo", "email": "ana.kovac@dofc.test", "phone": "+381 11 123 4567"},
        {"organisation": "Niš", "job_title": "Chair", "country": "BG", "email": "ana.kovac1@dofc.test", "phone": ""},
    )
    page = organiser.get(f"/organise/editions/{year}/doubles").follow("Merge")
    assert page.form().choices("organisation") == ["first", "second"]
    # What is newer stays, unless that is nothing.
    assert [page.form().value(name) for name in ("organisation", "job_title", "phone")] == ["second", "second", "first"]
    page = page.form().fill(keep="second", organisation="first").submit()
    assert "The two registrations have been merged." in page.text and page.one("[data-total]")["data-total"] == "0"
    kept = organiser.get(f"/organise/editions/{year}/registrations/{other}").text
    assert f"Merged with {one}, which was cancelled" in kept and "Drvo" in kept
    assert "Cancelled" in organiser.get(f"/organise/editions/{year}/registrations/{one}").text


def test_merging_says_who_has_arrived_and_keeps_their_place(organiser, register, writing, year):
    bojan = {"given_name": "Bojan", "family_name": "Ilić", "country": "BG", "organisation": "Drvo"}
    _bojan, one, _waits = register(bojan, {}, {})
    assert "Arrived" not in organiser.get(f"/organise/editions/{year}/doubles").follow("Merge").text
    with writing() as session:
        edition = edition_by_year(session, year)
        note_arrival(session, registration_by_reference(session, edition.id, one).id, DELEGATE, NOW)
    page = organiser.get(f"/organise/editions/{year}/doubles").follow("Merge")
    assert "The record of their arrival goes to the one that stays." in page.text
    page = page.form().fill(keep="second").submit()
    assert page.status == 422 and f"{one} has been checked in. Keep that one: only it has a" in page.text
    page.form().fill(keep="first").submit()
    arrived = organiser.get(f"/organise/editions/{year}/registrations?arrived=yes")
    assert [row["data-registration"] for row in arrived.all("tr[data-registration]")] == [one]


def test_whoever_was_merged_away_is_led_to_the_registration_that_stays(
    organiser, client, register, reading, writing, year
):
    kept, other = register({"email": "ana.kovac@dofc.test"}, {"email": "ana.kovac1@dofc.test"})
    organiser.get(f"/organise/editions/{year}/doubles").follow("Merge").form().fill(
        keep="first", email="first"
    ).submit()
    with reading() as session:
        merged = registration_by_reference(session, edition_by_year(session, year).id, other)
        own = f"/registrations/{token_of(merged)}/"
        (told,) = session.scalars(select(Message).where(Message.kind == "registration-cancelled"))
    for part in (told.text, parsed(told.html).get_text(" ")):
        assert f"You are still registered, under the reference {kept}" in part
        assert "next in line" not in part and "Their reason" not in part
    assert told.subject == f"Your registrations for Days of Clusters {year} have been merged"
    page = client.get(own)
    assert f"You are still registered, under the reference {kept}" in page.text and "egister again" not in page.text
    person = f"/organise/editions/{year}/registrations/"
    page = organiser.get(person + other).follow(f"Merged into {kept}")
    assert page.url == person + kept
    assert f"was merged into {kept}" in organiser.get(f"{person}{other}/reinstate").text
    page = organiser.get(f"/organise/editions/{year}/check-in?q={other}").follow(f"Merged into {kept}")
    assert page.one("[data-registration]")["data-registration"] == kept
    # Nobody is led to what has ended as well.
    with writing() as session:
        stays = registration_by_reference(session, edition_by_year(session, year).id, kept)
        cancel_registration(session, stays.id, DELEGATE, NOW)
    assert "Register again" in client.get(own).text


def test_who_merges_a_pair_that_was_merged_meanwhile_is_told_so(organiser, register, year):
    register({}, {"organisation": "Niš"})
    form = organiser.get(f"/organise/editions/{year}/doubles").follow("Merge").form()
    form.submit()
    page = form.submit()
    assert page.url.endswith("/doubles") and "this pair has already been settled" in page.text


def test_merging_asks_which_note_and_answer_stays_and_takes_what_only_one_has(
    organiser, register, writing, reading, year
):
    one, other = register({}, {})
    with writing() as session:
        edition = edition_by_year(session, year)
        make_question(session, edition, "hotel", options=("Single", "Double"))
        make_question(session, edition, "dinner", "yes-no")
        first, second = (registration_by_reference(session, edition.id, reference) for reference in (one, other))
        first.note, second.note = "Speaks on Friday", "Paid in cash"
        give_answers(session, first, {"hotel": ("single",)}, NOW)
        give_answers(session, second, {"hotel": ("double",), "dinner": ("yes",)}, NOW)
    page = organiser.get(f"/organise/editions/{year}/doubles").follow("Merge")
    form = page.form()
    assert form.choices("note") == ["first", "second", "both"] and form.value("note") == "both"
    assert form.choices("question-hotel") == ["first", "second"] and "question-dinner" not in form.names
    form.fill(keep="first", **{"question-hotel": "second"}).submit()
    with reading() as session:
        kept = registration_by_reference(session, edition_by_year(session, year).id, one)
        assert kept.note == "Speaks on Friday\n\nPaid in cash"
        assert answers_of(answered_by(session, kept.id)) == {"hotel": ("double",), "dinner": ("yes",)}
