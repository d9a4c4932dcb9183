"""One sign-in link, used by many at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import SignInLinkNotValid, add_account, issue_sign_in_link, use_link
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.core.clock import now

AT_ONCE = 10
ROUNDS = 5


def test_use_link_signs_in_exactly_once_when_ten_press_at_once(writing, reading):
    with writing() as session:
        ada = add_account(session, "ada@example.org", "Ada", Grant(RoleName.CHAIR), COMMAND, now()).id
    for _ in range(ROUNDS):
        with writing() as session:
            secret = issue_sign_in_link(session, ada, now())
        assert sorted(press_at_once(writing, secret), key=str) == [ada] + [None] * (AT_ONCE - 1)
    with reading() as session:
        signed_in = select(func.count()).where(AuditEntry.act == "signed_in")
        assert session.scalar(signed_in) == ROUNDS


def press_at_once(writing, secret: str) -> list[int | None]:
    """What each of the ten got: the account, or nothing."""
    start = Barrier(AT_ONCE)

    def press(_: int) -> int | None:
        start.wait(timeout=30)
        try:
            with writing() as session:
                return use_link(session, secret, now())
        except SignInLinkNotValid:
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(press, range(AT_ONCE)))
