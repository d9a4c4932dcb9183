"""One code of an app and one recovery code, given by many at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from pyotp import TOTP
from sqlalchemy import select

from dofc_events.accounts import sessions
from dofc_events.accounts.factors import service
from dofc_events.accounts.factors.rules import Given, new_app_secret
from dofc_events.accounts.models import BrowserSession
from dofc_events.core.clock import now
from tests.support.factories import NOW, make_account

AT_ONCE = 8


def test_a_code_is_right_exactly_once_and_tries_are_counted_when_eight_give_it_at_once(writing):
    secret, at = new_app_secret(), now()
    with writing() as session:
        account = make_account(session)
        sessions.begin(session, account.id, "", at)
        first = session.scalars(select(BrowserSession.id)).one()
        added = service.add_app(session, first, "App", secret, TOTP(secret).at(NOW), NOW)
        for _ in range(AT_ONCE - 1):
            sessions.begin(session, account.id, "", at)
        rows = session.scalars(select(BrowserSession.id)).all()
    assert len(rows) == AT_ONCE
    # A code that is wrong from the second on counts as a try, and after five of these none is looked at.
    given = at_once(writing, rows, TOTP(secret).at(at), at)
    assert given == [Given.NOT_LOOKED_AT] * 2 + [Given.RIGHT] + [Given.WRONG] * 5
    assert at_once(writing, rows, added.codes[0], at) == [Given.RIGHT] + [Given.WRONG] * (AT_ONCE - 1)


def at_once(writing, rows, code: str, at) -> list[Given]:
    start = Barrier(AT_ONCE)

    def give(row_id: int) -> Given:
        start.wait(timeout=30)
        with writing() as session:
            return service.give_code(session, row_id, code, at)[0]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sorted(pool.map(give, rows))
