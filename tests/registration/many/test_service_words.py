"""What many are given at once beside their place: a category, tags, a note."""

from datetime import timedelta

import pytest

from dofc_events.commands.check import faults
from dofc_events.core.audit import history_of
from dofc_events.notices import queries
from dofc_events.notices.rules import BATCH
from dofc_events.notices.service import tell_news
from dofc_events.registration import service
from dofc_events.registration.hand_over import service as hand_overs
from dofc_events.registration.many import service as many
from dofc_events.registration.many.queries import selection_of
from dofc_events.registration.notes import service as notes
from dofc_events.registration.rules import Act, tag_word
from tests.registration.many.conftest import ORGANISER, acts, make_people, order, pick, texts
from tests.support.factories import (
    DELEGATE,
    NOW,
    make_edition,
    make_registration,
)
from tests.support.letters import deliver_all, kinds

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


# Category


def test_category_is_changed_for_whom_it_is_another_and_told_once(session):
    edition = make_edition(session)
    people = [make_registration(session, edition, category=slug) for slug in ("guest", "company", "member")]
    deliver_all(session)
    wanted = order(session, edition, Act.CATEGORY)
    assert many.change_category(session, edition.id, wanted, "guest", ORGANISER, NOW) == 2
    assert [person.category.slug for person in people] == ["guest"] * 3
    assert kinds(session, to=people[0].email) == ["registration-confirmed"]
    for person in people[1:]:
        assert kinds(session, to=person.email)[1:] == ["registration-changed"]
        assert history_of(session, person.reference)[-1].act == "details_changed"
    assert history_of(session, people[1].reference)[-1].details == {"changes": {"category": ["company", "guest"]}}
    assert faults(session) == []


def test_category_of_many_is_told_by_the_worker_beside_other_news(session):
    people = make_people(session, BATCH + 2, capacity=BATCH + 2)
    edition = people[0].edition
    wanted = order(session, edition, Act.CATEGORY)
    many.change_category(session, edition.id, wanted, "guest", ORGANISER, NOW)
    service.cancel_registration(session, people[0].id, DELEGATE, NOW)
    tell_news(session, queries.untold_news(session, 10 * BATCH, NOW), NOW)
    assert kinds(session, to=people[0].email)[1:] == ["registration-cancelled"]
    assert kinds(session, to=people[1].email)[1:] == ["registration-changed"]
    assert "what you are attending as" in texts(session, people[1])[0]


# Tags and the note


@pytest.mark.databases("sqlite", "postgresql")
def test_tags_are_put_on_and_taken_off_without_mail(session):
    people = make_people(session, 3)
    edition = people[0].edition
    notes.tag_one(session, people[0].id, "vip", ORGANISER, NOW)
    assert many.put_tag(session, edition.id, order(session, edition, Act.TAG), "vip", ORGANISER, NOW) == 3
    assert [acts(session, person).count("tagged") for person in people] == [1, 1, 1]
    audience = pick(*people[1:])
    assert selection_of(session, edition, audience, Act.UNTAG, NOW).tags == {"vip": 2}
    assert many.take_tag(session, edition.id, order(session, edition, Act.UNTAG, audience), "vip", ORGANISER, NOW) == 2
    session.flush()
    session.expire_all()
    assert [[tag.word for tag in person.tags] for person in people] == [["vip"], [], []]
    assert acts(session, people[1])[-1] == "untagged"
    assert [kinds(session, to=person.email) for person in people[1:]] == [["registration-waitlisted"]] * 2


def test_note_is_recorded_from_what_to_what(session):
    (person,) = make_people(session, 1)
    assert notes.write_note(session, person.id, "Speaks at ten", ORGANISER, NOW)
    assert not notes.write_note(session, person.id, "Speaks at ten", ORGANISER, NOW)
    entry = history_of(session, person.reference)[-1]
    assert (entry.act, entry.details) == ("note_changed", {"changes": {"note": ["", "Speaks at ten"]}})
    assert acts(session, person).count("note_changed") == 1


def test_note_and_tags_do_not_pass_on_to_a_colleague(session):
    (person,) = make_people(session, 1)
    notes.write_note(session, person.id, "Owes us a slide", ORGANISER, NOW)
    notes.tag_one(session, person.id, "speaker", ORGANISER, NOW)
    later = NOW + timedelta(hours=1)
    hand_overs.hand_over(session, person.id, "Bojan", "Ilić", "bojan@dofc.test", DELEGATE, later)
    session.flush()
    session.expire_all()
    assert (person.note, person.tags) == ("", [])
    changes = history_of(session, person.reference)[-1].details["changes"]
    assert (changes["note"], changes["tags"]) == (["Owes us a slide", ""], [["speaker"], []])


def test_a_tag_is_the_same_however_it_is_typed():
    assert {tag_word("VIP  Guest"), tag_word(" vip guest "), tag_word("Vip\tguest")} == {"vip guest"}
    assert tag_word("ŽURI ДЂ") == "žuri дђ"
