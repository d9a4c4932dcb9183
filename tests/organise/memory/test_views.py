"""The page that leads to what is kept of an edition."""

import pytest

from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.db import unit_of_work


@pytest.mark.parametrize(("role", "status"), [("chair", 200), ("organiser", 200), ("desk", 403)])
def test_memory_of_an_edition_is_for_chair_and_organisers(enter, edition, year, role, status):
    browser = enter(role, None if role == "chair" else edition)
    assert browser.get(f"/organise/editions/{year}/memory").status == status


def test_memory_of_an_archived_edition_leads_to_its_sections(app, enter, edition, year):
    with app.app_context(), unit_of_work() as session:
        session.get_one(Edition, edition.id).status = EditionStatus.ARCHIVED
    assert enter("organiser", edition).get(f"/organise/editions/{year}/memory").h1 == "Memory"
