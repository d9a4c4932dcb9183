"""Whoever changes their mind again and again is told together, and fills nobody's mailbox."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.core.audit import COMMAND, WORKER
from dofc_events.delegates import service as delegates
from dofc_events.mail.rules import ADDRESS_LIMITS
from dofc_events.notices.models import UntoldNews
from dofc_events.registration import service, timers
from dofc_events.registration.trips import service as seats
from tests.registration.trips.conftest import FIVE_MINUTES, HOUR, choose, tell_due
from tests.support.factories import DELEGATE, NOW, seat_of
from tests.support.letters import deliver_all, kinds, letters, unsent

# PostgreSQL is asked whatever these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


def test_choosing_again_and_again_is_told_once_and_at_last(session, person):
    """Whoever registers somebody else's address must not be able to fill their mailbox."""
    who, start = person(), NOW + HOUR
    for number in range(40):
        choose(session, who, *(("wine",) if number % 2 == 0 else ("port",)), now=start + timedelta(seconds=number))
    first, second = unsent(session, to=who.email)
    assert "You have a seat on “Wine”" in first.text and "You have a seat on “Port”" in second.text
    # Nothing is told twice, nor before its time: five minutes after the first of them.
    tell_due(session, start + FIVE_MINUTES - timedelta(seconds=1))
    assert len(unsent(session, to=who.email)) == 2
    tell_due(session, start + FIVE_MINUTES)
    _, _, third = unsent(session, to=who.email)
    assert "You have a seat on “Port”" in third.text and "You have given back “Wine”" in third.text
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 0


def test_whoever_goes_on_choosing_causes_no_more_emails_than_the_limits_allow(session, person):
    who, at = person(), NOW + HOUR
    for number in range(150):
        at += timedelta(minutes=10)
        choose(session, who, *(("wine",) if number % 2 == 0 else ()), now=at)
        tell_due(session, at)
    written = [message.queued_at for message in letters(session, to=who.email)]
    for count, span in ADDRESS_LIMITS:
        assert all(later - earlier >= span for earlier, later in zip(written, written[count:], strict=False))
    # Nothing stays untold.
    tell_due(session, at + timedelta(days=1))
    assert "given back" in letters(session, to=who.email)[-1].text


def test_details_and_trips_that_are_changed_together_wait_together(session, person):
    who, at = person(), NOW + HOUR
    for number in range(4):
        service.change_details(session, who.id, replace(delegates.details_of(who), phone=f"{number}"), DELEGATE, at)
    choose(session, who, "wine", now=at)
    assert kinds(session, to=who.email)[1:] == ["registration-changed"] * 2
    tell_due(session, at + FIVE_MINUTES)
    *_, seat, changed = unsent(session, to=who.email)
    assert (seat.kind, changed.kind) == ("trip-confirmed", "registration-changed")
    assert "Changed: mobile phone." in changed.text and "The organisers changed" not in changed.text


def test_what_waits_is_told_at_once_with_what_others_do(session, edition, trips, person):
    who = person()
    for slugs in (("wine",), (), ("port",), ("wine",)):
        choose(session, who, *slugs, now=NOW + HOUR)
    seats.cancel_trip(session, edition.id, "wine", COMMAND, NOW + HOUR)
    last = unsent(session, to=who.email)[-1]
    assert "“Wine” has been cancelled" in last.text and "You have given back “Port”" in last.text
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 0


def test_what_becomes_of_the_place_never_waits(session, person):
    who, at = person(), NOW + HOUR
    for slugs in (("wine",), (), ("port",)):
        choose(session, who, *slugs, now=at)
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 1
    service.cancel_registration(session, who.id, DELEGATE, at)
    assert unsent(session, to=who.email)[-1].kind == "registration-cancelled"
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 0


def test_an_offer_does_not_stand_longer_because_its_delegate_goes_on_choosing(session, edition, trips, person):
    edition.offer_hours, edition.revision = 2, 1
    holder, who = person("wine"), person("wine")
    choose(session, holder, now=NOW + HOUR)
    deliver_all(session, NOW + HOUR)
    assert seat_of(session, who, trips[0]).status == "offered"
    for number in range(9):
        choose(session, who, "wine", *(("port",) if number % 2 else ()), now=NOW + 3 * HOUR)
        deliver_all(session, NOW + 3 * HOUR)
    timers.lapse_offers(session, who.id, WORKER, NOW + 3 * HOUR)
    assert seat_of(session, who, trips[0]).status == "expired"
