"""Every word of ours goes through gettext: seen in a language that marks all that was translated."""

import re
from dataclasses import asdict
from datetime import timedelta
from gettext import NullTranslations
from typing import Any

import pytest
import time_machine
from bs4 import Comment, Doctype
from flask_babel import Domain
from sqlalchemy import select

from dofc_events.accounts.models import Account
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.conference.models import Organisation
from dofc_events.conference.queries import edition_by_id
from dofc_events.conference.rules import EditionStatus
from dofc_events.conference.service import place_and_time_of
from dofc_events.core.audit import COMMAND, Actor, record
from dofc_events.core.countries import country_names
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.hosting import queries as proposal_links
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.calls.service import open_call
from dofc_events.hosting.hand_over.service import start_hand_over
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.proposals.forms import WORDS_FOR_REASONS
from dofc_events.hosting.proposals.questions.service import ask_question
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.hosting.rules import AttachmentFault, ProposalStatus
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
from dofc_events.web.translation import Catalogues
from tests.support.factories import NOW, claim_of, make_account, make_edition, make_registration
from tests.support.hosting import (
    WEEK,
    begin_ballot,
    call_details,
    make_answers,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
    shortlist_all,
)
from tests.support.letters import letters
from tests.support.trail import EXAMPLES

# What people and organisations typed, in letters that our English does not use.
DATA: dict[str, Any] = {
    "city": "Ниш",
    "venue": "Дом",
    "venue_address": "Улица 12",
    "summary": "Три дана.",
    "programme": "## Четвртак",
    "contact_name": "Елена",
    "contact_email": "е@примјер.срб",
    "categories": [("guest", "Гост"), ("member", "Члан")],
}
PERSON: dict[str, Any] = {
    "given_name": "Ана",
    "family_name": "Ковач",
    "organisation": "Кластер",
    "job_title": "Шеф",
    "dietary": "Без ораха",
    "access_needs": "Рампа",
    "category": "guest",
    "visa_letter": True,
}
SAID = ("aria-label", "alt", "title", "data-results", "data-none", "data-unmatched", "data-choices", "placeholder")
# The name of the conference is the same in every language; dates and countries come from CLDR, not from our catalogue.
NOT_OURS = re.compile(
    r"Days of Clusters|Balkan and Black Sea Cluster Network|[\w.-]+@[\w.-]+|https?://\S+|/\S+\.\w+|"
    r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|\b(Nov|January|February|March|April|May|June|July|August|September|October|November"
    r"|December|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b|"
    + "|".join(map(re.escape, sorted(country_names("en").values(), key=len, reverse=True)))
)
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")


class Marked(NullTranslations):
    """Puts every text that it is asked for into brackets."""

    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ungettext(self, singular: str, plural: str, number: int) -> str:
        return f"⟦{singular if number == 1 else plural}⟧"


@pytest.fixture(autouse=True)
def _marked(monkeypatch):
    for domain in (Domain, Catalogues):
        monkeypatch.setattr(domain, "get_translations", lambda domain: Marked())
    with time_machine.travel(NOW, tick=False):
        yield


def unmarked(text: str) -> str:
    """What is left of a text without the brackets (and brackets in brackets), and without what is not ours."""
    while MARKED.search(text):
        text = MARKED.sub(" ", text)
    return " ".join(re.findall(r"[A-Za-z]{2,}", NOT_OURS.sub(" ", text)))


def check(page) -> None:
    """Nothing on a page that a person reads or hears is outside the brackets."""
    found = [unmarked(page.title)]
    for node in page.soup.body.find_all(string=True):
        if not isinstance(node, Comment | Doctype) and node.parent.name not in ("script", "style", "code"):
            found.append(unmarked(str(node)))
    for tag in page.soup.find_all(True):
        found += [unmarked(str(tag[name])) for name in SAID if tag.has_attr(name)]
    assert not any(found), f"{page.url} is not translated: {[text for text in found if text]}"


@pytest.fixture
def edition(writing):
    with writing() as session:
        make_account(session, "chair@dofc.test", name="Елена")
        return make_edition(session, year=2027, capacity=5, **DATA)


@pytest.fixture
def own(app, writing, edition):
    """The address of the own page of somebody whose claim stands like this."""

    def own(standing=ClaimStatus.CONFIRMED, **columns) -> str:
        with writing() as session:
            edition_there = session.get_one(type(edition), edition.id)
            registration = make_registration(session, edition_there, **PERSON)
            claim = claim_of(session, registration)
            claim.status = standing
            claim.position = 7 if standing is ClaimStatus.WAITLISTED else None
            if standing is ClaimStatus.OFFERED:
                claim.offered_at, claim.offered_until = NOW, NOW + timedelta(hours=5)
            registration.ended_at = NOW if standing is ClaimStatus.CANCELLED else None
            for name, value in columns.items():
                setattr(edition_there, name, value)
        with app.app_context():
            return f"/registrations/{token_of(registration)}/"

    return own


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


@pytest.fixture
def hosting(app, writing):
    """Where a proposal and a ballot on it have their pages, with data in letters that our English does not use."""
    said: dict[str, Any] = {"text": "Ко?", "proposals_public": True, "quorum": 1}
    answers: dict[str, Any] = {name: "Ж" for name, value in asdict(make_answers()).items() if isinstance(value, str)}
    answers |= {"member": "", "contact_email": "е@примјер.срб", "country": "RS", "organisation": "Кластер"}
    with writing() as session:
        call, earlier = (
            open_call(session, year, call_details(at, **said), [("Место", 1)], COMMAND, at - WEEK)
            for year, at in ((2029, NOW), (2028, NOW - 2 * WEEK))
        )
        member = make_member(session, name="Члан")
        person = make_representative(session, member, email="е@члан.срб", name="Ана")
        make_proposal(session, call, now=NOW, **answers)
        make_proposal(session, earlier, now=NOW - 2 * WEEK, **answers)
        theirs = {**answers, "organisation": "", "member": member.slug}
        make_proposal(session, earlier, now=NOW - 2 * WEEK, **theirs)
        shortlist_all(session, earlier)
        voter = begin_ballot(session, earlier)[member.slug]
        cast_ballot(session, voter.id, person.id, ["none"], Actor("account", person.email), NOW)
        asker = make_reviewer(session, member, email="е@одбор.срб", name="Бора")
        proposal = session.scalars(select(Proposal).where(Proposal.call_id == call.id)).one()
        ask_question(session, proposal.id, asker.id, "Шта?", COMMAND, NOW)
    with app.app_context():
        own = f"/hosting/proposals/{proposal_links.token_of(proposal)}/"
        return own, f"/hosting/vote/{proposal_links.ballot_token(voter, person.id)}"


def test_pages_of_hosting_are_translated(client, hosting, writing):
    own, vote = hosting
    paths = [
        "/",
        "/hosting/",
        "/hosting/propose",
        "/hosting/lost-link",
        "/hosting/2028/result",
        vote,
        "/hosting/vote/x",
    ]
    for path in [*paths, "/hosting/proposals/x/", own, f"{own}edit", f"{own}check", f"{own}withdraw"]:
        check(client.get(path))
    check(client.get("/hosting/lost-link").form().fill(email="x@example.org").submit())
    with writing() as session:
        call = session.scalars(select(HostingCall).where(HostingCall.year == 2028)).one()
        close_ballot(session, call.id, COMMAND, call.ballot_closes_at)
    for path in ("/hosting/2028/result", vote):
        check(client.get(path))
    for status in ProposalStatus:
        with writing() as session:
            for proposal in session.scalars(select(Proposal)):
                proposal.status = status
        for path in (own, f"{own}edit", f"{own}withdraw"):
            check(client.get(path))


def test_what_is_said_about_mistakes_in_hosting_is_translated(client, hosting):
    own, vote = hosting
    for path, which in (
        ("/hosting/propose", ""),
        (f"{own}edit", ""),
        (own, "/answer"),
        (own, "form[enctype]"),
        (vote, ""),
    ):
        form = client.get(path).form(which)
        for value in ("", "ж" * 6000, "ж\tж", "999999999"):
            typed = {name: value for name in form.names if name not in ("consent", "file")}
            check(form.forge(typed).submit())
    for refusal in AttachmentFault:
        assert not unmarked(str(WORDS_FOR_REASONS[refusal]))


def test_messages_are_translated(own, reading):
    for status in PLACE_STATUSES:
        own(status)
    with reading() as session:
        for message in letters(session):
            assert not unmarked(message.subject) and not unmarked(message.text), message.text


def test_a_text_outside_gettext_is_noticed():
    assert unmarked("⟦Place ⟦confirmed⟧⟧ Ана, 3 June 2027 · K7X9-Q2MB") == ""
    assert unmarked("⟦Place⟧ confirmed") == "confirmed"


CHAIRS_PAGES = ("settings", "extend", "close", "start-review", "shortlist", "decision")


@pytest.fixture
def organising(hosting, writing, reading):
    """What those who run the network have pages about: sign-in links of the chair and a reviewer, and the addresses."""
    with writing() as session:
        earlier = session.scalars(select(HostingCall).where(HostingCall.year == 2028)).one()
        close_ballot(session, earlier.id, COMMAND, earlier.ballot_closes_at)
        reviewed = open_call(session, 2030, call_details(NOW - WEEK, text="Ко?"), [("Место", 1)], COMMAND, NOW - WEEK)
        said: dict[str, Any] = {name: "Ж" for name, value in asdict(make_answers()).items() if isinstance(value, str)}
        said |= {"member": "", "contact_email": "и@пример.срб", "country": "RS", "organisation": "Други"}
        proposal = make_proposal(session, reviewed, now=NOW - WEEK, **said)
        colleague = make_reviewer(session, make_member(session, name="Трећи"), email="и@одбор.срб", name="Вера")
        scores = {criterion.id: Given(4, "Лепо") for criterion in reviewed.criteria}
        give_review(session, proposal.id, colleague.id, scores, COMMAND, NOW)
        make_edition(session, year=2027, **DATA)
        coming = make_edition(session, year=2029, **DATA)
        start_hand_over(session, coming, make_edition(session, year=2028, **DATA), COMMAND, NOW)
        chair = make_account(session, "шеф@мрежа.срб", name="Елена")
        slug = session.scalars(select(Organisation.slug).where(Organisation.name == "Трећи")).one()
        links = [issue_sign_in_link(session, account.id, NOW) for account in (chair, colleague)]
    calls = [f"calls/{year}/{page}" for year in (2028, 2029, 2030) for page in ("", "compare", *CHAIRS_PAGES)]
    pages = [f"proposals/{proposal.reference}/{page}" for page in ("", "review", "question")]
    members = ["members", "members/new", f"members/{slug}/", f"members/{slug}/settings"]
    paths = ["", "calls/new", *calls, *pages, *members, f"members/{slug}/representatives/new"]
    return links, [f"/organise/hosting/{path}" for path in paths]


HAND_OVER = "/organise/editions/2029/hand-over"


def check_without_zones(page) -> None:
    """The names of zones are IANA's, in every language."""
    for option in page.all("select[name=zone] option"):
        option.decompose()
    check(page)


def test_pages_of_those_who_run_the_network_are_translated(client, organising):
    links, paths = organising
    for link in links:
        browser = client.another()
        browser.get(f"/sign-in/{link}").form().submit()
        for path in ["/organise/", HAND_OVER, f"{HAND_OVER}/new", *paths]:
            page = browser.get(path)
            assert page.status in (200, 403, 404)
            has_fields = len(page.all("main form button")) == 1 and not page.form().tag.get("action")
            check_without_zones(page)
            if has_fields:
                form = browser.get(path).form()
                typed = [
                    tag["name"] for tag in form.tag.select("textarea, input:not([type=hidden], .form-check-input)")
                ]
                check_without_zones(form.forge(dict.fromkeys(typed, "ж" * 300)).submit())
