"""The watch over the order of locks says so where an act takes them in another one."""

import pytest

from dofc_events.conference.service import lock_edition
from dofc_events.core.db import unit_of_work
from dofc_events.places.service import lock_edition_pool
from tests.support.factories import make_edition
from tests.support.locks import OutOfOrder


def lock(app, edition_id: int, *in_turn) -> None:
    with app.test_request_context(), unit_of_work() as session:
        for one in in_turn:
            one(session, edition_id)


def test_a_pool_that_is_locked_after_its_edition_is_noticed(app, writing):
    with writing() as session:
        edition_id = make_edition(session).id
    # Once more is no other order: it is held already.
    lock(app, edition_id, lock_edition_pool, lock_edition, lock_edition_pool)
    with pytest.raises(OutOfOrder, match=r"Pool .* after Edition"):
        lock(app, edition_id, lock_edition, lock_edition_pool)
    lock(app, edition_id, lock_edition)


def test_another_pool_that_is_locked_after_an_edition_is_noticed_whatever_pool_was_before(app, writing):
    with writing() as session:
        one, other = make_edition(session, year=2030).id, make_edition(session, year=2031).id
    with app.test_request_context(), unit_of_work() as session:
        lock_edition_pool(session, one)
        lock_edition(session, one)
        with pytest.raises(OutOfOrder):
            lock_edition_pool(session, other)
