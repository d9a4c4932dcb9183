"""Answers and the places of limited options, whatever happens to a registration: the numbers add up."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.audit import Actor, history_of
from dofc_events.delegates.doubles.service import likely_doubles
from dofc_events.delegates.service import details_of
from dofc_events.places.options.queries import option_pools
from dofc_events.questions.models import EditionQuestion, QuestionOption
from dofc_events.questions.queries import answered_by
from dofc_events.registration import service
from dofc_events.registration.answers.service import set_places
from dofc_events.registration.doubles import service as doubles
from dofc_events.registration.doubles.service import Merging
from dofc_events.registration.many import service as many
from dofc_events.registration.on_behalf import service as on_behalf
from dofc_events.registration.queries import Audience
from dofc_events.registration.rules import Act
from tests.registration.many.conftest import order
from tests.support.factories import DELEGATE, NOW, find_doubles, make_edition, make_question, make_registration
from tests.support.letters import unsent

pytestmark = pytest.mark.databases("sqlite")

ELENA = Actor("account", "elena@dofc.test")
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=20)


@pytest.fixture
def company(session, edition):
    """Companies are asked for a stand, of which there are two, and for its size; organisers note a number."""
    closed = (NOW - timedelta(days=1)).date()
    only: dict[str, Any] = {"categories": ("company",)}
    make_question(
        session, edition, "stand", options=("Hall", "Tent"), places={"hall": 2}, frozen_from_on=closed, **only
    )
    make_question(session, edition, "size", "number", shown_when="stand", shown_for=("hall",), frozen_from_on=closed)
    make_question(session, edition, "number", "number", organisers_only=True, **only)
    make_question(session, edition, "song", "text")
    said = {"stand": ("hall",), "size": ("9",), "number": ("4",), "song": ("Ederlezi",)}
    return [make_registration(session, edition, answers=said) for _ in range(2)]


def answered(session, person) -> dict[str, str]:
    return {one.key: one.words for one in answered_by(session, person.id)}


def taken(session, edition) -> list[int]:
    """How many places of each limited option are taken; `flask check` agrees."""
    session.flush()
    assert faults(session) == []
    return [pool.taken for _option, pool in sorted(option_pools(session, edition.id).items())]


def test_category_that_changes_drops_what_it_is_not_asked_and_frees_the_place(session, edition, company):
    person = company[0]
    details = details_of(person)
    guest = type(details)(**vars(details) | {"category": "guest"})
    assert taken(session, edition) == [2]
    service.change_details(session, person.id, guest, DELEGATE, LATER)
    assert answered(session, person) == {"song": "Ederlezi"}
    assert taken(session, edition) == [1]
    entry = next(one for one in history_of(session, person.reference) if one.act == "details_changed")
    assert entry.changes == {
        "category": ["company", "guest"],
        "question-stand Stand?": ["Hall", ""],
        "question-size Size?": ["9", ""],
        "question-number Number?": ["4", ""],
    }
    told = unsent(session, to=person.email)[-1].text
    assert "Stand?" in told and "Number?" not in told


def test_category_of_many_that_changes_drops_what_it_is_not_asked(session, edition, company):
    wanted = order(session, edition, Act.CATEGORY)
    assert many.change_category(session, edition.id, wanted, "guest", ELENA, LATER) == 2
    assert [answered(session, person) for person in company] == [{"song": "Ederlezi"}] * 2
    assert taken(session, edition) == [0]
    entry = next(one for one in history_of(session, company[1].reference) if one.act == "details_changed")
    assert entry.changes["question-stand Stand?"] == ["Hall", ""]
    assert "Stand?" in unsent(session, to=company[1].email)[-1].text


def test_answers_to_what_is_no_longer_asked_stay_when_the_category_changes(session, edition, company):
    from_question = make_question(session, edition, "old", "text", categories=("company",))
    person = make_registration(session, edition, answers={"old": ("1",)})
    from_question.retired_at = NOW
    details = details_of(person)
    service.change_details(session, person.id, type(details)(**vars(details) | {"category": "guest"}), DELEGATE, LATER)
    assert answered(session, person) == {"old": "1"}


def test_merging_frees_the_places_of_the_one_that_is_cancelled(session, edition):
    make_question(session, edition, "dinner", places={"s": 2})
    said: dict[str, Any] = {"given_name": "Ana", "family_name": "Kovač", "answers": {"dinner": ("s",)}}
    one, other = (make_registration(session, edition, **said) for _ in range(2))
    find_doubles(session, [one.id, other.id])
    pair = likely_doubles(session, edition.id, limit=1)[0]
    wanted = Merging(True, details_of(one), one.email, "Twice.", doubles.digest_of(session, pair), {}, "")
    doubles.merge(session, edition.id, pair.id, wanted, ELENA, LATER)
    assert taken(session, edition) == [1]


# The waiting list of a limited option


@pytest.fixture
def waiting(session, edition):
    """Two have a place of the gala, three wait for one: Ana, Bo, Cy; the trail and the mail of all that is done."""
    make_question(session, edition, "dinner", options=("Gala", "Bistro"), places={"gala": 2}, waiting_list=True)
    make_question(session, edition, "days", "several", options=("Monday", "Tuesday"), places={"monday": 1})
    said: dict[str, Any] = {"answers": {"dinner": ("gala",)}}
    names = ("one", "two", "ana", "bo", "cy")
    return {name: make_registration(session, edition, given_name=name, **said) for name in names}


def words(session, waiting) -> dict[str, str]:
    return {name: answered(session, person).get("dinner", "") for name, person in waiting.items()}


WAITS = "Gala (waiting list)"


def test_option_with_a_list_is_given_in_the_order_of_the_line_and_told(session, edition, waiting):
    assert words(session, waiting) == {"one": "Gala", "two": "Gala", "ana": WAITS, "bo": WAITS, "cy": WAITS}
    assert taken(session, edition) == [2, 0]
    bistro = {"dinner": ("bistro",)}
    service.change_details(session, waiting["ana"].id, details_of(waiting["ana"]), DELEGATE, LATER, answers=bistro)
    assert words(session, waiting)["bo"] == WAITS
    service.change_details(session, waiting["one"].id, details_of(waiting["one"]), DELEGATE, LATER, answers=bistro)
    assert words(session, waiting) == {"one": "Bistro", "two": "Gala", "ana": "Bistro", "bo": "Gala", "cy": WAITS}
    told = unsent(session, to=waiting["bo"].email)[-1]
    assert told.kind == "registration-changed" and "have it now: Dinner? Gala" in told.text
    assert "choice_given" in [entry.act for entry in history_of(session, waiting["bo"].reference)]
    service.cancel_registration(session, waiting["two"].id, DELEGATE, LATER)
    assert words(session, waiting)["cy"] == "Gala"
    assert taken(session, edition) == [2, 0]


def test_who_waits_for_an_option_that_is_no_longer_offered_goes_on_waiting_and_gets_it(session, edition, waiting):
    (gala,) = session.scalars(select(QuestionOption).where(QuestionOption.key == "gala"))
    gala.retired_at = NOW
    bistro = {"dinner": ("bistro",)}
    service.change_details(session, waiting["one"].id, details_of(waiting["one"]), DELEGATE, LATER, answers=bistro)
    assert words(session, waiting) == {"one": "Bistro", "two": "Gala", "ana": "Gala", "bo": WAITS, "cy": WAITS}
    assert taken(session, edition) == [2, 0]


def test_place_and_option_that_become_free_in_one_act_are_told_in_one_message(session):
    edition = make_edition(session, capacity=1, offer_hours=0)
    make_question(session, edition, "dinner", places={"s": 1}, waiting_list=True)
    first, second = (make_registration(session, edition, answers={"dinner": ("s",)}) for _ in range(2))
    before = len(unsent(session, to=second.email))
    service.cancel_registration(session, first.id, DELEGATE, LATER)
    (told,) = unsent(session, to=second.email)[before:]
    assert told.kind == "registration-confirmed" and "have it now: Dinner? S" in told.text
    assert taken(session, edition) == [1]


def test_who_waits_for_one_option_keeps_the_position_when_another_answer_changes(session, edition, waiting):
    bo = waiting["bo"]
    service.change_details(session, bo.id, details_of(bo), DELEGATE, LATER, answers={"days": ("monday",)})
    assert answered(session, bo) == {"dinner": WAITS, "days": "Monday"}
    assert taken(session, edition) == [2, 1]


def test_cancelling_many_at_once_passes_on_what_they_had_to_those_who_stay(session, edition, waiting):
    some = Audience(references=tuple(waiting[name].reference for name in ("one", "two", "ana")))
    wanted = order(session, edition, Act.CANCEL, some)
    many.cancel(session, edition.id, wanted, "Flooded.", ELENA, LATER)
    # What each of them had is on record: Ana waited.
    assert words(session, waiting) == {"one": "Gala", "two": "Gala", "ana": WAITS, "bo": "Gala", "cy": "Gala"}
    assert taken(session, edition) == [2, 0]


def test_reinstated_person_joins_the_end_of_the_line(session, edition, waiting):
    service.cancel_registration(session, waiting["two"].id, DELEGATE, LATER)
    on_behalf.reinstate(session, waiting["two"].id, "They come.", ELENA, LATER)
    assert words(session, waiting) == {"one": "Gala", "two": WAITS, "ana": "Gala", "bo": WAITS, "cy": WAITS}
    assert taken(session, edition) == [2, 0]


def test_who_waited_and_is_reinstated_has_the_option_once_it_is_not_limited(session, edition, waiting):
    for name in ("ana", "bo", "cy"):
        service.cancel_registration(session, waiting[name].id, DELEGATE, LATER)
    (dinner,) = session.scalars(select(EditionQuestion).where(EditionQuestion.key == "dinner"))
    set_places(session, edition.id, dinner, {}, ELENA, LATER)
    on_behalf.reinstate(session, waiting["ana"].id, "They come.", ELENA, LATER)
    assert words(session, waiting)["ana"] == "Gala"
    assert taken(session, edition) == [0]


def test_reinstating_says_which_answers_are_lost(session, edition, waiting):
    """The only place of the Monday has gone to Bo meanwhile."""
    one, bo = waiting["one"], waiting["bo"]
    service.change_details(session, one.id, details_of(one), DELEGATE, LATER, answers={"days": ("monday",)})
    service.cancel_registration(session, one.id, DELEGATE, LATER)
    service.change_details(session, bo.id, details_of(bo), DELEGATE, LATER, answers={"days": ("monday",)})
    on_behalf.reinstate(session, one.id, "They come.", ELENA, LATER)
    assert answered(session, one) == {"dinner": WAITS}
    lost, _reinstated = history_of(session, one.reference)[-2:]
    assert lost.changes == {"question-days Days?": ["Monday", ""]}
    told = unsent(session, to=one.email)[-1]
    assert told.kind == "registration-confirmed" and "check your answers on your page" in told.text
    assert taken(session, edition) == [2, 1]


def test_nothing_is_passed_on_once_the_edition_has_begun(session, edition, waiting):
    begun = edition.begins_at() + timedelta(hours=1)
    service.cancel_registration(session, waiting["one"].id, DELEGATE, begun)
    assert words(session, waiting)["ana"] == WAITS
