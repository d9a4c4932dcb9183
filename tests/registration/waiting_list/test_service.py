"""A waiting list that was closed by mistake."""

import pytest

from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.notices.queries import standing_of
from dofc_events.registration import service, timers
from dofc_events.registration.waiting_list.service import reopen_list
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration
from tests.support.letters import deliver_all, letters


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=1)


@pytest.fixture
def people(session, edition):
    """One with the only place, three who wait; all have been told."""
    registrations = [make_registration(session, edition) for _ in range(4)]
    deliver_all(session)
    return registrations


def statuses(session, people) -> list[str]:
    return [str(claim_of(session, person).status) for person in people]


def closed(session, edition, people, at):
    timers.close_list(session, [p.id for p in people], WORKER, at)
    assert statuses(session, people) == ["confirmed", "expired", "expired", "expired"]


def test_a_list_that_was_closed_by_mistake_is_what_it_was_when_it_is_opened_again(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    late = make_registration(session, edition)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert statuses(session, [*people, late]) == ["confirmed", "waitlisted", "waitlisted", "waitlisted", "waitlisted"]
    line = [standing_of(session, person.id).position for person in (*people[1:], late)]
    assert line == [1, 2, 3, 4]
    again = letters(session, to=people[2].email)[-1]
    assert again.subject == f"You are on the waiting list for {edition.name} again"
    assert "you are number 2 on it, as before" in " ".join(again.text.split())
    assert "The organisers’ reason: The year was wrong." in again.text
    reopen_list(session, edition.id, "Again.", COMMAND, NOW)
    assert letters(session, to=people[2].email)[-1] is again, "nothing is left to open"


def test_a_list_that_is_opened_again_gives_what_became_free(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    service.cancel_registration(session, people[2].id, COMMAND, NOW)
    service.cancel_registration(session, people[0].id, COMMAND, NOW)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert statuses(session, people) == ["cancelled", "offered", "cancelled", "waitlisted"]
    assert "held for you until" in " ".join(letters(session, to=people[1].email)[-1].text.split())


def test_who_joined_again_meanwhile_keeps_that(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    service.rejoin_list(session, people[1].id, DELEGATE, NOW)
    reopen_list(session, edition.id, "The year was wrong.", COMMAND, NOW)
    assert [standing_of(session, person.id).position for person in people[1:]] == [3, 1, 2]


def test_a_list_stays_closed_while_the_edition_gives_no_places(session, edition, people):
    closed(session, edition, people, edition.begins_at())
    with pytest.raises(service.RegistrationOver):
        reopen_list(session, edition.id, "No.", COMMAND, edition.begins_at())
