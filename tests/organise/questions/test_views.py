"""Organisers' pages about an edition's own questions: add, change, move, stop asking."""

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.places.options.queries import option_pools
from dofc_events.questions.models import EditionQuestion
from dofc_events.questions.queries import questions_of
from tests.support.databases import count_queries


@pytest.fixture
def page(organiser, year):
    """`page("/new?kind=text")`: an organiser's page about questions."""
    return lambda path="": organiser.get(f"/organise/editions/{year}/questions{path}")


@pytest.fixture
def asked(reading, year):
    """The questions as they are in the database."""

    def asked() -> dict:
        with reading() as session:
            return {one.key: one for one in questions_of(session, edition_by_year(session, year).id)}

    return asked


@pytest.fixture
def capacities(reading, year):
    def capacities() -> list[tuple[int, int]]:
        with reading() as session:
            assert faults(session) == []
            pools = option_pools(session, edition_by_year(session, year).id)
            return [(pool.taken, pool.capacity) for pool in pools.values()]

    return capacities


def problems(page) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.all(".error-summary li")]


@pytest.mark.parametrize(("role", "status"), [("chair", 200), ("organiser", 200), ("desk", 403)])
def test_question_pages_are_for_chair_and_organisers(enter, edition, year, ask, role, status):
    ask("size")
    browser = enter(role, None if role == "chair" else edition)
    for path in ("", "/new", "/size/"):
        assert browser.get(f"/organise/editions/{year}/questions{path}").status == status, path


@pytest.mark.parametrize("path", ["/nothing/", "/new?kind=nothing", "/new?standard=nothing"])
def test_question_that_there_is_not_is_not_found(page, path):
    assert page(path).status == 404


def test_standard_question_is_added_under_its_key_and_shown_as_delegates_see_it(page, asked):
    form = page("/new?standard=t-shirt").form()
    listed = form.fill(required=True).submit()
    assert (listed.status, listed.h1) == (200, "Questions")
    found = asked()["t-shirt"]
    assert found.required and [one.key for one in found.options] == ["xs", "s", "m", "l", "xl", "xxl"]
    assert listed.one(".preview input[value=xxl]")["name"] == "question-t-shirt"


def test_own_question_gets_a_key_of_what_it_asks_in_any_script(page, asked):
    page("/new?kind=yes-no").form().fill(caption="Хотел?").submit()
    page("/new?kind=yes-no").form().fill(caption="Хотел?").submit()
    assert [*asked()] == ["khotel", "khotel_2"]


def test_question_stands_beside_its_form_as_delegates_see_it_before_it_is_saved(page, asked, ask):
    ask("hotel", "yes-no")
    ask("size", options=("Small", "Large"), hint="For the shirt.")
    opened = page("/size/")
    assert "For the shirt." in opened.one("[data-preview]").text and opened.one("[data-preview] input[value=large]")
    typed = {"caption": "Which size?", "options-1-caption": "X <b>L", "required": True, "shown_if": ["hotel:yes"]}
    shown = opened.form().fill({**typed, "options-2-caption": "XXL"}).submit("preview")
    assert shown.status == 200 and not shown.all(".error-summary, .field-error")
    words = " ".join(shown.one("[data-preview]").text.split())
    assert "Which size? " in words and "Small X <b>L XXL" in words and "Which size? (optional)" not in words
    assert "Only if you answered “Hotel?” with: Yes" in words
    assert asked()["size"].caption == "Size?", "nothing is saved yet"
    assert shown.form().submit().status == 200 and asked()["size"].caption == "Which size?"
    empty = page("/new?kind=choice").form().submit("preview")
    assert empty.status == 200 and "Your question" in empty.one("[data-preview]").text


def test_options_keep_their_keys_when_their_captions_change(page, asked, ask, register):
    ask("size", options=("Small", "Large"))
    register(answers={"size": ("small",)})
    form = page("/size/").form()
    form.fill({"options-0-caption": "Tiny", "options-1-remove": True, "options-2-caption": "Huge"}).submit()
    assert [(one.key, one.caption, one.is_retired) for one in asked()["size"].options] == [
        ("small", "Tiny", False),
        ("large", "Large", True),
        ("huge", "Huge", False),
    ]


def test_options_are_put_in_another_order_and_keep_keys_places_and_answers(page, asked, ask, register, capacities):
    ask("size", options=("Small", "Large", "Huge"), places={"large": 4})
    register(answers={"size": ("large",)})
    form = page("/size/").form()
    assert [form.value(f"options-{n}-order") for n in range(3)] == ["1", "2", "3"]
    form.fill({"options-2-order": "0", "options-3-caption": "Tiny", "options-3-order": "1"}).submit()
    assert [one.key for one in asked()["size"].options] == ["huge", "small", "tiny", "large"]
    assert capacities() == [(1, 4)]


def test_options_are_two_at_least_and_differ(page):
    form = page("/new?kind=choice").form()
    refused = form.fill({"caption": "Size?", "options-0-caption": "S"}).submit()
    assert refused.status == 422 and problems(refused) == ["Enter at least two options."]
    refused = refused.form("main form").fill({"options-1-caption": "s"}).submit()
    assert problems(refused) == ["Two options have the same name. Change one of them."]


def test_days_from_which_a_question_must_be_answered_can_be_kept(page, asked):
    form = page("/new?kind=date").form()
    refused = form.fill(caption="Departure?", required_from_on="2072-05-01", frozen_from_on="2027-04-01").submit()
    assert problems(refused) == ["The edition has ended by then. Check the day."]
    refused = refused.form("main form").fill(required_from_on="2027-04-01").submit()
    assert problems(refused) == ["Delegates could never answer it when they must. Enter a later day."]
    assert refused.form("main form").fill(frozen_from_on="2027-04-02").submit().status == 200 and len(asked()) == 1


def test_a_day_in_the_past_is_asked_about(page, asked):
    form = page("/new?kind=date").form().fill(caption="Departure?", frozen_from_on="2026-04-01")
    question = form.submit()
    assert question.status == 422 and "“Can no longer be answered from” is in the past." in question.text
    assert asked() == {}
    assert "has been added" in question.form("main form").submit("Yes, save").text
    (key,) = asked()
    assert "Changes saved." in page(f"/{key}/").form("main form").fill(hint="By train or by air").submit().text
    again = page(f"/{key}/").form("main form").fill(required_from_on="2026-03-01").submit()
    assert again.status == 422 and again.one(".notice-warning li").text == "“Must be answered from” is in the past."


def test_places_of_an_option_are_limited_and_not_below_what_is_taken(page, ask, register, capacities):
    ask("size", options=("S", "M"))
    register(answers={"size": ("s",)})
    register(answers={"size": ("s",)})
    form = page("/size/").form()
    refused = form.fill({"options-0-places": "1"}).submit()
    assert refused.status == 422 and "Enter at least 2: that many people have chosen it." in problems(refused)[0]
    refused.form("main form").fill({"options-0-places": "3"}).submit()
    assert capacities() == [(2, 3)]
    assert problems(page("/size/").form().fill({"options-0-places": "1"}).submit()) != []
    page("/size/").form().fill({"options-0-places": ""}).submit()
    assert capacities() == []


def test_waiting_list_of_an_option_is_asked_about_before_anybody_moves_up_and_kept_while_somebody_waits(
    page, ask, register, capacities, organiser, year
):
    ask("size", options=("S", "M"), places={"s": 1}, waiting_list=True)
    for _ in range(3):
        register(answers={"size": ("s",)})
    assert "S: 1 of 1 taken, 2 waiting" in page().text
    waits = organiser.get(f"/organise/editions/{year}/registrations?question-size=s:waiting&columns=question-size")
    assert len(waits.all("tr[data-registration]")) == 2 and "S (waiting list)" in waits.text
    has = organiser.get(f"/organise/editions/{year}/registrations?question-size=s")
    assert len(has.all("tr[data-registration]")) == 1
    refused = page("/size/").form().fill({"options-0-waiting_list": False}).submit()
    assert refused.status == 422 and "2 people wait for it. Give them places first." in problems(refused)[0]
    asked = page("/size/").form().fill({"options-0-places": "2"}).submit()
    assert asked.status == 422 and "1 person on the waiting list of “S” will get it" in asked.text
    assert capacities() == [(1, 1)]
    assert asked.form("main form").submit("accepted").status == 200
    assert capacities() == [(2, 2)]
    asked = page("/size/").form().fill({"options-0-places": "", "options-0-waiting_list": False}).submit()
    assert asked.form("main form").submit("accepted").status == 200
    assert capacities() == []
    refused = page("/size/").form().fill({"options-1-waiting_list": True}).submit()
    assert "Enter how many places there are before people have to wait." in problems(refused)[0]


def test_question_depends_on_answers_to_an_earlier_one_and_cannot_be_moved_before_it(page, asked, ask):
    ask("dinner", "yes-no")
    page("/new?kind=text").form().fill(caption="Menu", shown_if=["dinner:yes"], categories=["guest"]).submit()
    found = asked()["menu"]
    assert (found.shown_when, found.shown_for, found.categories) == ("dinner", ("yes",), ("guest",))
    listed = page().form("menu/move").submit("up")
    assert [*asked()] == ["dinner", "menu"] and "must come after" in listed.text
    assert "depends on it" in page().form("dinner/take-out").submit().text
    assert [*asked()] == ["dinner", "menu"]


def test_questions_change_places(page, asked, ask):
    for key in ("one", "two", "three"):
        ask(key, "text")
    page().form("three/move").submit("up")
    assert [*asked()] == ["one", "three", "two"]
    page().form("one/move").submit("down")
    assert [*asked()] == ["three", "one", "two"]


def test_answered_question_is_retired_and_asked_again_and_another_one_is_deleted(page, asked, ask, register, organiser):
    ask("size")
    ask("name", "text")
    reference = register(answers={"size": ("s",)})
    assert "has been deleted" in page().form("name/take-out").submit().agree().text
    assert "The answers so far have been kept" in page().form("size/take-out").submit().text
    assert asked()["size"].is_retired and "name" not in asked()
    person = organiser.get(f"{page().url.removesuffix('/questions')}/registrations/{reference}")
    assert "Size?" in person.text
    assert "question-size" not in person.follow("Change the details").form("edit").values
    page().form("size/ask-again").submit()
    assert not asked()["size"].is_retired


def test_what_two_change_is_asked_about_and_not_overwritten(page, ask, writing):
    ask("name", "text")
    form = page("/name/").form()
    with writing() as session:
        session.scalars(select(EditionQuestion)).one().caption = "What is your name?"
    refused = form.fill(caption="Your name?").submit()
    assert refused.status == 422 and "What is your name?" in refused.text


def test_person_page_has_answers_with_those_for_organisers_only_which_nobody_is_told_of(
    organiser, year, ask, register, reading
):
    ask("vip", "yes-no", organisers_only=True)
    reference = register()
    person = organiser.get(f"/organise/editions/{year}/registrations/{reference}")
    person.follow("Change the details").form("edit").fill({"question-vip": "yes"}).submit()
    person = organiser.get(f"/organise/editions/{year}/registrations/{reference}")
    assert "Vip? (organisers only)" in person.text and "Vip? nothing → Yes" in person.text
    assert "registration-changed" not in person.text
    assert len(person.all("#messages ~ table tbody tr, [aria-labelledby=messages] tbody tr")) == 1


def test_list_costs_the_same_for_one_question_and_for_thirty(page, ask):
    counts = []
    for numbers in (range(1), range(1, 30)):
        for number in numbers:
            ask(f"q{number}")
        with count_queries() as queries:
            assert page().status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
