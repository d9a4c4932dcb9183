"""People of a file are registered all at once or not at all, as by hand; the file ends after a day."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dofc_events.commands.check import faults
from dofc_events.core import files
from dofc_events.core.audit import WORKER, Actor, history_of
from dofc_events.delegates.models import Registration
from dofc_events.extensions import settings
from dofc_events.imports import service
from dofc_events.imports.models import ImportFile
from dofc_events.imports.queries import files_to_forget, kept_hashes, known_columns
from dofc_events.imports.service import DoneBefore, Imported, Kept, Matching, PlacesChanged
from dofc_events.imports.timers import forget_file
from dofc_events.mail.models import Message
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.queries import untold_news
from dofc_events.notices.service import tell_news
from dofc_events.places.queries import edition_pool
from dofc_events.places.service import NothingFree
from tests.support.factories import NOW, claim_of, make_edition, make_registration, make_registration_request

pytestmark = pytest.mark.databases("sqlite")

ELENA = Actor("account", "elena@dofc.test")


@pytest.fixture
def edition(session):
    return make_edition(session, capacity=3)


@pytest.fixture
def file(session, edition):
    return service.keep_file(session, edition.id, Kept("list.csv", b"Name\nAna", b"{}"), ELENA, NOW)


@pytest.fixture
def register(session, edition, file):
    """`register(*requests)`: as Elena does who has seen how many places are free."""

    def register(*requests, now=NOW, told=True, free=None):
        pool = edition_pool(session, edition.id)
        seen = pool.capacity - pool.taken if free is None else free
        return service.import_delegates(session, edition.id, file.id, requests, ELENA, now, free=seen, told=told)

    return register


def requests(number):
    return [make_registration_request() for _ in range(number)]


def people(session):
    return session.scalars(select(Registration).order_by(Registration.id)).all()


def test_matching_of_our_own_file_teaches_only_what_its_fields_are(session, edition, file):
    header = ("reference", "status", "position", "email")
    service.match_columns(session, file.id, header, Matching(("", "", "", "email"), {}))
    assert known_columns(session, edition.id) == {"email": "email"}
    service.match_columns(session, file.id, ("Position",), Matching(("job_title",), {}))
    assert known_columns(session, edition.id)["position"] == "job_title"


@pytest.mark.databases("sqlite", "postgresql")
def test_import_gives_places_in_the_order_of_the_file_and_tells_everybody(session, register):
    assert register(*requests(4)) == Imported(confirmed=3, waitlisted=1)
    assert [claim_of(session, person).status for person in people(session)] == [*["confirmed"] * 3, "waitlisted"]
    messages = session.scalars(select(Message).order_by(Message.id)).all()
    assert [message.kind for message in messages] == [*["registration-confirmed"] * 3, "registration-waitlisted"]
    assert all("An organiser entered this registration" not in m.text for m in messages)
    assert all("My data may be used for this edition." in " ".join(m.text.split()) for m in messages)
    assert [entry.act for entry in history_of(session, people(session)[0].reference)] == ["imported"]
    assert faults(session) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_import_of_many_leaves_their_messages_to_the_worker(session, edition, register):
    register(*requests(51))
    assert session.scalar(select(func.count()).select_from(Message)) == 0
    assert session.scalar(select(func.count()).select_from(UntoldNews)) == 51
    tell_news(session, untold_news(session, 1, NOW), NOW)
    message = session.scalars(select(Message)).one()
    assert "My data may be used for this edition." in " ".join(message.text.split())


def test_import_tells_nobody_if_the_organiser_wants_it_so(session, register):
    register(*requests(2), told=False)
    assert session.scalar(select(func.count()).select_from(Message)) == 0
    (entry,) = history_of(session, people(session)[0].reference)
    assert entry.act == "imported" and entry.details["untold"]
    assert faults(session) == []


def test_import_joins_the_end_of_the_line(session, edition, register):
    for _ in range(5):
        make_registration(session, edition)
    assert register(*requests(2)) == Imported(0, 2)
    assert [claim_of(session, person).position for person in people(session)[3:]] == [1, 2, 3, 4]


def test_import_registers_nobody_when_somebody_of_it_is_registered_meanwhile(session, edition, register):
    wanted = requests(2)
    free = 2
    make_registration(session, edition, email=wanted[1].email.upper())
    with pytest.raises(PlacesChanged):
        register(*wanted, free=free)
    assert len(people(session)) == 1


def test_import_is_refused_when_places_went_meanwhile_or_it_was_done(session, edition, register):
    with pytest.raises(PlacesChanged):
        register(*requests(1), free=2)
    register(*requests(1))
    with pytest.raises(DoneBefore):
        register(*requests(1))


def test_import_is_refused_once_nobody_can_move_up_and_places_are_missing(session, edition, register):
    begun = edition.begins_at() + timedelta(hours=1)
    with pytest.raises(NothingFree):
        register(*requests(4), now=begun)
    assert register(*requests(3), now=begun) == Imported(3, 0)


def test_file_ends_after_a_day_with_its_bytes(session, edition, file):
    assert kept_hashes(session) == {files.hash_of(b"Name\nAna"), files.hash_of(b"{}")}
    assert files.read(settings().shared, file.content_hash) == b"Name\nAna"
    assert files_to_forget(session, NOW + timedelta(hours=23)) == []
    later = NOW + timedelta(days=1)
    assert files_to_forget(session, later) == [file.id]
    forget_file(session, file.id, WORKER, NOW)
    assert session.scalar(select(func.count()).select_from(ImportFile)) == 1
    forget_file(session, file.id, WORKER, later)
    assert kept_hashes(session) == set()
