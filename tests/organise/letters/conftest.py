"""The pages about letters, for what tests them."""

import pytest
from sqlalchemy import select

from dofc_events.mail.models import Message


@pytest.fixture
def see(organiser, year):
    """`see("/new?status=confirmed")`: one of the pages about letters."""
    return lambda rest="": organiser.get(f"/organise/editions/{year}/letters{rest}")


@pytest.fixture
def announced(reading):
    """The references of everybody to whom a message of a letter was written."""

    def announced() -> list[str]:
        with reading() as session:
            query = select(Message.about).where(Message.kind == "announcement", Message.about != "")
            return sorted(session.scalars(query))

    return announced
