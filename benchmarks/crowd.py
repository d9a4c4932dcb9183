"""Many registrations at once: what would take hours through the form, consistent enough for `flask check`."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from benchmarks.load import CSRF, Client
from benchmarks.people import CITIES, COUNTRIES, FAMILY_NAMES, GIVEN_NAMES
from dofc_events.accounts.rules import RoleName
from dofc_events.app import create_app
from dofc_events.conference.models import Category, Edition
from dofc_events.core.clock import now
from dofc_events.core.db import Base, db, unit_of_work, writing_engine
from dofc_events.core.references import ALPHABET
from dofc_events.delegates.models import Registration, SearchWord
from dofc_events.delegates.service import keep_consent_text, put_in_order, search_keys
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState, address_key
from dofc_events.notices.queries import STATUS_KINDS
from dofc_events.places.models import Claim, Pool
from dofc_events.places.rules import ClaimStatus
from dofc_events.questions.models import Answer
from dofc_events.questions.queries import questions_of
from dofc_events.questions.rules import OwnQuestion
from dofc_events.trips.models import Trip
from tests.support.databases import close_connections, settings_for
from tests.support.factories import make_account, make_edition, make_question, make_trip
from tests.support.site import Site

DIETARY = ("vegetarian", "Vegetarian", "vegan", 'No nuts,\nno "shellfish"', "халал", "bez glutena 🌾", "=no milk")
ACCESS_NEEDS = ("wheelchair", "Step-free way, please", "hearing loop", "a seat\nnear the door")
BATCH = 5_000
CHAIR = "chair@demo.example"


@contextmanager
def crowded_site(database_url: str, folder: Path, people: int) -> Iterator[tuple[psutil.Process, Client, int]]:
    """The site with one edition of so many registrations and four trips: its server, the chair's browser, the year.

    Half of the people get a place. The site has one process, whose memory and time can be read.
    """
    app = create_app(settings_for(database_url, folder / "instance"))
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session, now=now(), capacity=people // 2)
            make_question(session, edition, "size")
            make_question(session, edition, "arrival", "date")
            add_crowd(session, edition, people, now(), [make_trip(session, edition) for _ in range(4)])
            make_account(session, CHAIR, role=RoleName.CHAIR)
            year = edition.year
        if db.engine.dialect.name == "postgresql":
            # What autovacuum would do within a minute; SQLite has nothing like it.
            with writing_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        close_connections()
    site = Site(database_url, folder)
    try:
        site.serve()
        yield psutil.Process(site.server.pid), signed_in(site), year
    finally:
        site.stop()


def signed_in(site: Site) -> Client:
    """A browser of the chair's."""
    client = Client(site.port)
    sign_in = urlsplit(site.flask("accounts", "sign-in-link", CHAIR).strip()).path
    csrf = CSRF.search(client.get(sign_in))
    assert csrf, "the form has its hidden field"
    client.post(sign_in, {"csrf_token": csrf["value"]}, 303)
    # Else what follows would measure how fast somebody is sent away.
    client.get("/organise/")
    return client


def add_crowd(
    session: Session, edition: Edition, count: int, at: datetime, trips: Sequence[Trip] = (), seed: int = 2010
) -> None:
    """Add so many registrations to an edition, each announced by a message that was sent.

    They came over the hundred days before `at`, the earliest first, and answered all that the edition asks. One in
    twenty is cancelled; who finds no place waits. The others ask for one of `trips`: who has a place gets a seat, or
    waits for one. The same seed gives the same people.
    """
    chance = random.Random(seed)
    consent = keep_consent_text(session, "What you say here is used to prepare the conference.", "en", at)
    categories = session.scalars(select(Category.id).where(Category.edition_id == edition.id)).all()
    places = session.scalars(select(Pool).where(Pool.edition_id == edition.id)).one()
    seats = session.scalars(select(Pool).where(Pool.trip_id.in_([trip.id for trip in trips]))).all()
    first = session.scalar(select(func.count()).select_from(Registration)) or 0
    questions = questions_of(session, edition.id)
    for begin in range(0, count, BATCH):
        numbers = range(begin, min(begin + BATCH, count))
        moments = [at - timedelta(days=100) * (1 - number / count) for number in numbers]
        people = [
            _person(edition.id, chance.choice(categories), consent, first + number, moment, chance)
            for number, moment in zip(numbers, moments, strict=True)
        ]
        last_id = session.scalar(select(func.max(Registration.id))) or 0
        _insert(session, Registration, [_columns(person) for person in people])
        ids = session.scalars(select(Registration.id).where(Registration.id > last_id).order_by(Registration.id)).all()
        words, claims, messages, answers = [], [], [], []
        for person, registration_id in zip(people, ids, strict=True):
            words += [{"registration_id": registration_id, "word": word} for word in search_keys(person)]
            place = ClaimStatus.CANCELLED if person.ended_at else _next_in(places)
            claims.append(_claim(places, registration_id, place, person))
            if seats and place != ClaimStatus.CANCELLED:
                pool = chance.choice(seats)
                seat = _next_in(pool) if place == ClaimStatus.CONFIRMED else ClaimStatus.REQUESTED
                claims.append(_claim(pool, registration_id, seat, person) | {"preference": 1})
            messages.append(_message(edition, person, STATUS_KINDS[place]))
            answers += [_answer(registration_id, question) for question in questions]
        _insert(session, SearchWord, words)
        _insert(session, Claim, claims)
        _insert(session, Message, messages)
        if answers:
            _insert(session, Answer, answers)
    session.flush()


def _answer(registration_id: int, question: OwnQuestion) -> dict[str, Any]:
    """One option after the other, and a day where there are none."""
    keys = question.answers
    choice, said = (keys[registration_id % len(keys)], "") if keys else ("", "2027-05-01")
    return {"registration_id": registration_id, "question_id": question.id, "choice": choice, "text": said}


def _insert(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    # Without this, rows with a null and rows without one are statements of their own.
    session.execute(insert(table), rows, execution_options={"render_nulls": True})


def _person(
    edition_id: int, category_id: int, consent: str, number: int, at: datetime, chance: random.Random
) -> Registration:
    email = f"crowd-{number}@demo.example"
    person = Registration(
        edition_id=edition_id,
        reference=_reference(number),
        form_key=f"crowd-{number:016}",
        link_version=1,
        revision=0,
        given_name=chance.choice(GIVEN_NAMES),
        family_name=chance.choice(FAMILY_NAMES),
        badge_name="",
        email=email,
        email_key=address_key(email),
        organisation=f"{chance.choice(CITIES)} Cluster {chance.randint(1, 40)}",
        job_title=chance.choice(("", "Director", "Менаџер", "Researcher")),
        country=chance.choices(COUNTRIES, [1 / place for place in range(1, len(COUNTRIES) + 1)])[0],
        phone=f"+381 11 {number:07}" if chance.random() < 0.5 else "",
        category_id=category_id,
        dietary=chance.choice(DIETARY) if chance.random() < 0.3 else "",
        access_needs=chance.choice(ACCESS_NEEDS) if chance.random() < 0.05 else "",
        visa_letter=chance.random() < 0.1,
        photo_consent=chance.random() < 0.7,
        language="en",
        consent_version=consent,
        consented_at=at,
        registered_at=at,
        any_trip=False,
        compared=True,
        known_before=False,
        note="",
        ended_at=at + timedelta(hours=5) if chance.random() < 0.05 else None,
    )
    put_in_order(person)
    return person


def _columns(person: Registration) -> dict[str, Any]:
    return {column.key: getattr(person, column.key) for column in Registration.__table__.columns if column.key != "id"}


def _next_in(pool: Pool) -> ClaimStatus:
    """What the next person to register gets: there are places until the first has to wait."""
    if pool.taken == pool.capacity:
        return ClaimStatus.WAITLISTED
    pool.taken += 1
    return ClaimStatus.CONFIRMED


def _claim(pool: Pool, registration_id: int, status: ClaimStatus, person: Registration) -> dict[str, Any]:
    position = None
    if status in (ClaimStatus.WAITLISTED, ClaimStatus.REQUESTED):
        position = pool.next_position
        pool.next_position += 1
    return {
        "pool_id": pool.id,
        "registration_id": registration_id,
        "status": status,
        "position": position,
        "offered_at": None,
        "offered_until": None,
        "changed_at": person.ended_at or person.registered_at,
        "preference": None,
        "used_at": None,
    }


def _message(edition: Edition, person: Registration, kind: str) -> dict[str, Any]:
    at = person.ended_at or person.registered_at
    return {
        "message_id": f"<{person.reference}@demo.example>",
        "kind": kind,
        "scope": str(edition.year),
        "about": person.reference,
        "language": person.language,
        "sender_name": edition.name,
        "reply_to": edition.contact_email,
        "recipient": person.email,
        "recipient_key": person.email_key,
        "mailbox_key": person.email_key,
        "recipient_name": person.given_name,
        "subject": edition.name,
        "text": "How you stand.",
        "html": "<p>How you stand.</p>",
        "attachments": [],
        "state": MessageState.SENT,
        "queued_at": at,
        "due_at": at,
        "waits_since": at,
        "expires_at": None,
        "lease_until": None,
        "lease_holder": None,
        "attempts": 1,
        "refusals": 0,
        "last_error": None,
        "sent_at": at,
    }


def _reference(number: int) -> str:
    """The same for the same number, and in no visible order."""
    # Odd, hence no two numbers meet; five bits are a letter.
    mixed = number * 0x9E3779B1 % 2**40
    letters = "".join(ALPHABET[mixed >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
