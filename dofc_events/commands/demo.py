"""`flask history`: the network's facts. `flask demo`: the same, plus invented people to try the system with."""

from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

import click
import yaml
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import Grant, RoleName
from dofc_events.accounts.service import add_account
from dofc_events.commands.demo_past import load_past
from dofc_events.commands.invented import DATA, add_edition, add_outcome, add_photographs, add_trips
from dofc_events.conference import service as conference
from dofc_events.conference.members.service import add_member
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year, member_by_slug
from dofc_events.core.audit import COMMAND, Actor
from dofc_events.core.clock import end_of_day, in_zone, now
from dofc_events.core.db import PREPARING_TIMEOUT, take_turns, tried_again, unit_of_work
from dofc_events.core.references import new_secret
from dofc_events.core.slugs import slug_for
from dofc_events.delegates.queries import live_registration
from dofc_events.delegates.service import Details
from dofc_events.groups.delegations.service import Promised, promise_places
from dofc_events.groups.service import Contact, GroupRequest, register_people
from dofc_events.groups.texts import stated_by_contact
from dofc_events.hosting.calls.service import DEFAULT_CRITERIA, CallDetails, open_call
from dofc_events.hosting.models import HostingCall
from dofc_events.hosting.proposals.questions.service import ask_question
from dofc_events.hosting.proposals.service import PROPOSER, Answers, save_draft, submit_proposal
from dofc_events.hosting.proposals.texts import consent_text as proposers_consent_text
from dofc_events.mail.rules import INVENTED
from dofc_events.memory.history.service import load_history
from dofc_events.places.options.service import limit_options
from dofc_events.privacy.rules import DEFAULT_DAYS, Period
from dofc_events.privacy.service import shorten_periods
from dofc_events.questions.rules import Answers as OwnAnswers
from dofc_events.questions.rules import Kind
from dofc_events.questions.service import OptionDetails, QuestionDetails, add_question
from dofc_events.registration.service import RegistrationRequest, cancel_registration, register_delegate
from dofc_events.registration.texts import consent_text
from dofc_events.registration.trips.service import choose_trips
from dofc_events.trips.queries import wishes_of

DEMO = DATA / "demo.yaml"
CAPACITY = 250
DELEGATE = Actor("delegate", "demonstration")


@click.command("history")
@with_appcontext
@tried_again
def history() -> None:
    """Load the network's facts: the seven editions and what they led to."""
    with unit_of_work() as session:
        load_history(session, COMMAND, now())


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing if the database already has an edition.")
@with_appcontext
@tried_again
def demo(if_empty: bool) -> None:
    """Load the history and the demonstration data: last year's edition, next year's, and a call for hosts after it."""
    with unit_of_work(PREPARING_TIMEOUT) as session:
        # Two sites may be started at once on one database.
        take_turns(session)
        if if_empty and session.scalar(select(func.count()).select_from(Edition)):
            return
        load_history(session, COMMAND, now())
        load_past(session, load_demo(session, now()) - 2, now())


def load_demo(session: Session, at: datetime) -> int:
    """Add the demonstration edition of the next calendar year with all that belongs to it, unless that year has one.

    Returns the year.
    """
    invented: dict[str, Any] = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    year = in_zone(at, invented["edition"]["zone"]).year + 1
    if edition_by_year(session, year) is not None:
        return year
    for member in invented["members"]:
        add_member(session, member["slug"], member["name"], member["country"], COMMAND, at, is_demo=True)
    opened_at = at - timedelta(days=60)
    edition = add_edition(session, year, invented["edition"], invented["categories"], CAPACITY, opened_at)
    add_trips(session, edition, invented["trips"], opened_at)
    _add_questions(session, edition, invented, opened_at)
    conference.publish_edition(session, edition.id, COMMAND, opened_at)
    add_photographs(session, year, "next", at)
    for account in invented["accounts"]:
        role = RoleName(account["role"])
        member = member_by_slug(session, account["member"]) if "member" in account else None
        grant = Grant(
            role,
            edition_id=edition.id if role in (RoleName.ORGANISER, RoleName.DESK) else None,
            organisation_id=member.organisation_id if member else None,
        )
        add_account(session, account["email"], account["name"], grant, COMMAND, at)
    shorten_periods(session, edition.id, {**DEFAULT_DAYS, Period.NEEDS: 14}, COMMAND, opened_at)
    for row in invented["outcomes"]:
        add_outcome(session, edition, row, in_zone(opened_at, edition.zone).date(), opened_at)
    for number, row in enumerate(invented["delegates"], start=1):
        answers = {key: tuple(said) for key, said in invented["answers"].get(number, {}).items()}
        _add_delegate(session, edition, number, row, answers, opened_at + timedelta(days=number, minutes=37 * number))
    _give_back_a_seat(session, edition, **invented["seat_given_back"], at=at)
    _add_delegation(session, edition, invented["delegation"], at)
    _add_held_group(session, edition, invented["held_group"], at)
    _add_call(session, year + 1, invented, at)
    return year


def _add_questions(session: Session, edition: Edition, invented: dict[str, Any], at: datetime) -> None:
    """What the edition asks besides, one of it with few places."""
    for row in invented["questions"]:
        said = {name: row[name] for name in ("caption", "hint", "shown_when", "shown_for") if name in row}
        limited = row.get("places", {})
        options = [
            OptionDetails("", caption, waiting_list=slug_for(caption, (), "") in limited)
            for caption in row.get("options", ())
        ]
        details, key = QuestionDetails(**said), row["key"]
        question = add_question(session, edition.id, Kind(row["kind"]), details, options, COMMAND, at, key=key)
        limit_options(session, edition, question, limited, at)


def _add_delegate(
    session: Session, edition: Edition, number: int, row: list[Any], answers: OwnAnswers, at: datetime
) -> None:
    given_name, family_name, organisation, country, category, *rest = row
    special = rest[0] if rest else {}
    email = _address(number)
    request = RegistrationRequest(
        details=Details(
            given_name=given_name,
            family_name=family_name,
            badge_name=special.get("badge", ""),
            organisation=organisation,
            job_title="",
            country=country,
            phone="",
            category=category,
            dietary=special.get("dietary", ""),
            access_needs=special.get("access", ""),
            visa_letter=special.get("visa", False),
            photo_consent=special.get("photo", False),
        ),
        email=email,
        language="en",
        consent_text=consent_text(edition),
        form_key=new_secret(),
        trips=tuple(special.get("trips", ())),
        answers=answers,
    )
    # Nobody reads these mailboxes: the emails are kept, for the emails page.
    register_delegate(session, edition.id, request, DELEGATE, at, keep_mail=True)
    if special.get("cancelled"):
        registration = live_registration(session, edition.id, email)
        assert registration is not None
        cancel_registration(session, registration.id, DELEGATE, at + timedelta(hours=5), keep_mail=True)


def _add_delegation(session: Session, edition: Edition, row: dict[str, Any], at: datetime) -> None:
    """Places promised to an organisation; its head has used one for somebody without an address."""
    assert edition.registration_closes_at is not None
    until = edition.registration_closes_at - timedelta(days=30)
    promised = Promised(row["organisation"], row["head"], row["email"], row["places"], until)
    group = promise_places(session, edition.id, promised, COMMAND, at - timedelta(hours=2), keep_mail=True)
    request, head = _by_contact(edition, row), Actor("contact", group.reference)
    register_people(session, edition.id, request, head, at - timedelta(hours=1), group_id=group.id, keep_mail=True)


def _add_held_group(session: Session, edition: Edition, row: dict[str, Any], at: datetime) -> None:
    """People whose places are held until their contact confirms them: when they came, the edition asked for that.

    It no longer does, so that whoever tries the form needs no email.
    """
    edition.confirms_places = True
    register_people(session, edition.id, _by_contact(edition, row), DELEGATE, at, keep_mail=True)
    edition.confirms_places = False


def _by_contact(edition: Edition, row: dict[str, Any]) -> GroupRequest:
    """People without an address of their own."""
    empty: dict[str, Any] = dict.fromkeys((field.name for field in fields(Details)), "")
    empty |= {"visa_letter": False, "photo_consent": False, "organisation": row["organisation"]}
    people = [
        RegistrationRequest(
            details=Details(**empty | person),
            email=row["email"],
            language="en",
            consent_text=stated_by_contact(edition),
            form_key=new_secret(),
            has_address=False,
        )
        for person in row["people"]
    ]
    return GroupRequest(Contact(row["head"], row["email"], "en", row["organisation"]), tuple(people))


def _give_back_a_seat(session: Session, edition: Edition, delegate: int, trip: str, at: datetime) -> None:
    """Give somebody an open offer, just made."""
    registration = live_registration(session, edition.id, _address(delegate))
    assert registration is not None
    kept = [slug for slug in wishes_of(session, registration.id) if slug != trip]
    choose_trips(session, registration.id, kept, any_trip=False, actor=DELEGATE, now=at, keep_mail=True)


def _add_call(session: Session, year: int, invented: dict[str, Any], at: datetime) -> None:
    """A call for hosts that is open for another ten weeks, with proposals."""
    opened_at, zone = at - timedelta(days=30), invented["call"]["zone"]
    days = [in_zone(at, zone).date() + timedelta(days=days) for days in (70, 100, 107, 128)]
    closes_at, reviewed_at, ballot_opens_at, ballot_closes_at = (end_of_day(day, zone) for day in days)
    details = CallDetails(
        **invented["call"],
        opens_at=opened_at,
        closes_at=closes_at,
        review_opens_at=closes_at,
        review_closes_at=reviewed_at,
        ballot_opens_at=ballot_opens_at,
        ballot_closes_at=ballot_closes_at,
    )
    criteria = [(str(label), weight) for label, weight in DEFAULT_CRITERIA]
    call = open_call(session, year, details, criteria, COMMAND, opened_at, is_demo=True)
    for number, row in enumerate(invented["proposals"], start=1):
        _add_proposal(session, call, row, opened_at + timedelta(days=5 * number))


def _add_proposal(session: Session, call: HostingCall, row: dict[str, Any], at: datetime) -> None:
    starts_on, ends_on = (date(call.year, month, day) for month, day in row["days"])
    proposal = save_draft(
        session,
        call.year,
        Answers(**row["answers"], starts_on=starts_on, ends_on=ends_on),
        language="en",
        consent_text=proposers_consent_text(call),
        form_key=new_secret(),
        actor=PROPOSER,
        now=at,
        keep_mail=True,
    )
    if row["submitted"]:
        submit_proposal(session, proposal.id, PROPOSER, at + timedelta(days=1), keep_mail=True)
    if "question" in row:
        reviewer = account_by_email(session, row["question"]["from"])
        assert reviewer is not None
        actor, asked_at = Actor("account", reviewer.email), at + timedelta(days=2)
        ask_question(session, proposal.id, reviewer.id, row["question"]["text"], actor, asked_at, keep_mail=True)


def _address(number: int) -> str:
    return f"delegate{number:02}{INVENTED}"
