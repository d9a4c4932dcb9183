"""Places promised until a date: exact, whatever becomes of them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from dofc_events.commands.check import faults
from dofc_events.core.audit import COMMAND
from dofc_events.core.errors import NotAgreed
from dofc_events.groups.delegations import service
from dofc_events.groups.delegations.queries import delegations_to_end, groups_at
from dofc_events.groups.delegations.service import (
    NothingFreeToPromise,
    TooLate,
    change_promise,
    end_delegation,
    promised_of,
    withdraw_promise,
)
from dofc_events.groups.invitations.service import TooFewLeft, give_back
from dofc_events.groups.models import Group
from dofc_events.mail.models import Message
from dofc_events.places.limits.service import set_limit
from dofc_events.places.models import Claim, Pool
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import CapacityBelowTaken
from dofc_events.registration.service import cancel_registration, resize_edition
from tests.support.factories import DELEGATE, NOW, make_edition, make_registration
from tests.support.groups import make_group, make_promise, someone, stand
from tests.support.letters import kinds, letters


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=5, offer_hours=0)


def numbers(session, edition) -> tuple[int, int]:
    pool = edition_pool(session, edition.id)
    session.refresh(pool)
    return pool.taken, pool.promised


def add(session, edition, group: Group, *names: str, choice: str = ""):
    return make_group(session, edition, [someone(name) for name in names], group_id=group.id, choice=choice).people


def test_promised_places_are_kept_for_the_delegation_and_used_by_it(session, edition):
    group = make_promise(session, edition)
    assert numbers(session, edition) == (3, 3)
    for name in ("One", "Two", "Three"):
        make_registration(session, edition, given_name=name)
    assert [status for status, _ in stand(session, edition).values()] == ["confirmed", "confirmed", "waitlisted"]
    add(session, edition, group, "Ana", "Boro")
    assert [stand(session, edition)[name][0] for name in ("Ana", "Boro")] == ["confirmed"] * 2
    assert numbers(session, edition) == (5, 1)
    [row] = groups_at(session, edition.id)
    assert (row.used, row.free, row.registered) == (2, 1, 2)
    assert faults(session) == []


def test_a_place_that_becomes_free_goes_back_to_the_delegation_and_to_its_own_first(session, edition):
    group = make_promise(session, edition)
    for name in ("One", "Two", "Three"):
        make_registration(session, edition, given_name=name)
    ana, *_ = add(session, edition, group, "Ana", "Boro", "Ceca", "Dana", choice="split")
    assert stand(session, edition)["Dana"][0] == "waitlisted"
    cancel_registration(session, ana.registration.id, DELEGATE, NOW)
    # Although somebody else has waited longer.
    assert (stand(session, edition)["Dana"][0], stand(session, edition)["Three"][0]) == ("confirmed", "waitlisted")
    dana = session.scalars(select(Claim).where(Claim.promise_id == group.promise_id).order_by(Claim.id.desc())).first()
    cancel_registration(session, dana.registration_id, DELEGATE, NOW)
    assert (numbers(session, edition), stand(session, edition)["Three"][0]) == ((5, 1), "waitlisted")
    assert faults(session) == []


def test_what_is_unused_goes_to_the_list_when_the_date_has_come(session, edition):
    group = make_promise(session, edition, places=4)
    for name in ("One", "Two", "Three"):
        make_registration(session, edition, given_name=name)
    add(session, edition, group, "Ana")
    assert delegations_to_end(session, NOW) == []
    later = NOW + timedelta(days=30)
    assert delegations_to_end(session, later) == [group.id]
    end_delegation(session, group.id, COMMAND, later)
    assert (numbers(session, edition), group.promise_id, group.places) == ((4, 0), None, 4)
    assert {status for status, _ in stand(session, edition).values()} == {"confirmed"}
    assert kinds(session, to=group.email)[-1] == "delegation-ended"
    assert delegations_to_end(session, later) == []
    assert faults(session) == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("used", [0, 1, 2])
def test_the_end_of_a_promise_counts_only_places_that_there_are(session, edition, used):
    group = make_promise(session, edition, places=2)
    for name in ("Ana", "Boro")[:used]:
        add(session, edition, group, name)
    end_delegation(session, group.id, COMMAND, NOW + timedelta(days=30))
    told = letters(session, to=group.email)[-1]
    assert told.subject == f"No more places are kept for {group.organisation} at {edition.name}"
    for part in (told.text, told.html):
        said = " ".join(part.split())
        assert ("been used" in said, "to others." in said, "0 places" in said) == (used > 0, used < 2, False)
    assert "\n\nOpen your delegation" in told.text


@pytest.mark.databases("sqlite")
def test_what_is_not_free_cannot_be_promised(session, edition):
    for _ in range(3):
        make_registration(session, edition)
    with pytest.raises(NothingFreeToPromise) as refused:
        make_promise(session, edition, places=3)
    assert refused.value.free == 2
    with pytest.raises(TooLate):
        make_promise(session, edition, places=1, days=151)


@pytest.mark.databases("sqlite")
def test_promised_places_cannot_be_taken_out_of_the_edition(session, edition):
    make_promise(session, edition)
    with pytest.raises(CapacityBelowTaken):
        resize_edition(session, edition.id, 2, DELEGATE, NOW)


def test_a_smaller_promise_asks_first_and_moves_people_up(session, edition):
    group = make_promise(session, edition, places=5)
    make_registration(session, edition, given_name="One")
    smaller = service.Promised(**(vars(promised_of(group)) | {"places": 3}))
    with pytest.raises(NotAgreed) as asked:
        change_promise(session, group.id, smaller, COMMAND, NOW)
    assert asked.value.consequences[0] == [service.Consequence("moving_up", 1)]
    assert change_promise(session, group.id, smaller, COMMAND, NOW, agreed=asked.value.digest)
    assert (numbers(session, edition), stand(session, edition)["One"][0]) == ((4, 3), "confirmed")
    assert faults(session) == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"places": 4}, "Before, 3 places were kept until 14:00, Wednesday 2 December 2026 (Sofia time)."),
        ({"contact_name": "Hana Head"}, "corrected the name of your organisation or yours: Dom, Hana Head."),
        ({"email": "other@cluster.test", "places": 4}, ""),
    ],
)
def test_the_head_is_told_what_was_changed_of_the_promise(session, edition, change, said):
    group = make_promise(session, edition)
    changed = service.Promised(**(vars(promised_of(group)) | change))
    try:
        change_promise(session, group.id, changed, COMMAND, NOW)
    except NotAgreed as asked:
        change_promise(session, group.id, changed, COMMAND, NOW, agreed=asked.digest)
    message = session.scalars(select(Message).order_by(Message.id.desc())).first()
    for text in (message.text, message.html):
        words = " ".join(text.split())
        assert said in words and ("The organisers have" in words) == bool(said)


@pytest.mark.databases("sqlite")
def test_another_head_gets_another_link(session, edition):
    group = make_promise(session, edition)
    other = service.Promised(**(vars(promised_of(group)) | {"email": "other@cluster.test"}))
    with pytest.raises(NotAgreed) as asked:
        change_promise(session, group.id, other, COMMAND, NOW)
    change_promise(session, group.id, other, COMMAND, NOW, agreed=asked.value.digest)
    [told] = letters(session, to="other@cluster.test")
    assert (group.link_version, told.kind) == (2, "delegation-promised") and "have changed how many" not in told.text
    assert kinds(session, to="head@cluster.test") == []


@pytest.mark.databases("sqlite")
def test_a_withdrawn_promise_leaves_places_to_those_who_have_them(session, edition):
    group = make_promise(session, edition)
    [ana] = add(session, edition, group, "Ana")
    with pytest.raises(NotAgreed) as asked:
        withdraw_promise(session, group.id, COMMAND, NOW)
    assert withdraw_promise(session, group.id, COMMAND, NOW, agreed=asked.value.digest) == 2
    assert (numbers(session, edition), stand(session, edition)["Ana"][0]) == ((1, 0), "confirmed")
    cancel_registration(session, ana.registration.id, DELEGATE, NOW)
    assert numbers(session, edition) == (0, 0)
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_the_head_gives_back_what_is_unused_and_no_more(session, edition):
    group = make_promise(session, edition)
    add(session, edition, group, "Ana")
    with pytest.raises(TooFewLeft):
        give_back(session, group.id, 3, COMMAND, NOW)
    give_back(session, group.id, 2, COMMAND, NOW)
    assert (numbers(session, edition), group.places) == ((1, 0), 1)
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_a_promised_place_counts_in_the_limit_of_its_category(session, edition):
    group = make_promise(session, edition)
    category = next(one for one in edition.categories if one.slug == "company")
    set_limit(session, edition_pool(session, edition.id), category.id, 1)
    add(session, edition, group, "Ana", "Boro", choice="split")
    assert [status for status, _ in stand(session, edition).values()] == ["confirmed", "waitlisted"]
    assert faults(session) == []
    set_limit(session, edition_pool(session, edition.id), category.id, 2)
    resize_edition(session, edition.id, 5, DELEGATE, NOW)
    assert [status for status, _ in stand(session, edition).values()][:2] == ["confirmed", "confirmed"]
    assert numbers(session, edition) == (3, 1)
    assert faults(session) == []


def test_the_database_itself_refuses_more_than_was_promised(session, edition):
    group = make_promise(session, edition)
    session.flush()
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Pool).where(Pool.promise_id == group.promise_id).values(taken=4))


@pytest.mark.databases("sqlite")
def test_check_finds_promises_that_miscount(session, edition):
    make_promise(session, edition)
    session.execute(update(Pool).where(Pool.edition_id == edition.id).values(promised=2))
    assert any("keeps 2 places for groups, but 3" in fault for fault in faults(session))
