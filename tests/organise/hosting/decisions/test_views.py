"""The chair decides: quietly first, then aloud."""

import pytest
import time_machine
from sqlalchemy import select

from dofc_events.accounts.queries import roles_at
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.proposals.service import PROPOSER, withdraw_proposal
from dofc_events.hosting.queries import token_of
from tests.support.factories import NOW, make_account, make_edition
from tests.support.hosting import (
    WEEK,
    YEAR,
    begin_ballot,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    make_reviewer,
    shortlist_all,
)
from tests.support.letters import letters

CALL = f"/organise/hosting/calls/{YEAR}"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def proposals(writing) -> list[Proposal]:
    """Brno, which won, and Kazan in a country of many zones; the ballot is counted."""
    before = NOW - 3 * WEEK
    with writing() as session:
        call = make_call(session, now=before)
        brno = make_proposal(session, call, now=before, organisation="Brno Cluster")
        kazan = make_proposal(session, call, now=before, organisation="Kazan Cluster", city="Kazan", country="RU")
        voters = [make_representative(session, make_member(session, slug)) for slug in ("a", "b")]
        shortlist_all(session, call)
        roll = begin_ballot(session, call)
        for slug, voter in zip("ab", voters, strict=True):
            ranking = [brno.reference, kazan.reference, "none"]
            cast_ballot(session, roll[slug].id, voter.id, ranking, None, call.ballot_opens_at)
        close_ballot(session, call.id, None, NOW)
        return [brno, kazan]


@pytest.fixture
def chair(client, writing, sign_in):
    with writing() as session:
        account = make_account(session, role=RoleName.CHAIR)
    return sign_in(account)


def statuses(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Proposal.status).order_by(Proposal.id)))


def prepare(chair, accepted: str, **values):
    return chair.get(f"{CALL}/decision").form().fill(accepted=accepted, **values).submit()


def test_a_decision_is_prepared_read_and_announced_to_all(chair, proposals, reading):
    brno, _kazan = proposals
    page = chair.get(f"{CALL}/decision")
    assert "2 of 2 members voted" in page.text and "quorum of 2 was reached" in page.text
    assert "Place 1 of 3 in the count" in page.text
    page = prepare(chair, brno.reference, words_to_host="We look forward.", words_to_others="Try again!")
    assert page.url == f"{CALL}/announce"
    assert statuses(reading) == ["shortlisted", "shortlisted"], "nobody is told before it is announced"
    assert "2 proposers will be told by email" in page.text and "Reviewers, members’ representatives" in page.text
    to_host, to_other = (message.get_text() for message in page.all("pre"))
    assert "Congratulations" in to_host and "We look forward." in to_host
    assert "Try again!" in to_other and "Brno Cluster, in Brno" in to_other
    page = page.form(f"{CALL}/announce").submit()
    assert page.url == f"{CALL}/"
    assert statuses(reading) == ["accepted", "declined"]
    with reading() as session:
        assert [mail_to(session, p.contact_email)[-1] for p in proposals] == ["proposal-status"] * 2
        edition = session.scalars(select(Edition).where(Edition.year == YEAR)).one()
        assert (edition.city, edition.zone) == ("Brno", "Europe/Prague")
    assert page.link(f"Go to the edition of {YEAR}") == f"/organise/editions/{YEAR}/"
    assert page.follow("Hand-over list").status == 200
    assert chair.get(f"{CALL}/decision").status == 403


def test_links_that_act_for_proposers_are_masked_in_the_previews(app, chair, proposals):
    page = prepare(chair, proposals[0].reference)
    with app.app_context():
        assert not any(token_of(proposal) in page.html for proposal in proposals)


def test_a_country_of_several_zones_needs_one(chair, proposals, reading):
    kazan = proposals[1].reference
    page = prepare(chair, kazan, words_to_host="Bravo", reason="Because.")
    assert page.status == 422
    assert "Choose the city’s time zone" in page.one("#zone-error").text
    assert page.form().value("words_to_host") == "Bravo"
    page = page.form().fill(zone="Europe/Moscow").submit()
    assert "with all times in Moscow time" in page.text


def test_nobody_may_be_accepted(chair, proposals, reading):
    page = prepare(chair, "none", words_to_others="Alas.")
    assert page.status == 422 and "a different result" in page.one("#reason-error").text
    page = page.form().fill(reason="Nobody can afford it.").submit()
    assert "No proposal will be accepted" in page.text
    page.form(f"{CALL}/announce").submit()
    assert statuses(reading) == ["declined", "declined"]
    assert "Nobody can afford it." in chair.get(f"/hosting/{YEAR}/result").text
    with reading() as session:
        assert not session.scalars(select(Edition)).all()


def test_what_was_prepared_can_be_changed_and_is_the_chairs_alone(chair, client, writing, sign_in, proposals):
    prepare(chair, proposals[0].reference, words_to_host="Our secret.")
    form = chair.get(f"{CALL}/decision").form()
    assert (form.value("accepted"), form.value("words_to_host")) == (proposals[0].reference, "Our secret.")
    with writing() as session:
        account = make_reviewer(session)
    reviewer = sign_in(account)
    for path in ("", "compare"):
        assert "prepared" not in reviewer.get(f"{CALL}/{path}").text
    for path in ("decision", "announce"):
        assert reviewer.get(f"{CALL}/{path}").status == 403


def test_two_decisions_are_compared_by_the_names_of_their_proposals(chair, proposals):
    theirs, mine = (chair.get(f"{CALL}/decision").form() for _tab in range(2))
    theirs.fill(accepted=proposals[0].reference).submit()
    page = mine.fill(accepted="none", reason="Nobody can afford it.").submit()
    versions = [" ".join(dd.get_text().split()) for dd in page.all(".versions dd")]
    assert versions == ["Brno Cluster, Brno, Czechia", "None of them"]
    assert len(page.all(".error-summary li")) == 1


@pytest.mark.parametrize("left", [True, False])
def test_the_zone_of_a_country_that_has_one_is_no_choice_to_refuse(chair, proposals, writing, left):
    """Neither where zones are offered for another country, nor where none are."""
    with writing() as session:
        if not left:
            withdraw_proposal(session, proposals[1].id, PROPOSER, NOW)
    theirs, mine = (chair.get(f"{CALL}/decision").form() for _tab in range(2))
    theirs.fill(accepted=proposals[0].reference).submit()
    page = mine.fill(accepted="none", reason="Nobody can afford it.").submit()
    assert "Not a valid choice" not in page.text
    assert page.form().submit().url == f"{CALL}/announce"


def test_a_proposal_withdrawn_while_the_form_was_open_is_named(chair, proposals, writing):
    form = chair.get(f"{CALL}/decision").form().fill(accepted=proposals[0].reference)
    with writing() as session:
        withdraw_proposal(session, proposals[0].id, PROPOSER, NOW)
    page = form.fill(reason="Because.").submit()
    said = "Brno Cluster, Brno has since been withdrawn. Choose another one, or none."
    assert page.status == 422 and said in page.one("#accepted-error").get_text()


def test_a_proposal_that_was_withdrawn_meanwhile_is_not_accepted(chair, proposals, writing, reading):
    page = prepare(chair, proposals[0].reference)
    with writing() as session:
        withdraw_proposal(session, proposals[0].id, PROPOSER, NOW)
    page = page.form(f"{CALL}/announce").submit()
    assert page.url == f"{CALL}/decision"
    assert "has since been withdrawn" in page.text and "Withdrawn since the count: Brno, Brno Cluster." in page.text
    assert statuses(reading) == ["withdrawn", "shortlisted"]
    assert "was withdrawn after" in chair.get(f"{CALL}/announce").text


def test_a_year_that_has_its_edition_gets_no_second(chair, proposals, writing, reading):
    page = prepare(chair, proposals[0].reference)
    with writing() as session:
        make_edition(session, year=YEAR)
    page = page.form(f"{CALL}/announce").submit()
    assert f"The {YEAR} edition has already been published" in page.text
    assert not page.all("main form")
    assert statuses(reading) == ["shortlisted", "shortlisted"]
    assert "you can only announce “none”" in chair.get(f"{CALL}/").text
    page = prepare(chair, proposals[0].reference)
    assert page.status == 422 and "only choose “none of them”" in page.one("#accepted-error").text


def test_what_becomes_of_a_draft_of_the_year_is_said_before_and_after(chair, proposals, writing, reading):
    with writing() as session:
        draft = make_edition(session, year=YEAR, status=EditionStatus.DRAFT)
        make_account(session, name="Xenia Host", role=RoleName.ORGANISER, edition=draft)
    page = prepare(chair, proposals[0].reference)
    assert "the proposal’s ideas for trips are added" in page.text
    assert "These organisers of the draft keep their role: Xenia Host." in page.text
    page = page.form(f"{CALL}/announce").submit()
    assert "is now a draft that its host can edit." in page.text
    with reading() as session:
        host, edition = proposals[0].contact_email, session.scalars(select(Edition)).one()
        assert "the edition is now a draft" in " ".join(letters(session, to=host)[-1].text.split())
        roles = [role.account.name for role in roles_at(session, edition.id)]
        assert "Xenia Host" in roles and len(roles) == 2


def test_only_what_was_read_is_announced(chair, proposals, reading):
    form = prepare(chair, proposals[0].reference).form(f"{CALL}/announce")
    prepare(chair, proposals[0].reference, words_to_others="Come back in 2032.")
    page = form.submit()
    assert page.status == 422 and "Nothing has been announced" in page.text and "Come back in 2032." in page.text
    assert statuses(reading) == ["shortlisted", "shortlisted"]
    page.form(f"{CALL}/announce").submit()
    assert statuses(reading) == ["accepted", "declined"]


def test_announcing_twice_tells_once(chair, proposals, reading):
    form = prepare(chair, proposals[0].reference).form(f"{CALL}/announce")
    form.submit()
    assert form.submit().url == f"{CALL}/"
    with reading() as session:
        assert mail_to(session, proposals[0].contact_email).count("proposal-status") == 3


@pytest.mark.parametrize(("path", "status"), [("decision", 403), ("announce", 404)])
def test_nothing_is_decided_before_the_ballot_closes(chair, writing, path, status):
    with writing() as session:
        call = make_call(session, now=NOW - 2 * WEEK)
        make_proposal(session, call, now=NOW - 2 * WEEK)
        make_member(session)
        shortlist_all(session, session.get_one(HostingCall, call.id))
        begin_ballot(session, session.get_one(HostingCall, call.id))
    page = chair.get(f"{CALL}/{path}")
    assert page.status == status
    assert not page.all("main form[method=post]")


def test_after_the_announcement_who_voted_reads_what_was_voted_on_and_the_result(chair, sign_in, writing, proposals):
    """It was answered with 404, and that nothing was on the shortlist."""
    prepare(chair, proposals[0].reference).form(f"{CALL}/announce").submit()
    with writing() as session:
        account = make_representative(session, make_member(session))
    page = sign_in(account).get(f"{CALL}/compare")
    assert [tag.get_text() for tag in page.all("thead th a")] == [proposal.proposer for proposal in proposals]
    assert page.follow(proposals[0].proposer).status == 200


def test_zones_are_offered_by_the_country_that_has_them(chair, proposals):
    groups = chair.get(f"{CALL}/decision").all("select[name=zone] optgroup")
    assert [group["label"] for group in groups if group["label"]] == ["Russia"]
