"""`flask check`: says nothing against sound data, and finds every kind of damage."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update

from dofc_events.accounts import sessions
from dofc_events.accounts.factors.models import RecoveryCode
from dofc_events.accounts.rules import Awaited
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.letters.models import Letter, LetterRecipient
from dofc_events.letters.queries import unwritten
from dofc_events.letters.timers import write_messages
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.notices.models import UntoldNews
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.registration import service
from tests.commands.conftest import of
from tests.letters.conftest import release, write
from tests.support.factories import (
    DELEGATE,
    claim_of,
    make_account,
    make_edition,
    make_registration,
    make_trip,
)

# Each asks for everything: PostgreSQL is asked once for each kind of data.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def full(writing) -> dict[str, str]:
    """An edition of two places: two confirmed, two waiting, one cancelled; the references by name."""
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=2, year=2031)
        make_trip(session, edition)
        people = {
            name: make_registration(session, edition, now=now())
            for name in ("first", "second", "third", "fourth", "fifth")
        }
        service.cancel_registration(session, people["third"].id, DELEGATE, now())
        return {name: person.reference for name, person in people.items()}


def test_check_is_content_with_an_empty_database(command):
    assert command() == (0, ["Everything adds up."])


def test_check_is_content_with_sound_data(command, full):
    assert command() == (0, ["Everything adds up."])


def test_check_is_content_with_news_that_are_still_to_be_written(check, full, writing):
    with writing() as session:
        registration = session.scalars(select(Registration).where(Registration.reference == full["fourth"])).one()
        session.execute(delete(Message).where(Message.about == full["fourth"]))
        session.add(UntoldNews(registration_id=registration.id, since=now(), news={"place": True}))
    assert check() == (0, ["Everything adds up."])


def test_check_finds_a_pool_that_counts_too_few(command, full, writing):
    with writing() as session:
        session.execute(update(Pool).where(Pool.edition_id.is_not(None)).values(taken=1))
    code, lines = command()
    assert code == 1
    assert any("counts 1 taken, but 2 claims are confirmed or offered" in line for line in lines)


def test_check_finds_a_pool_that_counts_too_many(check, full, writing):
    with writing() as session:
        session.execute(update(Pool).where(Pool.trip_id.is_not(None)).values(taken=1))
    code, lines = check()
    assert code == 1 and any("(trip 1) counts 1 taken, but 0 claims" in line for line in lines)


def test_check_finds_a_pool_that_is_oversold(check, full, writing, app):
    with writing() as session:
        _without_check(session)
        session.execute(update(Pool).where(Pool.edition_id.is_not(None)).values(capacity=1))
    code, lines = check()
    assert code == 1 and any("is oversold: 2 of 1" in line for line in lines)


def test_check_finds_a_position_that_would_be_given_again(check, full, writing):
    with writing() as session:
        session.execute(update(Pool).where(Pool.edition_id.is_not(None)).values(next_position=3))
    code, lines = check()
    assert code == 1 and any("would give position 3 twice: 3 is in use" in line for line in lines)


def test_check_finds_somebody_who_waits_while_a_place_is_free(check, full, writing):
    with writing() as session:
        session.execute(update(Pool).where(Pool.edition_id.is_not(None)).values(capacity=3))
    code, lines = check()
    assert code == 1 and any("somebody is waiting while 1 are free" in line for line in lines)


def test_check_does_not_mind_that_somebody_waits_once_the_edition_has_begun(check, full, writing):
    with writing() as session:
        session.execute(update(Pool).where(Pool.edition_id.is_not(None)).values(capacity=3))
        session.execute(update(Edition).values(starts_on=(now() - timedelta(days=2)).date()))
    assert check()[0] == 0


def test_check_finds_a_registration_that_ended_but_keeps_its_place(check, full, writing):
    with writing() as session:
        ended = update(Registration).where(Registration.reference == full["first"])
        session.execute(ended.values(ended_at=now()))
    code, lines = check()
    assert code == 1 and any(full["first"] in line and "ended" in line for line in lines)


def test_check_finds_a_cancelled_place_of_a_registration_that_did_not_end(check, full, writing):
    with writing() as session:
        session.execute(update(Registration).where(Registration.reference == full["third"]).values(ended_at=None))
    code, lines = check()
    assert code == 1 and any(full["third"] in line and "ended" in line for line in lines)


def test_check_finds_a_registration_without_a_place(check, full, writing):
    with writing() as session:
        session.execute(delete(Claim).where(of(full["fourth"])))
    code, lines = check()
    assert code == 1 and any(full["fourth"] in line for line in lines)


def test_check_finds_a_registration_with_a_place_at_another_edition(check, full, writing):
    with writing() as session:
        other = make_edition(session, now=now(), year=2032)
        pool = session.scalars(select(Pool).where(Pool.edition_id == other.id)).one()
        session.execute(update(Claim).where(of(full["fourth"])).values(pool_id=pool.id, position=90))
    code, lines = check()
    assert code == 1 and any(full["fourth"] in line for line in lines)


@pytest.mark.parametrize("damage", ["no message", "another kind", "too early"])
def test_check_finds_a_status_that_nobody_was_told(check, full, writing, damage):
    with writing() as session:
        told = Message.about == full["fourth"]
        if damage == "no message":
            session.execute(delete(Message).where(told))
        elif damage == "another kind":
            session.execute(update(Message).where(told).values(kind="registration-link"))
        else:
            session.execute(update(Message).where(told).values(queued_at=now() - timedelta(days=1)))
    code, lines = check()
    assert code == 1 and lines == [f"registration {full['fourth']}: no email has announced its status"]


def test_check_finds_a_promotion_that_nobody_was_told(check, full, writing):
    """What a unit of work would leave behind if it were cut in half."""
    with writing() as session:
        waits = session.scalars(select(Registration).where(Registration.reference == full["fourth"])).one()
        claim = claim_of(session, waits)
        claim.status, claim.position, claim.changed_at = ClaimStatus.CONFIRMED, None, now()
        pool = session.get_one(Pool, claim.pool_id)
        pool.capacity, pool.taken = 3, 3
    assert check() == (1, [f"registration {full['fourth']}: no email has announced its status"])


def test_check_counts_a_message_as_told_whatever_became_of_it(check, full, writing):
    """A dead message is shown on the emails page; here the question is whether it was written."""
    for state in (MessageState.DEAD, MessageState.WITHDRAWN, MessageState.SENT):
        with writing() as session:
            session.execute(update(Message).values(state=state))
        assert check()[0] == 0


# Letters


@pytest.fixture
def sent_letter(writing, full) -> int:
    """A letter to all four, of whose messages all are written."""
    with writing() as session:
        edition = session.scalars(select(Edition)).one()
        letter_id = write(session, edition, now=now())
        release(session, edition, letter_id, now())
    with writing() as session:
        write_messages(session, unwritten(session, letter_id, 10), letter_id, now())
    return letter_id


def test_check_is_content_with_a_letter(check, sent_letter):
    assert check() == (0, ["Everything adds up."])


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"finished_at": None}, "written to everybody, but not finished"),
        ({"started_at": None}, "has recipients, but was never started"),
    ],
)
def test_check_finds_a_letter_in_no_sound_state(check, sent_letter, writing, values, fault):
    with writing() as session:
        session.execute(update(Letter).values(values))
    assert check() == (1, [f"letter {sent_letter}: {fault}"])


def test_check_finds_a_letter_that_somebody_never_got(check, sent_letter, writing):
    with writing() as session:
        lost = session.scalars(select(LetterRecipient).limit(1)).one()
        message_id, lost.message_id = lost.message_id, None
    code, lines = check()
    wanted = [
        f"letter {sent_letter}: finished, but not written to everybody",
        f"message {message_id}: belongs to no letter",
    ]
    assert (code, lines) == (1, wanted)


def test_check_finds_a_letter_that_went_to_somebody_else(check, sent_letter, writing):
    with writing() as session:
        session.execute(update(Message).where(Message.kind == "announcement").values(about="XXXX-XXXX"))
    code, lines = check()
    assert code == 1 and len(lines) == 4 and all("is about somebody else" in line for line in lines)


def test_check_finds_what_belongs_to_a_second_factor_that_is_gone(check, writing):
    with writing() as session:
        account = make_account(session, now=now())
        session.add(RecoveryCode(account_id=account.id, code_hash="-"))
        sessions.begin(session, account.id, "", now(), awaits=Awaited.FACTOR)
    wanted = [
        f"account {account.id}: it has recovery codes, but no second factor",
        f"account {account.id}: a session waits for a second factor, and it has none",
    ]
    assert check() == (1, wanted)


# The schema


DAMAGES = {
    "ALTER TABLE worker_signs DROP COLUMN mail_error": "column worker_signs.mail_error: it is missing",
    "DROP INDEX ix_messages_scope": "index ix_messages_scope of table messages: it is missing",
    "ALTER TABLE draws ADD COLUMN more INTEGER": "column draws.more: it is not known to this version",
    "DROP TABLE likely_doubles": "table likely_doubles: it is missing",
}


@pytest.mark.databases("sqlite", "postgresql")
def test_check_finds_tables_that_are_not_those_of_this_version(command, writing):
    """All at once: after each of them, the next test would need another database."""
    with writing() as session:
        for damage in DAMAGES:
            session.execute(text(damage))
    code, lines = command()
    assert code == 1 and {*DAMAGES.values()} <= {*lines}


@pytest.mark.databases("sqlite")
def test_check_finds_a_database_that_was_not_upgraded(command, writing):
    with writing() as session:
        newest = session.scalar(text("SELECT version_num FROM alembic_version"))
        session.execute(text("UPDATE alembic_version SET version_num = '0037'"))
    code, said = command()
    # The next test has the same database.
    with writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    (line,) = said
    assert code == 1 and "at revision 0037" in line and "flask db upgrade" in line


@pytest.mark.databases("sqlite", "postgresql")
def test_check_says_everything_that_is_wrong(check, full, writing):
    with writing() as session:
        session.execute(update(Pool).where(Pool.edition_id.is_not(None)).values(taken=1, next_position=1))
        session.execute(delete(Message))
    code, lines = check()
    assert code == 1 and len(lines) >= 2 + 1 + 5


def _without_check(session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA ignore_check_constraints = ON"))
    else:
        session.execute(text("ALTER TABLE pools DROP CONSTRAINT ck_pools_never_oversold"))
