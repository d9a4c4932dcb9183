"""What the tests beside this file share."""

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.mail.models import Message
from tests.support.factories import make_registration


@pytest.fixture
def register(writing, year):
    """`register(given_name="Ana")`: the reference of somebody who registered."""

    def register(at: int = 0, **changes) -> str:
        with writing() as session:
            return make_registration(session, edition_by_year(session, at or year), **changes).reference

    return register


def address(year: int, reference: str, name: str = "") -> str:
    return f"/organise/editions/{year}/registrations/{reference}{name}"


def kinds(reading, email: str) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Message.kind).where(Message.recipient == email).order_by(Message.id)))
