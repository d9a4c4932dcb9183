"""Forty people want five places at the same moment, from a site of two processes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from tests.races.twin import PLACES, drop_check
from tests.races.visitors import all_at_once, form_at, registration_form, send
from tests.support.factories import make_edition
from tests.support.forms import Form
from tests.support.network import NetworkClient

PEOPLE = 40
LATECOMERS = 20
# As many are enough for a site that is wrong.
FEWER = 20
# Of those who wait: some who would be next, and some who are far from it.
WAITING_WHO_CANCEL = (2, 4, 6, 20, 30)


@dataclass
class Held:
    """What one registration holds, and the reference that it has."""

    reference: str
    status: str
    position: int | None


def open_edition(writing, **changes) -> int:
    with writing() as session:
        return make_edition(session, now=now(), capacity=PLACES, **changes).year


def filled_in(url: str, year: int, addresses: Sequence[str]) -> list[Form]:
    """Everybody has the form open, each in a browser of their own."""
    return [registration_form(NetworkClient(url), year, address) for address in addresses]


def held(reading) -> dict[str, Held]:
    """By address, in the order of the waiting list."""
    query = select(Registration.email, Registration.reference, Claim.status, Claim.position)
    with reading() as session:
        rows = session.execute(query.join(Claim).order_by(Claim.position)).all()
    return {email: Held(reference, str(status), position) for email, reference, status, position in rows}


def pool(reading) -> Pool:
    with reading() as session:
        return session.scalars(select(Pool)).one()


def faults_of(reading) -> list[str]:
    """What `flask check` would say."""
    with reading() as session:
        return faults(session)


def with_status(claims: dict[str, Held], *statuses: ClaimStatus) -> set[str]:
    return {email for email, claim in claims.items() if claim.status in statuses}


@pytest.mark.parametrize("offer_hours", [0.0, 72.0], ids=["confirmed at once", "offered"])
def test_nobody_is_lost_or_passed_over_when_everybody_comes_and_goes_at_once(
    live_server, database_url, writing, reading, offer_hours
):
    year = open_edition(writing, offer_hours=offer_hours)
    site = live_server(database_url, workers=2)
    people = [f"person-{number}@dofc.test" for number in range(PEOPLE)]

    answers = all_at_once(send, filled_in(site.url, year, people))
    assert {answer.status for answer in answers} == {303}
    links = dict(zip(people, (answer.headers["Location"] for answer in answers), strict=True))
    first = held(reading)
    confirmed = with_status(first, ClaimStatus.CONFIRMED)
    waiting = [email for email, claim in first.items() if claim.status == ClaimStatus.WAITLISTED]
    assert len(confirmed) == PLACES and len(first) == PEOPLE
    assert [first[email].position for email in waiting] == list(range(1, PEOPLE - PLACES + 1))
    for email in (min(confirmed), waiting[0]):
        shown = NetworkClient(site.url).get(links[email]).one("[data-registration-status]")
        assert shown["data-registration-status"] == first[email].status
    assert faults_of(reading) == []

    leaving = [*confirmed, *(waiting[position - 1] for position in WAITING_WHO_CANCEL)]
    late = [f"late-{number}@dofc.test" for number in range(LATECOMERS)]
    forms = [form_at(NetworkClient(site.url), f"{links[email]}cancel") for email in leaving]
    answers = all_at_once(send, forms + filled_in(site.url, year, late))
    assert {answer.status for answer in answers} == {303}

    then = held(reading)
    assert with_status(then, ClaimStatus.CANCELLED) == set(leaving)
    # Who holds a place now follows only from the list, whoever was quicker: nobody overtakes those waiting.
    next_in_line = [email for email in waiting if email not in leaving][:PLACES]
    promoted = ClaimStatus.OFFERED if offer_hours else ClaimStatus.CONFIRMED
    assert with_status(then, ClaimStatus.CONFIRMED, ClaimStatus.OFFERED) == set(next_in_line)
    assert {then[email].status for email in next_in_line} == {promoted}
    still = [email for email, claim in then.items() if claim.status == ClaimStatus.WAITLISTED]
    before = [email for email in waiting if email not in (*leaving, *next_in_line)]
    assert still[: len(before)] == before and set(still[len(before) :]) == set(late)
    assert [then[email].position for email in late] and {then[email].position for email in late} == set(range(36, 56))
    assert pool(reading).taken == PLACES
    assert faults_of(reading) == []
    _check_that_everybody_was_told_once(reading, next_in_line, leaving, late)


def _check_that_everybody_was_told_once(reading, next_in_line, leaving, late) -> None:
    query = select(Message.recipient, Message.kind).order_by(Message.id)
    told: dict[str, list[str]] = {}
    with reading() as session:
        for recipient, kind in session.execute(query):
            told.setdefault(recipient, []).append(kind)
    assert all(len(told[email]) == 2 for email in next_in_line)
    assert all(told[email][-1] == "registration-cancelled" for email in leaving)
    assert all(told[email] == ["registration-waitlisted"] for email in late)


def test_the_race_is_lost_by_a_site_that_looks_first_and_gives_later(live_server, database_url, writing, reading):
    """Otherwise the race above would prove nothing."""
    year = open_edition(writing)
    drop_check(database_url)
    site = live_server(database_url, workers=0)
    # In one process, so that they can wait for each other; more work at once than there are places.
    bind = ("--bind", f"127.0.0.1:{site.port}", "--workers", "1", "--threads", str(2 * PLACES))
    site.start("gunicorn", *bind, "tests.races.twin:broken_app()")
    all_at_once(send, filled_in(site.url, year, [f"person-{number}@dofc.test" for number in range(FEWER)]))
    assert len(with_status(held(reading), ClaimStatus.CONFIRMED)) > PLACES
    assert any("is oversold" in fault for fault in faults_of(reading))
