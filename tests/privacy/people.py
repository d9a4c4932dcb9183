"""Somebody with a value of their own in every field, and everything that the site keeps about them."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Category, InvitedAddress
from dofc_events.conference.rules import TripMode
from dofc_events.core.audit import Actor
from dofc_events.delegates.doubles.service import tell_apart
from dofc_events.delegates.models import LikelyDouble, Registration
from dofc_events.delegates.service import details_of
from dofc_events.letters.timers import write_messages
from dofc_events.mail.models import Message
from dofc_events.notices.models import UntoldNews
from dofc_events.notices.service import terms_of
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.hand_over.models import HandOver
from dofc_events.registration.notes.service import tag_one, write_note
from dofc_events.registration.own.files.service import Who, add_file
from dofc_events.registration.queries import Audience, Filters
from dofc_events.registration.saved.models import SavedView
from dofc_events.registration.service import change_details, correct_address
from dofc_events.registration.trips import service as seats
from dofc_events.trips.draw.service import preview_draw
from dofc_events.trips.sign_ups.service import SeatBook
from dofc_events.web.attachments.rules import CheckedFile
from tests.letters.conftest import release, write
from tests.support.factories import (
    NOW,
    make_account,
    make_edition,
    make_question,
    make_registration,
    make_trip,
)

CLOSES = NOW + timedelta(days=100)
ELENA = Actor("account", "elena@dofc.test")
# Each found nowhere else; with letters that JSON writes as numbers.
OWN: dict[str, Any] = {
    "given_name": "Zvonimira",
    "family_name": "Quxlačić",
    "badge_name": "Zvonka Badgington",
    "organisation": "Soloworks Vöcklamarkt",
    "job_title": "Chief Zymurgist",
    "country": "RS",
    "phone": "+381 60 7654321",
    "dietary": "No jicama ever",
    "access_needs": "Quiet room by noon",
    "visa_letter": True,
    "photo_consent": True,
    "email": "zvonimira.q@quxmail.test",
}
FORMER = {"email": "zq.before@quxmail.test", "dietary": "No rutabaga ever", "phone": "+381 60 1112223"}
NOTE, TAG, ANSWER = "Knows the Margravine", "zebrafish", "Reads Voynich"
FILE = b"%PDF- I, Abigobaldus, can brew"


def values(person: Registration) -> list[str]:
    """What must be found nowhere once they are erased."""
    words = [*(v for v in OWN.values() if isinstance(v, str) and len(v) > 2), *FORMER.values(), NOTE, TAG, ANSWER]
    words.append("Abigobaldus")
    return [*words, "7654321", "quxlacic", person.reference, person.reference.replace("-", "").lower(), person.form_key]


def forms(value: str) -> set[bytes]:
    """How a text may stand in a file: as it is, as JSON writes it, in an address."""
    return {value.encode(), json.dumps(value)[1:-1].encode(), value.replace(" ", "+").encode()}


def make_person(session) -> tuple[Registration, Registration]:
    """Them, and somebody who shares an organisation, a trip and a likely double with a third."""
    edition = make_edition(session, year=2027)
    make_account(session, ELENA.name, RoleName.ORGANISER, edition=edition)
    make_trip(session, edition, "mill")
    seats.set_sign_up(session, edition.id, TripMode.DRAW, None, CLOSES, ELENA, NOW)
    make_question(session, edition, "hobby", "text")
    make_question(session, edition, "shirt")
    person = make_registration(session, edition, **{**OWN, **FORMER}, trips=("mill",))
    like: dict[str, Any] = {"given_name": "Zvonimire", "family_name": "Quxlatič"}
    other = make_registration(session, edition, **like, trips=("mill",))
    edition.asks_questions = True
    new = type(details_of(person))(**{**vars(details_of(person)), "dietary": OWN["dietary"], "phone": OWN["phone"]})
    told = {"hobby": (ANSWER,), "shirt": ("s",)}
    change_details(session, person.id, new, Actor("delegate", person.reference), NOW, answers=told)
    make_question(session, edition, "cv", "file")
    file = CheckedFile("Zvonimira.pdf", "application/pdf", FILE)
    add_file(session, person.id, "cv", file, Who(Actor("delegate", person.reference)), NOW)
    correct_address(session, person.id, OWN["email"], Actor("delegate", person.reference), NOW)
    write_note(session, person.id, NOTE, ELENA, NOW)
    tag_one(session, person.id, TAG, ELENA, NOW)
    pair = LikelyDouble(edition_id=edition.id, first_id=person.id, second_id=other.id)
    session.add(pair)
    session.flush()
    tell_apart(session, edition.id, [pair.id], ELENA, NOW)
    picked = Audience(Filters(q="quxlačić"), (person.reference, other.reference))
    letter_id = write(session, edition, picked)
    release(session, edition, letter_id)
    write_messages(session, [person.id], letter_id, NOW)
    session.add(SavedView(edition_id=edition.id, name="One", query="q=Quxla%C4%8Di%C4%87&status=confirmed"))
    category = session.scalars(select(Category).where(Category.edition_id == edition.id)).first()
    session.add(InvitedAddress(category_id=category.id, email_key=OWN["email"]))
    session.add(UntoldNews(registration_id=other.id, since=NOW, news={"place": False}))
    session.add(HandOver(registration_id=person.id, link_version=1, before={"given_name": OWN["given_name"]}))
    session.flush()
    note_arrival(session, person.id, ELENA, NOW)
    drawn_at = CLOSES + timedelta(hours=1)
    book = SeatBook(session, edition, terms_of(edition, drawn_at), drawn_at)
    seats.publish_draw(session, edition.id, preview_draw(book).digest, ELENA, drawn_at)
    for message in session.scalars(select(Message)):
        message.last_error = f"550 {message.recipient} unknown"
    session.flush()
    return person, other
