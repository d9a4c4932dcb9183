"""Organisers give the same place to different people, all at once, on a site of two processes."""

from sqlalchemy import select

from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.models import Claim
from dofc_events.places.queries import edition_pool
from dofc_events.places.rules import ClaimStatus
from tests.races.visitors import all_at_once, form_at, send
from tests.support.factories import make_account, make_edition, make_registration
from tests.support.network import NetworkClient

ORGANISERS = 6
WAITING = 3


def signed_in(url: str, secret: str) -> NetworkClient:
    browser = NetworkClient(url)
    assert form_at(browser, f"/sign-in/{secret}").submit(follow=False).status == 303
    return browser


def test_one_place_more_is_given_once_however_many_organisers_raise_it(live_server, database_url, writing, reading):
    at = now()
    with writing() as session:
        edition = make_edition(session, now=at, capacity=1)
        people = [make_registration(session, edition, now=at) for _ in range(1 + WAITING)]
        accounts = [make_account(session, role=RoleName.ORGANISER, edition=edition, now=at) for _ in range(ORGANISERS)]
        secrets = [issue_sign_in_link(session, account.id, at) for account in accounts]
        year, edition_id, waiting = edition.year, edition.id, [person.reference for person in people[1:]]
    site = live_server(database_url, workers=2)
    forms = []
    for number, secret in enumerate(secrets):
        page = f"/organise/editions/{year}/registrations/selected?act=confirm&pick={waiting[number % WAITING]}"
        forms.append(form_at(signed_in(site.url, secret), page).fill(enlarge=True, reason="They speak."))
    answers = all_at_once(send, forms)

    given, *others = sorted(answer.status for answer in answers)
    # Who comes when the person has the place already finds nothing to do.
    assert given == 303 and {*others} <= {409, 422}
    with reading() as session:
        pool = edition_pool(session, edition_id)
        assert (pool.capacity, pool.taken) == (2, 2)
        query = select(Registration.reference, Claim.status).join(Claim).where(Registration.reference.in_(waiting))
        held = dict(session.execute(query).all())
        told = session.scalars(select(Message.about).where(Message.kind == "registration-confirmed")).all()
        assert sorted(held.values()) == [ClaimStatus.CONFIRMED, *[ClaimStatus.WAITLISTED] * (WAITING - 1)]
        (given,) = (reference for reference, status in held.items() if status == ClaimStatus.CONFIRMED)
        assert sorted(told) == sorted([people[0].reference, given])
        assert faults(session) == []
