"""Every number on an organiser's pages is how many entries the list behind it has, whatever happened before."""

import itertools
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.crowd import add_crowd
from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link, use_link
from dofc_events.conference.rules import TripMode
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.registration.service import cancel_registration, resize_edition
from tests.support.factories import (
    DELEGATE,
    NOW,
    make_account,
    make_edition,
    make_registration,
    make_three_trips,
    make_trip,
)
from tests.support.pages import Page

YEARS = itertools.count(2100, 2)

PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "country": st.sampled_from(["RS", "BG", "GE", "XK"]),
            "category": st.sampled_from(["member", "company"]),
            "language": st.sampled_from(["en", "fr"]),
            "organisation": st.sampled_from(["Cluster", "Cluster & Sons", "Ниш"]),
            "trips": st.sampled_from([(), ("wine",), ("mill",), ("port",), ("wine", "port")]),
            "hours": st.integers(1, 100),
            "was_here": st.booleans(),
        }
    ),
    max_size=12,
)


def lists_behind(page: Page) -> dict[str, int]:
    """The address of each list that a page's numbers lead to, with the number; none has two."""
    found: dict[str, int] = {}
    for link in page.all("[data-count]"):
        number = int(str(link["data-count"]))
        assert str(number) in link.get_text()
        assert found.setdefault(str(link["href"]), number) == number
    return found


def total_of(page: Page, part: str) -> int:
    """What the page, or a part of it, says at the one place where it says how many there are."""
    return int(page.one(f"#{part} [data-total], #{part}[data-total]" if part else "[data-total]")["data-total"])


def check_numbers(browser, *addresses: str) -> int:
    """Follow every number, and say how many there were."""
    lists: dict[str, int] = {}
    for address in addresses:
        lists |= lists_behind(browser.get(address))
    for address, number in lists.items():
        assert total_of(browser.get(address, checked=False), urlsplit(address).fragment) == number, address
    return len(lists)


@pytest.mark.parametrize("mode", list(TripMode))
# All examples share a database, each with editions of its own, so there is nothing to shrink by.
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    people=PEOPLE,
    cancelled=st.sets(st.integers(0, 11)),
    capacity=st.integers(0, 8),
    more=st.integers(0, 4),
    failed=st.sets(st.integers(0, 11)),
)
def test_numbers_are_the_totals_of_their_lists_after_anything(
    client, writing, clock, mode, people, cancelled, capacity, more, failed
):
    with writing() as session:
        year = next(YEARS)
        earlier = make_edition(session, year=year)
        edition = make_edition(session, year=year + 1, capacity=capacity, trip_mode=mode)
        for trip in make_three_trips(session, edition, capacity=2):
            trip.minimum = 2
        account = make_account(session, role=RoleName.ORGANISER, edition=edition)
        use_link(session, issue_sign_in_link(session, account.id, NOW), NOW)
        found = []
        for number, values in enumerate(people):
            person, moment = dict(values), NOW + timedelta(hours=values["hours"] - 50)
            person["email"] = f"p{number}-{year}@dofc.test"
            del person["hours"]
            if person.pop("was_here"):
                make_registration(session, earlier, email=person["email"], now=moment)
            found.append(make_registration(session, edition, now=moment, **person))
        for number in cancelled & set(range(len(found))):
            cancel_registration(session, found[number].id, DELEGATE, NOW)
        resize_edition(session, edition.id, capacity + more, DELEGATE, NOW)
        mail = session.query(Message).where(Message.scope == str(edition.year)).order_by(Message.id).all()
        for number, message in enumerate(mail):
            message.state = MessageState.DEAD if number in failed else MessageState.QUEUED
            message.due_at = NOW
    organiser = client.another().sign_in(account)
    clock.move_to(NOW + timedelta(minutes=11))
    assert check_numbers(organiser, "/organise/", f"/organise/editions/{edition.year}/") >= 5
    clock.move_to(NOW)


def test_numbers_are_the_totals_of_their_lists_with_a_thousand(enter, writing):
    with writing() as session:
        edition = make_edition(session, capacity=800, registration_opens_at=NOW - timedelta(days=100))
        add_crowd(session, edition, 1000, NOW, [make_trip(session, edition, capacity=200) for _ in range(3)])
    chair = enter("chair")
    assert check_numbers(chair, "/organise/", f"/organise/editions/{edition.year}/") > 40
