"""Every word of ours goes through gettext: seen in a language that marks all that was translated."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Account
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.conference.queries import edition_by_id
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import place_and_time_of
from dofc_events.core.audit import Actor, record
from dofc_events.delegates.models import Registration
from dofc_events.letters import service
from dofc_events.letters.mails import letter_to
from dofc_events.letters.models import Letter
from dofc_events.letters.queries import readers_of
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import LetterText
from dofc_events.mail.rules import MessageState
from dofc_events.notices.queries import standing_of
from dofc_events.organise.trail.changes.texts import FIELDS
from dofc_events.places.rules import PLACE_STATUSES, ClaimStatus
from dofc_events.registration.arrivals.service import note_arrival
from dofc_events.registration.queries import Audience
from tests.support.factories import NOW
from tests.support.letters import letters
from tests.support.trail import EXAMPLES
from tests.translation.conftest import check, unmarked


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/editions/",
        "/editions/2027/",
        "/editions/2027/register",
        "/editions/2027/lost-link",
        "/editions/2027/written",
        "/sign-in",
        "/sign-in/sent",
        "/sign-in/wrong",
        "/nowhere",
        "/registrations/wrong/",
    ],
)
@pytest.mark.usefixtures("edition")
def test_public_pages_are_translated(client, path):
    check(client.get(path))


@pytest.mark.parametrize("status", PLACE_STATUSES)
@pytest.mark.parametrize("columns", [{}, {"freezes_at": NOW}, {"status": EditionStatus.ARCHIVED}], ids=str)
def test_own_pages_are_translated(client, own, status, columns):
    address = own(status, **columns)
    for path in ("", "edit", "address", "hand-over", "cancel", "offer"):
        check(client.get(address + path))


@pytest.mark.parametrize("state", [s for s in MessageState if s != MessageState.SENDING])
def test_what_is_said_about_mail_is_translated(client, own, writing, state):
    address = own()
    with writing() as session:
        message = letters(session)[-1]
        message.state, message.sent_at = state, NOW
    check(client.get(address))


def test_what_is_said_about_mistakes_is_translated(client, edition, own):
    for path in ("/editions/2027/register", f"{own()}edit", f"{own()}hand-over", f"{own()}address", "/sign-in"):
        form = client.get(path).form("main form")
        for value in ("", "ж" * 2000, "ж\tж", "я@example.org"):
            wrong = {
                name: value for name in form.names if form.tag.select(f"[name={name}]")[0].get("type") != "checkbox"
            }
            page = form.forge(wrong).forge(consent=None).submit()
            assert page.status == 422
            check(page)
        check(form.forge(csrf_token=None).submit())


@pytest.mark.parametrize(
    "changes", [{"registration_closes_at": NOW}, {"registration_opens_at": NOW + timedelta(days=1)}], ids=str
)
def test_what_is_said_about_a_closed_form_is_translated(client, edition, writing, changes):
    with writing() as session:
        for name, value in changes.items():
            setattr(session.get_one(type(edition), edition.id), name, value)
    for path in ("/", "/editions/", "/editions/2027/", "/editions/2027/register"):
        check(client.get(path))


@pytest.mark.parametrize(
    "path", ["check-in", "check-in?q=ана", "check-in?q=ж", "check-in/list", "audit", "audit?act=ж"]
)
def test_pages_of_the_door_and_of_the_trail_are_translated(client, own, writing, reading, path):
    own(ClaimStatus.CANCELLED)
    own()
    with reading() as session:
        chair = session.scalars(select(Account)).one()
    with writing() as session:
        secret = issue_sign_in_link(session, chair.id, NOW)
        person = session.scalars(select(Registration).where(Registration.ended_at.is_(None))).one()
        note_arrival(session, person.id, Actor("account", chair.email), NOW)
    client.get(f"/sign-in/{secret}").form().submit()
    check(client.get(f"/organise/editions/2027/{path}"))


@pytest.mark.usefixtures("edition")
def test_what_the_trail_says_is_translated(client, writing):
    with writing() as session:
        for actor, act, details in EXAMPLES:
            record(session, Actor(*actor.split(":")), NOW, act, scope="2027", **details)
        secret = issue_sign_in_link(session, session.scalars(select(Account)).one().id, NOW)
    client.get(f"/sign-in/{secret}").form().submit()
    pages = [client.get("/organise/editions/2027/audit")]
    while older := pages[-1].all("a[rel=next]"):
        pages.append(pages[-1].follow(older[0].get_text()))
    for page in pages:
        check(page)
    assert sum(len(page.all("tr[data-act]")) for page in pages) == len(EXAMPLES)
    # A line's own brackets would hide these.
    assert not [label for label in map(str, FIELDS.values()) if unmarked(label)]


@pytest.mark.parametrize(
    "paths",
    [
        ("letters", "letters/new?status=confirmed&country=RS&dietary=1", "letters/new?starter=practical"),
        ("letters/1/", "letters/1/edit", "letters/1/send", "letters/1/stop"),
        ("letters/2/", "letters/2/send", "letters/3/", "letters/3/stop", "letters/4/", "letters/4/stop"),
    ],
)
def test_pages_of_letters_are_translated(client, own, writing, edition, paths):
    own()
    with writing() as session:
        make_letters(session, edition.id)
        secret = issue_sign_in_link(session, session.scalars(select(Account)).one().id, NOW)
    client.get(f"/sign-in/{secret}").form().submit()
    for path in paths:
        check(client.get(f"/organise/editions/2027/{path}"))
    form = client.get("/organise/editions/2027/letters/new").form()
    check(form.fill(subject="{ж}", body="{ж}", days=-1).submit())


def make_letters(session, edition_id: int) -> None:
    """One of each: a draft, a question whether to tell of a change, a scheduled letter, and one that goes."""
    edition = edition_by_id(session, edition_id)
    now_and_then = LetterText("Наслов", "Драги", Anchor.AT_ONCE, 0), LetterText("Наслов", "Драги", Anchor.ENDS, 1)
    actor = Actor("account", "chair@dofc.test")
    service.write_letter(session, edition_id, Audience(), now_and_then[0], actor, NOW)
    before, edition.city = place_and_time_of(edition), "Нови Сад"
    service.note_change(session, edition, before, actor, NOW)
    for text in reversed(now_and_then):
        letter_id = service.write_letter(session, edition_id, Audience(), text, actor, NOW)
        digest = readers_of(session, edition_id, Audience()).digest
        service.release_letter(session, letter_id, digest, actor, NOW)


def test_letters_are_translated(own, writing, reading, app, edition):
    own(ClaimStatus.OFFERED)
    with writing() as session:
        make_letters(session, edition.id)
        letter, about_change = (session.get_one(Letter, number) for number in (4, 2))
        letter.body = "{place} {trips} {dates} {closes}"
        standing = standing_of(session, session.scalars(select(Registration)).one().id)
        for message in (letter_to(letter, standing), letter_to(about_change, standing)):
            assert not unmarked(message.subject) and not unmarked(message.text), message.text


def test_messages_are_translated(own, reading):
    for status in PLACE_STATUSES:
        own(status)
    with reading() as session:
        for message in letters(session):
            assert not unmarked(message.subject) and not unmarked(message.text), message.text


def test_a_text_outside_gettext_is_noticed():
    assert unmarked("⟦Place ⟦confirmed⟧⟧ Ана, 3 June 2027 · K7X9-Q2MB") == ""
    assert unmarked("⟦Place⟧ confirmed") == "confirmed"
