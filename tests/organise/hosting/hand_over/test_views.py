"""The hand-over list: for both hosts and the chair, each with their own ticks."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.accounts.rules import RoleName
from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import COMMAND
from dofc_events.hosting.hand_over.service import start_hand_over
from dofc_events.hosting.models import HandOverItem
from dofc_events.letters.models import Letter
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import LetterText, write_letter
from dofc_events.places.service import lock_edition_pool
from dofc_events.privacy.erasing.queries import named_files
from dofc_events.registration.queries import Audience
from tests.support import uploads
from tests.support.factories import (
    NOW,
    make_account,
    make_edition,
    make_organisation,
    make_question,
    make_registration,
)

LIST = "/organise/editions/2029/hand-over"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def people(writing):
    """The chair, the organisers of three editions, and the desk of the coming one, 2029, whose list has begun."""
    with writing() as session:
        editions = {year: make_edition(session, year=year, ends_at=None) for year in (2026, 2028, 2029)}
        start_hand_over(session, editions[2029], editions[2028], COMMAND, NOW)
        hosts = {year: make_account(session, role=RoleName.ORGANISER, edition=editions[year]) for year in editions}
        return {
            "chair": make_account(session, role=RoleName.CHAIR),
            "desk": make_account(session, role=RoleName.DESK, edition=editions[2029]),
            "member": make_account(session, role=RoleName.MEMBER, organisation=make_organisation(session)),
            "stranger": hosts[2026],
            "last": hosts[2028],
            "next": hosts[2029],
        }


def ticked(reading, text: str) -> tuple[bool, bool]:
    with reading() as session:
        item = session.scalars(select(HandOverItem).where(HandOverItem.text == text)).one()
        return item.last_host_done_at is not None, item.host_done_at is not None


def test_the_list_is_for_both_hosts_and_the_chair(client, people, sign_in):
    assert client.get(LIST).url == "/sign-in"
    answers = {name: sign_in(account).get(LIST).status for name, account in people.items()}
    assert answers == {"chair": 200, "desk": 403, "member": 403, "stranger": 404, "last": 200, "next": 200}
    assert sign_in(people["chair"]).get("/organise/editions/2040/hand-over").status == 404


def test_the_list_says_in_words_what_the_last_host_does_and_what_is_open(client, people, sign_in):
    page = sign_in(people["next"]).get(LIST)
    assert "Opening of registration for 2028: 15:00, Saturday 3 October 2026 (Sofia time)" in page.text
    assert "End of the 2028 edition: the end of Sunday 23 May 2027 (Sofia time)" in page.text
    assert "The host of 2028: Elena Petrova, host@dofc.test" in page.text
    assert "Write the summary and the programme" in page.text


def test_each_host_finds_the_list_from_the_own_edition_and_keeps_to_it(client, people, sign_in):
    last, coming = sign_in(people["last"]), sign_in(people["next"])
    assert last.get("/organise/editions/2028/").link("Hand-over to") == LIST
    assert coming.get("/organise/editions/2029/").link("Hand-over to") == LIST
    # The last host has no other pages of the coming edition, and is shown no links to them.
    assert not last.get(LIST).all(".subnav")
    assert coming.get(LIST).all(".subnav")


def test_each_host_adds_and_ticks_for_the_own_side(client, people, sign_in, reading):
    last, coming = sign_in(people["last"]), sign_in(people["next"])
    form = last.get(LIST).follow("Add something").form()
    assert form.submit().status == 422
    assert form.fill(kind="contact", text="The bus company: ask for Milan").submit().url == LIST
    sent_twice = form.submit().all("[id^=item-]")
    assert ["Milan" in row.get_text() for row in sent_twice].count(True) == 1
    assert ticked(reading, "The bus company: ask for Milan") == (False, False)
    number = last.get(LIST).all("[id^=item-]")
    item = next(row["id"] for row in number if "Milan" in row.get_text()).removeprefix("item-")
    last.get(LIST).form().submit(f"last_host:{item}")
    assert ticked(reading, "The bus company: ask for Milan") == (True, False)
    coming.get(LIST).form().submit(f"host:{item}")
    assert ticked(reading, "The bus company: ask for Milan") == (True, True)
    last.get(LIST).form().submit(f"last_host:{item}")
    assert ticked(reading, "The bus company: ask for Milan") == (False, True)


def test_nobody_ticks_for_the_other_side_or_on_another_list(client, people, sign_in, writing, reading):
    with writing() as session:
        start_hand_over(session, edition_by_year(session, 2028), None, COMMAND, NOW)
        foreign = session.scalars(select(HandOverItem.id).order_by(HandOverItem.id.desc())).first()
    last = sign_in(people["last"])
    token = last.get(LIST).form().value("csrf_token")
    for pressed in ("host:1", f"last_host:{foreign}", "last_host:0", "x"):
        assert last.post(LIST, {"csrf_token": token, "tick": pressed}).status == 404
    with reading() as session:
        assert not [i for i in session.scalars(select(HandOverItem)) if i.host_done_at or i.last_host_done_at]


def item_of(page, words: str):
    """The page of the item that says these words."""
    row = next(row for row in page.all("[id^=item-]") if words in row.get_text())
    return page.client.get(row.select_one("th a[href*='hand-over/']:not([href*=files])")["href"])


def test_an_item_has_words_an_owner_and_a_date(client, people, sign_in, reading):
    last, coming = sign_in(people["last"]), sign_in(people["next"])
    item_of(last.get(LIST), "What went well").form("form.form-narrow:has([name=text])").fill(
        text="The evening by the river", owner="Elena", due_on="2027-03-01"
    ).submit()
    row = next(row for row in coming.get(LIST).all("[id^=item-]") if "What went well" in row.get_text())
    assert "The evening by the river" in row.get_text() and "Elena · by Monday 1 March 2027" in row.get_text()
    # What the system did not write needs words.
    coming.get(LIST).follow("Add something").form().fill(kind="open", text="Keys", owner="Jana").submit()
    form = item_of(coming.get(LIST), "Keys").form("form.form-narrow:has([name=text])")
    assert (form.value("text"), form.value("owner")) == ("Keys", "Jana")
    assert form.fill(text="").submit().status == 422


def test_a_slip_in_the_year_of_an_item_is_refused(client, people, sign_in):
    page = sign_in(people["last"]).get(LIST)
    for form in (
        page.follow("Add something").form().fill(kind="open", text="Keys"),
        item_of(page, "What went well").form("form.form-narrow:has([name=text])"),
    ):
        refused = form.fill(due_on="2072-03-01").submit()
        assert refused.status == 422 and "Check the year." in refused.one("#due_on-error").text


def test_files_go_with_an_item_and_only_to_both_hosts(client, people, sign_in, writing, reading):
    last, coming = sign_in(people["last"]), sign_in(people["next"])
    page = item_of(last.get(LIST), "What went well").follow("Add a file")
    for _twice in range(2):
        page = page.form("form[enctype]").fill(file=("план.pdf", uploads.pdf())).submit()
    assert [row["data-file"] for row in page.all("[data-file]")] == ["план.pdf"]
    address = page.link("план.pdf")
    sent = coming.get(address)
    assert sent.data == uploads.pdf() and sent.headers["Content-Security-Policy"].startswith("sandbox")
    assert sign_in(people["stranger"]).get(address).status == 404
    with reading() as session:
        assert len(named_files(session)) == 1
    # Another list's item has no file of this number.
    with writing() as session:
        start_hand_over(session, edition_by_year(session, 2028), None, COMMAND, NOW)
        foreign = session.scalars(select(HandOverItem.id).order_by(HandOverItem.id.desc())).first()
    assert last.get(f"{LIST}/{foreign}").status == 404
    refused = page.form("form[enctype]").fill(file=("x.exe", b"MZ")).submit()
    assert refused.status == 422
    page = page.form("/remove").submit().agree()
    assert page.all("[data-file]") == []
    with reading() as session:
        assert named_files(session) == set()


def test_the_next_host_reads_what_the_last_edition_teaches_and_nobodys_details(client, people, sign_in, writing):
    with writing() as session:
        edition = edition_by_year(session, 2028)
        lock_edition_pool(session, edition.id).capacity = 2
        edition.faq = "Is there parking? *Yes*."
        make_question(session, edition, "dinner", options=("Gala",), places={"gala": 1}, waiting_list=True)
        make_question(session, edition, "menu", options=("Fish",), shown_when="dinner", shown_for=("gala",))
        chosen = {"dinner": ("gala",), "menu": ("fish",)}
        for number in range(2):
            make_registration(session, edition, country="RS", now=NOW - timedelta(days=number), answers=chosen)
        text = LetterText("Buses", "Dear {given_name}", Anchor.AT_ONCE, 0)
        letter = write_letter(session, edition.id, Audience(), text, COMMAND, NOW)
        session.get_one(Letter, letter).started_at = NOW
        changed = write_letter(session, edition.id, Audience(), replace(text, subject=""), COMMAND, NOW)
        told = session.get_one(Letter, changed)
        told.started_at, told.before = NOW, {"venue": "A"}
    page = sign_in(people["next"]).get(LIST).follow("Lessons from")
    said = {
        row.select_one("dt").text: row.select_one("dd").get_text(" ", strip=True) for row in page.all(".facts > div")
    }
    assert said["Registration opened"] == "15:00, Saturday 3 October 2026 (Sofia time) 230 days before"
    assert said["All places were taken"] == "Monday 2 November 2026 200 days before"
    assert "The place or time has changed ·" in page.one("#letters ~ details:last-of-type summary").text
    assert page.link("Its page") == "/editions/2028/"
    figures = {row.select_one("dt").text: row.select_one("dd").text for row in page.all(".figures > div")}
    assert figures == {"places": "2", "delegates": "2"}, "nobody can tell who had come before"
    answers = page.one("section[aria-labelledby=answers]").get_text(" ", strip=True)
    assert "Gala: 1" in answers and "Also counts people on the waiting list for: Gala. Fish: 2" in answers
    assert "Serbia" in page.text and "Dear {given_name}" in page.text and "Is there parking?" in page.text
    assert "@dofc.test" not in page.text.replace("host@dofc.test", "")
    assert sign_in(people["stranger"]).get(f"{LIST}/last").status == 404
