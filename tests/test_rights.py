"""Who can see what: the table in docs/rights.md is what the site answers, and what it should answer."""

import pytest

from tests import rights
from tests.support.databases import dump

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
STAFF = (rights.DESK, rights.ORGANISER, rights.CHAIR)


def organisers_pages() -> list[tuple[str, str]]:
    return [key for key in TABLE if key[0].startswith("/organise/") and not key[0].startswith(OF_HOSTING)]


def test_the_table_is_what_the_site_answers_and_asking_changes_nothing(databases, tmp_path, monkeypatch):
    make_world, before = rights.make_world, []

    def make_and_remember(app):
        # What is there before anybody asks; being signed in is part of it.
        world = make_world(app)
        before.append(rows_of(app))
        return world

    def rows_of(app):
        return dump(app.extensions["dofc_events"].database_url)

    monkeypatch.setattr(rights, "make_world", make_and_remember)
    with rights.site_to_ask(databases, tmp_path) as app:
        table = rights.ask_everybody(app)
        assert [rows_of(app)] == before, "a GET, or a form without its token, changed something"
    assert rights.as_document(table) == rights.DOCUMENT.read_text(encoding="utf-8"), (
        "the site answers otherwise than docs/rights.md says; look whether it should, then: make rights"
    )


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
