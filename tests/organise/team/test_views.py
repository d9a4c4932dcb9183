"""The team's page: who can do what until when; once a role has ended, its holder is a stranger."""

from datetime import date

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Role
from dofc_events.mail.models import Message
from tests.support.factories import NOW, make_account, make_edition


@pytest.fixture
def team(year):
    return f"/organise/editions/{year}/team"


def invite(browser, team, **changes):
    answers = {"email": "ben@dofc.test", "name": "Ben Novák", "role": "desk", "last_day": "2026-12-01"}
    return browser.get(team).form().fill(answers | changes).submit()


def row(page, name: str):
    [found] = [row for row in page.all("tbody tr") if name in row.text]
    return " ".join(found.get_text(" ").split())


def test_invite_adds_and_writes(organiser, reading, team):
    page = invite(organiser, team)
    assert "Ben Novák has been added to the team. No mail server is set up, so emails are kept" in page.text
    assert "Desk the end of Tuesday 1 December 2026 (Sofia time)" in row(page, "Ben")
    with reading() as session:
        assert session.scalars(select(Message.kind)).all() == ["team-invitation"]


def test_invite_of_an_account_names_it_as_everybody_knows_it(organiser, writing, team, with_mail_server):
    with writing() as session:
        known = make_account(session, name="Nova Novák")
    with_mail_server()
    page = invite(organiser, team, email=known.email, name="Another Name")
    assert f"Nova Novák has been added to the team. We will write to {known.email}." in page.text


def test_team_stands_as_a_reader_looks_for_it(organiser, team, edition, writing):
    with writing() as session:
        for role, name in (("desk", "Шу"), ("desk", "Ђу"), ("organiser", "Zan"), ("organiser", "Émile")):
            make_account(session, role=role, edition=edition, name=name)
    rows = [row.text for row in organiser.get(team).all("tbody tr")]
    places = [next(i for i, row in enumerate(rows) if name in row) for name in ("Émile", "Zan", "Ђу", "Шу")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "ben"}, "complete email address"),
        ({"name": ""}, "Enter the name."),
        ({"last_day": "2026-11-01"}, "This day has passed."),
        ({"last_day": "9999-12-31"}, "Enter a year from 2000 to 2100."),
        ({"last_day": "2087-05-22"}, "That is more than a year after the edition. Check the year."),
        ({"last_day": "2028-05-23"}, "That is more than a year after the edition."),
    ],
)
def test_invite_says_what_is_wrong_and_keeps_what_was_typed(organiser, team, changes, words):
    page = invite(organiser, team, **changes)
    assert page.status == 422 and words in page.text
    assert page.form().value("role") == "desk"


def test_last_day_may_be_up_to_a_year_after_the_edition(organiser, team, reading):
    assert "has been added to the team" in invite(organiser, team, last_day="2028-05-22").text
    with reading() as session:
        role_id = session.scalars(select(Role).where(Role.role == "desk")).one().id
    form = organiser.get(f"{team}/{role_id}").form("form.form-narrow")
    page = form.fill(last_day="2087-05-21").submit()
    assert page.status == 422 and "That is more than a year after the edition." in page.one("#last_day-error").text
    page = page.form("form.form-narrow").fill(last_day="2028-05-21").submit()
    assert "The last day has been changed" in page.text


def test_last_day_at_an_edition_long_over_may_be_a_year_from_now(enter, writing):
    with writing() as session:
        make_edition(session, year=2020, starts_on=date(2020, 5, 21), ends_on=date(2020, 5, 22))
    chair, team = enter("chair"), "/organise/editions/2020/team"
    assert invite(chair, team, last_day="2027-11-03").status == 422
    assert "has been added to the team" in invite(chair, team, last_day="2027-11-02").text


def test_invite_refuses_who_has_the_role(organiser, team):
    invite(organiser, team)
    page = invite(organiser, team)
    assert page.status == 422 and "already has this role" in page.text


def test_role_lasts_until_the_last_day_is_over_where_the_edition_is(enter, edition, team, organiser, clock, writing):
    enter("desk", edition)
    with writing() as session:
        helper_role = session.scalars(select(Role).where(Role.role == "desk")).one()
        account_role, account = helper_role.id, helper_role.account
    form = organiser.get(f"{team}/{account_role}").form("form.form-narrow")
    page = form.fill(last_day=NOW.date().isoformat()).submit()
    assert "The last day has been changed" in page.text
    assert organiser.get(f"{team}/{account_role}").form("form.form-narrow").value("last_day") == "2026-11-02"
    clock.move_to(NOW.replace(hour=21, minute=59, second=59))
    helper = organiser.another().sign_in(account)
    assert helper.get(f"/organise/editions/{edition.year}/check-in").status == 200
    clock.move_to(NOW.replace(hour=22))
    assert helper.get("/organise/").url == "/sign-in"
    helper.sign_in(account)
    # A signed-in stranger's answers, and no trace of the edition.
    assert helper.get(f"/organise/editions/{edition.year}/check-in").status == 403
    assert "Your account has no task" in helper.get("/organise/").text


def test_ending_a_role_ends_it_at_once_and_can_be_taken_back(enter, edition, organiser, team, writing):
    other = enter("organiser", edition)
    with writing() as session:
        role = session.scalars(select(Role).order_by(Role.id.desc())).first()
        role_id, email = role.id, role.account.email
    page = organiser.get(f"{team}/{role_id}").form("/end").submit().agree()
    assert "has ended" in page.text and "1 role has ended" in page.text
    assert other.get(team).status == 403
    assert organiser.get(f"{team}/{role_id}").status == 404
    invite(organiser, team, email=email, role="organiser", last_day="")
    assert other.get(team).status == 200


def test_who_changes_a_role_that_has_just_ended_reads_so_and_is_led_back(organiser, team, writing):
    invite(organiser, team)
    with writing() as session:
        role_id = session.scalars(select(Role).where(Role.role == "desk")).one().id
    page = organiser.get(f"{team}/{role_id}")
    change = page.form("form.form-narrow").fill(last_day="2026-12-24")
    page.form("/end").submit().agree()
    for again in (change.submit(), page.form("/end").submit(), organiser.get(page.url)):
        assert (again.status, again.h1) == (404, "This role has ended")
        assert again.follow("Go to the team").url == team


@pytest.mark.parametrize("other", ["organiser", "chair"])
def test_who_keeps_another_role_is_not_said_to_lose_everything(organiser, edition, team, writing, other):
    with writing() as session:
        make_account(session, "nina@dofc.test", other, edition=edition if other == "organiser" else None, name="Nina")
        make_account(session, "nina@dofc.test", role="desk", edition=edition)
        role_id = session.scalars(select(Role).where(Role.role == "desk")).one().id
    page = organiser.get(f"{team}/{role_id}")
    asked = page.form("/end").submit()
    for words in (page.text, asked.text):
        assert f"Nina will keep another role and see all its pages: {other}." in words and "no longer see" not in words
    assert "The role of Nina has ended: Desk." in asked.agree().text


def test_trail_says_from_what_to_what(organiser, team, year, writing):
    invite(organiser, team)
    with writing() as session:
        role_id = session.scalars(select(Role).where(Role.role == "desk")).one().id
    organiser.get(f"{team}/{role_id}").form("form.form-narrow").fill(last_day="").submit()
    organiser.get(f"{team}/{role_id}").form("/end").submit().agree()
    text = organiser.get(f"/organise/editions/{year}/audit").text
    for words in (
        "Added ben@dofc.test to the team: desk, until 2 Dec 2026, 00:00",
        "until 2 Dec 2026, 00:00 → with no last day",
        "Ended a role of ben@dofc.test: desk with no last day → until 2 Nov 2026, 14:00",
    ):
        assert words in text, words


def test_last_organiser_cannot_leave_alone_but_by_the_chair(enter, edition, organiser, team, writing):
    with writing() as session:
        role_id = session.scalars(select(Role)).one().id
    page = organiser.get(f"{team}/{role_id}").form("/end").submit()
    assert "nobody else organises this edition" in page.text
    page = enter("chair").get(f"{team}/{role_id}").form("/end").submit().agree()
    assert "has ended" in page.text
    assert organiser.get(team).status == 403


def test_who_ends_their_own_role_is_led_away(enter, edition, organiser, team, writing):
    enter("organiser", edition)
    with writing() as session:
        role_id = session.scalars(select(Role).order_by(Role.id)).first().id
    page = organiser.get(f"{team}/{role_id}").form("/end").submit().agree()
    assert page.url == "/organise/" and page.status == 200


def test_team_shows_the_chair_and_nobody_of_another_edition(organiser, team, writing):
    with writing() as session:
        make_account(session, role="chair", name="Vera Ivanova")
        make_account(session, role="desk", name="Marko Ilić", edition=make_edition(session, year=2031))
    page = organiser.get(team)
    assert "Vera Ivanova" in page.text and "Marko" not in page.text


def test_role_of_another_edition_is_not_found(organiser, team, writing):
    with writing() as session:
        other = make_account(session, role="desk", edition=make_edition(session, year=2031)).roles[0].id
    assert organiser.get(f"{team}/{other}").status == 404
