"""A proposer's own page: changes, questions, attachments, the way back to it."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from dofc_events.core import contained, files
from dofc_events.core.audit import COMMAND
from dofc_events.extensions import settings
from dofc_events.hosting.calls.service import set_shortlist, start_review
from dofc_events.hosting.models import Attachment, HostingCall, Proposal
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.questions.service import ask_question
from dofc_events.hosting.proposals.service import PROPOSER, answers_of, change_proposal
from dofc_events.hosting.queries import token_of
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.web.attachments.reading.rules import checked
from dofc_events.web.attachments.rules import MAX_BYTES, CheckedFile
from tests.hosting.proposals.conftest import ANSWERS, status_of, token_for
from tests.support import uploads
from tests.support.databases import time_writing
from tests.support.factories import NOW
from tests.support.hosting import WEEK, begin_ballot, mail_to, make_proposal, make_reviewer
from tests.support.pages import Client


@pytest.fixture
def make(app, writing, call):
    """The address of a proposal's own page."""

    def make(status=ProposalStatus.SUBMITTED, **changes) -> str:
        with writing() as session:
            proposal = make_proposal(session, session.get_one(HostingCall, call.id), status, **changes)
            return f"/hosting/proposals/{token_of(proposal)}/"

    return make


# One's own pages


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("draft", "Nobody else can read it"),
        ("submitted", "You can change it until"),
        ("withdrawn", "no longer part of the call"),
    ],
)
def test_the_own_page_says_how_it_stands_and_what_happens_next(client, make, status, said):
    page = client.get(make(ProposalStatus(status)))
    assert page.status == 200 and status_of(page) == status and said in page.text


@pytest.mark.parametrize("columns", [{}, {"status": "under_review"}, {"status": "shortlisted"}], ids=str)
def test_after_the_call_nothing_can_be_changed(client, make, alone, writing, clock, columns):
    own = make()
    edit, check = client.get(f"{own}edit").form(), client.get(f"{own}check")
    attach = client.get(own).form("/attachments").fill(file=("letter.pdf", uploads.pdf()))
    with writing() as session:
        for name, value in columns.items():
            setattr(session.get_one(Proposal, alone().id), name, value)
    clock.move_to(NOW + WEEK)
    assert client.get(own).status == 200
    typed = edit.fill(city="Zlín").submit("Continue")
    assert "has not been saved" in typed.text and typed.form("/edit").value("city") == "Zlín"
    for page in (
        client.get(f"{own}edit"),
        typed,
        client.get(check.url),
        attach.submit(),
    ):
        assert page.status == 403 and ("Belgrade time" in page.text or "cannot be changed" in page.text)
    assert alone().city == "Brno"


def test_what_was_typed_past_the_deadline_is_saved_once_the_call_is_extended(client, make, alone, writing, clock):
    own = make()
    form = client.get(f"{own}edit").form().fill(city="Zlín")
    clock.move_to(NOW + WEEK)
    page = form.submit("Save")
    assert page.status == 403
    with writing() as session:
        call = session.get_one(HostingCall, alone().call_id)
        for name in ("closes_at", "review_opens_at", "review_closes_at", "ballot_opens_at", "ballot_closes_at"):
            setattr(call, name, getattr(call, name) + 2 * WEEK)
    assert page.form("/edit").submit("Save").status == 200 and alone().city == "Zlín"


def test_a_file_sent_after_the_session_has_ended_is_named_to_be_chosen_again(client, make):
    form = client.get(make()).form("/attachments").fill(file=("podrška.pdf", uploads.pdf())).forge(csrf_token="old")
    page = form.submit()
    assert page.status == 400 and "Choose “podrška.pdf” again." in page.text


def test_a_draft_that_was_not_submitted_in_time_says_so(client, make, clock):
    own = make(ProposalStatus.DRAFT)
    clock.move_to(NOW + WEEK)
    page = client.get(own)
    assert "cannot be considered" in page.text and "not submitted" in page.text
    assert not page.all("a.btn-primary")


@pytest.mark.parametrize("path", ["", "edit", "check", "withdraw", "attachments/1"])
def test_a_wrong_link_is_404_with_the_form_that_mails_a_current_one(client, make, path, reading, alone):
    make()
    page = client.get(f"/hosting/proposals/wrong/{path}")
    assert page.status == 404
    done = page.form("lost-link").fill(email=alone().contact_email).submit()
    assert done.url == "/hosting/lost-link/sent"
    with reading() as session:
        assert mail_to(session, alone().contact_email)[-1] == "proposal-link"


def test_a_lost_link_is_answered_the_same_for_everybody(client, make, alone):
    make()
    pages = [
        client.get("/hosting/lost-link").form().fill(email=email).submit()
        for email in (alone().contact_email, "nobody@example.org")
    ]
    assert pages[0].text.replace(alone().contact_email, "") == pages[1].text.replace("nobody@example.org", "")
    assert client.another().get("/hosting/lost-link/sent").url == "/hosting/lost-link"


def test_a_change_is_saved_and_shown(client, make, alone):
    own = make()
    page = client.get(f"{own}edit").form().fill(city="Zlín", venue_capacity="").submit("Continue")
    assert page.status == 422 and "a submitted proposal needs it" in page.text and alone().city == "Brno"
    page = page.form().fill(venue_capacity="300").submit("Continue")
    assert page.url == f"{own}check" and "Zlín" in page.text
    assert (alone().city, alone().venue_capacity) == ("Zlín", 300)


def test_a_form_begins_with_exactly_what_the_proposal_says(client, make, alone):
    own = make(latitude=49.123456, longitude=-16.5, co_hosts="One\nTwo")
    before = answers_of(alone())
    client.get(f"{own}edit").form().submit("Save")
    after = answers_of(alone())
    assert replace(after, co_hosts="", trip_ideas="") == replace(before, co_hosts="", trip_ideas="")


def test_a_new_address_ends_the_link(client, make):
    own = make()
    page = client.get(f"{own}edit").form().fill(contact_email="new@example.org").submit("Save")
    assert page.status == 200 and page.url != own and "new@example.org" in page.text
    assert client.get(own).status == 404


def test_a_new_address_is_not_flooded(client, make, alone):
    own = make()
    for number in range(6):
        for address in (f"other-{number}@example.org", "victim@example.org"):
            page = client.get(f"{own}edit").form().fill(contact_email=address).submit("Save")
            own = page.url if page.status == 200 else own
    assert page.status == 429 and alone().contact_email == "other-5@example.org"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(client, make, alone, writing):
    own = make()
    form = client.get(f"{own}edit").form().fill(city="Zlín")
    with writing() as session:
        other = replace(answers_of(session.get_one(Proposal, alone().id)), venue="Old Hall")
        change_proposal(session, alone().id, other, consent_text="", actor=PROPOSER, now=NOW)
    assert form.submit("Save").status == 200
    assert (alone().city, alone().venue) == ("Zlín", "Old Hall")


def test_withdrawing_is_asked_and_final(client, make, alone, reading):
    own = make()
    page = client.get(own).follow("Withdraw the proposal").form().submit()
    assert page.url == own and status_of(page) == "withdrawn"
    assert client.get(f"{own}withdraw").status == 403 and client.get(f"{own}edit").status == 403
    with reading() as session:
        assert mail_to(session, alone().contact_email)[-1] == "proposal-status"


def test_a_reviewers_question_is_answered_on_the_own_page(client, make, alone, writing, reading):
    own = make()
    assert not client.get(own).all("form[action$='/answer']")
    with writing() as session:
        reviewer = make_reviewer(session, email="board@dofc.test", name="Boris Reviewer")
        ask_question(session, alone().id, reviewer.id, "Who pays the buses?", COMMAND, NOW)
    page = client.get(own)
    assert "Who pays the buses?" in page.text and "Boris" not in page.text
    empty = page.form("/answer").fill(text=" ").submit()
    assert empty.status == 422 and status_of(empty) == "submitted"
    answered = page.form("/answer").fill(text="The city does.").submit()
    assert answered.status == 200 and "The city does." in answered.text
    with reading() as session:
        assert mail_to(session, "board@dofc.test") == ["proposal-question"]


# Attachments


def stored() -> list[str]:
    return sorted(path.name for path in files.path_of(settings().instance, "x").parent.glob("*"))


def test_files_are_added_by_the_mailed_link_alone_and_nothing_of_others_is_read(client, call, alone, app):
    page = client.get("/hosting/propose").form().fill(contact_email="jana@example.org").submit("Save draft")
    assert "link that we sent to jana@example.org" in page.text and not page.all("form[enctype]")
    # Ten megabytes that are never asked for.
    told = {"CONTENT_LENGTH": str(MAX_BYTES), "CONTENT_TYPE": "multipart/form-data; boundary=x", "wsgi.input": None}
    refused = client.post(f"{page.url}attachments", environ_overrides=told)
    assert refused.status == 403 and "emailed to you" in refused.one(".error-summary").text
    assert client.get(f"/hosting/proposals/{token_for(client, alone())}/").form("/attachments")
    # What is typed later is not proved, either; what was proved before stays so.
    mailed = client.get(f"/hosting/proposals/{token_for(client, alone())}/edit").form()
    assert mailed.fill(city="Brno").submit("Save").all("form[enctype]")
    mailed = client.get(f"/hosting/proposals/{token_for(client, alone())}/edit").form()
    assert not mailed.fill(contact_email="eva@example.org").submit("Save").all("form[enctype]")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("setting", "status", "said"),
    [("uploads_mb", 422, "no more room"), ("uploads_mb_per_proposal", 422, "would be too large")],
)
def test_what_is_beyond_a_quota_is_refused_and_not_kept(make_app, make, reading, setting, status, said):
    client = Client(make_app(**{setting: 0}))
    page = client.get(make()).form("/attachments").fill(file=("letter.pdf", uploads.pdf())).submit()
    assert page.status == status and said in page.one(".error-summary").text
    with reading() as session:
        assert not session.scalars(select(Attachment)).all()


@pytest.mark.databases("sqlite")
def test_one_network_sends_so_much_in_a_day(make_app, make):
    client = Client(make_app(rate_limits=True, uploads_mb_per_client=1))
    large = b"%PDF-1.7" + bytes(400 * 1024) + b"%%EOF"
    form = client.get(make()).form("/attachments").fill(file=("letter.pdf", large))
    for address in ("192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::2"):
        assert form.submit(environ_overrides={"REMOTE_ADDR": address}).status == 422
    for address in ("192.0.2.1", "2001:db8::3"):
        refused = form.submit(environ_overrides={"REMOTE_ADDR": address})
        assert refused.status == 429 and int(refused.headers["Retry-After"]) > 0


def test_a_file_is_attached_downloaded_and_removed(client, make, reading):
    own = make()
    page = client.get(own).form("/attachments").fill(file=("../письмо.pdf", uploads.pdf())).submit()
    assert page.url.startswith(own) and "письмо.pdf" in page.text
    file = client.get(page.link("письмо.pdf"))
    assert file.data == uploads.pdf() and file.headers["Content-Type"] == "application/pdf"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    page = page.form("/remove").submit().agree()
    assert "письмо.pdf" not in page.text and client.get(file.url).status == 404


@pytest.mark.databases("postgresql")
def test_machines_that_share_a_directory_serve_each_others_files(make_app, make, tmp_path):
    here, there = (make_app(shared_dir=tmp_path / "shared") for _ in range(2))
    page = Client(here).get(make()).form("/attachments").fill(file=("letter.pdf", uploads.pdf())).submit()
    assert Client(there).get(page.link("letter.pdf")).data == uploads.pdf()
    kept = [len(list((tmp_path / folder / "files").glob("*"))) for folder in ("shared", "instance")]
    assert kept == [1, 0]
    # The other machine has not mounted it.
    lost = make_app(shared_dir=tmp_path / "nowhere").test_cli_runner().invoke(args=["check"])
    assert lost.exit_code == 1 and "but it is missing" in lost.output


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("letter.pdf", uploads.html(), "not a PDF or a picture"),
        ("picture.svg", uploads.svg(), "not a PDF or a picture"),
        ("both.pdf", uploads.pdf_and_archive(), "something other than the document"),
        ("both.pdf", uploads.pdf_and_html(), "something other than the document"),
        ("run.pdf", uploads.pdf_that_runs(), "a program"),
        ("inside.pdf", uploads.pdf_with_a_file_inside(), "other files"),
        ("bomb.png", uploads.bomb(), "too large. Make it smaller: at most 30 million pixels"),
        ("empty.pdf", b"", "empty"),
        ("locked.pdf", uploads.encrypted_pdf(), "encrypted"),
        ("", b"", "Choose a file"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_hostile_file_is_refused_with_the_reason_and_leaves_nothing(
    client, make, app, reading, capsys, name, content, said
):
    page = client.get(make()).form("/attachments").fill(file=(name, content)).submit()
    assert page.status == 422 and said in page.one(".error-summary").get_text(" ")
    assert not name or ('"event": "file_refused"' in (line := capsys.readouterr().err) and name not in line)
    assert status_of(page) == "submitted"
    with reading() as session:
        assert not session.scalars(select(Attachment)).all() and stored() == []


def test_nobody_else_waits_while_a_picture_is_unpacked(client, make):
    """On SQLite all who write would, for as long as the transaction is open."""
    picture = uploads.picture(size=(2500, 2500))
    begun = time.thread_time()
    checked("large.png", picture)
    unpacking = time.thread_time() - begun
    form = client.get(make()).form("/attachments").fill(file=("large.png", picture))
    with time_writing() as spent:
        assert form.submit(follow=False).status == 303
    assert len(spent) == 1 and spent[0] < unpacking / 2


def test_who_finds_all_checkers_busy_is_asked_to_choose_the_file_again_in_a_minute(client, make, app, monkeypatch):
    monkeypatch.setattr(contained, "MAX_AT_ONCE", 1)
    monkeypatch.setattr(contained, "PATIENCE", 0)
    form = client.get(make()).form("/attachments").fill(file=("letter.pdf", uploads.pdf()))
    with contained._turn(app.extensions["dofc_events"].instance, contained.Line.FILES):
        page = form.submit()
    assert page.status == 503 and page.headers["Retry-After"] == "60" and status_of(page) == "submitted"
    assert "try again in a minute" in page.one(".error-summary").text and "Choose “letter.pdf” again" in page.text
    assert form.submit(follow=False).status == 303


def test_a_body_that_is_too_large_is_413_and_says_how_large_a_file_may_be(client, make):
    told = {"CONTENT_LENGTH": str(3 * MAX_BYTES), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    page = client.post(f"{make()}attachments", environ_overrides=told)
    assert page.status == 413 and "at most 10 MB" in page.one(".error-summary").get_text(" ")
    assert status_of(page) == "submitted"


def test_a_sixth_file_is_refused(client, make, alone, writing):
    own = make()
    page = client.get(own)
    sixth = page.form("/attachments")
    with writing() as session:
        for number in range(5):
            file = CheckedFile(f"{number}.png", "image/png", uploads.picture(size=(8, 6 + number)))
            add_attachment(session, alone().id, file, PROPOSER, NOW)
    page = client.get(own)
    assert "4.png" in page.text and not page.all("form[enctype]")
    refused = sixth.fill(file=("6.png", uploads.picture(size=(9, 9)))).submit()
    assert refused.status == 422 and "already 5 files" in refused.text


def test_another_proposals_attachment_is_404(client, make):
    mine, theirs = make(), make()
    page = client.get(theirs).form("/attachments").fill(file=("letter.pdf", uploads.pdf())).submit()
    address = page.link("letter.pdf")
    assert client.get(address).status == 200
    assert client.get(address.replace(theirs, mine)).status == 404


@pytest.mark.parametrize(
    ("moment", "opened", "said", "said_of_other"),
    [
        ("closes_at", False, "members of the network vote from", "Your proposal is being reviewed"),
        ("ballot_opens_at", False, "members of the network vote from", "The reviews have ended"),
        ("ballot_opens_at", True, "members of the network vote until", "Your proposal is not on the shortlist"),
        ("ballot_closes_at", True, "The ballot closed at", "Your proposal is not on the shortlist"),
        ("ballot_closes_at", False, "No ballot took place", "The reviews have ended"),
    ],
)
def test_the_own_page_goes_by_the_stage_of_the_call(
    client, make, writing, call, clock, moment, opened, said, said_of_other
):
    own, other = make(city="Lyon"), make()
    with writing() as session:
        start_review(session, call.id, COMMAND, call.closes_at)
        lyon = session.scalars(select(Proposal).where(Proposal.city == "Lyon")).one()
        set_shortlist(session, call.id, [lyon.reference], COMMAND, call.closes_at)
        if opened:
            begin_ballot(session, call)
    clock.move_to(getattr(call, moment))
    page = client.get(own)
    assert status_of(page) == "shortlisted" and said in page.text
    page = client.get(other)
    assert status_of(page) == "under_review" and page.one("h1").text.strip() == said_of_other
    assert ("Reviewers read" in page.text) is (moment == "closes_at")
    assert ("Only proposals on the shortlist" in page.text) is opened
    fixed = client.get(f"{other}edit")
    assert fixed.status == 403 and "The call has closed" in fixed.text


def test_a_members_own_name_is_chosen_from_the_list_and_addresses_of_co_hosts_are_checked(client, call):
    form = client.get("/hosting/propose").form()
    page = form.fill(ANSWERS | {"member": "", "organisation": "danube cluster", "co_hosts": "Museum, m@brno"}).submit()
    assert page.status == 422
    assert "choose it from the list" in page.one("#organisation-error").text
    assert "m@brno" in page.one("#co_hosts-error").text
