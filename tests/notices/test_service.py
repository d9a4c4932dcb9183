from dofc_events.core.audit import COMMAND, history_of
from dofc_events.notices.service import Changes
from tests.support.factories import NOW, make_edition, make_registration, make_trip
from tests.support.letters import deliver_all, kinds


def test_what_is_told_stands_in_the_trail_and_in_calendars(session):
    """Collecting what changed for somebody also puts it on record."""
    edition = make_edition(session)
    wine = make_trip(session, edition, "wine")
    person, other = (make_registration(session, edition, trips=["wine"]) for _ in range(2))
    deliver_all(session)
    revisions = person.revision, other.revision
    changes = Changes(session, edition, COMMAND, NOW)
    changes.place("place_given", person, because="They speak.")
    changes.book.give_back(person.id, wine)
    changes.details(other, {"category": ["company", "guest"]}, told=("category",))
    changes.tell()
    mine, theirs = (history_of(session, who.reference) for who in (person, other))
    assert [(entry.act, entry.details) for entry in mine[-2:]] == [
        ("place_given", {"because": "They speak."}),
        ("seat_changed", {"trip": "wine", "reason": "given_back"}),
    ]
    assert (theirs[-1].act, theirs[-1].changes) == ("details_changed", {"category": ["company", "guest"]})
    assert (person.revision, other.revision) == (revisions[0] + 2, revisions[1] + 1)
    assert kinds(session, to=person.email)[-1:] == ["registration-confirmed"]
    assert kinds(session, to=other.email)[-1:] == ["registration-changed"]


def test_taking_over_seats_writes_nothing_to_anybody(session):
    edition = make_edition(session)
    wine = make_trip(session, edition, "wine")
    person = make_registration(session, edition, trips=["wine"])
    before = kinds(session, to=person.email)
    changes = Changes(session, edition, COMMAND, NOW)
    changes.record_seats()
    assert changes.news == {}
    changes.book.give_back(person.id, wine)
    changes.record_seats()
    assert changes.news[person.id].seats.keys() == {wine.id}
    assert history_of(session, person.reference)[-1].act == "seat_changed"
    assert kinds(session, to=person.email) == before
