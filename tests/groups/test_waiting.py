"""What people who wait together are told: their real positions, and that they get places together or not at all."""

import pytest
import time_machine

from dofc_events.groups.queries import token_of_group
from dofc_events.places.limits.service import set_limit
from dofc_events.places.queries import categories_with_places, edition_pool, waiting_position
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, NOW, claim_of, make_account, make_edition, make_registration
from tests.support.groups import CONTACT, make_group, someone
from tests.support.letters import letters

pytestmark = pytest.mark.databases("sqlite")

WAITS = "Your group is waiting together: nobody gets a place until there is one for each of you."
IN_CATEGORY = "in other categories"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def edition(writing):
    """Two places are free, and a party of four waits for as many."""
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=2)
        first = [someone(name) for name in ("Filip", "Goran", "Hana", "Ivo")]
        other = type(CONTACT)("Other", "other@cluster.test", "en")
        make_group(session, edition, first, choice="together", contact=other)
        return edition


@pytest.fixture
def group(edition, writing):
    """Three more who wait together, in three categories, Ana with her own address: their page, and her reference."""
    people = [
        someone("Ana", "ana@own.test", category="member"),
        someone("Boro", category="company"),
        someone("Ceca", category="guest"),
    ]
    with writing() as session:
        group = make_group(session, edition, people, choice="together")
        return f"/groups/{token_of_group(group.group)}/", group.people[0].registration.reference


def test_own_pages_say_the_real_position_and_that_the_group_waits_together(client, group):
    page = client.get(group[0])
    assert (
        "Ana Kovač, Boro Kovač, Ceca Kovač are waiting together: nobody gets a place until there is one for each of"
        " them." in page.text
    )
    for name, position, ahead in (("Boro", 6, 5), ("Ceca", 7, 6)):
        own = page.follow(f"Open the registration of {name} Kovač")
        assert own.one("[data-waiting-position]")["data-waiting-position"] == str(position)
        assert WAITS in own.text and f"There are {ahead} people ahead of you." in own.text
        assert IN_CATEGORY not in own.text and "You are next in line" not in own.text


def test_the_first_of_a_party_is_not_called_the_next_in_line(client, writing):
    with writing() as session:
        edition = make_edition(session, year=2027, capacity=1)
        group = make_group(session, edition, [someone("Ana"), someone("Boro")], choice="together").group
        page = f"/groups/{token_of_group(group)}/"
    own = client.get(page).follow("Open the registration of Ana")
    assert own.one("[data-waiting-position]")["data-waiting-position"] == "1"
    assert WAITS in own.text and "You are next in line" not in own.text


@pytest.mark.usefixtures("group")
def test_emails_say_so_too(reading):
    with reading() as session:
        [to_ana] = letters(session, to="ana@own.test")
        [to_contact] = letters(session, to=CONTACT.email)
        for body in (to_ana.text, to_ana.html):
            said = " ".join(body.split())
            assert "You are number 5 on the waiting list for " in said and WAITS in said
            assert "All places" not in said
        for body in (to_contact.text, to_contact.html):
            said = " ".join(body.split())
            assert "are waiting together: nobody gets a place until there is one for each of them." in said


def test_organisers_read_so_as_well(sign_in, group, writing):
    with writing() as session:
        account = make_account(session)
    page = sign_in(account).get(f"/organise/editions/2027/registrations/{group[1]}")
    assert "Number 5 on the waiting list." in page.text and "which is full" not in page.text
    assert "Waits together with others of the group" in page.text


def test_who_waits_alone_for_a_full_category_is_still_told_so(client, edition, writing):
    with writing() as session:
        pool = edition_pool(session, edition.id)
        [guest] = [one for one in categories_with_places(session, edition.id) if one.slug == "guest"]
        set_limit(session, pool, guest.id, 0)
        group = make_group(session, session.merge(edition), [someone("Ana", category="guest")], choice="split").group
        page = f"/groups/{token_of_group(group)}/"
    own = client.get(page).follow("Open the registration of Ana")
    assert IN_CATEGORY in own.text and "You are next in line." in own.text and WAITS not in own.text


def test_the_last_of_a_party_waits_as_anybody_does(session):
    edition = make_edition(session, capacity=1)
    make_registration(session, edition)
    ana, boro = make_group(session, edition, [someone("Ana"), someone("Boro")], choice="together").people
    cancel_registration(session, ana.registration.id, DELEGATE, NOW)
    left = claim_of(session, boro.registration)
    assert (left.party, waiting_position(session, left)) == (None, 1)
