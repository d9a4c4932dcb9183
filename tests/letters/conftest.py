"""Letters to write and to send."""

import pytest
from sqlalchemy import func, select

from dofc_events.core.audit import Actor
from dofc_events.delegates.models import Registration
from dofc_events.letters import service
from dofc_events.letters.queries import audience_of, readers_of
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import LetterText
from dofc_events.mail.models import Message
from dofc_events.registration.queries import Audience
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, make_registration

ELENA = Actor("account", "elena@dofc.test")


@pytest.fixture
def app(shared_app):
    """The site with an email server, so that messages are queued; nobody delivers them."""
    return shared_app(mail_server="127.0.0.1")


EVERYBODY = Audience()


def write(
    session, edition, audience=EVERYBODY, *, body="Dear {given_name}", anchor=Anchor.AT_ONCE, days=0, now=NOW, **when
):
    """A draft; returns its id."""
    text = LetterText("News of {edition}", body, anchor, days, **when)
    return service.write_letter(session, edition.id, audience, text, ELENA, now)


def release(session, edition, letter_id, now=NOW):
    """Have it sent to those whom the page would show now; returns how many."""
    letter = service.locked(session, letter_id)
    readers = readers_of(session, edition.id, audience_of(letter))
    return service.release_letter(session, letter_id, readers.digest, ELENA, now)


def cancelled(session, edition, **changes) -> Registration:
    person = make_registration(session, edition, **changes)
    cancel_registration(session, person.id, DELEGATE, NOW)
    return person


def letters_to(session, person) -> int:
    query = select(func.count()).where(Message.about == person.reference, Message.kind == "announcement")
    return session.scalar(query)
