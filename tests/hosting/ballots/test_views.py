"""A member's ballot through HTTP: by link and signed in."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND, AuditEntry
from dofc_events.hosting.members.service import remove_representative
from dofc_events.hosting.models import Ballot as StoredBallot
from dofc_events.hosting.models import CoHost, Proposal, Voter
from dofc_events.hosting.proposals.service import withdraw_proposal
from dofc_events.hosting.queries import ballot_token
from tests.support.factories import NOW, make_account
from tests.support.hosting import (
    begin_ballot,
    mail_to,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    shortlist_all,
)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def ballot(writing, clock, app):
    """A ballot on Brno (proposed by the member "morava"), Cluj and Lyon; "danube" has two representatives."""
    with writing() as session:
        members = {slug: make_member(session, slug, name=f"{slug.title()} Cluster") for slug in ("morava", "danube")}
        call = make_call(session)
        people = [
            make_representative(session, members["danube"], email=f"{n}@danube.dofc.test") for n in ("one", "two")
        ]
        bidder = make_representative(session, members["morava"], email="one@morava.dofc.test")
        make_proposal(session, call, member="morava", organisation="", city="Brno")
        for city, country in (("Cluj", "RO"), ("Lyon", "FR")):
            make_proposal(session, call, city=city, country=country)
        shortlist_all(session, call)
        voters = begin_ballot(session, call)
        clock.move_to(call.ballot_opens_at)
        references = dict(session.execute(select(Proposal.city, Proposal.reference)).all())
    with app.app_context():
        links = [f"/hosting/vote/{ballot_token(voters['danube'], person.id)}" for person in people]
        bidders = f"/hosting/vote/{ballot_token(voters['morava'], bidder.id)}"
    return Ballot(call, voters, references, links, bidders)


class Ballot:
    def __init__(self, call, voters, references, links, bidders):
        self.call, self.voters, self.references, self.links, self.bidders = call, voters, references, links, bidders

    def numbers(self, *cities: str) -> dict[str, str]:
        """The form's fields that rank these, best first; "none" is none of these."""
        return {f"preference-{self.references.get(c, c)}": str(n) for n, c in enumerate(cities, start=1)}


@pytest.fixture
def cast(reading, ballot):
    """How a member has voted, as cities and "none"."""

    def cast(slug: str = "danube") -> list[str]:
        with reading() as session:
            cities = {reference: city for city, reference in ballot.references.items()}
            stored = session.get(StoredBallot, ballot.voters[slug].id)
            return [cities.get(choice, choice) for choice in stored.ranking] if stored else []

    return cast


@pytest.fixture
def sign_in(client, reading):
    def sign_in(email: str) -> None:
        with reading() as session:
            client.sign_in(account_of(session, email))

    return sign_in


def account_of(session, email: str) -> Account:
    return session.scalars(select(Account).where(Account.email == email)).one()


def test_a_ballot_is_cast_and_can_be_changed_by_another_representative(client, ballot, cast, reading):
    page = client.get(ballot.links[0])
    assert "has not voted yet" in page.text
    page = page.form("/vote/").fill(ballot.numbers("Lyon", "none", "Brno")).submit()
    assert page.url == ballot.links[0] and "ballot has been cast" in page.text and cast() == ["Lyon", "none", "Brno"]
    page = client.get(ballot.links[0])
    assert [item.get_text().split(",")[0] for item in page.all("#cast ~ ol li")] == ["Lyon", "None of these", "Brno"]
    assert page.form("/vote/").value(f"preference-{ballot.references['Brno']}") == "3"
    other = client.another().get(ballot.links[1])
    assert "Another representative of your member cast the ballot" in other.text and not other.all("#cast")
    form = other.form("/vote/")
    assert form.value(f"preference-{ballot.references['Brno']}") == ""
    form.fill(ballot.numbers("Brno", "Cluj")).fill(
        {"preference-none": "", f"preference-{ballot.references['Lyon']}": ""}
    ).submit()
    assert cast() == ["Brno", "Cluj"]
    with reading() as session:
        assert mail_to(session, "one@danube.dofc.test")[-1] == "ballot"
        for entry in session.scalars(select(AuditEntry).where(AuditEntry.act.like("ballot_c%"))):
            assert not any(reference in str(vars(entry)) for reference in ballot.references.values())


def test_gaps_between_the_numbers_do_not_matter(client, ballot, cast):
    numbers = {f"preference-{ballot.references['Brno']}": "10", f"preference-{ballot.references['Lyon']}": "9"}
    client.get(ballot.links[0]).form("/vote/").fill(numbers).submit()
    assert cast() == ["Lyon", "Brno"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Number at least one"),
        ({"Brno": "first"}, "Use whole numbers"),
        ({"Brno": "0"}, "Use whole numbers"),
        ({"Brno": "1.5"}, "Use whole numbers"),
        ({"Brno": "100"}, "Use whole numbers"),
        ({"Brno": "000000001" + "9" * 5000}, "Use whole numbers"),
        ({"Brno": "1", "Lyon": "1"}, "a different number"),
        ({"Brno": "1", "Lyon": "01"}, "a different number"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_numbers_that_make_no_ranking_are_refused_and_kept(client, ballot, cast, typed, said):
    fields = {f"preference-{ballot.references[city]}": text for city, text in typed.items()}
    page = client.get(ballot.links[0]).form("/vote/").fill(fields).submit()
    assert page.status == 422 and said in page.one(".error-summary").get_text(" ") and cast() == []
    assert all(page.form("/vote/").value(name) == text for name, text in fields.items())


def test_the_own_proposal_is_not_offered_and_the_page_says_why(client, ballot, cast):
    page = client.get(ballot.bidders)
    names = [name for name in page.form("/vote/").names if name.startswith("preference-")]
    assert sorted(names) == sorted(ballot.numbers("Cluj", "Lyon", "none"))
    assert "cannot rank its own" in page.text and "This gap may make yours recognisable" in page.text
    assert "This gap may make yours recognisable" not in client.get(ballot.links[0]).text


def test_who_cannot_rank_a_proposal_reads_whether_the_member_co_hosts_it_or_they_are_its_contact(
    client, ballot, writing
):
    with writing() as session:
        cluj, lyon = (session.scalars(select(Proposal).where(Proposal.city == city)).one() for city in ("Cluj", "Lyon"))
        danube = ballot.voters["danube"].organisation_id
        session.add(CoHost(proposal_id=cluj.id, name="Danube Cluster", organisation_id=danube, confirmed_at=NOW))
        lyon.email_key = "one@danube.dofc.test"
    said = [notice.get_text(" ", strip=True) for notice in client.get(ballot.links[0]).all("form .notice")]
    assert said[0].startswith("Your member co-hosts Cluj") and said[1].startswith("You are the contact of Lyon")
    assert len(said) == 2


@pytest.mark.parametrize("choice", ["Brno", "NONE-SUCH", "none "])
def test_what_cannot_be_ranked_is_refused_however_it_is_sent(client, ballot, cast, choice):
    form = client.get(ballot.bidders).form("/vote/").fill(ballot.numbers("Cluj"))
    page = form.forge({f"preference-{ballot.references.get(choice, choice)}": "2"}).submit()
    assert page.status == 422 and "cannot be ranked" in page.text and cast("morava") == []


def test_what_was_withdrawn_meanwhile_is_said_and_the_rest_kept(client, ballot, cast, writing):
    form = client.get(ballot.links[0]).form("/vote/").fill(ballot.numbers("Lyon", "Brno"))
    with writing() as session:
        lyon = session.scalars(select(Proposal).where(Proposal.city == "Lyon")).one()
        withdraw_proposal(session, lyon.id, COMMAND, ballot.call.ballot_opens_at)
    page = form.submit()
    assert page.status == 422 and cast() == []
    said = f"Withdrawn since you opened this page: Lyon, {lyon.proposer}. Check your ranking and send it again."
    assert said in page.one("#ranking-error").get_text()
    assert page.form("/vote/").value(f"preference-{ballot.references['Brno']}") == "2"
    assert page.form("/vote/").submit().status == 200 and cast() == ["Brno"]


def test_a_version_names_what_was_withdrawn_meanwhile(client, ballot, writing):
    one, other = (client.get(ballot.links[0]).form("/vote/") for _tab in range(2))
    one.fill(ballot.numbers("Brno")).submit()
    with writing() as session:
        lyon = session.scalars(select(Proposal).where(Proposal.city == "Lyon")).one()
        withdraw_proposal(session, lyon.id, COMMAND, ballot.call.ballot_opens_at)
    page = other.fill(ballot.numbers("Lyon")).submit()
    assert page.all(".versions dd")[1].get_text() == f"1. Lyon, {lyon.proposer}"


def test_after_the_close_nothing_is_cast_and_the_page_says_when_it_closed(client, ballot, cast, clock):
    form = client.get(ballot.links[0]).form("/vote/").fill(ballot.numbers("Lyon"))
    clock.move_to(ballot.call.ballot_closes_at)
    for page in (client.get(ballot.links[0]), form.submit()):
        assert page.status == 403 and "It closed at" in page.text and "Belgrade time" in page.text
    assert cast() == []


def test_before_the_opening_the_page_says_when_it_opens(client, ballot, clock):
    clock.move_to(ballot.call.ballot_opens_at - timedelta(hours=1))
    page = client.get(ballot.links[0])
    assert page.status == 403 and "It opens at" in page.text


def test_the_link_ends_with_the_role(client, ballot, writing):
    with writing() as session:
        person = account_of(session, "one@danube.dofc.test")
        danube = session.get_one(Voter, ballot.voters["danube"].id).organisation_id
        remove_representative(session, danube, person.id, RoleName.MEMBER, COMMAND, ballot.call.ballot_opens_at)
    for address in (ballot.links[0], "/hosting/vote/wrong"):
        page = client.get(address)
        assert page.status == 404 and page.form("/sign-in").names == ["email"]
    assert client.get(ballot.links[1]).status == 200


def test_a_representative_votes_signed_in(client, ballot, cast, sign_in):
    address = f"/organise/hosting/ballots/{ballot.voters['danube'].id}"
    assert client.get(address).url == "/sign-in"
    sign_in("two@danube.dofc.test")
    page = client.get(address).form("/ballots/").fill(ballot.numbers("Cluj", "none")).submit()
    assert page.url == address and cast() == ["Cluj", "none"]


def test_another_members_ballot_is_404_and_others_have_none(client, ballot, cast, sign_in, writing):
    address = f"/organise/hosting/ballots/{ballot.voters['danube'].id}"
    with writing() as session:
        make_account(session, "chair@dofc.test", role=RoleName.CHAIR)
    for email, status in (("one@morava.dofc.test", 404), ("chair@dofc.test", 403)):
        sign_in(email)
        assert client.get(address).status == status
        assert client.post(address, ballot.numbers("Lyon")).status == status
    assert cast() == []


def test_two_tabs_of_one_person_are_shown_side_by_side(client, ballot, cast):
    one, other = (client.get(ballot.links[0]).form("/vote/") for _tab in range(2))
    one.fill(ballot.numbers("Lyon", "Brno")).submit()
    page = other.fill(ballot.numbers("Cluj")).submit()
    assert page.status == 422 and cast() == ["Lyon", "Brno"]
    versions = [re.findall("Lyon|Brno|Cluj", dd.get_text()) for dd in page.all(".versions dd")]
    assert versions == [["Lyon", "Brno"], ["Cluj"]]
    page.form("/vote/").submit()
    assert cast() == ["Cluj"]


def test_a_ballot_that_somebody_else_cast_meanwhile_is_told_of_and_not_shown(client, ballot, cast):
    """Neither what it says, nor whether it says the same."""
    colleague = client.another().get(ballot.links[1]).form("/vote/")
    form = client.get(ballot.links[0]).form("/vote/").fill(ballot.numbers("Lyon"))
    colleague.fill(ballot.numbers("Lyon")).submit()
    page = form.submit()
    assert page.status == 422
    theirs, mine = (dd.get_text() for dd in page.all(".versions dd"))
    assert "Only they can see" in theirs and "Lyon" not in theirs and "Lyon" in mine
    assert page.form("/vote/").submit().status == 200 and cast() == ["Lyon"]


def test_ones_own_ballot_sent_again_asks_where_a_colleague_has_replaced_it(client, ballot, cast):
    client.get(ballot.links[0]).form("/vote/").fill(ballot.numbers("Lyon")).submit()
    form = client.get(ballot.links[0]).form("/vote/")
    client.another().get(ballot.links[1]).form("/vote/").fill(ballot.numbers("Brno")).submit()
    page = form.submit()
    assert page.status == 422 and cast() == ["Brno"]
    assert "Brno" not in page.one(".versions").get_text() and page.form("/vote/").submit().status == 200
    assert cast() == ["Lyon"]


@pytest.mark.databases("postgresql")
def test_a_ballot_cast_while_the_page_is_made_is_shown_with_its_time(client, ballot, clock, app):
    """The roll was read before it was cast, and the ballot afterwards."""

    def cast_it(session, instance) -> None:
        if isinstance(instance, Voter) and not done:
            done.append(True)
            client.another().get(ballot.links[0]).form().fill(ballot.numbers("Lyon")).submit()

    done: list[bool] = []
    event.listen(Session, "loaded_as_persistent", cast_it)
    try:
        page = client.get(ballot.links[0])
    finally:
        event.remove(Session, "loaded_as_persistent", cast_it)
    assert done and page.status == 200 and "Cast at" in page.text
