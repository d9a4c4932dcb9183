"""A proposal through HTTP: from the empty form to its own pages."""

from datetime import date

import pytest

from dofc_events.hosting.proposals.service import answers_of
from tests.hosting.proposals.conftest import ANSWERS, NEEDED, proposals, status_of, token_for
from tests.support.factories import NOW
from tests.support.hosting import WEEK, YEAR, mail_to

FORM = "/hosting/propose"
MORE = {"coordinates": "49.19, 16.61", "co_hosts": "Prague Cluster"}
HIDDEN = {"year", "csrf_token", "form_key"}


# The form


def test_the_form_has_the_names_of_the_contract(client, call):
    form = client.get(FORM).form()
    assert set(form.names) == {*ANSWERS, *MORE, "member"}
    assert form.values.keys() >= HIDDEN and form.value("year") == str(YEAR)


def test_saving_keeps_a_draft_and_mails_its_link(client, call, alone, reading):
    page = client.get(FORM).form().fill(contact_email="jana@example.org", city="Brno").submit("Save draft")
    assert page.status == 200 and status_of(page) == "draft"
    mailed = f"/hosting/proposals/{token_for(client, alone())}/"
    assert page.url != mailed and status_of(client.get(mailed)) == "draft"
    assert "answers are missing" in page.text
    with reading() as session:
        assert mail_to(session, "jana@example.org") == ["proposal-link"]


def test_a_draft_says_that_an_organisation_is_no_member_only_once_it_names_one(client, call, alone):
    client.get(FORM).form().fill(contact_email="jana@example.org").submit("Save draft")
    own = f"/hosting/proposals/{token_for(client, alone())}/"
    assert "not yet a member of the network" not in client.get(own).text
    client.get(f"{own}edit").form().fill(organisation="Brno Cluster").submit("Save draft")
    assert "Brno Cluster is not yet a member of the network." in client.get(own).text


def test_a_proposal_is_written_checked_and_submitted(client, call, alone, reading):
    check = client.get(FORM).form().fill(ANSWERS | MORE).submit("Continue")
    assert check.url.endswith("/check") and status_of(check) == "draft"
    for said in ("Jana Dvořáková", "17–19 May 2029", "48,000 euros", "240 delegates", "49.19, 16.61", "Prague Cluster"):
        assert said in check.text
    page = check.form().submit("Submit")
    assert status_of(page) == "submitted" and "has been submitted" in page.text
    proposal = alone()
    assert (proposal.status, proposal.organisation, proposal.budget_eur) == ("submitted", "Brno Cluster", 48_000)
    assert (proposal.starts_on, proposal.trip_ideas) == (date(2029, 5, 17), "The foundry\nA brewery")
    assert "Its chair and its reviewers read all" in proposal.consent_text
    with reading() as session:
        assert mail_to(session, "jana@example.org") == ["proposal-link", "proposal-received"]


def test_a_member_proposes_under_its_own_name(client, call, alone):
    client.get(FORM).form().fill(ANSWERS | {"member": "danube"}).submit("Continue")
    proposal = alone()
    assert proposal.organisation == "" and proposal.from_member


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_listed_and_nothing_is_lost(client, call, alone, name):
    left_out = {name: False if name == "consent" else ""}
    check = client.get(FORM).form().fill(ANSWERS | left_out).submit("Continue")
    links = [str(tag["href"]) for tag in check.all(".notice-warning li a")]
    assert [link.partition("#")[2] for link in links] == [name]
    # No button, and a crafted request is refused with the same list.
    token = check.url.split("/")[3]
    again = client.post(check.url, {"csrf_token": csrf_of(client, token)})
    assert again.status == 422 and "something is missing" in again.text
    assert alone().status == "draft" and answers_of(alone()).motivation == (
        "" if name == "motivation" else ANSWERS["motivation"]
    )


def csrf_of(client, token: str) -> str:
    return client.get(f"/hosting/proposals/{token}/withdraw").form().value("csrf_token")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"contact_email": ""}, "Enter an email address"),
        ({"contact_email": "jana"}, "complete email address"),
        ({"starts_on": "in May"}, "Enter a day as year, month and day"),
        ({"ends_on": "2029-05-16"}, "must not be before the first"),
        ({"starts_on": "2028-05-17"}, "in 2029, the year that the call is for"),
        ({"venue_capacity": "many"}, "Enter a whole number from 1"),
        ({"venue_capacity": "0"}, "from 1 to 100000"),
        ({"budget_eur": "1,5"}, "Enter a whole number from 1"),
        ({"coordinates": "north"}, "Write two numbers"),
        ({"coordinates": "144.81, 20.46"}, "Write two numbers"),
        ({"funding": "x" * 5001}, "at most 5000"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_answer_is_said_and_everything_typed_is_kept(client, call, reading, wrong, said):
    typed = ANSWERS | MORE | wrong
    page = client.get(FORM).form().fill(typed).submit("Save draft")
    assert page.status == 422 and said in page.one(".error-summary").get_text(" ")
    form = page.form()
    assert {name: form.value(name) for name in typed} == typed | {"consent": "y"}
    assert proposals(reading) == []
    fixed = form.fill({name: (ANSWERS | MORE)[name] for name in wrong}).submit("Save draft")
    assert status_of(fixed) == "draft"


@pytest.mark.parametrize("typed", ["48000", "48 000", "48.000", "48,000", "48’000"])
def test_a_budget_may_have_its_thousands_apart(client, call, alone, typed):
    client.get(FORM).form().fill(contact_email="jana@example.org", budget_eur=typed).submit("Save draft")
    assert alone().budget_eur == 48_000


def test_a_form_filled_to_the_brim_is_taken_in_any_script(client, call, alone):
    long = dict.fromkeys(
        ("funding", "travel", "team", "supporters", "co_hosts", "trip_ideas", "motivation"), "会" * 5000
    )
    page = client.get(FORM).form().fill(ANSWERS | long).submit("Continue")
    assert page.status == 200 and alone().motivation == "会" * 5000
    assert client.get(page.url.replace("check", "edit")).form().submit("Continue").status == 200


def test_a_member_that_is_none_is_refused(client, call, reading):
    page = client.get(FORM).form().fill(ANSWERS).forge(member="nobody").submit("Continue")
    assert page.status == 422 and "Choose a member" in page.text and proposals(reading) == []


def test_the_same_form_sent_twice_is_one_proposal(client, call, alone, reading):
    form = client.get(FORM).form().fill(ANSWERS)
    first, second = form.submit("Continue"), form.submit("Continue")
    assert first.url == second.url and alone()
    with reading() as session:
        assert mail_to(session, "jana@example.org") == ["proposal-link"]


def test_the_same_form_with_other_answers_opens_the_edit_page_with_them(client, call, alone):
    form = client.get(FORM).form().fill(ANSWERS)
    form.submit("Save draft")
    page = form.fill(city="Zlín").submit("Save draft")
    assert page.status == 422 and "already sent this form" in page.text
    assert alone().city == "Brno" and page.form().value("city") == "Zlín"
    page.form().submit("Save draft")
    assert alone().city == "Zlín"


def test_a_form_without_its_token_comes_back_with_what_was_typed(client, call, reading):
    page = client.get(FORM).form().fill(ANSWERS).forge(csrf_token=None).submit("Continue")
    assert page.status == 400 and page.form().value("city") == "Brno" and proposals(reading) == []


def test_an_address_that_was_written_to_too_often_is_not_written_to_again(client, call, reading):
    for _ in range(5):
        assert client.get(FORM).form().fill(contact_email="jana@example.org").submit("Save draft").status == 200
    page = client.get(FORM).form().fill(ANSWERS).submit("Save draft")
    assert page.status == 429 and int(page.headers["Retry-After"]) > 0 and page.form().value("city") == "Brno"
    assert len(proposals(reading)) == 5


@pytest.mark.parametrize(
    ("later", "said"), [(WEEK, "It closed at"), (-2 * WEEK, "It opens at")], ids=["closed", "not yet"]
)
def test_a_call_that_is_not_open_takes_nothing_and_says_when(client, call, clock, later, said, reading):
    form = client.get(FORM).form().fill(ANSWERS)
    clock.move_to(NOW + later)
    for page in (client.get(FORM), form.submit("Continue")):
        assert page.status == 403 and said in page.text and "Belgrade time" in page.text
        assert "Submit it before" not in page.text
    assert proposals(reading) == []


def test_proposing_without_any_call_says_so(client):
    page = client.get(FORM)
    assert page.status == 403 and "no call for hosts" in page.text
    assert client.get(f"{FORM}?year=ж").status == 403
