"""Acts on the seats of an edition, and people who ask for some."""

import pytest

from dofc_events.commands.check import faults
from dofc_events.notices.service import Changes
from tests.support.factories import DELEGATE, NOW


@pytest.fixture
def act(session, edition):
    """`act(lambda book: …)`: one act on the seats, as one unit of work would do it, and told; what it changed."""

    def run(what, now=NOW):
        changes = Changes(session, edition, DELEGATE, now)
        what(changes.book)
        changes.tell()
        assert faults(session) == []
        return changes.book.changes

    return run
