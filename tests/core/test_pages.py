"""Pages of lists that stand newest first."""

import pytest
from sqlalchemy import select

from dofc_events.core.audit import COMMAND, AuditEntry, record
from dofc_events.core.pages import Page, Turn, page_of
from tests.support.factories import NOW


@pytest.fixture
def turned(session):
    """`turned(older_than=3)`: a page of three out of seven rows, whose ids it gives as 1 to 7."""
    for _number in range(7):
        record(session, COMMAND, NOW, "turned", scope="pages")
    session.flush()
    found = select(AuditEntry.id).where(AuditEntry.scope == "pages")
    first = min(session.scalars(found))

    def turned(**turn: int) -> Page:
        there = {name: number + first - 1 for name, number in turn.items()}
        page = page_of(session, found, AuditEntry.id, Turn(**there), 3)
        return Page([id_ - first + 1 for id_ in page.ids], page.before)

    return turned


@pytest.mark.parametrize(
    ("turn", "page"),
    [
        ({}, Page([7, 6, 5], 0)),
        ({"older_than": 5}, Page([4, 3, 2], 3)),
        ({"older_than": 2}, Page([1], 6)),
        ({"older_than": 1}, Page([], 0)),
        ({"newer_than": 1}, Page([4, 3, 2], 3)),
        ({"newer_than": 4}, Page([7, 6, 5], 0)),
        # A page that is not full would begin in the middle of the first one.
        ({"newer_than": 5}, Page([7, 6, 5], 0)),
        ({"newer_than": 9}, Page([7, 6, 5], 0)),
    ],
)
def test_page_stands_beside_the_row_that_is_named(turned, turn, page):
    assert turned(**turn) == page
