"""Answers where organisers read them: the list, its files, the figures, letters, and the next edition's form."""

import csv
import io

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.delegates.models import Registration
from dofc_events.letters.mails import as_html, as_text, values_for
from dofc_events.letters.rules import filled
from dofc_events.notices.queries import standing_of
from dofc_events.places.options.queries import option_pools
from dofc_events.questions.queries import questions_of
from tests.support.copies import make_copy
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_edition


@pytest.fixture
def year(writing) -> int:
    with writing() as session:
        return make_edition(session, capacity=60).year


@pytest.fixture
def page(organiser, year):
    """`page("/registrations")`: an organiser's page about the edition."""
    return lambda path="": organiser.get(f"/organise/editions/{year}{path}")


@pytest.fixture
def answered(ask, register):
    """Three people: two come to dinner, one of whom eats fish; the third did not answer."""
    ask("dinner", "yes-no")
    ask("menu", "several", options=("Fish", "Meat"))
    ask("guests", "number")
    ask("arrival", "date")
    return {
        "ana": register(answers={"dinner": ("yes",), "menu": ("fish", "meat"), "arrival": ("2027-05-01",)}),
        "bo": register(answers={"dinner": ("yes",), "guests": ("2",)}),
        "eve": register(),
    }


def listed(page) -> set[str]:
    return {str(row["data-registration"]) for row in page.all("tr[data-registration]")}


def in_the_file(page) -> set[str]:
    return {row["reference"] for row in csv.DictReader(io.StringIO(page.html.removeprefix("\ufeff")))}


@pytest.mark.databases("sqlite", "postgresql")
def test_list_and_its_file_are_narrowed_by_answers(page, answered):
    whose = {
        "question-dinner=yes": "ana bo",
        "question-menu=meat": "ana",
        "question-dinner=yes&question-menu=fish": "ana",
        "question-dinner=-": "eve",
        "question-guests=*": "bo",
        "answers=dinner:yes+guests:*": "bo",
        "question-arrival=on:2027-05-01": "ana",
        "question-arrival:on=2027-05-01&question-arrival=*": "ana",
        "question-arrival:on=&question-arrival=-": "bo eve",
        "answers=dinner:yes+arrival:on:2027-05-02": "",
        "question-dinner=no": "",
        "question-nothing=yes": "",
    }
    expected = {query: {answered[name] for name in names.split()} for query, names in whose.items()}
    assert {query: listed(page(f"/registrations?{query}")) for query in whose} == expected
    assert {query: in_the_file(page(f"/registrations.csv?{query}")) for query in whose} == expected


def test_answer_that_nobody_can_give_is_not_found(page, answered):
    queries = (
        "question-dinner=A",
        "question-dinner=%00",
        "question-%20=yes",
        "question-arrival:on=soon",
        "question-a=on:2027-02-30",
    )
    assert {query: page(f"/registrations?{query}").status for query in queries} == dict.fromkeys(queries, 404)


def test_list_says_what_it_is_narrowed_to_and_shows_answers_as_columns(page, answered):
    narrowed = page("/registrations?question-menu=fish&columns=question-menu&columns=question-arrival")
    assert "Menu? Fish" in narrowed.one(".filters-set").get_text(" ", strip=True)
    assert "Fish, Meat" in narrowed.text and "Saturday 1 May 2027" in narrowed.text
    assert page("/registrations?columns=question-nothing").status == 404
    unanswered = narrowed.form("[role=search]").fill(**{"question-menu": "", "question-guests": "-"}).submit()
    assert listed(unanswered) == {answered["ana"], answered["eve"]}
    assert "Guests? No answer" in unanswered.one(".filters-set").get_text(" ", strip=True)


def test_a_day_is_asked_for_where_a_question_asks_for_one_and_goes_with_the_view_and_the_letter(page, answered):
    form = page("/registrations").form("[role=search]")
    assert [name for name in form.names if name.endswith(":on")] == ["question-arrival:on"]
    found = form.fill({"question-arrival:on": "2027-05-01"}).submit()
    assert listed(found) == {answered["ana"]}
    assert "Arrival? Saturday 1 May 2027" in found.one(".filters-set").get_text(" ", strip=True)
    # It stays while something else is set, and is one of the answers to choose from.
    again = found.form("[role=search]").fill(category="company").submit()
    assert "question-arrival=on:2027-05-01" in again.url.replace("%3A", ":")
    assert listed(again.form("[role=search]").fill({"category": "", "question-arrival": "-"}).submit()) == {
        answered["bo"],
        answered["eve"],
    }
    kept = found.form("saved").fill(name="First of May").submit()
    assert listed(kept.follow("First of May")) == {answered["ana"]}
    letter = page("/letters/new?answers=arrival:on:2027-05-01").form("main form")
    assert "Arrival? Saturday 1 May 2027" in letter.fill(subject="Bus", body="It waits.").submit().text


def test_file_has_a_column_for_each_question_under_its_stable_name(page, answered, organiser, year):
    file = page("/registrations.csv").html.removeprefix("\ufeff")
    rows = {row["reference"]: row for row in csv.DictReader(io.StringIO(file))}
    names = ("question-dinner", "question-menu", "question-guests", "question-arrival")
    assert [rows[answered["ana"]][name] for name in names] == ["yes", "Fish, Meat", "", "2027-05-01"]
    assert [rows[answered["bo"]][name] for name in names] == ["yes", "", "2", ""]
    assert page("/registrations.xlsx").status == 200


def test_one_answer_is_taken_off_and_all_other_filters_stay(page, answered):
    shown = page("/registrations?question-dinner=yes&question-nothing=*&category=member&sort=name")
    chips = {chip.get_text(" ", strip=True): chip["href"] for chip in shown.all(".filters-set a")}
    (dinner,) = (href for words, href in chips.items() if "Yes" in words)
    left = shown.client.get(dinner)
    assert left.url.partition("?")[2] == "category=member&sort=name&answers=nothing:*"
    assert len(left.all(".filters-set a")) == 3, "the other answer, the category, all"
    # What no field of the panel is for stays, too, when something else is set.
    narrowed = left.form("[role=search]").fill(category="").submit()
    assert len(narrowed.all(".filters-set a")) == 2 and "nothing" in narrowed.all(".filters-set")[0].text
    alone = shown.client.get(next(href for words, href in chips.items() if "nothing" in words))
    assert "question" not in alone.url and "answers=dinner:yes" in alone.url


def test_list_with_answers_costs_the_same_for_one_question_and_for_thirty(page, ask, register):
    counts = []
    for numbers in (range(1), range(1, 30)):
        for number in numbers:
            ask(f"q{number}")
        register(answers={f"q{number}": ("s",) for number in numbers})
        columns = "&".join(f"columns=question-q{number}" for number in range(numbers.stop))
        with count_queries() as queries:
            assert page(f"/registrations?{columns}").status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


def test_figures_of_a_question_say_that_they_count_who_waits_for_what_it_depends_on(page, ask, register):
    ask("dinner", options=("Gala", "Bistro"), places={"gala": 1}, waiting_list=True)
    ask("menu", options=("Fish", "Meat"), shown_when="dinner", shown_for=("gala",))
    for _person in range(2):
        register(answers={"dinner": ("gala",), "menu": ("fish",)})
    shown = page()
    numbers = {key: shown.one(f"a[href*='{key}']")["data-count"] for key in ("dinner=gala", "menu=fish")}
    assert numbers == {"dinner=gala": "1", "menu=fish": "2"}
    notes = {one.get_text() for one in shown.all("figcaption") if "Also counts" in one.text}
    assert notes == {"Menu?Also counts people on the waiting list for: Gala."}


def test_figures_have_a_bar_for_each_choice_that_leads_to_who_made_it(page, answered):
    link = page().one("a[href*='question-menu=fish']")
    assert link["data-count"] == "1" and "status=confirmed" in str(link["href"])


def test_letters_quote_answers_and_leave_out_what_was_not_answered(page, answered, reading, year, ask):
    ask("vip", "text", organisers_only=True)
    text = "You eat {question-menu}; {question-guests} come with you."
    with reading() as session:
        people = {one.reference: one.id for one in session.scalars(select(Registration))}
        values = values_for(standing_of(session, people[answered["ana"]]))
    assert filled(text, values) == "You eat Fish, Meat;  come with you."
    assert as_text(text, values, "https://x").strip() == "You eat Fish, Meat;  come with you."
    assert "You eat Fish, Meat;  come" in as_html(text, values, "https://x")
    form = page("/letters/new").form("main form")
    refused = form.fill(subject="Hello", body="{question-vip} {question-nothing}").submit()
    assert refused.status == 422 and "{question-vip}, {question-nothing} is not a placeholder" in refused.text
    assert refused.form("main form").fill(body=text).submit().status == 200


def test_letters_go_to_whom_an_answer_leaves(page, answered):
    new = page("/letters/new?answers=menu:fish")
    letter = new.form("main form").fill(subject="Fish", body="It is fresh.").submit()
    assert "Menu? Fish" in letter.text


def test_copying_an_edition_copies_its_questions_with_their_places_and_moves_their_dates(writing, year, ask, edition):
    ask("dinner", "yes-no", frozen_from_on=NOW.date())
    ask("menu", options=("Gala", "Bistro"), places={"gala": 3}, shown_when="dinner", shown_for=("yes",))
    ask("old", "text")
    with writing() as session:
        copy = make_copy(session, year, year + 1)
        dinner, menu, _old = questions_of(session, copy.id)
        assert dinner.frozen_from_on - NOW.date() == copy.starts_on - edition_by_year(session, year).starts_on
        assert (menu.key, menu.shown_when, menu.shown_for) == ("menu", "dinner", ("yes",))
        assert {
            one.key: pool.capacity
            for one in menu.options
            for id_, pool in option_pools(session, copy.id).items()
            if id_ == one.id
        } == {"gala": 3}
