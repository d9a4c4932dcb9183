"""The chair says who needs a second factor, and helps somebody who has lost theirs."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dofc_events.accounts.factors.models import Factor, FactorPolicy, RecoveryCode
from dofc_events.accounts.models import Account
from dofc_events.mail.models import Message
from tests.support.factories import NOW, make_account

PAGE = "/organise/accounts/factors"


@pytest.fixture
def chair(enter):
    return enter("chair")


def policy(reading):
    with reading() as session:
        return session.execute(select(FactorPolicy.chair, FactorPolicy.organiser, FactorPolicy.starts_on)).all()


def test_the_chair_says_who_needs_one_after_hearing_how_many_have_none(chair, writing, edition, reading):
    with writing() as session:
        for email in ("a@dofc.test", "b@dofc.test"):
            make_account(session, email, "organiser", edition=edition)
        make_account(session, "c@dofc.test", "desk", edition=edition)
    day = NOW.date() + timedelta(days=14)
    page = chair.get(PAGE)
    assert "16 November 2026" in page.text
    page = page.form().fill(organiser=True).submit()
    assert page.status == 422 and "Enter the first day" in page.text
    page = page.form().fill(starts_on=day.isoformat()).submit()
    assert "2 people have no second factor yet" in page.text and policy(reading) == []
    page = page.form().submit("Yes, save")
    assert "Saved." in page.text and policy(reading) == [(False, True, day)]
    page = page.form().fill(organiser=False).submit()
    assert "Saved." in page.text and policy(reading) == [(False, False, None)]
    lines = [row.get_text(" ", strip=True) for row in chair.get("/organise/accounts/trail").all("th[scope=row]")]
    assert f"Second factor: needed by: organiser; from {day}" in lines
    assert "Second factor: no longer needed by: organiser" in lines


@pytest.mark.parametrize("is_told", [True, False])
def test_the_chair_takes_a_lost_factor_away_and_its_owner_is_told(
    chair, writing, reading, client, with_mail_server, is_told
):
    if is_told:
        with_mail_server()
    with writing() as session:
        session.scalars(select(Account)).one().name = "Vera & <b>Co</b>"
        account = make_account(session, "elena@dofc.test", name="Elena")
        session.add(Factor(account_id=account.id, kind="app", name="Phone", added_at=NOW, secret=b"-"))
        session.add(RecoveryCode(account_id=account.id, code_hash="-"))
    hers = client.another().sign_in(account)
    page = chair.get(f"/organise/accounts/{account.id}")
    assert "Phone, codes from an app, added" in page.one("[data-factor]").get_text()
    asked = page.form("/reset-factor").submit()
    assert "They will be signed out everywhere and told by email" in asked.text
    page = asked.agree()
    said = "We have told them by email." if is_told else "Tell them: no email has been sent."
    assert said in page.text and "None has been set up." in page.text
    assert hers.get("/organise/", follow=False).headers["Location"] == "/sign-in"
    with reading() as session:
        assert [session.scalars(select(table)).all() for table in (Factor, RecoveryCode)] == [[], []]
        told = session.scalars(select(Message).where(Message.kind == "second-factor")).one()
        assert (told.recipient, told.subject) == ("elena@dofc.test", "All your second factors have been removed")
        assert (
            "Vera & <b>Co</b> has removed" in told.text and "Vera &amp; &lt;b&gt;Co&lt;/b&gt; has removed" in told.html
        )
        assert "need to do anything" not in told.text + told.html


@pytest.mark.parametrize("is_needed", [True, False])
def test_who_takes_a_factor_away_reads_how_its_owner_signs_in_then(chair, writing, edition, is_needed):
    with writing() as session:
        account = make_account(session, role="organiser", edition=edition)
        session.add(Factor(account_id=account.id, kind="app", name="Phone", added_at=NOW, secret=b"-"))
        session.add(FactorPolicy(id=1, chair=False, organiser=is_needed))
    asked = chair.get(f"/organise/accounts/{account.id}").form("/reset-factor").submit().text
    assert ("have to set up a new one" in asked, "link alone" in asked) == (is_needed, not is_needed)
