"""The demonstration's past: an edition that is archived and written up, whose delegates have been forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import yaml
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dofc_events.commands.invented import DATA, add_edition, add_outcome, add_photographs, add_trips
from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import COMMAND, Actor
from dofc_events.core.clock import from_zone
from dofc_events.core.references import new_secret
from dofc_events.delegates.models import Registration
from dofc_events.delegates.rules import INVENTED
from dofc_events.delegates.service import Details
from dofc_events.hosting.hand_over.service import start_hand_over
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import LetterText, write_letter
from dofc_events.memory.editions.service import change_facts, facts_of, write_up
from dofc_events.memory.figures.service import archive
from dofc_events.memory.models import NewFile
from dofc_events.memory.outcomes.service import add_file
from dofc_events.notices.service import Changes, log
from dofc_events.places.models import Claim
from dofc_events.places.service import lock_edition_pool
from dofc_events.privacy.retention.service import do_some, tasks
from dofc_events.privacy.rules import Period
from dofc_events.privacy.service import shorten_periods
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.queries import Audience
from dofc_events.registration.service import RegistrationRequest, enter
from dofc_events.registration.texts import consent_text

PAST, SIGNED = DATA / "demo-past.yaml", DATA / "demo-declaration.pdf"
# Their addresses are numbered from here on, so that the first ones are those of delegates of the open edition.
FIRST = 30
# Organisers shortened the periods, so that nobody is named when the next year begins.
DAYS = {Period.NEEDS: 14, Period.PHONE: 14, Period.VISA: 30, Period.EMAILS: 60, Period.NAMES: 60}
DELEGATE = Actor("delegate", "demonstration")
# When the last note on what became of its outcomes was made.
FOLLOWED_UP = timedelta(days=160)
# Of ten people, so many came on the first day.
EARLY = 8


def load_past(session: Session, year: int, at: datetime) -> None:
    """Add a demonstration edition of a past year: archived and written up, without a delegate's name.

    Only where the edition two years later is a demonstration, and unless the year has an edition.
    """
    coming = edition_by_year(session, year + 2)
    if coming is None or not coming.is_demo or edition_by_year(session, year) is not None:
        return
    invented: dict[str, Any] = yaml.safe_load(PAST.read_text(encoding="utf-8"))
    zone = invented["edition"]["zone"]
    opened_at = from_zone(date(year, 5, 20), time(10), zone)
    edition = add_edition(session, year, invented["edition"], invented["categories"], invented["capacity"], opened_at)
    add_trips(session, edition, invented["trips"], opened_at)
    shorten_periods(session, edition.id, DAYS, COMMAND, opened_at)
    conference.publish_edition(session, edition.id, COMMAND, opened_at)
    _add_people(session, edition, invented["people"], opened_at)
    _add_letters(session, edition, invented["letters"])
    finished_at = edition.finishes_at()
    assert finished_at is not None
    archive(session, edition.id, COMMAND, finished_at + timedelta(days=9))
    _write_up(session, edition, invented, finished_at + timedelta(days=12))
    _add_outcomes(session, edition, invented["outcomes"], min(at, finished_at + FOLLOWED_UP))
    for task in tasks(session):
        while task.year == year and do_some(session, task, at):
            pass
    start_hand_over(session, coming, edition, COMMAND, at)


def _add_people(session: Session, edition: Edition, rows: Sequence[list[Any]], opened_at: datetime) -> None:
    """They register by and by, choose trips and come. Emails to them would be without text by now: there are none."""
    pool = lock_edition_pool(session, edition.id)
    changes = Changes(session, edition, DELEGATE, opened_at + timedelta(days=120))
    each = [(row, nth) for row in rows for nth in range(row[3])]
    for number, (row, nth) in enumerate(each):
        at = opened_at + timedelta(days=row[4] + 4 * nth, minutes=17 * number)
        registration, claim = enter(session, pool, edition, _request(edition, row, number), at, on_behalf=False)
        log(session, DELEGATE, at, "registered", registration, status=claim.status)
        changes.book.welcome(registration.id)
        trips = [changes.book.trip(slug) for slug in (row[5] if len(row) > 5 else ())]
        changes.book.choose(registration.id, trips, has_place=True)
        _arrive(session, edition, registration.id, number)
    changes.record_seats()
    people = select(Registration.id).where(Registration.edition_id == edition.id)
    session.execute(update(Claim).where(Claim.registration_id.in_(people)).values(untold=True))


def _request(edition: Edition, row: list[Any], number: int) -> RegistrationRequest:
    country, category, organisation = row[:3]
    details: dict[str, Any] = dict.fromkeys((field.name for field in fields(Details)), "")
    details |= {"given_name": "Invented", "family_name": f"Delegate {FIRST + number}", "organisation": organisation}
    details |= {"country": country, "category": category, "visa_letter": False, "photo_consent": True}
    return RegistrationRequest(
        details=Details(**details),
        email=f"delegate{FIRST + number}{INVENTED}",
        language="en",
        consent_text=consent_text(edition),
        form_key=new_secret(),
    )


def _add_letters(session: Session, edition: Edition, letters: Sequence[Mapping[str, Any]]) -> None:
    """What their organisers wrote to all of them. Nobody is on record as its recipient, as there are no emails."""
    begins_at = edition.begins_at()
    assert begins_at is not None
    for said in letters:
        at = begins_at + timedelta(days=said["days"])
        text = LetterText(said["subject"], said["body"], Anchor.AT_ONCE)
        letter = session.get_one(Letter, write_letter(session, edition.id, Audience(), text, COMMAND, at))
        letter.released_at = letter.started_at = letter.finished_at = at


def _arrive(session: Session, edition: Edition, registration_id: int, number: int) -> None:
    """Most of them come on the first morning, some on the second, and a few never do."""
    begins_at = edition.begins_at()
    assert begins_at is not None
    if number % 10 < EARLY:
        note_arrival(session, registration_id, COMMAND, begins_at + timedelta(minutes=number * 11 % 97 - 45))
    elif number % 10 == EARLY:
        note_arrival(session, registration_id, COMMAND, begins_at + timedelta(days=1, minutes=number % 40))


def _write_up(session: Session, edition: Edition, invented: Mapping[str, Any], at: datetime) -> None:
    write_up(session, edition.id, invented["write_up"], COMMAND, at, seen="")
    seen, facts = facts_of(session, edition.year), invented["facts"]
    assert seen is not None
    sources = dict.fromkeys(facts, invented["source"])
    known = replace(seen, **{**facts, "organisers": tuple(facts["organisers"]), "sources": sources})
    change_facts(session, edition.id, known, COMMAND, at, seen=seen)
    add_photographs(session, edition.year, "past", at)


def _add_outcomes(session: Session, edition: Edition, outcomes: Sequence[dict[str, Any]], at: datetime) -> None:
    assert edition.ends_on is not None
    for row in outcomes:
        slug = add_outcome(session, edition, row, edition.ends_on, at)
        if "file" in row:
            signed = NewFile(row["file"], SIGNED.name, "application/pdf", SIGNED.read_bytes())
            add_file(session, edition.id, slug, signed, COMMAND, at)
