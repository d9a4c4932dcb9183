"""Who can see what: the table in docs/rights.md is what the site answers, and what it should answer.

And what else holds for every answer to everybody: no page betrays a ballot, or loses what others have changed.
"""

import re

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.models import Ballot, HostingCall, Proposal
from tests import rights
from tests.support.databases import close_connections, dump
from tests.support.factories import NOW
from tests.support.tree import parsed
from tests.test_edits import EDITS, NOTHING_STORED, OF_ONE_VALUE, is_filled_in

TABLE = rights.read_document()
OF_EDITION = "/organise/editions/<year>/"
# Pages for everybody who is signed in, and pages only for the chair.
EVERYBODYS, CHAIRS = (
    {
        "/organise/",
        "/organise/preview",
        "/organise/sessions",
        "/organise/sessions/my-data",
        "/organise/sessions/my-data.json",
        "/organise/digest",
        "/organise/attention/put-off",
        "/organise/attention/show-again",
        "/organise/sessions/<session_id>/end",
        "/organise/sessions/end",
    },
    (
        "/organise/mail",
        "/organise/accounts",
        "/organise/editions/new",
        "/organise/memory/",
        "/organise/privacy/",
        *(f"{OF_EDITION}{page}" for page in ("copy", "year", "delete")),
    ),
)
OF_HOSTING = "/organise/hosting/"
# Where the desk works.
DESKS = {f"{OF_EDITION}{page}" for page in ("check-in", "check-in/list", "check-in/new", "trips/<slug>/manifest")}
VOTED_ON = rights.YEAR_OF_CALL - 2
OWN_BALLOT = {("/hosting/vote/<token>", rights.HOLDER)}
BALLOTS = re.compile(r"\bballots\b")
TOKENS = re.compile(rb'name="(csrf_token|form_key)"[^>]*value="[^"]*"|csrf-token" content="[^"]*"|"free_disk_mb":\d+')
STAFF = (rights.DESK, rights.ORGANISER, rights.CHAIR)


def organisers_pages() -> list[tuple[str, str]]:
    return [key for key in TABLE if key[0].startswith("/organise/") and not key[0].startswith(OF_HOSTING)]


class Everybody:
    """A site, everybody's answers at each of its addresses, and what was stored before and after they were asked."""

    def __init__(self, app):
        self.app = app
        with time_machine.travel(NOW, tick=False):
            self.values, self.browsers = rights.make_world(app)
            # Being signed in is part of what is there before.
            self.before = self.stored()
            self.asked = rights.ask_everybody(app, self.values, self.browsers)
            self.after = self.stored()

    def stored(self):
        return dump(self.app.extensions["dofc_events"].database_url)


@pytest.fixture(scope="module")
def everybody(databases, tmp_path_factory):
    """Asked once: each test looks for something else in the answers."""
    with rights.site_to_ask(databases, tmp_path_factory.mktemp("rights")) as app:
        yield Everybody(app)
        with app.app_context():
            close_connections()


def test_the_table_is_what_the_site_answers_and_asking_changes_nothing(everybody):
    assert everybody.after == everybody.before, "a GET, or a form without its token, changed something"
    assert rights.as_document(everybody.asked) == rights.DOCUMENT.read_text(encoding="utf-8"), (
        "the site answers otherwise than docs/rights.md says; look whether it should, then: make rights"
    )


def test_no_answer_to_anybody_depends_on_how_members_have_voted(everybody):
    """Everybody has asked for every page; then each ballot says the opposite, and everybody asks again.

    Until the ballot closes the site tells nobody how anybody votes, but of a ballot that they cast themselves. They ask
    again for the pages that asked for ballots, whoever opened them: nothing else is where an answer could know.
    """
    app, browsers = everybody.app, everybody.browsers
    with app.app_context():
        voted_on = db.session().scalars(select(HostingCall).where(HostingCall.year == VOTED_ON)).one()
        on_ballot = db.session().scalars(select(Proposal).where(Proposal.call_id == voted_on.id)).first()
    there = everybody.values | {
        "/hosting/year": str(VOTED_ON),
        "/organise/hosting/calls/year": str(VOTED_ON),
        "/organise/hosting/proposals/reference": on_ballot.reference,
    }
    asked = [(a, everybody.values) for a in everybody.asked if a.method == "GET"]
    with time_machine.travel(NOW, tick=False):
        elsewhere = [a.rule for a, values in asked if is_elsewhere(a.rule, values, there)]
        asked += [(rights.ask(rule, "GET", there, browsers), there) for rule in elsewhere]
        knowing = [(a, values) for a, values in asked if any(BALLOTS.search(query) for query in a.queries)]
        with app.app_context(), unit_of_work() as session:
            ballots = session.scalars(select(Ballot)).all()
            for ballot in ballots:
                ballot.ranking = ballot.ranking[::-1]
        again = [(a, rights.ask(a.rule, "GET", values, browsers)) for a, values in knowing]
    assert ballots and len(knowing) > 1
    changed = {
        (rights.written(a.rule), role)
        for a, b in again
        for role in rights.ROLES
        if TOKENS.sub(b"", a.answers[role].body) != TOKENS.sub(b"", b.answers[role].body)
    }
    assert changed == OWN_BALLOT


def is_elsewhere(rule, values, there):
    return rights.address_of(rule, values, rights.NOBODY) != rights.address_of(rule, there, rights.NOBODY)


def test_every_form_that_changes_what_is_stored_goes_by_what_it_was_opened_with(everybody):
    careful, careless = set(), set()
    for asked in everybody.asked:
        for role in (rights.CHAIR, rights.HOLDER, rights.BOARD) if asked.method == "GET" else ():
            answer = asked.answers[role]
            for form in parsed(answer.body.decode()).select("form[method=post]") if answer.is_page else ():
                if form.select_one("[name=opened_with]"):
                    careful.add(rights.written(asked.rule))
                elif is_filled_in(form):
                    careless.add(rights.written(asked.rule))
    assert careful == {*EDITS} | OF_ONE_VALUE
    assert careless - NOTHING_STORED == set()


def test_no_answer_is_a_failure():
    """A redirect of a form that had no token would be one that was accepted."""
    assert TABLE
    for (path, method), answers in TABLE.items():
        for role, answer in answers.items():
            assert answer[:3] in ("200", "303", "400", "403", "404"), (path, method, role)
            assert method == "GET" or answer != "200", (path, method, role)


@pytest.mark.parametrize("key", organisers_pages(), ids=" ".join)
def test_organisers_pages_are_closed_to_everybody_else(key):
    path, _method = key
    answers = TABLE[key]
    assert answers[rights.NOBODY] == answers[rights.HOLDER] == "303"
    assert answers[rights.CHAIR] in ("200", "400")
    if path in EVERYBODYS:
        return
    assert {answers[role] for role in (rights.MEMBER, rights.BOARD, rights.BIDDER, rights.ENDED)} == {"403"}
    # Who organises another edition learns nothing of this one.
    assert answers[rights.ELSEWHERE] == ("404" if path.startswith(OF_EDITION) else "403")
    opened = {role for role in STAFF if answers[role] in ("200", "400")}
    if path.startswith(CHAIRS):
        assert opened == {rights.CHAIR}
    elif path in DESKS:
        assert opened == set(STAFF)
    else:
        assert opened == {rights.ORGANISER, rights.CHAIR}
    assert all(answers[role] == "403" for role in STAFF if role not in opened)


@pytest.mark.parametrize("key", [key for key in TABLE if key[0].startswith(OF_HOSTING)], ids=" ".join)
def test_pages_of_hosting_are_closed_to_everybody_else(key):
    path, _method = key
    answers = TABLE[key]
    assert answers[rights.NOBODY] == answers[rights.HOLDER] == "303"
    assert answers[rights.DESK] == answers[rights.ORGANISER] == answers[rights.ELSEWHERE] == "403"
    opened = {role for role in (rights.MEMBER, rights.BOARD, rights.BIDDER) if answers[role] in ("200", "400")}
    if "/ballots/" in path:
        assert opened == {rights.MEMBER} and answers[rights.CHAIR] == "403"
    elif path.endswith(("/review", "/question")):
        # Nobody reviews what is their own member's, and the chair is no reviewer.
        assert opened == {rights.BOARD} and answers[rights.CHAIR] == "403"
    elif path == OF_HOSTING or path.endswith("/compare"):
        assert opened == {rights.MEMBER, rights.BOARD, rights.BIDDER}
    elif "/proposals/" in path or path.endswith("/calls/<year>/"):
        # What is on no shortlist is not there for those who only vote.
        assert opened <= {rights.BOARD, rights.BIDDER} and answers[rights.MEMBER] in ("403", "404")
    else:
        assert not opened and answers[rights.BOARD] == answers[rights.MEMBER] == "403"


@pytest.mark.parametrize("path", sorted({path for path, _ in TABLE if "<token>" in path or "<secret>" in path}))
def test_a_link_opens_what_it_is_for_and_a_wrong_one_nothing(path):
    for method in ("GET", "POST"):
        answers = TABLE.get((path, method))
        if answers:
            assert answers[rights.HOLDER] == ("200" if method == "GET" else "400")
            assert {answer for role, answer in answers.items() if role != rights.HOLDER} == {"404"}
