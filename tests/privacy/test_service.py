"""Periods, and who stays erased though an old backup is restored."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from dofc_events.accounts.models import Account
from dofc_events.commands.check import faults
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import db
from dofc_events.core.errors import NotAgreed
from dofc_events.delegates.models import Registration
from dofc_events.extensions import settings
from dofc_events.hosting.models import Proposal
from dofc_events.privacy.models import Erasure
from dofc_events.privacy.queries import people_called, periods_of
from dofc_events.privacy.rules import DEFAULT_DAYS, Period
from dofc_events.privacy.service import (
    LIST,
    TooLong,
    erase,
    erased_before,
    keep_list,
    remember_erased,
    set_network_periods,
    shorten_periods,
    vanish,
)
from tests.support.factories import NOW, make_account, make_edition, make_registration
from tests.support.hosting import make_call, make_proposal

DAY = timedelta(days=1)


@pytest.mark.databases("sqlite")
def test_who_was_erased_is_erased_again_after_a_restore_and_nobody_else(app, writing, reading):
    def build(session) -> str:
        edition = make_edition(session)
        make_registration(session, edition, email="other@dofc.test")
        make_proposal(session, make_call(session), contact_email="ana@dofc.test")
        account = make_account(session, "ana@dofc.test")
        account.roles[0].ends_at = NOW - DAY
        return make_registration(session, edition, email="ana@dofc.test").reference

    with writing() as session:
        reference = build(session)
    with reading() as session:
        backup = {table: session.execute(select(table)).mappings().all() for table in db.metadata.sorted_tables}
    with writing() as session:
        found = people_called(session, "ana@dofc.test")
    values = []
    for one in found:
        with writing() as session:
            values += erase(session, one, COMMAND, NOW)
    with app.app_context():
        vanish(db.session(), values)
        written = (settings().disk / LIST).read_text()
        assert len(written.split()) == 3
        assert "ana" not in written
        assert reference not in written
    restore(writing, backup)
    with app.app_context():
        missing = keep_list(db.session())
    assert len(missing) == 3
    with writing() as session:
        assert reference in session.scalars(select(Registration.reference)).all()
        again = erased_before(session, missing)
    for one in again:
        with writing() as session:
            erase(session, one, COMMAND, NOW)
    with writing() as session:
        remember_erased(session, missing, NOW)
        assert sorted(session.scalars(select(Registration.email))) == ["", "other@dofc.test"]
        assert session.scalars(select(Proposal.contact_email)).all() == [""]
        assert session.scalars(select(Account.email)).all() == [""]
        assert faults(session) == []
        # What was erased again is not looked for once more.
        assert keep_list(session) == set()
        # Whoever registers anew is not meant.
        edition = session.scalars(select(Registration)).first().edition
        make_registration(session, edition, email="ana@dofc.test")
        assert erased_before(session, missing) == []


def restore(writing, rows) -> None:
    """Put back every row as it was, as `flask restore` does."""
    with writing() as session:
        session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in reversed(db.metadata.sorted_tables):
            session.execute(delete(table))
        for table, found in rows.items():
            if found:
                session.execute(table.insert(), [dict(row) for row in found])
        assert session.scalars(select(Erasure)).all() == []


@pytest.mark.databases("sqlite")
def test_an_edition_keeps_nothing_longer_than_the_network(session):
    edition = make_edition(session)
    shorter = {**DEFAULT_DAYS, Period.NEEDS: 10}
    with pytest.raises(TooLong):
        shorten_periods(session, edition.id, {**DEFAULT_DAYS, Period.NAMES: 731}, COMMAND, NOW)
    shorten_periods(session, edition.id, shorter, COMMAND, NOW)
    set_network_periods(session, {**DEFAULT_DAYS, Period.NAMES: 400, Period.NEEDS: 5}, COMMAND, NOW)
    periods = periods_of(session)
    assert [periods.days(period, edition.id) for period in (Period.NEEDS, Period.NAMES, Period.PHONE)] == [5, 400, 30]
    set_network_periods(session, {**DEFAULT_DAYS, Period.NEEDS: 60}, COMMAND, NOW)
    assert periods_of(session).days(Period.NEEDS, edition.id) == 10


@pytest.mark.databases("sqlite")
def test_what_would_go_at_once_is_asked_first(session):
    edition = make_edition(session)
    make_registration(session, edition, dietary="None")
    at, wanted = edition.finishes_at() + 20 * DAY, {**DEFAULT_DAYS, Period.NEEDS: 10}
    with pytest.raises(NotAgreed) as asked:
        set_network_periods(session, wanted, COMMAND, at)
    assert asked.value.consequences == ([(edition.year, Period.NEEDS, 1)],)
    set_network_periods(session, wanted, COMMAND, at, agreed=asked.value.digest)
