"""Messages of an edition, in whichever state."""

import pytest
from sqlalchemy import select

from dofc_events.conference.queries import edition_by_year
from dofc_events.mail.models import Message, WorkerSign
from dofc_events.mail.rules import MessageState
from tests.support.factories import NOW, make_registration


@pytest.fixture
def delivering(shared_app):
    """The same site, once a mail server is configured."""
    return shared_app(mail_server="mail.dofc.test", mail_default_sender="Days of Clusters <dofc@dofc.test>")


@pytest.fixture
def write(writing, year):
    """`write(3, state=…)`: this many messages to delegates; the id of the last."""

    def write(number: int = 1, **changes) -> int:
        with writing() as session:
            edition = edition_by_year(session, year)
            for _one in range(number):
                registration = make_registration(session, edition)
                message = session.scalars(select(Message).where(Message.about == registration.reference)).one()
                for name, value in changes.items():
                    setattr(message, name, value)
            return message.id

    return write


@pytest.fixture
def state_of(reading):
    def state_of(message_id: int) -> MessageState:
        with reading() as session:
            return session.get_one(Message, message_id).state

    return state_of


def mail(browser, year, rest=""):
    return browser.get(f"/organise/editions/{year}/mail{rest}")


@pytest.fixture
def strip_of(writing):
    """`strip_of(browser, path)`: the strip about email delivery while a worker is running; more columns of its sign."""

    def strip_of(browser, path, **columns):
        with writing() as session:
            session.merge(WorkerSign(name="worker", seen_at=NOW, **columns))
        return browser.get(path).one(".mail-health")

    return strip_of


def words_of(strip) -> str:
    return " ".join(strip.get_text(" ").split())
