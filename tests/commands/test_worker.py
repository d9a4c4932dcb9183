"""`flask worker`: does what is due, in order, and one broken row stops nobody else's emails."""

import signal
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import delete, select, update

from dofc_events.commands.check import faults
from dofc_events.commands.timers import run_timers
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.mail.models import Message, WorkerSign
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.rules import BATCH
from dofc_events.places.models import Claim, Pool
from dofc_events.registration import service
from dofc_events.web.attachments.reading.rules import checked
from tests.mail.letters import enqueue_many, states
from tests.support.crowd import make_crowd
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, make_edition, make_registration
from tests.support.hosting import make_call, make_proposal
from tests.support.uploads import picture

HOUR = timedelta(hours=1)


@pytest.fixture
def app(make_app, smtp):
    """A site that delivers to the test's mail server."""
    return make_app(**smtp.settings())


@pytest.fixture
def worker(app):
    """`worker()`: one run of `flask worker --once`; what handled signals before, does so afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run() -> str:
        answer = app.test_cli_runner().invoke(args=["worker", "--once"])
        assert answer.exit_code == 0, f"{answer.output}{answer.exception!r}"
        return answer.output

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def statuses(reading) -> list[str]:
    """What everybody holds, in the order in which they registered."""
    with reading() as session:
        return [str(status) for status in session.scalars(select(Claim.status).order_by(Claim.registration_id))]


def kinds_to(smtp, email: str) -> list[str]:
    return smtp.kinds().get(email, [])


def give_up_a_place(writing, waiting: int, **changes) -> list[str]:
    """An edition of one place, which was given up: its next in line holds an offer. The addresses of all."""
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=1, **changes)
        people = [make_registration(session, edition, now=now()) for _ in range(1 + waiting)]
        service.cancel_registration(session, people[0].id, DELEGATE, now())
        return [person.email for person in people]


def test_worker_sends_everything_that_is_due_and_leaves_a_sign_of_life(worker, smtp, writing, reading):
    with writing() as session:
        addresses = enqueue_many(session, 45)
        session.execute(update(Message).where(Message.id == 1).values(due_at=now() + HOUR, refusals=1))
    worker()
    assert {e.rcpt_tos[0] for e in smtp.envelopes} == set(addresses[1:])
    with reading() as session:
        assert states(session) == {"sent": 44, "queued": 1}
        sign = session.scalars(select(WorkerSign)).one()
        # After the round, and not before it.
        assert now() - sign.seen_at < timedelta(seconds=20) and sign.rounds == 1
    worker()
    assert len(smtp.envelopes) == 44


@pytest.mark.databases("sqlite")
def test_worker_does_nothing_when_nothing_is_due(worker, smtp, reading):
    worker()
    worker()
    assert smtp.peers == set()


@pytest.mark.databases("sqlite")
def test_worker_runs_its_timers_without_a_mail_server(make_app, writing, reading):
    emails = give_up_a_place(writing, 2)
    with writing() as session:
        session.execute(update(Message).values(state="kept"))
        session.execute(update(Claim).where(Claim.status == "offered").values(offered_until=now()))
    run_once = partial(make_app().test_cli_runner().invoke, args=["worker", "--once"])
    assert run_once().exit_code == 0
    # Nobody was told of the offer yet, so its time is not over.
    assert statuses(reading) == ["cancelled", "offered", "waitlisted"]
    with writing() as session:
        session.execute(update(Message).values(state="sent"))
    assert run_once().exit_code == 0
    assert statuses(reading) == ["cancelled", "expired", "offered"]
    assert emails


@pytest.mark.databases("sqlite")
def test_worker_lets_an_offer_lapse_and_offers_the_place_to_the_next(worker, smtp, writing, reading):
    _, second, third = give_up_a_place(writing, 2)
    worker()
    assert kinds_to(smtp, second) == ["registration-waitlisted", "registration-offered"]
    with writing() as session:
        past = {"offered_at": now() - 80 * HOUR, "offered_until": now() - HOUR}
        session.execute(update(Claim).where(Claim.status == "offered").values(past))
    worker()
    assert statuses(reading) == ["cancelled", "expired", "offered"]
    assert kinds_to(smtp, second)[-1] == "registration-expired"
    assert kinds_to(smtp, third)[-1] == "registration-offered"
    with reading() as session:
        assert faults(session) == []


def test_worker_sends_a_late_offer_with_a_new_deadline(worker, smtp, writing, reading):
    """The server was away for longer than the offer lasted: it does not lapse unseen."""
    _, second, _ = give_up_a_place(writing, 2, offer_hours=2)
    with writing() as session:
        past = {"offered_at": now() - 3 * HOUR, "offered_until": now() - HOUR}
        session.execute(update(Claim).where(Claim.status == "offered").values(past))
    worker()
    assert statuses(reading) == ["cancelled", "offered", "waitlisted"]
    with reading() as session:
        until = session.scalars(select(Claim.offered_until).where(Claim.status == "offered")).one()
    assert timedelta(hours=1, minutes=59) < until - now() <= 2 * HOUR
    assert kinds_to(smtp, second) == ["registration-waitlisted", "registration-offered"]


@pytest.mark.databases("sqlite")
def test_worker_closes_the_list_when_the_edition_begins(worker, smtp, writing, reading):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=1)
        emails = [person.email for person in make_crowd(session, edition, BATCH + 4, now=now())]
        edition.starts_on = (now() - timedelta(days=1)).date()
    worker()
    assert statuses(reading) == ["confirmed"] + ["expired"] * (BATCH + 3)
    kinds = smtp.kinds()
    assert all(kinds[email][-1] == "registration-expired" for email in emails[1:])
    assert len(smtp.envelopes) == 2 * (BATCH + 4) - 1
    with reading() as session:
        assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_worker_writes_the_news_that_were_too_many_for_one_act(worker, smtp, writing, reading):
    count = 2 * BATCH + 10
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=1, offer_hours=0)
        emails = [person.email for person in make_crowd(session, edition, 1 + count, now=now())[1:]]
        service.resize_edition(session, edition.id, count + 1, DELEGATE, now())
    with reading() as session:
        assert len(session.scalars(select(UntoldNews.registration_id)).all()) == count
        assert faults(session) == []
    worker()
    kinds = smtp.kinds()
    assert all(kinds[email] == ["registration-waitlisted", "registration-confirmed"] for email in emails)
    with reading() as session:
        assert session.scalars(select(UntoldNews.registration_id)).all() == []
        assert faults(session) == []


def test_a_broken_registration_stops_nobody_elses_mail(worker, smtp, writing, reading):
    """It would otherwise stop the worker in every round, and all emails with it."""
    give_up_a_place(writing, 2)
    with writing() as session:
        past = {"offered_at": now() - 80 * HOUR, "offered_until": now() - HOUR}
        session.execute(update(Claim).where(Claim.status == "offered").values(past))
        session.execute(update(Message).where(Message.kind == "registration-offered").values(state="sent"))
        broken = make_registration(session, session.scalars(select(Edition)).one(), now=now())
        session.execute(delete(Claim).where(Claim.registration_id == broken.id))
        session.add(UntoldNews(registration_id=broken.id, since=now(), news={"place": True}))
        (address,) = enqueue_many(session, 1)
    assert worker().count("step_failed") == 1, "one line"
    assert len(smtp.messages_to(address)) == 1
    assert statuses(reading)[:3] == ["cancelled", "expired", "offered"], "other timers went on"


@pytest.mark.databases("sqlite")
def test_a_round_asks_for_as_much_after_one_edition_as_after_ten(app, writing):
    """Every two seconds, on every evening of the year."""
    asked = []
    for years in ([2015], range(2016, 2025)):
        with writing() as session:
            for year in years:
                then = datetime(year, 1, 1, tzinfo=UTC)
                edition = make_edition(session, year=year, now=then, capacity=1, starts_on=date(year, 5, 1))
                proposal = make_proposal(session, make_call(session, year + 20, now=now()), now=now())
                add_attachment(session, proposal.id, checked("a.png", picture()), PROPOSER, now())
                for _ in range(2):
                    make_registration(session, edition, now=then)
        with app.app_context():
            run_timers(now())
            with count_queries() as queries:
                run_timers(now())
        asked.append(list(queries))
    assert len(asked[0]) == len(asked[1]) and not any("attachments" in query for query in asked[1])


@pytest.mark.databases("sqlite")
def test_timers_change_nothing_when_run_again(app, worker, writing, reading):
    give_up_a_place(writing, 3)
    worker()

    def rows() -> list[tuple]:
        with reading() as session:
            tables = (Claim.__table__, Message.__table__, Pool.__table__, Registration.__table__)
            return [tuple(row) for table in tables for row in session.execute(select(table).order_by(table.c.id))]

    before = rows()
    with app.app_context():
        run_timers(now())
        run_timers(now())
        db.session.remove()
    assert rows() == before
