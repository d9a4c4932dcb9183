"""Erasing somebody: no byte of theirs is left, and every number is what it was."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.core import files
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.extensions import settings
from dofc_events.groups.models import Group
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.memory.figures.models import FrozenFigures
from dofc_events.memory.figures.queries import arrivals_of, figures_of, frozen_record, growth_of
from dofc_events.places.models import Claim
from dofc_events.places.rules import ClaimStatus
from dofc_events.privacy.erasing.service import StillContact, erase_contact, erase_registration
from dofc_events.privacy.queries import people_called
from dofc_events.privacy.rules import GONE
from dofc_events.privacy.service import vanish
from dofc_events.registration.service import cancel_registration
from dofc_events.trips.models import Draw
from tests.privacy.people import OWN, forms, make_person, values
from tests.support.databases import close_connections, dump
from tests.support.factories import NOW, claim_of, make_edition, make_registration
from tests.support.groups import CONTACT, make_group, someone


def everything(app, database_url) -> bytes:
    """All bytes of the database, as its files or, where those belong to a server, as its tables; and of instance/."""
    url = make_url(database_url)
    found = [path for path in settings().instance.rglob("*") if path.is_file() and "assets" not in path.parts]
    if url.get_backend_name() == "sqlite":
        found += Path(url.database).parent.glob(f"{Path(url.database).name}*")
        return b"\n".join(path.read_bytes() for path in found)
    return "\n".join(map(str, dump(database_url).values())).encode() + b"".join(path.read_bytes() for path in found)


def found_in(everything: bytes, wanted) -> list[str]:
    lower = everything.lower()
    return [value for value in wanted if any(form.lower() in lower for form in forms(value))]


def test_no_byte_of_somebody_is_left_and_everything_adds_up(app, writing, database_url):
    with writing() as session:
        person, _other = make_person(session)
        wanted, person_id, edition_id = values(person), person.id, person.edition_id
        form = f'[["email", "{OWN["email"]}"]]'.encode()
        files.store(settings().shared, form, NOW)
        before = figures(session, edition_id)
        kept_file = files.path_of(settings().instance, files.hash_of(form))
    with app.app_context():
        # Before there is something to find; else nothing would be proved.
        assert set(found_in(everything(app, database_url), wanted)) == set(wanted)
    with writing() as session:
        gone = erase_registration(session, person_id, COMMAND, session.get_one(Edition, edition_id).finishes_at())
    with app.app_context():
        vanish(db.session(), gone)
        close_connections()
        assert found_in(everything(app, database_url), wanted) == []
        assert not kept_file.exists()
        assert faults(db.session()) == []
        assert figures(db.session(), edition_id) == before
    with writing() as session:
        assert erase_registration(session, person_id, COMMAND, NOW) == []


def figures(session, edition_id):
    """What is counted of an edition, and what proves its draw."""
    edition = session.get_one(Edition, edition_id)
    draw = session.get_one(Draw, edition_id)
    acts = [
        (entry.act, entry.at)
        for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        if entry.act not in ("person_erased", "figures_frozen")
    ]
    counted = figures_of(session, edition), growth_of(session, edition, NOW), arrivals_of(session, edition)
    return [*map(repr, counted), draw.seed, draw.document, repr(acts)]


@pytest.mark.databases("sqlite")
def test_a_live_place_is_passed_on_before_its_holder_is_erased(session):
    edition = make_edition(session, capacity=1, offer_hours=0)
    ana, waiting = make_registration(session, edition), make_registration(session, edition)
    erase_registration(session, ana.id, COMMAND, NOW)
    session.expire_all()
    assert claim_of(session, ana).status == ClaimStatus.CANCELLED
    assert claim_of(session, waiting).status == ClaimStatus.CONFIRMED
    assert faults(session) == []
    assert session.scalars(select(Claim)).all()


@pytest.mark.databases("sqlite")
def test_people_without_an_address_are_erased_and_their_contact_stays_as_long_as_somebody_needs_it(session):
    edition = make_edition(session)
    make_group(session, edition, [someone("Ana"), someone("Bo"), someone("Eva", "eva@own.test")])
    people = session.scalars(select(Registration).order_by(Registration.id)).all()
    ana, bo, _eva = (one.id for one in people)
    (contact,) = people_called(session, CONTACT.email)
    told = session.scalars(select(Message).where(Message.kind == "group-registered")).one()
    assert ana and people[0].reference in told.text
    told.state = MessageState.SENT
    session.flush()
    erase_registration(session, ana, COMMAND, NOW)
    names = session.scalars(select(Registration.given_name).order_by(Registration.id)).all()
    assert names == [GONE, "Bo", "Eva"]
    assert session.get_one(Message, told.id).text == ""
    assert session.scalars(select(Group.email)).all() == [CONTACT.email]
    with pytest.raises(StillContact):
        erase_contact(session, contact.id, COMMAND, NOW)
    erase_registration(session, bo, COMMAND, NOW)
    erase_contact(session, contact.id, COMMAND, NOW)
    assert session.scalars(select(Group.email)).all() == [""]
    assert session.scalars(select(Message).where(Message.recipient == CONTACT.email)).all() == []
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_a_delegate_who_is_the_contact_of_groups_is_erased_from_all_that_was_sent_to_them_as_such(session):
    edition = make_edition(session)
    contact = make_registration(session, edition, email=CONTACT.email)
    for name in ("ana", "bo"):
        make_group(session, edition, [someone(name, f"{name}@own.test")])
    erase_registration(session, contact.id, COMMAND, NOW)
    assert session.scalars(select(Group.email)).all() == ["", ""]
    kept = [str(vars(one)) for table in (Message, AuditEntry) for one in session.scalars(select(table))]
    assert [one for one in kept if CONTACT.email in one] == []
    assert faults(session) == []


@pytest.mark.databases("sqlite")
def test_nothing_names_a_contact_who_is_erased_while_the_people_of_the_group_are_kept(session):
    edition = make_edition(session)
    make_group(session, edition, [someone("Ana"), someone("Bo")])
    ana = session.scalars(select(Registration.id)).first()
    cancel_registration(session, ana, COMMAND, NOW)
    (contact,) = people_called(session, CONTACT.email)
    erase_contact(session, contact.id, COMMAND, edition.finishes_at())
    for one in session.scalars(select(Message)):
        said = f"{one.recipient} {one.recipient_key} {one.mailbox_key} {one.recipient_name} {one.text} {one.html}"
        assert CONTACT.email not in said and CONTACT.name not in said, one.kind


@pytest.mark.databases("sqlite")
def test_figures_of_an_edition_that_is_over_are_kept_before_its_people_go(session):
    edition = make_edition(session)
    person = make_registration(session, edition, country="RS")
    erase_registration(session, person.id, COMMAND, edition.finishes_at())
    kept = frozen_record(session, edition)
    assert kept is not None and kept.figures.countries == [("RS", 1)]
    assert session.get_one(FrozenFigures, edition.id).is_final
