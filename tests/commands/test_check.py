"""`flask check`: says nothing against sound data, and finds every kind of damage."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from dofc_events.accounts import sessions
from dofc_events.accounts.factors.models import RecoveryCode
from dofc_events.accounts.rules import Awaited
from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.letters.models import Letter, LetterRecipient
from dofc_events.letters.queries import unwritten
from dofc_events.letters.timers import write_messages
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.notices.models import UntoldNews
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import TAKEN, ClaimStatus
from dofc_events.registration import service
from dofc_events.trips.models import Trip
from tests.letters.conftest import release, write
from tests.support.factories import (
    DELEGATE,
    claim_of,
    make_account,
    make_edition,
    make_registration,
    make_three_trips,
    make_trip,
)

# Each asks for everything: PostgreSQL is asked once for each kind of data.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def command(app):
    """`command()`: the exit status and the lines that the command prints."""

    def run() -> tuple[int, list[str]]:
        answer = app.test_cli_runner().invoke(args=["check"])
        return answer.exit_code, answer.output.splitlines()

    return run


@pytest.fixture
def check(app):
    """`check()`: what the command would say of the data; to look at the schema takes longer than all else."""

    def run() -> tuple[int, list[str]]:
        with app.app_context():
            found = faults(db.session())
        return (1, found) if found else (0, ["Everything adds up."])

    return run


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


def of(reference: str):
    """The claim of a registration, as a condition."""
    return Claim.registration_id == select(Registration.id).where(Registration.reference == reference).scalar_subquery()


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


# Seats


@pytest.fixture
def seated(writing) -> dict[str, str]:
    """Two with a place and the seat on a trip each, the mill overlapping the wine; one who waits for the edition."""
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=2, year=2031)
        make_three_trips(session, edition)
        wishes = {"ana": ("wine",), "ivo": ("mill",), "eva": ("wine", "port")}
        people = {n: make_registration(session, edition, now=now(), trips=trips) for n, trips in wishes.items()}
        return {name: person.reference for name, person in people.items()}


def on(slug: str):
    """A claim on a trip's seats, as a condition."""
    pool = select(Pool.id).join(Trip, Trip.id == Pool.trip_id).where(Trip.slug == slug)
    return Claim.pool_id == pool.scalar_subquery()


def damage(writing, reference: str, slug: str, **values) -> None:
    """Change what somebody has of a trip behind everybody's back, and the number that is taken with it."""
    with writing() as session:
        session.execute(update(Claim).where(of(reference), on(slug)).values(values))
        taken = select(func.count()).where(Claim.pool_id == Pool.id, Claim.status.in_(TAKEN)).scalar_subquery()
        session.execute(update(Pool).where(Pool.trip_id.is_not(None)).values(taken=taken))


def test_check_is_content_with_sound_seats(check, seated):
    assert check() == (0, ["Everything adds up."])


@pytest.mark.parametrize("status", ["confirmed", "offered", "waitlisted"])
def test_check_finds_a_seat_without_a_place(check, seated, writing, status):
    until = now() + timedelta(days=1) if status == "offered" else None
    position = 9 if status == "waitlisted" else None
    with writing() as session:
        session.execute(update(Pool).values(capacity=2, next_position=10).where(Pool.trip_id.is_not(None)))
        session.execute(update(Claim).where(of(seated["ivo"]), on("mill")).values(status="cancelled"))
    damage(writing, seated["eva"], "port", status=status, position=position, offered_until=until)
    code, lines = check()
    wanted = f"registration {seated['eva']}: {status} on trip port without a confirmed place"
    assert code == 1 and wanted in lines


@pytest.mark.parametrize("status", ["confirmed", "requested"])
def test_check_finds_two_trips_at_the_same_time(check, seated, writing, status):
    with writing() as session:
        trip = session.scalars(select(Trip).where(Trip.slug == "mill")).one()
        pool = session.scalars(select(Pool).where(Pool.trip_id == trip.id)).one()
        ana = session.scalars(select(Registration).where(Registration.reference == seated["ana"])).one()
        pool.capacity, pool.next_position = 2, 10
        position = None if status == "confirmed" else 9
        session.add(
            Claim(
                pool_id=pool.id, registration_id=ana.id, status=status, position=position, changed_at=ana.registered_at
            )
        )
    damage(writing, seated["ana"], "mill", status=status)
    code, lines = check()
    assert code == 1 and f"registration {seated['ana']}: {status} on trip mill, while on trip wine" in lines


def test_check_finds_a_seat_that_is_only_requested_although_there_is_a_place(check, seated, writing):
    damage(writing, seated["ana"], "wine", status="requested", position=0)
    reference = seated["ana"]
    wanted = f"registration {reference}: requested on trip wine although it has a place and no draw is to come"
    assert check() == (1, [wanted])
    with writing() as session:
        session.execute(update(Edition).values(trip_mode="draw"))
    assert check()[0] == 0, "before a draw that is as it should be"


def test_check_finds_a_seat_on_a_cancelled_trip(check, seated, writing):
    with writing() as session:
        session.execute(update(Trip).where(Trip.slug == "mill").values(cancelled_at=now()))
    assert check() == (1, [f"registration {seated['ivo']}: confirmed on trip mill, which is cancelled"])


def test_check_finds_a_change_of_a_seat_that_nobody_was_told(check, seated, writing):
    damage(writing, seated["ivo"], "mill", status="cancelled", changed_at=now() + timedelta(minutes=1))
    assert check() == (1, [f"registration {seated['ivo']}: no email has announced its status"])


def test_check_finds_somebody_who_waits_for_a_seat_while_one_is_free(check, seated, writing):
    damage(writing, seated["ana"], "wine", status="waitlisted", position=0)
    code, lines = check()
    assert code == 1 and [line for line in lines if "somebody is waiting while 1 are free" in line]


def test_check_does_not_mind_that_somebody_waits_for_a_trip_that_has_begun(check, seated, writing):
    damage(writing, seated["ana"], "wine", status="waitlisted", position=0)
    with writing() as session:
        session.execute(update(Trip).where(Trip.slug == "wine").values(starts_at=now() - timedelta(hours=1)))
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


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("ALTER TABLE worker_signs DROP COLUMN mail_error", "column worker_signs.mail_error: it is missing"),
        ("DROP INDEX ix_messages_scope", "index ix_messages_scope of table messages: it is missing"),
        ("ALTER TABLE draws ADD COLUMN more INTEGER", "column draws.more: it is not known to this version"),
        ("DROP TABLE likely_doubles", "table likely_doubles: it is missing"),
    ],
)
@pytest.mark.databases("sqlite", "postgresql")
def test_check_finds_tables_that_are_not_those_of_this_version(command, writing, damage, fault):
    with writing() as session:
        session.execute(text(damage))
    code, lines = command()
    assert code == 1 and fault in lines


@pytest.mark.databases("sqlite")
def test_check_finds_a_database_that_was_not_upgraded(command, writing):
    with writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0037'"))
    code, (line,) = command()
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
