"""Limits of categories: a place of a limited category is one of the edition's and one of the category's, or none."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from dofc_events.commands.check import faults
from dofc_events.core.audit import COMMAND
from dofc_events.delegates.service import category_of, details_of
from dofc_events.places.limits.service import set_limit
from dofc_events.places.line.queries import would_move_up
from dofc_events.places.models import Pool
from dofc_events.places.queries import edition_pool, has_room, waiting_position
from dofc_events.places.rules import ClaimStatus
from dofc_events.places.service import CapacityBelowTaken, CategoryFull
from dofc_events.registration import service
from dofc_events.registration.many import service as many
from dofc_events.registration.many.queries import selection_of
from dofc_events.registration.offers import service as offers
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.rules import Act
from tests.support.factories import DELEGATE, NOW, claim_of, make_edition, make_registration
from tests.support.letters import deliver_all

# PostgreSQL is asked what these acts ask by those that say so; the others would ask it the same again.
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def edition(session):
    """Six places, of which two are for guests."""
    return make_edition(session, capacity=6, offer_hours=0)


@pytest.fixture
def limit(session, edition):
    """`limit(slug, number)`: limit a category."""

    def change(slug: str, number: int | None) -> None:
        set_limit(session, edition_pool(session, edition.id), category_of(session, edition.id, slug).id, number)

    change("guest", 2)
    return change


def come(session, edition, *categories: str):
    return [make_registration(session, edition, category=category) for category in categories]


def statuses(session, people) -> list[str]:
    return [str(claim_of(session, person).status) for person in people]


def change_category(session, person, slug: str) -> None:
    service.change_details(session, person.id, replace(details_of(person), category=slug), DELEGATE, NOW)


def test_who_waits_for_a_full_category_stands_in_nobodys_way(session, edition, limit):
    people = come(session, edition, "guest", "guest", "guest", "company", "guest", "company")
    assert statuses(session, people) == [
        "confirmed", "confirmed", "waitlisted", "confirmed", "waitlisted", "confirmed",
    ]  # fmt: skip
    assert [waiting_position(session, claim_of(session, people[number])) for number in (2, 4)] == [1, 2]
    assert faults(session) == []


def test_a_place_goes_to_the_next_in_line_whose_category_has_room(session, edition, limit):
    edition_is_full = come(session, edition, "guest", "guest", *["company"] * 4)
    guest, company, other = come(session, edition, "guest", "company", "guest")
    service.cancel_registration(session, edition_is_full[2].id, DELEGATE, NOW)
    assert statuses(session, [guest, company, other]) == ["waitlisted", "confirmed", "waitlisted"]
    service.cancel_registration(session, edition_is_full[0].id, DELEGATE, NOW)
    assert statuses(session, [guest, company, other]) == ["confirmed", "confirmed", "waitlisted"]
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_a_higher_limit_moves_up_whoever_has_waited_for_it(session, edition, limit):
    people = come(session, edition, *["guest"] * 5)
    pool, guest = edition_pool(session, edition.id), people[0].category_id
    assert would_move_up(session, pool, 6, {guest: 4}) == 2
    assert would_move_up(session, pool, 6, {guest: None}) == 3
    assert would_move_up(session, pool, 6) == 0
    limit("guest", 4)
    service.resize_edition(session, edition.id, 6, COMMAND, NOW)
    assert statuses(session, people) == [*["confirmed"] * 4, "waitlisted"]
    limit("guest", None)
    service.resize_edition(session, edition.id, 6, COMMAND, NOW)
    assert statuses(session, people) == ["confirmed"] * 5
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_a_limit_counts_who_is_there_and_cannot_be_lower(session, edition, limit):
    come(session, edition, "company", "company", "company")
    with pytest.raises(CapacityBelowTaken) as refusal:
        limit("company", 2)
    assert refusal.value.taken == 3
    limit("company", 3)
    assert not has_room(session, edition_pool(session, edition.id), category_of(session, edition.id, "company").id)
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_another_category_needs_room_for_a_place_that_is_held(session, edition, limit):
    first, _second, company, waiting = come(session, edition, "guest", "guest", "company", "guest")
    with pytest.raises(CategoryFull), session.begin_nested():
        change_category(session, company, "guest")
    change_category(session, first, "member")
    # Room for one guest: whoever waits for it first.
    assert statuses(session, [first, waiting]) == ["confirmed", "confirmed"]
    assert faults(session) == []


def test_who_waits_takes_the_position_into_another_category(session, edition, limit):
    _, _, waiting = come(session, edition, "guest", "guest", "guest")
    change_category(session, waiting, "company")
    assert statuses(session, [waiting]) == ["confirmed"]
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_an_offer_counts_in_the_limit_until_it_lapses(session, edition, limit):
    edition.offer_hours = 2
    first, _, waiting, last = come(session, edition, *["guest"] * 4)
    service.cancel_registration(session, first.id, DELEGATE, NOW)
    deliver_all(session)
    assert statuses(session, [waiting, last]) == ["offered", "waitlisted"]
    offers.decline_offer(session, waiting.id, DELEGATE, NOW)
    assert statuses(session, [waiting, last]) == ["cancelled", "offered"]
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_confirming_by_hand_raises_the_limit_for_these_people_alone(session, edition, limit):
    people = come(session, edition, *["guest"] * 4)
    audience = Audience(Filters(), (people[3].reference,))
    selection = selection_of(session, edition, audience, Act.CONFIRM, NOW)
    assert selection.missing == 0
    assert [(category.slug, number) for category, number in selection.missing_in.items()] == [("guest", 1)]
    order = many.Order(audience, selection.digest)
    many.confirm(session, edition.id, order, "They speak.", DELEGATE, NOW, enlarge=True)
    assert statuses(session, people) == ["confirmed", "confirmed", "waitlisted", "confirmed"]
    limits = session.scalars(select(Pool.capacity).where(Pool.category_id.is_not(None))).all()
    assert (limits, edition_pool(session, edition.id).capacity) == ([3], 6)
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_many_change_into_a_category_together_or_not_at_all(session, edition, limit):
    people = come(session, edition, "company", "company", "company")
    audience = Audience(Filters(), tuple(person.reference for person in people))

    def move(audience):
        order = many.Order(audience, selection_of(session, edition, audience, Act.CATEGORY, NOW).digest)
        many.change_category(session, edition.id, order, "guest", DELEGATE, NOW)

    with pytest.raises(CategoryFull), session.begin_nested():
        move(audience)
    assert faults(session) == []
    move(replace(audience, references=audience.references[:2]))
    assert faults(session) == [] and claim_of(session, people[0]).status == ClaimStatus.CONFIRMED


@pytest.mark.databases("sqlite", "postgresql")
def test_the_database_itself_refuses_more_than_the_limit(session, edition, limit):
    come(session, edition, "guest", "guest")
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE pools SET taken = 3 WHERE category_id IS NOT NULL"))


@pytest.mark.databases("sqlite", "postgresql")
def test_check_finds_a_limit_that_miscounts(session, edition, limit):
    people = come(session, edition, "guest", "company")
    session.execute(text("UPDATE pools SET taken = 2 WHERE category_id IS NOT NULL"))
    (fault,) = faults(session)
    assert f"category {people[0].category_id}) counts 2 taken, but 1 claims are" in fault
    session.execute(text("UPDATE pools SET taken = 1, capacity = 1 WHERE category_id IS NOT NULL"))
    assert faults(session) == []
    # Somebody waits for a place that is there.
    come(session, edition, "guest")
    session.execute(text("UPDATE pools SET capacity = 2 WHERE category_id IS NOT NULL"))
    (fault,) = faults(session)
    assert "somebody is waiting while 4 are free" in fault
