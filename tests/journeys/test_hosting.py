"""How the next host is chosen: from opening a call to the published edition, by seven people in a real browser."""

import re
import subprocess
import sys
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from dofc_events.config import ROOT
from dofc_events.core.clock import in_zone, now
from dofc_events.hosting.queries import call_by_year
from dofc_events.mail.models import Message
from tests.journeys.people import Person, Post, Watch
from tests.journeys.test_delegate import text_of
from tests.support.browser import DESKTOP, PHONE
from tests.support.factories import make_account, make_edition, make_trip
from tests.support.uploads import pdf

ZONE = "Europe/Belgrade"
BRNO, CLUJ = "Brno, Foundry Cluster Brno", "Cluj-Napoca, Transylvania Cluster"
WORDS_TO_HOST, WORDS_TO_OTHERS = "See you among the furnaces.", "Please propose again."


def typed(moment: datetime) -> str:
    """A moment as it is typed into a field, on the clock of the call. A browser takes no seconds that are 0."""
    local = in_zone(moment, ZONE)
    return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")


def soon() -> datetime:
    """In a few seconds: time enough to save it, as no moment that has passed can be."""
    return now().replace(microsecond=0) + timedelta(seconds=5)


@pytest.fixture
def last(writing):
    """The edition before, with a trip and its organiser."""
    with writing() as session:
        edition = make_edition(session, now=now())
        make_trip(session, edition, title="Mills of the Iskar")
        make_account(session, "chair@dofc.test", "chair", name="Vera Chair", now=now())
        make_account(session, "host@dofc.test", "organiser", edition=edition, name="Elena Petrova", now=now())
    return edition


@pytest.fixture
def site(live_server, smtp, database_url):
    # Some forty times somebody waits for a letter.
    site = live_server(database_url, smtp, PAUSE_OF_WORKER="0.5")
    site.run_worker()
    return site


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def person(site, smtp, browser, watch):
    """`person(PHONE, "ana@dofc.test")`: somebody with a tab and a mailbox."""
    post = Post(smtp)

    def open_tab(size: tuple[int, int], address: str = "") -> Person:
        return Person(browser.open(site.url, size), watch, post, address)

    return open_tab


def open_the_call(chair: Person, year: int) -> None:
    """With the members of the network, and who speaks for them."""
    chair.open("/organise/hosting/members")
    for slug, name, country, speaker, role in (
        ("danube", "Danube Cluster", "RS", "Ana", "member"),
        ("transylvania", "Transylvania Cluster", "RO", "Ioana", "member"),
        ("sofia", "Sofia Cluster", "BG", "Boris", "board"),
    ):
        chair.follow("New member")
        chair.fill(name=name, slug=slug, country=country)
        chair.press("Add the member")
        chair.follow("Add somebody")
        chair.fill(name=speaker, email=f"{speaker.lower()}@dofc.test")
        chair.page.locator(f"[name=role][value={role}]").check()
        chair.press("Add")
        chair.follow("Members of the network")
    chair.follow("Finding the next host")
    chair.follow("New call for hosts")
    chair.fill(year=str(year), text="We look for a **host**.\n\n## What counts\n\n- People", zone=ZONE, quorum="2")
    weeks = [now() + timedelta(days=7 * number) for number in range(1, 4)]
    chair.fill(opens_at=typed(now().replace(second=0) - timedelta(minutes=1)), closes_at=typed(weeks[0]))
    chair.fill(review_opens_at=typed(weeks[0]), review_closes_at=typed(weeks[1]))
    chair.fill(ballot_opens_at=typed(weeks[1]), ballot_closes_at=typed(weeks[2]))
    chair.press("Open the call")


def propose_from_a_phone(jana: Person, year: int, person) -> Person:
    """A draft, which is completed in another browser; returns that one."""
    jana.open("/hosting/")
    jana.on_every_screen()
    jana.follow("Make a proposal")
    jana.fill(organisation="Foundry Cluster Brno", contact_email=jana.address, city="Brno")
    jana.press("Save draft")
    jana.status("draft")

    again = person(PHONE, jana.address)
    again.open_mail("proposal-link", "/hosting/proposals/")
    again.follow("Check and submit")
    again.says("Before you can submit, complete these", "Contact name", "Venue", "Brno")
    again.on_every_screen()
    again.follow("Venue")
    again.fill(contact_name="Jana Dvořáková", country="CZ", starts_on=f"{year}-05-17", ends_on=f"{year}-05-19")
    again.fill(venue="Hall of Machines", venue_capacity="240", coordinates="49.19, 16.61", budget_eur="48000")
    again.fill(travel="By train from Vienna.", funding="The region pays half.", team="Five people.")
    again.fill(supporters="The city of Brno", trip_ideas="- The foundry\n- A brewery", motivation="It is our turn.")
    again.page.locator("[name=consent]").check()
    again.press("Save draft")
    letter = {"name": "Писмо, podrška.pdf", "mimeType": "application/pdf", "buffer": pdf()}
    again.page.locator("[name=file]").set_input_files(letter)
    again.press("Add the file")
    again.says("Писмо, podrška.pdf")
    address = again.page.get_by_role("link", name="podrška.pdf").get_attribute("href")
    file = again.page.request.get(f"{again.tab.base_url}{address}")
    assert (file.status, file.body()) == (200, letter["buffer"])
    again.follow("Check and submit")
    again.says("Nothing is missing.", "Писмо, podrška.pdf")
    again.press("Submit")
    again.status("submitted")
    again.open_mail("proposal-received", "/hosting/proposals/")
    again.on_every_screen()
    return again


def propose_for_a_member(mihai: Person, year: int) -> None:
    mihai.open("/hosting/")
    mihai.follow("Make a proposal")
    mihai.fill(member="transylvania", contact_name="Mihai Pop", contact_email=mihai.address, city="Cluj-Napoca")
    mihai.fill(country="RO", starts_on=f"{year}-06-07", ends_on=f"{year}-06-09", venue="Old Theatre")
    mihai.fill(venue_capacity="180", budget_eur="36000", travel="By air.", funding="Fees.", team="Three people.")
    mihai.fill(motivation="To show Transylvania.")
    mihai.page.locator("[name=consent]").check()
    mihai.press("Continue")
    mihai.press("Submit")
    mihai.status("submitted")
    mihai.post.next_to(mihai.address, "proposal-link")
    mihai.open_mail("proposal-received", "/hosting/proposals/")


def change_the_dates(chair: Person, year: int, **moments: datetime) -> None:
    chair.open(f"/organise/hosting/calls/{year}/settings")
    chair.fill(**{name: typed(moment) for name, moment in moments.items()})
    chair.press("Save the call")
    time.sleep(max(0.0, (max(moments.values()) - now()).total_seconds()))


def begin_the_review(chair: Person, year: int) -> None:
    chair.open(f"/organise/hosting/calls/{year}/")
    chair.follow("Close the call now")
    chair.press("Close the call")
    chair.follow("Begin the review")
    chair.says("Foundry Cluster Brno", "Transylvania Cluster")
    chair.press("Begin the review")
    chair.says("2 proposals are under review.")
    for _ in range(2):
        chair.post.next_to(chair.address, "proposal-received")


def review(boris: Person, jana: Person) -> None:
    """A question, its answer, and scores for both."""
    boris.open_mail("team-invitation", "/sign-in")
    boris.open_mail("proposal-status", "/compare")
    boris.sign_in()
    boris.follow("Foundry Cluster Brno")
    boris.follow("Ask a question")
    boris.fill(text="Who runs the foundry?")
    boris.press("Send the question")

    assert "closed early" in jana.open_mail("proposal-status", "/hosting/proposals/")["Subject"]
    jana.open_mail("proposal-status", "/hosting/proposals/")
    jana.status("under_review")
    assert "> Who runs the foundry?" in text_of(jana.open_mail("proposal-question", "/hosting/proposals/"))
    jana.fill(text="The city does.")
    jana.press("Send the answer")

    boris.open_mail("proposal-question", "/organise/hosting/proposals/")
    boris.says("The city does.", "You can read the other reviews once you have given your own.")
    for proposer, score in (("Foundry Cluster Brno", "5"), ("Transylvania Cluster", "4")):
        boris.open("/organise/hosting/")
        boris.follow(f"Review {proposer}")
        for radio in boris.page.locator(f"main input[type=radio][value='{score}']").all():
            radio.check()
        boris.page.locator("main textarea").first.fill("A good place for it.")
        boris.on_every_screen()
        boris.press("Save the review")
    boris.says("A good place for it.")


def open_the_ballot(chair: Person, year: int) -> None:
    chair.open(f"/organise/hosting/calls/{year}/compare")
    chair.says("5.0", "4.0")
    chair.on_every_screen()
    chair.open(f"/organise/hosting/calls/{year}/")
    chair.follow("Set the shortlist")
    for tick in chair.page.get_by_role("checkbox").all():
        tick.check()
    chair.press("Save the shortlist")
    moment = soon()
    change_the_dates(chair, year, review_closes_at=moment, ballot_opens_at=moment)


@pytest.mark.databases("sqlite")
def test_seven_people_find_the_next_host(site, smtp, person, watch, last, writing, tmp_path):
    year = last.year + 1
    result_page, ballots_file = f"/hosting/{year}/result", f"/hosting/{year}/ballots.json"
    chair, boris, ioana, host = (person(DESKTOP, f"{name}@dofc.test") for name in ("chair", "boris", "ioana", "host"))
    ana, visitor, mihai = person(PHONE, "ana@dofc.test"), person(PHONE), person(DESKTOP, "mihai@dofc.test")
    chair.sign_in()
    open_the_call(chair, year)
    with writing() as session:
        watch.secret = call_by_year(session, year).seed
    jana = propose_from_a_phone(person(PHONE, "jana@dofc.test"), year, person)
    propose_for_a_member(mihai, year)
    begin_the_review(chair, year)
    for _ in range(2):
        mihai.open_mail("proposal-status", "/hosting/proposals/")
    mihai.status("under_review")
    review(boris, jana)
    open_the_ballot(chair, year)
    for proposer in (jana, mihai):
        proposer.open_mail("proposal-status", "/hosting/proposals/")
        proposer.status("shortlisted")
        assert "New dates" in proposer.post.next_to(proposer.address, "proposal-status")["Subject"]
    boris.post.next_to(boris.address, "proposal-status")

    # One votes by her link, one signs in: she cannot rank what her own member proposes.
    ana.open_mail("team-invitation", "/sign-in")
    ana.post.next_to(ana.address, "proposal-status")
    ana.open_mail("ballot", "/hosting/vote/")
    ana.on_every_screen()
    ana.rank(_1=CLUJ, _2=BRNO)
    ana.press("Cast the ballot")
    ioana.open_mail("team-invitation", "/sign-in")
    assert mihai.address in text_of(ioana.post.next_to(ioana.address, "proposal-received"))
    ioana.post.next_to(ioana.address, "proposal-status")
    ioana.post.next_to(ioana.address, "ballot")
    ioana.sign_in()
    ioana.follow("Finding the next host")
    ioana.follow("Go to the ballot of Transylvania Cluster")
    ioana.says("is your member’s own proposal")
    expect(ioana.page.get_by_label(CLUJ, exact=True)).to_have_count(0)
    ioana.rank(_1=BRNO, _2="None of these")
    ioana.press("Cast the ballot")
    for voter in (ana, ioana):
        said = text_of(voter.post.next_to(voter.address, "ballot"))
        assert "We have received your vote" in said and "Brno" not in said and "Cluj" not in said, "it does not say how"

    # The first place goes to another one, and until the end nobody sees a difference.
    desk = ("/organise/", "/organise/hosting/", f"/organise/hosting/calls/{year}/compare")
    overview = f"/organise/hosting/calls/{year}/"
    for page in (*desk, overview):
        chair.open(page)
    visitor.open(result_page)
    proposers = {somebody: urlsplit(somebody.page.url).path for somebody in (jana, mihai)}

    def what_others_see() -> list[str]:
        words = chair.words_of(*desk, overview) + boris.words_of(*desk) + ioana.words_of(*desk)
        words += [word for somebody, own in proposers.items() for word in somebody.words_of(own)]
        return words + visitor.words_of("/hosting/", result_page)

    before = what_others_see()
    ana.rank(_1=BRNO, _2=CLUJ)
    ana.press("Change the ballot")
    ana.says("Your member’s ballot has been cast.")
    assert what_others_see() == before
    visitor.on_every_screen()
    chair.open(overview)
    chair.says("2 of 3 members have voted; the quorum is 2.")
    assert visitor.page.request.get(site.url + ballots_file).status == 404
    assert "has been changed" in ana.post.next_to(ana.address, "ballot")["Subject"]

    # No page ends a ballot that members count on: its time does, weeks after the first mails.
    with writing() as session:
        call_by_year(session, year).ballot_closes_at = now()
        for message in session.scalars(select(Message)):
            message.queued_at -= timedelta(weeks=3)
    watch.secret = ""
    until = time.monotonic() + 20
    while time.monotonic() < until and not chair.page.get_by_role("link", name="Prepare the decision").count():
        time.sleep(0.2)
        chair.open(f"/organise/hosting/calls/{year}/")
    visitor.open(result_page)
    visitor.says(f"First: {BRNO}.", "The quorum was reached")
    visitor.on_every_screen()
    published = tmp_path / "ballots.json"
    published.write_bytes(visitor.page.request.get(site.url + ballots_file).body())
    command = (sys.executable, "-m", "dofc_events.hosting.ballots", str(published))
    recount = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^1\. \S+ \({BRNO}\)", recount, re.MULTILINE) and "This is the published result." in recount
    assert "Danube" not in published.read_text(), "no ballot has a name"

    counted = " ".join(text_of(chair.post.next_to(chair.address, "ballot")).split())
    assert "have been counted. 2 of 3 members voted. Ballots that count: 2." in counted
    chair.follow("Prepare the decision")
    chair.page.get_by_label("Foundry Cluster Brno, Brno, Czechia").check()
    chair.fill(words_to_host=WORDS_TO_HOST, words_to_others=WORDS_TO_OTHERS)
    chair.press("Continue to the emails")
    chair.says(WORDS_TO_HOST, WORDS_TO_OTHERS, "2 proposers will be told")
    jana.open(jana.page.url)
    jana.status("shortlisted")
    chair.on_every_screen()
    chair.press("Announce the decision")
    chair.on_every_screen()
    for told in (boris, ana, ioana, host):
        assert "Foundry Cluster Brno" in told.post.next_to(told.address, "proposal-status")["Subject"]
    declined = text_of(mihai.open_mail("proposal-status", "/hosting/proposals/"))
    mihai.status("declined")
    assert "Foundry Cluster Brno, in Brno" in declined and WORDS_TO_OTHERS in declined and WORDS_TO_HOST not in declined

    # The host's mail leads to the draft, by way of signing in.
    accepted = text_of(jana.open_mail("proposal-status", f"/organise/editions/{year}/hand-over"))
    assert "Congratulations" in accepted and WORDS_TO_HOST in accepted and WORDS_TO_OTHERS not in accepted
    jana.sign_in()
    jana.says(f"Hand-over to Days of Clusters {year}")
    jana.on_every_screen()
    jana.page.get_by_role("button", name="Done, for the next host: Enter the address of the venue").click()
    jana.says("✓")
    host.sign_in()
    host.open(f"/organise/editions/{year}/hand-over")
    host.follow("Add something")
    host.page.get_by_label("Lessons learnt").check()
    host.fill(text="Order two more buses.")
    host.press("Add to the list")
    host.page.get_by_role("button", name="Done, for the last host: Order two more buses.").click()
    host.says("✓")
    jana.open("/organise/")
    jana.follow(f"Days of Clusters {year}")
    jana.says("This edition is a draft")
    jana.on_every_screen()
    jana.follow("Learning trips")
    jana.says("The foundry", "A brewery")
    jana.follow("Settings")
    jana.says("0 of 240 places taken")
    jana.follow("Texts")
    jana.fill(summary="Three days among furnaces.", programme="## Day one\n\nWelcome.")
    jana.press("Save the settings")
    jana.follow("Settings")
    jana.follow("Place and dates")
    jana.fill(venue_address="Křenová 76")
    jana.fill(registration_opens_at=typed(now().replace(second=0) - timedelta(days=1)))
    jana.press("Save the settings")
    visitor.tab.expected_statuses = {404}
    visitor.page.goto(f"{site.url}/editions/{year}/")
    visitor.says("Page not found")
    jana.follow("Overview")
    jana.follow("Publish")
    jana.press("Publish")
    visitor.open(f"/editions/{year}/")
    visitor.says("Brno", "Hall of Machines", "Three days among furnaces.")
    visitor.on_every_screen()
    assert all(len(jana.post.letters_to(who)) == opened for who, opened in jana.post.opened.items()), "each is opened"
    assert {to for e in smtp.envelopes for to in e.rcpt_tos} == jana.post.opened.keys()
    assert site.flask("check").strip() == "Everything adds up."
