"""Forms that mail a link cost the same whoever asks: their time must not say which addresses we know."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dofc_events.core.clock import now
from dofc_events.mail.models import Message
from dofc_events.mail.rules import LINK_LIMITS
from tests.support.databases import count_queries
from tests.support.factories import make_account, make_edition, make_registration
from tests.support.hosting import make_call, make_proposal

KNOWN, UNKNOWN = "ana@dofc.test", "nobody@dofc.test"
FORMS = ["/sign-in", "/hosting/lost-link", "/editions/2028/lost-link"]

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture(autouse=True)
def ana(writing):
    """An account, a proposal and a registration of one address, which nothing was written to today."""
    with writing() as session:
        make_registration(session, make_edition(session, year=2028, now=now()), email=KNOWN, now=now())
        make_account(session, KNOWN, now=now())
        make_proposal(session, make_call(session, now=now()), contact_email=KNOWN, now=now())
        session.execute(update(Message).values(queued_at=now() - timedelta(days=2)))


@pytest.fixture
def ask(client):
    """Sends a form with an address; returns what that asked of the database, in order."""

    def send(path: str, email: str) -> list[str]:
        form = client.get(path).form().fill(email=email)
        with count_queries() as statements:
            assert form.submit(follow=False).status == 303
        # What is written is taken back, or is not.
        return [re.sub("ROLLBACK TO SAVEPOINT|RELEASE SAVEPOINT", "END", s.partition("WHERE")[0]) for s in statements]

    return send


@pytest.mark.parametrize("path", FORMS)
def test_the_same_is_read_and_written_for_known_and_unknown_addresses(ask, reading, path):
    # The first of each prepares what the others find prepared.
    asked = [ask(path, email) for email in (UNKNOWN, KNOWN)]
    assert len(asked[0]) == len(asked[1]), "\n".join([*asked[0], "--", *asked[1]])
    writes = [[s for s in statements if not s.startswith("SELECT")] for statements in asked]
    assert writes[0] == writes[1] and any("messages" in statement for statement in writes[0])
    with reading() as session:
        recent = select(Message.recipient).where(Message.queued_at > now() - timedelta(days=1))
        assert session.scalars(recent).all() == [KNOWN]


@pytest.mark.parametrize("path", FORMS)
def test_the_same_is_written_where_an_address_was_written_to_too_often(ask, reading, path):
    most, _ = LINK_LIMITS[0]
    asked = [ask(path, KNOWN) for _ in range(most + 1)]
    assert asked[0] == asked[-1]
    with reading() as session:
        recent = select(Message.recipient).where(Message.queued_at > now() - timedelta(days=1))
        assert session.scalars(recent).all() == [KNOWN] * most
