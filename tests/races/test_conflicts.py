"""Two who need the same rows of PostgreSQL: one waits for the other, and none is ever shown an error."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, current_thread

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, func, select, text, update

from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.team import invite
from dofc_events.commands.check import faults
from dofc_events.commands.timers import run_timers
from dofc_events.core.clock import now
from dofc_events.core.db import MAX_TRIES
from dofc_events.delegates.models import Registration
from dofc_events.hosting.models import Attachment
from dofc_events.hosting.queries import token_of
from dofc_events.mail.models import Message
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.service import tell_news
from dofc_events.places.models import Claim, Pool
from dofc_events.registration.service import cancel_registration, correct_address, register_delegate
from tests.races.test_letters import until
from tests.support import uploads
from tests.support.factories import (
    DELEGATE,
    make_account,
    make_edition,
    make_registration,
    make_registration_request,
)
from tests.support.hosting import make_call, make_proposal
from tests.support.pages import Client

ANA = "ana@dofc.test"
FILLED_IN = {
    "given_name": "Ana",
    "email": ANA,
    "organisation": "A",
    "country": "RS",
    "category": "guest",
    "consent": True,
}

pytestmark = pytest.mark.databases("postgresql")


@contextmanager
def paused(thread: str, after: str, reached: Event, until: Event, seconds: float = 30) -> Iterator[None]:
    """A thread stops after the statement with these words until the other one has come far enough, or so long."""

    def pause(connection, cursor, statement, *rest) -> None:
        if current_thread().name.startswith(thread) and after in statement:
            reached.set()
            until.wait(seconds)

    event.listen(Engine, "after_cursor_execute", pause)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", pause)


@contextmanager
def in_the_way(database_url: str) -> Iterator[psycopg.Cursor]:
    """A transaction that PostgreSQL never ends for another's sake: it looks for deadlocks only when the others wait."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        cursor = connection.cursor()
        cursor.execute("SET deadlock_timeout = '1h'")
        yield cursor


def refuse_first(database_url: str, times: int, code: str = "40P01") -> None:
    """PostgreSQL ends this many of the next transactions that leave something in the trail."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE refused"))
        connection.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN"
                f" IF nextval('refused') <= {times} THEN RAISE EXCEPTION 'ended' USING ERRCODE = '{code}'; END IF;"
                " RETURN NEW; END $$ LANGUAGE plpgsql"
            )
        )
        connection.execute(
            text("CREATE TRIGGER refuse BEFORE INSERT ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse()")
        )
    engine.dispose()


def counts(reading) -> tuple[int, int]:
    """How many are registered, and how many messages there are."""
    with reading() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) for table in (Registration, Message))


def test_registering_and_being_invited_at_the_same_moment_wait_for_each_other_in_one_order(writing, reading):
    """One has locked the address and refers to the edition's row; the other has the row and wants the address."""
    with writing() as session:
        edition_id = make_edition(session, now=now()).id
    has_address, has_edition = Event(), Event()

    def register() -> None:
        with writing() as session:
            register_delegate(session, edition_id, make_registration_request(email=ANA), DELEGATE, now())

    def organise() -> None:
        assert has_address.wait(30)
        with writing() as session:
            invite(session, edition_id, ANA, "Ana", RoleName.DESK, None, DELEGATE, now())

    with (
        paused("register", "pg_advisory_xact_lock", has_address, has_edition),
        paused("organise", "FROM editions", has_edition, has_edition),
        ThreadPoolExecutor(1, "register") as registering,
        ThreadPoolExecutor(1, "organise") as organising,
    ):
        both = [registering.submit(register), organising.submit(organise)]
        for one in both:
            one.result(timeout=60)
    assert counts(reading) == (1, 2)


def test_a_visitor_who_is_in_a_deadlock_is_registered_all_the_same(app, database_url, writing, reading):
    with writing() as session:
        edition = make_edition(session, now=now(), year=2028)
        edition_id = edition.id
    form = Client(app).get("/editions/2028/register").form().fill(FILLED_IN)
    with ThreadPoolExecutor(1) as visitor, in_the_way(database_url) as other:
        other.execute("SELECT FROM editions WHERE id = %s FOR UPDATE", (edition_id,))
        answer = visitor.submit(form.submit, follow=False)
        until_somebody_waits(database_url)
        # The visitor has this row, and waits for the one above.
        other.execute("SELECT FROM pools WHERE edition_id = %s FOR UPDATE", (edition_id,))
        other.connection.commit()
        assert answer.result(timeout=60).status == 303
    assert counts(reading) == (1, 1)
    with reading() as session:
        assert faults(session) == []


def until_somebody_waits(database_url: str) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as watching:
        until(lambda: watching.execute(waiting).fetchone() is not None)


@pytest.mark.parametrize("code", ["40P01", "40001"])
@pytest.mark.parametrize(("times", "status", "stored"), [(MAX_TRIES - 1, 303, (1, 1)), (MAX_TRIES, 500, (0, 0))])
def test_a_view_is_tried_three_times(app, database_url, writing, reading, code, times, status, stored):
    with writing() as session:
        make_edition(session, now=now(), year=2028)
    form = Client(app).get("/editions/2028/register").form().fill(FILLED_IN)
    refuse_first(database_url, times, code)
    assert form.submit(follow=False).status == status
    assert counts(reading) == stored


def test_what_is_no_conflict_is_not_tried_again(app, database_url, writing, reading):
    with writing() as session:
        make_edition(session, now=now(), year=2028)
    form = Client(app).get("/editions/2028/register").form().fill(FILLED_IN)
    refuse_first(database_url, 1, "22012")
    assert form.submit(follow=False).status == 500
    assert counts(reading) == (0, 0)


def test_a_file_that_is_sent_is_attached_also_at_the_second_try(app, database_url, writing, reading):
    with writing() as session:
        proposal = make_proposal(session, make_call(session, now=now()), now=now())
        own = f"/hosting/proposals/{token_of(proposal)}/"
    form = Client(app).get(own).form("/attachments").fill(file=("letter.pdf", uploads.pdf()))
    refuse_first(database_url, 1)
    assert form.submit(follow=False).status == 303
    with reading() as session:
        assert session.scalars(select(Attachment.size)).all() == [len(uploads.pdf())]


def test_a_request_that_is_begun_anew_counts_once_against_its_limit(make_app, database_url, writing, reading):
    with writing() as session:
        make_account(session, ANA, now=now())
    app = make_app(rate_limits=True)
    refuse_first(database_url, MAX_TRIES - 1)
    answers = [Client(app).get("/sign-in").form().fill(email=ANA).submit(follow=False).status for _ in range(6)]
    assert answers == [303] * 5 + [429]


@pytest.mark.parametrize("times", [MAX_TRIES - 1, MAX_TRIES])
def test_a_command_is_tried_three_times(app, database_url, writing, reading, times):
    with writing() as session:
        edition_id = make_edition(session, now=now(), year=2028).id
    refuse_first(database_url, times)
    answer = app.test_cli_runner().invoke(args=["edition", "2028", "--capacity", "7"])
    with reading() as session:
        changed = session.scalar(select(Pool.capacity).where(Pool.edition_id == edition_id)) == 7
    assert (answer.exit_code == 0) is changed is (times < MAX_TRIES)


def offer_a_place(session, year: int) -> int:
    """Somebody has an offer that is over and was told of; the next in line waits for it. The id of the next."""
    edition = make_edition(session, now=now(), capacity=1, year=year)
    people = [make_registration(session, edition, now=now()) for _ in range(3)]
    cancel_registration(session, people[0].id, DELEGATE, now())
    session.execute(update(Message).values(state="sent", sent_at=now()))
    past = {"offered_at": now() - timedelta(hours=80), "offered_until": now() - timedelta(hours=1)}
    session.execute(update(Claim).where(Claim.status == "offered", Claim.offered_until > now()).values(past))
    return people[2].id


@pytest.mark.parametrize(("times", "at_once"), [(MAX_TRIES - 1, 2), (MAX_TRIES, 1)])
def test_a_step_of_the_worker_is_tried_three_times_and_the_others_are_done(
    app, database_url, writing, reading, capsys, times, at_once
):
    """A step that is ended again and again waits for the next round, like anything that fails; nothing is cut short."""
    with writing() as session:
        offered = [offer_a_place(session, year) for year in (2028, 2029)]
    refuse_first(database_url, times)
    with app.app_context():
        for expected in (at_once, 2):
            run_timers(now())
            with reading() as session:
                moved_up = select(Claim.registration_id).where(Claim.status == "offered")
                assert len({*session.scalars(moved_up)} & {*offered}) == expected
    assert "database_unreachable" not in capsys.readouterr().err


def test_telling_the_news_and_correcting_an_address_do_not_wait_for_each_other(writing, reading):
    """The worker has struck out the news and withdraws messages; a correction withdraws them, then strikes out."""
    with writing() as session:
        offer_a_place(session, 2028)
        person = session.scalars(select(Registration).join(Claim).where(Claim.status == "offered")).one()
        session.execute(update(Message).values(state="queued", sent_at=None))
        session.add(UntoldNews(registration_id=person.id, since=now(), news={"place": True, "seats": {}}))
        id_ = person.id
    has_news, has_messages = Event(), Event()

    def tell() -> None:
        with writing() as session:
            tell_news(session, [id_], now())

    def correct() -> None:
        assert has_news.wait(30)
        with writing() as session:
            correct_address(session, id_, "new@dofc.test", DELEGATE, now())

    with (
        # In vain: where the news is locked first, nobody comes to the messages while the worker is there.
        paused("tell", "DELETE FROM untold_news", has_news, has_messages, seconds=1),
        paused("correct", "UPDATE messages", has_messages, has_messages),
        ThreadPoolExecutor(1, "tell") as telling,
        ThreadPoolExecutor(1, "correct") as correcting,
    ):
        for one in [telling.submit(tell), correcting.submit(correct)]:
            one.result(timeout=60)
    with reading() as session:
        assert session.get_one(Registration, id_).email == "new@dofc.test" and faults(session) == []
