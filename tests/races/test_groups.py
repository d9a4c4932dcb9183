"""Twenty secretaries with five colleagues each want sixty places at the same moment, from a site of two processes."""

from collections import Counter, defaultdict

from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.groups.models import Group, Member
from dofc_events.places.models import Claim, Pool
from tests.races.visitors import all_at_once, form_at, send
from tests.support.factories import make_edition
from tests.support.forms import Form
from tests.support.groups import make_promise
from tests.support.network import NetworkClient

SECRETARIES, COLLEAGUES, PLACES = 20, 5, 60
KEPT = 3


def checked(url: str, year: int, number: int) -> Form:
    """The last page before five people are registered, who all fit as it was made."""
    form = form_at(NetworkClient(url), f"/groups/new/{year}")
    form.fill(contact_name=f"Vera {number}", contact_email=f"office-{number}@dofc.test", consent=True)
    common = {"organisation": "Trakya Cluster", "country": "TR", "category": "company"}
    for person in range(COLLEAGUES):
        said = common | {"given_name": f"Ana-{number}", "family_name": "ABCDE"[person]}
        form.forge({f"people-{person}-{name}": value for name, value in said.items()})
    page = form.submit(follow=False)
    assert page.status == 200, str(page)
    return page.form()


def register(form: Form):
    return form.submit("register", follow=False)


def groups(reading) -> dict[str, Counter]:
    """How many of each group have which status, by the contact's address."""
    query = select(Group.email, Claim.status).join(Member, Member.group_id == Group.id)
    query = query.join(Claim, Claim.registration_id == Member.registration_id)
    found: dict[str, Counter] = defaultdict(Counter)
    with reading() as session:
        for email, status in session.execute(query):
            found[email][str(status)] += 1
    return found


def test_groups_get_exactly_what_there_is_and_none_is_split_against_its_choice(
    live_server, database_url, writing, reading
):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=PLACES + KEPT, offer_hours=0)
        make_promise(session, edition, places=KEPT, now=now())
        year = edition.year
    site = live_server(database_url, workers=2)
    answers = all_at_once(register, [checked(site.url, year, number) for number in range(SECRETARIES)])
    assert Counter(answer.status for answer in answers) == {303: 12, 422: 8}
    assert all(found == {"confirmed": COLLEAGUES} for found in groups(reading).values())
    assert len(groups(reading)) == 12

    # The others have been asked, and choose at the same moment.
    asked = [answer for answer in answers if answer.status == 422]
    choices = ["together"] * 5 + ["split"] * 3
    forms = [page.form().fill(choice=choice) for page, choice in zip(asked, choices, strict=True)]
    assert {answer.status for answer in all_at_once(register, forms)} == {303}
    together = {
        form.value("contact_email") for form, choice in zip(forms, choices, strict=True) if choice == "together"
    }

    # Seventeen people of those who have a place leave, while others who came alone want one.
    query = select(Registration).join(Claim).where(Claim.status == "confirmed").order_by(Registration.id)
    with reading() as session:
        links = [link_of(person) for person in session.scalars(query.limit(17))]
    leaving = [form_at(NetworkClient(site.url), link) for link in links]
    assert {answer.status for answer in all_at_once(send, leaving)} == {303}
    then = groups(reading)
    assert all(then[email] in ({"confirmed": COLLEAGUES}, {"waitlisted": COLLEAGUES}) for email in together)
    with reading() as session:
        pool = session.scalars(select(Pool).where(Pool.edition_id.is_not(None))).one()
        taken = sum(found["confirmed"] for found in then.values())
        waiting = sum(found["waitlisted"] for found in then.values())
        assert (pool.taken, pool.promised, pool.capacity) == (taken + KEPT, KEPT, PLACES + KEPT)
        assert pool.capacity - pool.taken < COLLEAGUES
        assert waiting == 8 * COLLEAGUES - (17 - (pool.capacity - pool.taken))
        assert faults(session) == []


def link_of(person: Registration) -> str:
    return f"/registrations/{token_of(person)}/cancel"
