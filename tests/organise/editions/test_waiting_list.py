"""The waiting list of an edition that was closed: opened again, or what has to be done first."""

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.audit import WORKER
from dofc_events.notices.queries import standing_of
from dofc_events.registration.timers import close_list
from tests.support.factories import NOW, make_registration


def test_a_list_that_was_closed_can_be_opened_again_for_a_reason(organiser, writing, reading, year):
    def index():
        return organiser.get(f"/organise/editions/{year}/")

    with writing() as session:
        edition = edition_by_year(session, year)
        people = [make_registration(session, edition).id for _number in range(4)]
        close_list(session, people, WORKER, edition.begins_at())
    assert "closed for 2 people, who could still get a place" in index().text
    page = index().follow("Open it again")
    assert "2 people were told that the waiting list or their offer has ended." in page.text
    assert page.form().submit().status == 422
    page = page.form().fill(reason="The year was wrong.").submit()
    assert "The waiting list is open again." in page.text
    assert "could still get a place" not in page.text
    with reading() as session:
        assert [standing_of(session, id_).position for id_ in people] == [None, None, 1, 2]
    assert "Nobody was told that the list has closed" in organiser.get(f"/organise/editions/{year}/waiting-list").text


def test_a_list_that_cannot_be_opened_again_says_what_to_do_first(organiser, writing, year):
    address, out = f"/organise/editions/{year}/waiting-list", "Take it out of the archive"
    with writing() as session:
        edition = edition_by_year(session, year)
        people = [make_registration(session, edition).id for _number in range(4)]
        close_list(session, people, WORKER, edition.begins_at())
        edition.status = EditionStatus.ARCHIVED
    page = organiser.get(address)
    assert "The edition is archived" in page.text and "Correct its dates" not in page.text
    assert "Nobody will be told." in page.follow(out).text
    with writing() as session:
        edition = edition_by_year(session, year)
        edition.status, edition.starts_on = EditionStatus.PUBLISHED, NOW.date()
    page = organiser.get(address)
    assert "The edition has begun" in page.text and out not in page.text
    assert page.follow("Correct its dates").url.endswith("/settings/dates")
    with writing() as session:
        edition_by_year(session, year).status = EditionStatus.ARCHIVED
    said = organiser.get(address).text
    assert "The edition is archived and has begun" in said and "then correct its dates" in said and out in said
