"""An edition's own questions on the form, on the own page and in emails, through HTTP only."""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, request_finished, request_started
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.models import Registration
from dofc_events.places.options.queries import option_pools
from dofc_events.questions.queries import answered_by
from tests.registration.conftest import FORM, fill
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_question
from tests.support.letters import letters


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def ask(writing, edition):
    """`ask("hotel", "choice", options=(…))`: one more question of the edition."""

    def ask(key: str, kind: str = "choice", **said) -> None:
        with writing() as session:
            make_question(session, edition, key, kind, **said)

    return ask


@pytest.fixture
def answers(reading):
    """What the last who registered answered, in words by key."""

    def answers() -> dict[str, str]:
        with reading() as session:
            last = session.scalars(select(Registration).order_by(Registration.id.desc())).first()
            return {one.key: one.words for one in answered_by(session, last.id)}

    return answers


@pytest.fixture
def taken(reading, edition):
    """How many places of each limited option are taken, and what `flask check` says."""

    def taken() -> list[int]:
        with reading() as session:
            assert faults(session) == []
            return [pool.taken for pool in option_pools(session, edition.id).values()]

    return taken


def ask_every_kind(ask) -> None:
    ask("name", "text")
    ask("wishes", "long-text")
    ask("guests", "number")
    ask("size", "choice")
    ask("days", "several", options=("Monday", "Tuesday"))
    ask("arrival", "date")
    ask("dinner", "yes-no")


def problems(page) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.all(".error-summary li")]


def test_a_date_may_be_somebody_s_day_of_birth_and_a_slip_says_which_years_there_are(client, ask, answers):
    ask("born", "date")
    page = fill(client, **{"question-born": "0197-05-03"}).submit()
    assert [problem for problem in problems(page) if problem.endswith("Enter a year from 1900 to 2100.")]
    page.form().fill(**{"question-born": "1957-05-03"}).submit()
    assert answers()["born"] == "Friday 3 May 1957"


def test_every_kind_is_asked_answered_and_shown_on_the_own_page_and_in_the_email(client, ask, answers, reading):
    ask_every_kind(ask)
    said: dict[str, object] = {
        "question-name": "Лука",
        "question-wishes": "A\nB",
        "question-guests": "007",
        "question-size": "m",
    }
    said |= {"question-days": ["monday", "tuesday"], "question-arrival": "2027-05-01", "question-dinner": "yes"}
    page = fill(client, **said).submit()
    assert page.status == 200
    words = {"name": "Лука", "wishes": "A\nB", "guests": "7", "size": "M", "days": "Monday, Tuesday", "dinner": "Yes"}
    assert answers() == words | {"arrival": "Saturday 1 May 2027"}
    assert "Monday, Tuesday" in page.text and "Saturday 1 May 2027" in page.text
    with reading() as session:
        [letter] = letters(session)
    assert "- Days? Monday, Tuesday" in letter.text and "Wishes?" not in letter.text


def test_an_email_does_not_quote_an_answer_that_is_a_link(client, ask, reading):
    ask("site", "text")
    fill(client, **{"question-site": "Win at www.example.com"}).submit()
    with reading() as session:
        [letter] = letters(session)
    assert "example.com" not in letter.text


def test_what_must_be_answered_is_refused_at_its_field_and_nothing_typed_is_lost(client, ask):
    ask("size", required=True)
    ask("name", "text")
    ask("guests", "number")
    page = fill(client, **{"question-name": "Ana", "question-guests": "many"}).submit()
    assert page.status == 422
    assert problems(page) == ["Size? Answer this question.", "Guests? Enter a whole number, for example 2."]
    form = page.form("main form")
    assert (form.value("question-name"), form.value("question-guests")) == ("Ana", "many")
    assert page.form("main form").fill({"question-size": "m", "question-guests": "2"}).submit().status == 200


def test_hidden_question_is_not_required_and_what_was_typed_into_it_is_dropped(client, ask, answers):
    ask("dinner", "yes-no")
    ask("menu", "text", shown_when="dinner", shown_for=("yes",), required=True)
    ask("slides", "number", categories=("member",), required=True)
    form = fill(client, **{"question-dinner": "no", "question-menu": "Fish", "question-slides": "none"})
    assert form.submit().status == 200
    assert answers() == {"dinner": "No"}


def test_option_that_is_not_offered_is_refused(client, ask):
    ask("size")
    page = fill(client).forge({"question-size": "xxxl"}).submit()
    assert page.status == 422 and problems(page) == ["Size? Choose from the list."]


def test_changing_an_answer_is_on_record_and_told_and_what_is_hidden_then_goes(client, ask, answers, reading, mail):
    ask("dinner", "yes-no")
    ask("menu", "text", shown_when="dinner", shown_for=("yes",))
    page = fill(client, **{"question-dinner": "yes", "question-menu": "Fish"}).submit()
    edit = page.follow("Change details")
    assert edit.form("edit").value("question-menu") == "Fish"
    assert edit.form("edit").fill({"question-dinner": "no"}).submit().status == 200
    assert answers() == {"dinner": "No"}
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "details_changed")).one()
    assert entry.changes == {"question-dinner Dinner?": ["Yes", "No"], "question-menu Menu?": ["Fish", ""]}
    assert mail()[-1] == "registration-changed"


def test_the_same_form_sent_again_with_another_answer_opens_the_edit_page(client, ask, answers):
    ask("size")
    form = fill(client, **{"question-size": "m"})
    form.submit()
    again = form.fill({"question-size": "l"}).submit()
    assert (again.status, again.h1) == (422, "Change your details")
    assert again.form("edit").value("question-size") == "l"
    assert answers() == {"size": "M"}


def test_question_is_asked_for_from_its_day_on_until_it_is_closed(client, ask, clock, edition):
    ask("size", required_from_on=(NOW + timedelta(days=5)).date(), frozen_from_on=(NOW + timedelta(days=9)).date())
    page = fill(client).submit()
    assert "still need an answer" not in page.text
    clock.shift(timedelta(days=6))
    page = client.get(page.url)
    assert "The organisers still need an answer from you: Size?" in page.text
    assert page.follow("Answer now").form("edit").submit().status == 422
    clock.shift(timedelta(days=6))
    page = client.get(page.url)
    assert "still need" not in page.text
    assert "question-size" not in page.follow("Change details").form("edit").values


# Limited options


def test_full_option_is_said_on_the_form_and_in_the_refusal_and_nothing_typed_is_lost(
    client, ask, edition, writing, taken
):
    ask("dinner", options=("Gala", "Nothing"), places={"gala": 1})
    late = fill(client.another(), email="late@dofc.test", **{"question-dinner": "gala"})
    fill(client, **{"question-dinner": "gala"}).submit()
    assert taken() == [1]
    page = late.submit()
    assert page.status == 422 and problems(page) == ["Dinner? “Gala” is full. Choose something else."]
    assert page.form("main form").value("given_name") == "Łucja"
    fresh = client.another().get(FORM)
    assert "Gala (full)" in fresh.text and fresh.one("input[value=gala]").has_attr("disabled")
    assert page.form("main form").fill({"question-dinner": "nothing"}).submit().status == 200
    assert taken() == [1]


def test_full_option_with_a_waiting_list_is_chosen_and_the_own_page_and_the_email_say_that_one_waits(
    client, ask, taken, reading, writing
):
    ask("dinner", options=("Gala", "Nothing"), places={"gala": 1}, waiting_list=True)
    fill(client, **{"question-dinner": "gala"}).submit()
    late = client.another()
    form = fill(late, email="late@dofc.test", **{"question-dinner": "gala"})
    assert "Gala (full: you join the waiting list)" in late.get(FORM).text
    page = form.submit()
    assert "Gala (waiting list)" in page.text
    assert page.one("[data-option-position]")["data-option-position"] == "1"
    with reading() as session:
        assert "- Dinner? Gala (waiting list)" in letters(session)[-1].text
    assert taken() == [1]
    assert "When it is your turn, you will get it" in page.text
    with writing() as session:
        edition_by_year(session, 2027).starts_on = (NOW - timedelta(days=1)).date()
    begun = late.get(page.url).one("[data-option-position]").text
    assert "nobody moves up any more" in begun and "Until then" not in begun
    with writing() as session:
        edition_by_year(session, 2027).status = EditionStatus.ARCHIVED
    assert late.get(page.url).all("[data-option-position]") == []


def test_place_of_an_option_is_free_again_after_another_answer_and_after_cancelling(client, ask, taken):
    ask("dinner", options=("Gala", "Nothing"), places={"gala": 1})
    page = fill(client, **{"question-dinner": "gala"}).submit()
    page.follow("Change details").form("edit").fill({"question-dinner": "nothing"}).submit()
    assert taken() == [0]
    client.get(page.url).follow("Change details").form("edit").fill({"question-dinner": "gala"}).submit()
    assert taken() == [1]
    client.get(page.url).follow("Cancel this registration").form("cancel").submit()
    assert taken() == [0]


def test_form_takes_one_query_more_with_thirty_questions_than_with_none(client, ask):
    counts = []
    for many in (0, 30):
        for n in range(many):
            ask(f"q{n}", ("choice", "text", "several", "yes-no")[n % 4])
        with count_queries() as queries:
            form = client.another().get(FORM).form()
        said = {f"question-q{n}": "s" for n in range(0, many, 4)} | {f"question-q{n}": "Ana" for n in range(1, many, 4)}
        for name, value in fill(client, email=f"{many}@dofc.test").values.items():
            if name not in ("csrf_token", "form_key"):
                form.values[name] = value
        with count_queries() as sent:
            assert form.fill(said).submit(follow=False).status == 303
        counts.append((len(queries), len(sent)))
    (none, few), (shown, answered) = counts
    # To answer them takes more: what is asked is read under the lock, and the answers are written.
    assert shown <= none + 1 and answered <= few + 8, counts


def test_what_one_typed_stands_in_their_form_alone(client, ask):
    ask_every_kind(ask)
    typed = {
        "question-name": ['Ana "Nana" <b>&'],
        "question-wishes": ["A </textarea>\r\nB"],
        "question-guests": ["2"],
        "question-size": ["s"],
        "question-days": ["monday", "tuesday"],
        "question-arrival": ["2027-05-01"],
        "question-dinner": ["no"],
    }
    said = {name: values if len(values) > 1 else values[0] for name, values in typed.items()}
    mine = fill(client, given_name="", **said).submit().form("main form").values
    other = fill(client, given_name="").submit().form("main form").values
    assert {name: mine[name] for name in typed} == typed
    assert not any(text for name in typed for text in other[name])


def test_thirty_questions_make_no_form_dearer_by_half(client, ask, app):
    # Calls of functions, which no busy machine changes; `benchmarks questions` measures the time.
    own = fill(client).submit()
    edit = own.url + "edit"

    def calls() -> list[int]:
        forms = fill(client, given_name=""), client.get(edit).form("edit").fill({"given_name": ""})
        acts = forms[0].submit, lambda: client.get(edit), forms[1].submit
        # The first of each fills what is kept between requests.
        return [[_calls(app, act) for _ in range(2)][-1] for act in acts]

    none = calls()
    for number in range(30):
        ask(f"q{number}", ("choice", "text", "several", "number", "date", "long-text")[number % 6])
    each = calls()
    assert all(many < 1.5 * few for few, many in zip(none, each, strict=True)), (none, each)


def _calls(app: Flask, act: Callable[[], Any]) -> int:
    """How many functions are called to answer what an act requests."""
    counts = Counter[str]()

    def begin(*_: object, **__: object) -> None:
        sys.setprofile(lambda _frame, event, _arg: counts.update((event,)))

    def end(*_: object, **__: object) -> None:
        sys.setprofile(None)

    with request_started.connected_to(begin, app), request_finished.connected_to(end, app):
        act()
    return counts["call"]


def test_hand_over_passes_on_what_was_picked_and_not_what_was_typed(client, ask, answers, writing, edition):
    ask("size")
    ask("name", "text")
    page = fill(client, **{"question-size": "m", "question-name": "Ana"}).submit()
    colleague = {"given_name": "Bo", "email": "bo@dofc.test"}
    written = (
        page.follow("Hand over to a colleague").form("hand-over").fill(colleague).submit().form("hand-over").submit()
    )
    assert answers() == {"size": "M"}
    assert written.status == 200
    client.get(f"{page.url}take-back").form("take-back").submit()
    assert answers() == {"size": "M", "name": "Ana"}
