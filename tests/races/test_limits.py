"""Twenty people want the three places of a category at the same moment, from a site of two processes."""

from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.service import category_of
from dofc_events.places.limits.service import set_limit
from dofc_events.places.models import Pool
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from tests.races.test_places import held, with_status
from tests.races.visitors import all_at_once, form_at, registration_form, send
from tests.support.factories import make_edition
from tests.support.network import NetworkClient


def test_a_limited_category_is_never_oversold_and_holds_up_nobody_else(live_server, database_url, writing, reading):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=50, offer_hours=0)
        set_limit(session, edition_pool(session, edition.id), category_of(session, edition.id, "guest").id, 3)
        year = edition.year
    site = live_server(database_url, workers=2)
    guests = [f"guest-{number}@dofc.test" for number in range(20)]
    others = [f"other-{number}@dofc.test" for number in range(6)]
    forms = [registration_form(NetworkClient(site.url), year, email, category="guest") for email in guests]
    forms += [registration_form(NetworkClient(site.url), year, email) for email in others]

    answers = all_at_once(send, forms)
    assert {answer.status for answer in answers} == {303}
    links = dict(zip(guests + others, (answer.headers["Location"] for answer in answers), strict=True))
    first = held(reading)
    confirmed = with_status(first, ClaimStatus.CONFIRMED)
    assert confirmed >= {*others} and len(confirmed & {*guests}) == 3
    waiting = [email for email, claim in first.items() if claim.status == ClaimStatus.WAITLISTED]
    assert len(waiting) == 17

    # Two leave, while all six others want to be guests.
    leaving = sorted(confirmed & {*guests})[:2]
    changing = [form_at(NetworkClient(site.url), f"{links[email]}edit").fill(category="guest") for email in others]
    forms = [form_at(NetworkClient(site.url), f"{links[email]}cancel") for email in leaving] + changing
    answers = all_at_once(send, forms)
    assert {answer.status for answer in answers} <= {303, 422}
    then = held(reading)
    # Nobody passes those who wait.
    assert with_status(then, ClaimStatus.CONFIRMED) == (confirmed - {*leaving}) | {*waiting[:2]}
    with reading() as session:
        limit = session.scalars(select(Pool).where(Pool.category_id.is_not(None))).one()
        assert (limit.taken, limit.capacity) == (3, 3)
        assert faults(session) == []
