"""Organisers are told what needs attention as often as they want, and put off what can wait."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.rules import EditionStatus
from dofc_events.mail.models import Message
from dofc_events.organise.overview import mails, service
from dofc_events.organise.overview.models import Digest, PutOff
from dofc_events.organise.overview.queries import Alert, Attention, attention_of
from dofc_events.organise.overview.rules import MORNING, Deadline, Matter, Often, Rank, is_due, rank_of
from dofc_events.registration.service import cancel_registration
from tests.support.databases import count_queries
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_registration

DAY = timedelta(days=1)
# 8:00 in Sofia, on the Tuesday after NOW.
MORNING_AFTER = datetime(2026, 11, 3, 6, tzinfo=UTC)


@pytest.fixture
def digests(reading):
    """What was written to one address, oldest first."""

    def digests(address: str) -> list[Message]:
        with reading() as session:
            query = select(Message).where(Message.recipient == address, Message.kind == "reminder")
            return list(session.scalars(query.order_by(Message.id)))

    return digests


@pytest.mark.parametrize(
    ("often", "looked_at", "expected"),
    [
        (Often.DAILY, MORNING_AFTER - DAY, True),
        (Often.DAILY, MORNING_AFTER, False),
        (Often.WEEKLY, MORNING_AFTER - DAY, False),
        (Often.WEEKLY, MORNING_AFTER - 2 * DAY, True),
        (Often.AT_ONCE, MORNING_AFTER - timedelta(minutes=9), False),
        (Often.AT_ONCE, MORNING_AFTER - timedelta(minutes=10), True),
        (Often.NEVER, MORNING_AFTER - 100 * DAY, False),
    ],
)
def test_time_has_come_on_a_morning_a_monday_or_soon(often, looked_at, expected):
    assert is_due(often, looked_at, MORNING_AFTER, "Europe/Sofia") is expected
    assert MORNING.hour == 8 and not is_due(Often.DAILY, NOW, MORNING_AFTER - timedelta(seconds=1), "Europe/Sofia")


def test_what_leaves_nothing_to_do_comes_last():
    order = [Matter.DEAD_MAIL, Matter.DOUBLES, Deadline.EDITION_BEGINS, Matter.NEW, Matter.WAITLISTED]
    assert [rank_of(matter) for matter in order] == list(Rank)


@pytest.mark.databases("sqlite", "postgresql")
def test_organiser_is_told_in_the_morning_once_and_only_if_there_is_something(writing, tick, digests):
    with writing() as session:
        edition = make_edition(session, capacity=2)
        other = make_edition(session, year=2031, capacity=5)
        make_account(session, "mia@dofc.test", role=RoleName.ORGANISER, edition=edition)
        make_account(session, "desk@dofc.test", role=RoleName.DESK, edition=edition)
        make_account(session, "chair@dofc.test", role=RoleName.CHAIR)
        archived = make_edition(session, year=2019, status=EditionStatus.ARCHIVED)
        make_account(session, "old@dofc.test", role=RoleName.ORGANISER, edition=archived)
    tick(NOW)
    with writing() as session:
        later, names = NOW + timedelta(hours=1), ("Ada", "Boris", "Cyril")
        people = [make_registration(session, edition, now=later, given_name=name, family_name=name) for name in names]
        make_registration(session, other, now=NOW + timedelta(hours=1))
        cancel_registration(session, people[0].id, DELEGATE, NOW + timedelta(hours=2))
    tick(MORNING_AFTER - timedelta(seconds=1))
    assert not digests("mia@dofc.test")
    tick(MORNING_AFTER)
    tick(MORNING_AFTER + timedelta(hours=1))
    (mail,) = digests("mia@dofc.test")
    assert mail.subject == "3 new registrations, 1 cancelled" and mail.about == ""
    said = " ".join(mail.text.split())
    assert said.index("3 registrations are new since") < said.index("1 registration has been cancelled since")
    assert said.index("cancelled since") < said.index("1 place is offered until")
    assert "http://dofc.test/organise/" in mail.html
    assert "\n- 3 registrations" in mail.text and "\n- 1 registration has" in mail.text, "each on a line of its own"
    (to_chair,) = digests("chair@dofc.test")
    assert "Days of Clusters 2027" in to_chair.text and "1 registration is new since" in to_chair.text
    assert not digests("desk@dofc.test") and not digests("old@dofc.test")
    # Offers and waiting lists alone are no reason to write.
    tick(MORNING_AFTER + DAY)
    assert len(digests("mia@dofc.test")) == 1


def test_subject_says_what_is_new_and_what_is_to_do_over_all_editions(session):
    trouble, new = Alert(Matter.DEAD_MAIL, 40), Alert(Matter.NEW, 2)
    found = Attention([trouble], {1: [new, Alert(Matter.DOUBLES, 3), Alert(Matter.WAITLISTED, 9)], 2: [new]})
    message = mails.digest(make_account(session, "mia@dofc.test"), found, [], NOW)
    # A line is a thing to do, however many it is about; who waits is no news.
    assert message.subject == "4 new registrations, 2 things to do"


def test_told_at_once_is_told_of_each_thing_once(writing, tick, digests):
    with writing() as session:
        edition = make_edition(session, capacity=5)
        account = make_account(session, "mia@dofc.test", role=RoleName.ORGANISER, edition=edition)
        service.choose(session, account.id, Often.AT_ONCE, NOW)
        make_registration(session, edition, now=NOW + timedelta(minutes=1))
        edition.registration_closes_at = NOW + 3 * DAY
    for minutes in (5, 10, 20, 30):
        tick(NOW + timedelta(minutes=minutes))
    (mail,) = digests("mia@dofc.test")
    assert mail.subject == "1 new registration, 1 deadline"
    assert "Registration closes" in mail.text and "1 registration is new" in " ".join(mail.text.split())
    with writing() as session:
        make_registration(session, edition, now=NOW + timedelta(minutes=31))
    tick(NOW + timedelta(minutes=40))
    assert len(digests("mia@dofc.test")) == 2


def test_looking_for_who_is_due_takes_the_same_number_of_queries_for_1_and_10_accounts(app, writing, tick):
    with writing() as session:
        edition = make_edition(session)
    counts = []
    for more in (1, 9):
        with writing() as session:
            for number in range(more):
                make_account(session, f"m{more}{number}@dofc.test", role=RoleName.ORGANISER, edition=edition)
        tick(NOW)
        with count_queries() as asked:
            tick(NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_account_chooses_how_often(organiser, reading):
    page = organiser.get("/organise/").follow("Emails about what needs attention")
    assert page.form().value("often") == "daily"
    assert "Saved." in page.form().fill(often="weekly").submit().text
    with reading() as session:
        assert session.scalars(select(Digest)).one().often == Often.WEEKLY
    assert organiser.get("/organise/digest").form().value("often") == "weekly"


def test_line_is_put_off_until_a_day_for_oneself_alone(organiser, enter, writing, reading, edition):
    with writing() as session:
        for _one in range(4):
            make_registration(session, edition)
    page = organiser.get("/organise/")
    assert "are waiting for a place" in page.one(".attention").text
    page = page.form("put-off").fill(until="2062-11-05").submit()
    assert page.status == 422 and "more than a year from now" in page.one("#until-error").text
    page = page.form().fill(until="2020-01-01").submit()
    assert page.status == 422 and "Choose a day that is still to come." in page.text
    page = page.form().fill(until="2026-11-05").submit()
    assert not page.all(".attention") and "1 item has been put off" in page.text
    assert enter("chair").get("/organise/").all(".attention")
    page = page.form("show-again").submit()
    assert "are waiting for a place" in page.one(".attention").text
    page.form("put-off").fill(until="2026-11-05").submit()
    with reading() as session:
        account = session.get_one(Account, session.scalars(select(PutOff.account_id)).one())
        midnight = datetime(2026, 11, 4, 22, tzinfo=UTC)
        put_off = [attention_of(session, account, None, at)[1] for at in (midnight - timedelta(seconds=1), midnight)]
    assert [len(lines) for lines in put_off] == [1, 0], "a day begins on the edition's clocks"
