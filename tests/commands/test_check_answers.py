"""`flask check` on answers and the places of options."""

import pytest
from sqlalchemy import delete, select, update

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.places.models import Claim, Pool
from dofc_events.questions.models import Answer
from tests.support.factories import make_edition, make_question, make_registration

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")

ANSWERS = {"dinner": ("gala",), "name": ("Ana",), "visa": ("yes",)}
OF_OPTIONS = select(Pool.id).where(Pool.option_id.is_not(None))


@pytest.fixture
def session(writing):
    """Somebody who answered three questions, among them one with a limited option."""
    with writing() as session:
        edition = make_edition(session, now=now())
        make_question(session, edition, "dinner", options=("Gala", "Bistro"), places={"gala": 3})
        make_question(session, edition, "name", "text")
        make_question(session, edition, "visa", "yes-no")
        make_registration(session, edition, now=now(), answers=ANSWERS)
        yield session


def test_check_is_content_with_sound_answers(session):
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("gala", {"choice": "tent"}, "“tent” is no answer to the question “dinner” (choice)"),
        ("yes", {"choice": "maybe"}, "“maybe” is no answer to the question “visa” (yes-no)"),
        ("", {"text": ""}, "“” is no answer to the question “name” (text)"),
        ("", {"choice": "ana"}, "“ana” is no answer to the question “name” (text)"),
    ],
)
def test_check_finds_an_answer_that_no_option_gives(session, was, becomes, said):
    session.execute(update(Answer).where(Answer.choice == was).values(**becomes))
    assert any(said in fault for fault in faults(session))


@pytest.mark.databases("sqlite", "postgresql")
def test_check_finds_who_chose_a_limited_option_and_holds_no_place(session):
    session.execute(delete(Claim).where(Claim.pool_id.in_(OF_OPTIONS)))
    session.execute(update(Pool).where(Pool.option_id.is_not(None)).values(taken=0))
    [fault] = faults(session)
    assert "has a confirmed place of option 1, and it has none" in fault


def test_check_finds_who_holds_a_place_of_an_option_they_did_not_choose(session):
    session.execute(update(Answer).where(Answer.choice == "gala").values(choice="bistro"))
    [fault] = faults(session)
    assert "has a confirmed place of option 1, and no such answer" in fault


def test_check_finds_an_option_that_counts_wrongly(session):
    session.execute(update(Pool).where(Pool.option_id.is_not(None)).values(taken=2))
    [fault] = faults(session)
    assert "counts 2 taken, but 1 claims" in fault


def test_check_finds_an_answer_that_waits_and_a_claim_that_does_not(session):
    session.execute(update(Answer).where(Answer.choice == "gala").values(waits=True))
    assert [fault.partition(": ")[2] for fault in faults(session)] == [
        "its answer has a waitlisted place of option 1, and it has none",
        "has a confirmed place of option 1, and no such answer",
    ]


@pytest.mark.databases("sqlite", "postgresql")
def test_check_finds_an_answer_that_waits_for_what_is_not_limited(session):
    session.execute(update(Answer).where(Answer.choice == "yes").values(waits=True))
    assert any("waits for “yes” of question 3, which has no limit" in fault for fault in faults(session))


@pytest.mark.databases("sqlite", "postgresql")
def test_check_finds_who_waits_for_an_option_that_is_free(session):
    [claim] = session.scalars(select(Claim).where(Claim.pool_id.in_(OF_OPTIONS)))
    claim.status, claim.position = "waitlisted", 1
    claim.pool.taken, claim.pool.next_position = 0, 2
    session.execute(update(Answer).where(Answer.choice == "gala").values(waits=True))
    session.flush()
    [fault] = faults(session)
    assert "somebody is waiting while 3 are free" in fault
