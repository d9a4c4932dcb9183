"""An organiser writes up an edition, archived or not: how it was, its documents, its outcomes."""

from datetime import date

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.privacy.erasing.queries import named_files
from tests.support import uploads
from tests.support.memory import make_document, make_outcome, paper


@pytest.fixture
def page(organiser, year):
    """`page("/outcomes")`: an organiser's page about what is kept."""
    return lambda path="": organiser.get(f"/organise/editions/{year}/memory{path}")


@pytest.fixture
def archived(writing, edition):
    with writing() as session:
        session.get_one(Edition, edition.id).status = EditionStatus.ARCHIVED


@pytest.fixture
def outcome(writing, edition):
    """A draft."""
    with writing() as session:
        return make_outcome(session, session.get_one(Edition, edition.id), published=False)


def problems(page) -> list[str]:
    return [item.get_text(" ", strip=True) for item in page.all(".error-summary li")]


PATHS = ("", "/summary", "/documents", "/outcomes", "/outcomes/new")


@pytest.mark.parametrize(("role", "status"), [("chair", 200), ("organiser", 200), ("desk", 403)])
def test_memory_of_an_edition_is_for_chair_and_organisers(enter, edition, year, role, status):
    browser = enter(role, None if role == "chair" else edition)
    assert [browser.get(f"/organise/editions/{year}/memory{path}").status for path in PATHS] == [status] * len(PATHS)


def test_outcome_of_another_edition_is_not_found(page, writing):
    with writing() as session:
        other = Edition(year=2019, city="Niš", country="RS", status=EditionStatus.ARCHIVED)
        session.add(other)
        session.flush()
        slug = make_outcome(session, other, file=paper()).slug
    for path in ("/", "/edit", "/participants", "/follow-up", "/files", "/delete"):
        assert page(f"/outcomes/{slug}{path}").status == 404, path


def test_archived_edition_is_written_up(archived, page, client, year):
    done = page("/summary").form().fill(text="We met, and **agreed**.").submit()
    assert "We met" in done.text
    public = client.get(f"/editions/{year}/")
    assert public.one("#write-up ~ .prose strong").get_text() == "agreed"
    page("/outcomes/new").form().fill(kind="network", title="Вински пут").submit()
    assert page("/outcomes").one("[data-outcome]")["data-outcome"] == "2027-vinski-put"


def test_outcome_is_seen_by_nobody_else_until_it_is_published_and_not_once_it_was_taken_back(page, client, year):
    draft = page("/outcomes/new").form().fill(kind="declaration", title="On clusters", agreed_on="2028-02-03").submit()
    assert "Draft" in draft.text
    assert client.get("/outcomes/2028-on-clusters").status == 404
    assert "On clusters" not in client.get("/outcomes/").text + client.get(f"/editions/{year}/").text
    published = draft.form("/publish").submit()
    assert client.get("/outcomes/2028-on-clusters").h1 == "On clusters"
    assert "On clusters" in client.get("/outcomes/?year=2028").text + client.get(f"/editions/{year}/").text
    assert published.follow("See its page").h1 == "On clusters"
    back = page("/outcomes/2028-on-clusters/").form("/unpublish").submit()
    assert client.get("/outcomes/2028-on-clusters").status == 404
    gone = back.follow("Delete the draft").form("/delete").submit()
    assert "Draft deleted" in gone.text and not gone.all("[data-outcome]")


def test_published_outcome_is_not_deleted(page, outcome, reading):
    asking = page(f"/outcomes/{outcome.slug}/delete")
    page(f"/outcomes/{outcome.slug}/").form("/publish").submit()
    refused = asking.form("/delete").submit()
    assert refused.status == 422 and "Unpublish it before" in refused.text
    with reading() as session:
        assert session.scalar(select(Outcome.slug)) == outcome.slug


def test_two_outcomes_of_an_edition_do_not_have_one_title(page, outcome):
    refused = page("/outcomes/new").form().fill(kind="network", title=outcome.title).submit()
    assert refused.status == 422 and "Another outcome" in problems(refused)[0]


def test_participants_are_shown_with_what_is_known_of_each(page, outcome, client, organiser, year):
    form = page(f"/outcomes/{outcome.slug}/participants").form()
    form.fill(
        {
            "parties-0-organisation": "Нови кластер",
            "parties-0-person": "Ана Ковач",
            "parties-0-role": "President",
            "parties-0-signed_on": "2026-05-20",
            "parties-1-country": "KR",
            "parties-2-organisation": "Silent House",
            "parties-2-has_signed": True,
        }
    ).submit()
    page(f"/outcomes/{outcome.slug}/").form("/publish").submit()
    rows = client.get(f"/outcomes/{outcome.slug}").all("tbody tr")
    assert [row.get_text(" ", strip=True) for row in rows] == [
        "Нови кластер Wednesday 20 May 2026 Ана Ковач President",
        "South Korea",
        "Silent House Signed",
    ]
    trail = organiser.get(f"/organise/editions/{year}/audit").text
    assert "Participants: nothing → Нови кластер; South Korea; Silent House" in trail
    again = page(f"/outcomes/{outcome.slug}/participants").form()
    again.fill({"parties-1-remove": True}).submit()
    assert len(client.get(f"/outcomes/{outcome.slug}").all("tbody tr")) == 2
    # Who signed can be looked for.
    found = client.get("/outcomes/").form(".outcome-filters").fill(signatory="novi-klaster").submit()
    assert len(found.all("[data-outcome]")) == 1
    assert client.get("/outcomes/?signatory=cluster-house").all("[data-outcome]") == []


def test_row_that_names_nobody_or_two_is_refused(page, outcome):
    form = page(f"/outcomes/{outcome.slug}/participants").form()
    refused = form.fill(
        {
            "parties-0-person": "Ана",
            "parties-1-organisation": "A",
            "parties-1-country": "BG",
            "parties-2-country": "BG",
            "parties-2-signed_on": "20 May",
        }
    ).submit()
    assert refused.status == 422
    assert problems(refused) == [
        "Enter an organisation, or choose a country.",
        "Name the country in a row of its own, or leave it empty.",
        "Signed on: Enter a day as year, month and day, for example 2029-06-14.",
    ]
    assert refused.form().value("parties-0-person") == "Ана"


def test_days_that_cannot_be_are_refused(page, writing, edition):
    with writing() as session:
        slug = make_outcome(session, session.get_one(Edition, edition.id), agreed_on=date(2027, 5, 21)).slug
    form = page(f"/outcomes/{slug}/participants").form()
    refused = form.fill({"parties-0-country": "BG", "parties-0-signed_on": "2029-05-21"}).submit()
    assert refused.status == 422
    assert problems(refused) == ["Enter the day of the signature: today or earlier."]
    form = page(f"/outcomes/{slug}/follow-up").form()
    refused = form.fill({"notes-0-noted_on": "2027-01-01", "notes-0-text": "It was over."}).submit()
    assert refused.status == 422
    assert "Enter Friday 21 May 2027 or a later day: there was no outcome before." in problems(refused)[0]


def test_last_status_that_was_noted_is_how_it_stands(page, writing, edition, client):
    with writing() as session:
        slug = make_outcome(session, session.get_one(Edition, edition.id), first_status="open").slug
    assert client.get(f"/outcomes/{slug}").one("[data-outcome-status]")["data-outcome-status"] == "open"
    form = page(f"/outcomes/{slug}/follow-up").form()
    form.fill({"notes-0-noted_on": "2029-01-01", "notes-0-status": "ended", "notes-0-text": "It was over."})
    preview = form.submit("Preview")
    assert [tag.text for tag in preview.all(".card-quiet h2")] == ["Note 1"] and "It was over." in preview.text
    form.submit()
    form = page(f"/outcomes/{slug}/follow-up").form()
    form.fill({"notes-1-noted_on": "2028-01-01", "notes-1-status": "in_force", "notes-1-text": "It began."}).submit()
    shown = client.get(f"/outcomes/{slug}")
    assert shown.one("[data-outcome-status]")["data-outcome-status"] == "ended"
    assert [tag["datetime"] for tag in shown.all(".timeline time")] == ["2029-01-01", "2028-01-01"]
    form = page(f"/outcomes/{slug}/follow-up").form()
    refused = form.fill({"notes-2-status": "open"}).submit()
    assert problems(refused) == ["Enter the day.", "Enter a note: what became of it."]


def test_files_of_an_outcome_are_public_while_it_is(page, outcome, client, reading):
    form = page(f"/outcomes/{outcome.slug}/files").form("form[enctype]")
    added = form.fill(files=("споразум.pdf", uploads.pdf())).submit()
    assert [item["data-file"] for item in added.all("[data-file]")] == ["споразум.pdf"]
    with reading() as session:
        (content_hash,) = named_files(session)
        assert faults(session) == []
    address = f"/outcomes/{outcome.slug}/files/{content_hash}"
    assert client.get(address).status == 404
    page(f"/outcomes/{outcome.slug}/").form("/publish").submit()
    answer = client.get(address)
    assert answer.status == 200 and answer.headers["Content-Security-Policy"].startswith("sandbox")
    page(f"/outcomes/{outcome.slug}/files").form("/remove").submit().agree()
    assert client.get(address).status == 404
    with reading() as session:
        assert named_files(session) == set()


def test_documents_are_added_put_in_order_and_published_one_by_one(page, client, year):
    for sent in (("one.pdf", uploads.pdf()), ("two.png", uploads.picture())):
        page("/documents").form("form[enctype]").fill(files=sent).submit()
    listed = page("/documents")
    assert client.get(f"/editions/{year}/").all("#documents") == []
    hashes = [item["data-document"] for item in listed.all("[data-document]")]
    assert client.get(f"/editions/{year}/documents/{hashes[0]}").status == 404
    form = listed.form("form.form-narrow:not([enctype])")
    changes = {"documents-0-order": "3", "documents-0-is_published": True, "documents-1-is_published": True}
    saved = form.fill({**changes, "documents-1-title": "Извештај"}).submit()
    assert [item["data-document"] for item in saved.all("[data-document]")] == hashes[::-1]
    public = client.get(f"/editions/{year}/").all("section[aria-labelledby=documents] a")
    assert [link.get_text() for link in public] == ["Извештај", "one"]
    assert client.get(public[0]["href"]).status == 200
    form = page("/documents").form("form.form-narrow:not([enctype])")
    asked = form.fill({"documents-0-is_published": False, "documents-1-remove": True}).submit()
    assert asked.status == 422 and "will be deleted" in asked.text and "one" in asked.one("[role=alert] li").get_text()
    assert client.get(f"/editions/{year}/documents/{hashes[1]}").status == 200
    asked.form("form.form-narrow:not([enctype])").submit("accepted")
    assert client.get(f"/editions/{year}/").all("#documents") == []
    assert client.get(f"/editions/{year}/documents/{hashes[1]}").status == 404


def test_files_that_are_none_are_named_and_the_good_one_is_there(page):
    form = page("/documents").form("form[enctype]")
    sent = [("good.pdf", uploads.pdf()), ("лоше.pdf", b"nothing"), ("page.html", uploads.html())]
    refused = form.forge(files=sent).submit()
    assert refused.status == 422
    assert "“лоше.pdf” was not added" in refused.text and "“page.html” was not added" in refused.text
    assert len(refused.all("[data-document]")) == 1


def test_files_sent_after_the_session_has_ended_are_named_to_be_chosen_again(page):
    sent = [("a.pdf", uploads.pdf()), ("b.pdf", uploads.pdf())]
    again = page("/documents").form("form[enctype]").fill(files=sent).forge(csrf_token="old").submit()
    assert again.status == 400 and "Choose “a.pdf” again." in again.text and "Choose “b.pdf” again." in again.text


def test_what_two_organisers_change_at_once_is_not_lost(page, outcome):
    mine, theirs = page(f"/outcomes/{outcome.slug}/participants"), page(f"/outcomes/{outcome.slug}/participants")
    theirs.form().fill({"parties-0-organisation": "Theirs"}).submit()
    refused = mine.form().fill({"parties-0-organisation": "Mine"}).submit()
    assert refused.status == 422 and "Theirs" in refused.text and "Mine" in refused.text


def test_draft_edition_is_deleted_with_what_was_written_of_it(writing, enter):
    with writing() as session:
        draft = Edition(year=2033, city="Niš", country="RS")
        session.add(draft)
        session.flush()
        make_outcome(session, draft, file=paper(), agreed_on=date(2033, 1, 1))
        make_document(session, draft)
    chair = enter("chair")
    assert chair.get("/outcomes/2033-memorandum-on-clusters").status == 404
    assert "deleted" in chair.get("/organise/editions/2033/delete").form("/delete").submit().text
