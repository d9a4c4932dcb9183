"""The chair's pages about accounts: who they are, what ends, and what is on record."""

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Account, SignInLink
from dofc_events.accounts.rules import Awaited
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.accounts.sessions import begin
from dofc_events.core.audit import COMMAND, AuditEntry
from tests.support.databases import count_queries
from tests.support.factories import NOW, make_account, make_organisation
from tests.support.hosting import make_member, make_representative


@pytest.fixture
def chair(enter):
    return enter("chair")


@pytest.fixture
def elena(writing, edition):
    """Who organises an edition and speaks for a member, and was sent a link."""
    with writing() as session:
        account = make_account(session, "elena@dofc.test", role="organiser", edition=edition, name="Elena")
        make_representative(session, make_member(session), email="elena@dofc.test")
        issue_sign_in_link(session, account.id, NOW, COMMAND)
        return account.id


def roles_of(reading, account_id) -> list[str]:
    with reading() as session:
        return sorted(grant.role for grant in session.get_one(Account, account_id).grants(NOW))


def acts_about(reading, account_id) -> list[str]:
    with reading() as session:
        query = select(AuditEntry.act).where(AuditEntry.about == f"account-{account_id}").order_by(AuditEntry.id)
        return list(session.scalars(query))


def test_accounts_are_listed_and_found(chair, elena):
    page = chair.get("/organise/accounts")
    row = page.one(f"[data-account='{elena}']").get_text(" ")
    assert "elena@dofc.test" in row and "organiser" in row and "representative" in row and "never" in row
    assert len(page.all("[data-account]")) == 2
    assert len(chair.get("/organise/accounts?q=ELENA").all("[data-account]")) == 1
    assert "No account matches" in chair.get("/organise/accounts?q=100%25").text


def test_the_list_costs_the_same_for_few_and_for_many(chair, writing, edition):
    counts = []
    for more in (1, 30):
        with writing() as session:
            for _ in range(more):
                make_account(session, role="desk", edition=edition)
                make_account(session, role="member", organisation=make_organisation(session))
        for page in ("/organise/accounts", "/organise/accounts/trail"):
            with count_queries() as queries:
                assert chair.get(page).status == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:], counts
    page = chair.get("/organise/accounts")
    assert len(page.all("[data-account]")) == 50 and len(page.follow("Older").all("[data-account]")) == 13


def test_one_role_ends_and_the_others_stay(chair, elena, reading):
    page = chair.get(f"/organise/accounts/{elena}")
    page = page.form("[data-role=organiser] form").submit().agree()
    assert "The role has ended: organiser Days of Clusters 2027." in page.text and len(page.all("[data-role]")) == 1
    assert roles_of(reading, elena) == ["member"]
    page.form("[data-role=member] form").submit().agree()
    assert roles_of(reading, elena) == []


@pytest.mark.parametrize("role", ["organiser", "member"])
def test_who_ends_a_role_that_has_just_ended_reads_so_and_is_led_back(chair, elena, role):
    form = chair.get(f"/organise/accounts/{elena}").form(f"[data-role={role}] form")
    form.submit().agree()
    again = form.submit()
    assert (again.status, again.h1) == (404, "This role has ended")
    assert again.follow("Go to the account").url == f"/organise/accounts/{elena}"


def test_an_account_ends_with_its_roles_its_sessions_and_its_links(chair, elena, reading, client):
    with reading() as session:
        hers = client.another().sign_in(session.get_one(Account, elena))
    assert hers.get("/organise/", follow=False).status == 200
    asked = chair.get(f"/organise/accounts/{elena}").form(f"/organise/accounts/{elena}/end").submit()
    assert asked.h1.startswith("End the account of ") and chair.get(f"/organise/accounts/{elena}").all("[data-role]")
    page = asked.agree()
    assert "The account has ended." in page.text and "no role" in page.text
    assert hers.get("/organise/", follow=False).headers["Location"] == "/sign-in"
    with reading() as session:
        assert session.scalars(select(SignInLink).where(SignInLink.account_id == elena)).all() == []
    assert {"role_ended", "role_removed", "sessions_ended", "account_ended"} <= set(acts_about(reading, elena))


def test_an_account_is_signed_out_and_keeps_its_roles(chair, elena, reading, client):
    with reading() as session:
        hers = client.another().sign_in(session.get_one(Account, elena))
    page = chair.get(f"/organise/accounts/{elena}").form(f"{elena}/sign-out").submit()
    assert "Signed out everywhere." in page.text
    assert hers.get("/organise/", follow=False).headers["Location"] == "/sign-in"
    assert roles_of(reading, elena) == ["member", "organiser"]


def test_a_browser_that_has_not_given_the_second_factor_is_not_signed_in(chair, elena, writing):
    with writing() as session:
        begin(session, elena, "Firefox, Linux", NOW, awaits=Awaited.FACTOR)
    assert chair.get("/organise/accounts").one(f"[data-account='{elena}'] [data-label=Browsers]").text == "0"
    assert "has not given a second factor" in chair.get(f"/organise/accounts/{elena}").one("[data-session]").text
    with writing() as session:
        begin(session, elena, "Firefox, Linux", NOW)
    assert chair.get("/organise/accounts").one(f"[data-account='{elena}'] [data-label=Browsers]").text == "1"


def test_the_last_chair_stays(chair, reading):
    me = chair.get("/organise/accounts").all("[data-account]")[0]["data-account"]
    page = chair.get(f"/organise/accounts/{me}").form(f"/organise/accounts/{me}/end").submit()
    assert "the network has no other chair" in page.text and "--role chair" in page.text
    assert roles_of(reading, int(me)) == ["chair"]


@pytest.mark.parametrize(("role", "how"), [("chair", "accounts add EMAIL --name NAME --role chair"), ("organiser", "")])
def test_who_ends_a_role_reads_how_it_is_given_again(chair, writing, edition, role, how):
    with writing() as session:
        account = make_account(session, role=role, edition=edition if role == "organiser" else None).id
    meaning = chair.get(f"/organise/accounts/{account}").form(f"[data-role={role}] form").submit().one(".lead").text
    assert "given again" in meaning and how in meaning and "email" not in meaning


def test_the_trail_says_who_signed_in_and_who_got_which_role(chair, elena):
    page = chair.get("/organise/accounts/trail")
    acts = [row["data-act"] for row in page.all("[data-act]")]
    assert {"signed_in", "account_added", "role_added", "sign_in_link_issued"} <= set(acts)
    assert "Role given: organiser 2027" in page.text and "Elena" in page.text


def test_only_the_chair_sees_accounts(organiser, elena):
    for path in ("", "/trail", f"/{elena}"):
        assert organiser.get(f"/organise/accounts{path}").status == 403
