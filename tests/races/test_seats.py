"""Sixty delegates race for thirty seats, change their minds and leave, all at once, on a site of two processes."""

import random
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.audit import AuditEntry
from dofc_events.core.clock import now
from dofc_events.delegates.models import Registration
from dofc_events.mail.models import Message
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.models import Trip
from tests.races.visitors import all_at_once, form_at, registration_form, send
from tests.support.factories import make_edition, make_three_trips
from tests.support.forms import Form
from tests.support.network import NetworkClient

SEATS = 10
PEOPLE = 60
# The trips to choose from: the wine and the mill take place at the same time.
WISHES = (["wine"], ["mill"], ["port"], ["wine", "port"], ["mill", "port"])

Line = list[str]


def open_edition(writing, **changes) -> int:
    with writing() as session:
        edition = make_edition(session, now=now(), **changes)
        make_three_trips(session, edition, capacity=SEATS)
        return edition.year


def register_all(url: str, year: int, people: Sequence[str], wishes: Sequence[list[str]]) -> dict[str, str]:
    """Everybody sends the form at the same moment, from a browser of their own; their pages by address."""
    forms = [
        registration_form(NetworkClient(url), year, email, trips=wanted)
        for email, wanted in zip(people, wishes, strict=True)
    ]
    answers = all_at_once(send, forms)
    assert {answer.status for answer in answers} == {303}
    return dict(zip(people, (answer.headers["Location"] for answer in answers), strict=True))


def on_trips(reading, *statuses: ClaimStatus) -> dict[str, Line]:
    """Who has such a claim on a trip, in the order of the line."""
    query = select(Trip.slug, Registration.email).join(Pool, Pool.trip_id == Trip.id).join(Claim).join(Registration)
    found: dict[str, Line] = {"wine": [], "mill": [], "port": []}
    with reading() as session:
        for slug, email in session.execute(query.where(Claim.status.in_(statuses)).order_by(Claim.position, Claim.id)):
            found[slug].append(email)
    return found


def faults_of(reading) -> list[str]:
    """What `flask check` would say."""
    with reading() as session:
        return faults(session)


def mail_to_each(reading) -> dict[str, Line]:
    """The kinds of what everybody was sent, the oldest first."""
    told: dict[str, Line] = {}
    with reading() as session:
        for email, kind in session.execute(select(Message.recipient, Message.kind).order_by(Message.id)):
            told.setdefault(email, []).append(kind)
    return told


def test_nobody_is_in_two_places_or_passed_over_when_everybody_changes_their_mind_at_once(
    live_server, database_url, writing, reading
):
    chance = random.Random(2027)
    year = open_edition(writing, offer_hours=0.0)
    site = live_server(database_url, workers=2)
    people = [f"person-{number}@dofc.test" for number in range(PEOPLE)]
    wishes = [chance.choice(WISHES) for _ in people]
    pages = register_all(site.url, year, people, wishes)

    asked = Counter(slug for wanted in wishes for slug in wanted)
    assert min(asked.values()) > SEATS
    seated, waiting = on_trips(reading, ClaimStatus.CONFIRMED), on_trips(reading, ClaimStatus.WAITLISTED)
    assert {slug: len(line) for slug, line in seated.items()} == dict.fromkeys(asked, SEATS)
    assert {slug: len(line) for slug, line in waiting.items()} == {slug: asked[slug] - SEATS for slug in asked}
    assert mail_to_each(reading) == {email: ["registration-confirmed"] for email in people}
    assert faults_of(reading) == []

    leaving = [email for email in people if chance.random() < 1 / 3]
    changed = {email: chance.choice(WISHES) for email in people if email not in leaving}
    forms: list[Form] = [form_at(NetworkClient(site.url), f"{pages[email]}cancel") for email in leaving]
    for email, wanted in changed.items():
        forms.append(form_at(NetworkClient(site.url), f"{pages[email]}trips").fill(trips=wanted))
    chance.shuffle(forms)
    assert {answer.status for answer in all_at_once(send, forms)} == {303}

    assert faults_of(reading) == []
    then, line = on_trips(reading, ClaimStatus.CONFIRMED), on_trips(reading, ClaimStatus.WAITLISTED)
    assert not {*then["wine"]} & {*then["mill"]}
    anybody_moved_up = False
    for slug in asked:
        # The people who hold a seat or wait are those who last asked for it; nobody waits while a seat is free.
        assert {*then[slug], *line[slug]} == {email for email, wanted in changed.items() if slug in wanted}
        assert len(then[slug]) == SEATS or (len(then[slug]) < SEATS and line[slug] == [])
        # People who stayed in line moved up in its order, and are ahead of all who came since.
        stayed = [email for email in waiting[slug] if slug in changed.get(email, ())]
        moved_up = [email for email in stayed if email in then[slug]]
        assert stayed == [*moved_up, *line[slug][: len(stayed) - len(moved_up)]]
        anybody_moved_up = anybody_moved_up or bool(moved_up)
    assert anybody_moved_up
    told = mail_to_each(reading)
    assert {email for email, kinds in told.items() if "registration-cancelled" in kinds} == {*leaving}
    assert all(told[email].index("registration-cancelled") == len(told[email]) - 1 for email in leaving)
    assert messages_by_reference(reading) == acts_by_reference(reading), "one act, one message"


def messages_by_reference(reading) -> Counter[str]:
    with reading() as session:
        return Counter(session.scalars(select(Message.about)))


def acts_by_reference(reading) -> Counter[str]:
    """How many acts changed something for each registration: all that one act does has one time."""
    with reading() as session:
        entries = session.execute(select(AuditEntry.about, AuditEntry.at).where(AuditEntry.about != "").distinct())
        return Counter(about for about, _ in entries)
