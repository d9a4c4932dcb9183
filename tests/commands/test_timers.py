"""What the worker does by the clock, where it belongs to no feature."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dofc_events.commands.timers import remove_texts
from dofc_events.commands.watch import Step, Watch
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from tests.support.factories import NOW, make_edition, make_registration

DAY = timedelta(days=1)


@pytest.fixture
def app(shared_app):
    """A host short of disk: texts go sooner than the network asks for."""
    return shared_app(mail_text_days=180)


def removed(app, writing, at) -> set[str]:
    """The references of the messages whose text is gone after the step."""
    with app.app_context():
        remove_texts(Step("remove_texts", Watch()), at)
    with writing() as session:
        gone = session.scalars(select(Message).where(Message.text_removed_at.is_not(None))).all()
        assert all((m.text, m.html, m.attachments) == ("", "", []) for m in gone)
        return {message.about for message in gone}


def test_texts_go_half_a_year_after_they_were_sent_once_the_edition_is_over(app, writing):
    with writing() as session:
        past, going = make_edition(session, year=2025, now=NOW - 400 * DAY), make_edition(session, year=2026)
        people = [make_registration(session, past, now=NOW - 300 * DAY) for _ in range(4)]
        people.append(make_registration(session, going, now=NOW - 10 * DAY))
        sent, withdrawn, dead, lately, of_going = (person.reference for person in people)
        session.execute(
            update(Message).values(state=MessageState.SENT, sent_at=NOW - 200 * DAY, due_at=NOW - 200 * DAY)
        )
        for about, changes in (
            (withdrawn, {"state": MessageState.WITHDRAWN, "sent_at": None}),
            (dead, {"state": MessageState.DEAD, "sent_at": None}),
            (lately, {"sent_at": NOW - 179 * DAY}),
        ):
            session.execute(update(Message).where(Message.about == about).values(changes))
    assert removed(app, writing, NOW) == {sent, withdrawn}
    assert removed(app, writing, NOW + 2 * DAY) == {sent, withdrawn, lately}
    assert removed(app, writing, NOW + 400 * DAY) == {sent, withdrawn, lately, of_going}


def test_what_belongs_to_a_year_to_come_keeps_its_text(app, writing):
    """A call for hosts is years ahead, and has no edition yet."""
    with writing() as session:
        edition = make_edition(session, year=2025, now=NOW - 400 * DAY)
        reference = make_registration(session, edition, now=NOW - 300 * DAY).reference
        old = {"state": MessageState.SENT, "sent_at": NOW - 300 * DAY, "due_at": NOW - 300 * DAY, "scope": "2028"}
        session.execute(update(Message).values(old))
    assert removed(app, writing, NOW) == set()
    with writing() as session:
        session.execute(update(Message).values(scope=""))
    assert removed(app, writing, NOW) == {reference}


def test_texts_stay_where_the_host_wants_it(make_app, writing):
    with writing() as session:
        make_registration(session, make_edition(session, year=2025, now=NOW - 400 * DAY), now=NOW - 300 * DAY)
        session.execute(update(Message).values(state=MessageState.SENT, sent_at=NOW - 300 * DAY))
    assert removed(make_app(mail_text_days=0), writing, NOW + 9000 * DAY) == set()
