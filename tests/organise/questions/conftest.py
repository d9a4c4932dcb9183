"""What the tests of an edition's own questions share."""

import pytest

from dofc_events.conference.queries import edition_by_year
from tests.support.factories import make_question


@pytest.fixture
def ask(writing, year):
    def ask(key: str, kind: str = "choice", **said) -> None:
        with writing() as session:
            make_question(session, edition_by_year(session, year), key, kind, **said)

    return ask
