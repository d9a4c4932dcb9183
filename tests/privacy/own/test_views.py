"""The pages on which people see and erase what is kept about them."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.clock import now
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import token_of
from dofc_events.groups.queries import token_of_group
from dofc_events.groups.service import Contact
from dofc_events.hosting.models import Proposal
from dofc_events.hosting.queries import token_of as token_of_proposal
from dofc_events.mail.models import Message
from dofc_events.mail.rules import LINK_LIMITS
from dofc_events.privacy.own.service import ask_to_erase
from dofc_events.privacy.queries import token_of_address
from dofc_events.registration.service import cancel_registration
from tests.support.factories import DELEGATE, make_account, make_edition, make_registration
from tests.support.groups import make_group, someone
from tests.support.hosting import make_call, make_proposal

ANA = {"given_name": "Anastasija", "family_name": "Kovač", "email": "ana@dofc.test"}


def registered(app, writing, **changes) -> str:
    """A registration; returns its token."""
    with writing() as session:
        return token_of(make_registration(session, make_edition(session, now=now()), now=now(), **{**ANA, **changes}))


def link_in(reading, kind: str) -> str:
    """The path of the link in the last message of that kind."""
    with reading() as session:
        text = session.scalars(select(Message.text).where(Message.kind == kind).order_by(Message.id.desc())).first()
    return re.search(r"http://dofc\.test(\S+)", text)[1]


def test_somebody_reads_everything_and_takes_it_along(app, writing, reading, client):
    token = registered(app, writing, dietary="No jicama ever")
    page = client.get(f"/registrations/{token}/my-data")
    assert "No jicama ever" in page.text
    assert "ana@dofc.test" in page.text
    # What only the site can read is in the file alone, and moments are written as people write them.
    with reading() as session:
        key = session.scalars(select(Registration.form_key)).one()
    assert key not in page.text and "+00:00" not in page.text and "link version" not in page.text
    # In words, not as the site calls it.
    said = [tag.get_text() for tag in page.all("main dt")]
    assert {"What happened", "Last changed", "Kind of email"} <= {*said} and not [one for one in said if "_" in one]
    assert "Place confirmed" in page.text and "registration confirmed" in page.text
    answer = client.get(f"/registrations/{token}/my-data.json")
    assert key in answer.data.decode()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "No jicama ever" in json.dumps(json.loads(answer.data), ensure_ascii=False)


def test_the_number_that_orders_a_line_is_not_called_the_position_on_it(writing, client):
    with writing() as session:
        edition = make_edition(session, now=now(), capacity=1)
        _first, leaves, waits = (make_registration(session, edition, now=now()) for _ in range(3))
        cancel_registration(session, leaves.id, DELEGATE, now())
        token = token_of(waits)
    assert "Position 1" in client.get(f"/registrations/{token}/").text
    page = client.get(f"/registrations/{token}/my-data")
    names, values = ([one.get_text(strip=True) for one in page.all(f"main {tag}")] for tag in ("dt", "dd"))
    said = dict(zip(names, values, strict=True))
    assert said["Order in the line: a lower number comes first"] == "2"
    assert not [name for name in said if "Position" in name]


def test_nothing_is_erased_before_the_email_is_confirmed(app, writing, reading, client):
    token = registered(app, writing)
    client.get(f"/registrations/{token}/erase").form().submit()
    with reading() as session:
        assert session.scalars(select(Registration.email)).all() == ["ana@dofc.test"]
    link = link_in(reading, "erase-confirmation")
    assert token not in link
    confirm, edit = client.get(link).form(), client.get(f"/registrations/{token}/edit").form().fill(dietary="Jicama")
    confirm.submit()
    with reading() as session:
        assert session.scalars(select(Registration.email)).all() == [""]
        assert faults(session) == []
    pages = [client.get(path) for path in (f"/registrations/{token}/", f"/registrations/{token}/my-data", link)]
    for page in (*pages, confirm.submit(), edit.submit()):
        assert (page.status, page.h1) == (404, "The data has been erased")
        # It may also have been lost, with all that came after a backup that was restored.
        assert "If you did not expect this, tell the organisers." in page.text
        assert "has not been lost" not in page.text
    assert "Jicama" in page.text, "what was typed comes back"


def test_pages_and_email_that_erase_somebody_without_an_address_say_whom(writing, reading, client):
    with writing() as session:
        edition = make_edition(session, now=now())
        bo = make_group(session, edition, [someone("Ana"), someone("Bo")], now=now()).people[1].registration
        token, year, whose = token_of(bo), edition.year, (edition.name, bo.reference)
    page = client.get(f"/registrations/{token}/erase")
    assert page.h1 == "Erase the data of Bo Kovač?" and page.one(".eyebrow").text == " · ".join(whose)
    # Not the contact's, who reads it.
    assert not re.search(r"\b[Yy]ou wrote|\bYour (name|link)\b|[Yy]our registration", page.text)
    page.form().submit()
    with reading() as session:
        told = session.scalars(select(Message).where(Message.kind == "erase-confirmation")).one()
    assert told.subject == f"Bo Kovač: confirm erasing the data for Days of Clusters {year}"
    for part in (" ".join(told.text.split()), " ".join(told.html.split())):
        assert "Hello," in part and "your data" not in part and whose[1] in part
        assert f"asked to erase the data of Bo Kovač for Days of Clusters {year}" in part
    page = client.get(link_in(reading, "erase-confirmation"))
    assert page.h1 == "Confirm: erase the data of Bo Kovač" and page.one(".eyebrow").text == " · ".join(whose)
    assert page.form().submit().url.endswith("/my-data/erased")
    with reading() as session:
        assert session.scalars(select(Registration.given_name).order_by(Registration.id)).first() == "Ana"
        assert "Bo Kovač" not in str([vars(one) for one in session.scalars(select(Message))])


def test_whoever_erases_a_registration_is_told_what_else_is_kept_under_the_address(app, writing, reading, client):
    with writing() as session:
        make_registration(session, make_edition(session, now=now(), year=2032), now=now(), **ANA)
        make_proposal(session, make_call(session, now=now(), year=2033), now=now(), contact_email=ANA["email"])
        make_account(session, ANA["email"], "chair", now=now())
    token = registered(app, writing)
    asks = client.get(f"/registrations/{token}/erase")
    assert "Only this registration" in asks.text
    asks.form().submit()
    page = client.get(link_in(reading, "erase-confirmation")).form().submit()
    assert "still kept under your address: Proposal to host (2033); Registration (2032); Account." in page.text
    page.form("/my-data").fill(email=ANA["email"]).submit()
    page = client.get(f"{link_in(reading, 'my-data')}/erase").form().submit()
    assert "still kept under your address: Account." in page.text
    assert "still kept" not in client.get(page.url).text


def test_whoever_others_are_reached_by_is_refused_before_an_email_is_sent_and_before_anything_is_erased(
    app, writing, reading, client
):
    with writing() as session:
        edition = make_edition(session, now=now())
        ana = make_registration(session, edition, now=now(), **ANA)
        contact = Contact("Anastasija Kovač", ANA["email"], "en")
        bo = replace(someone("Bo"), email=ANA["email"])
        make_group(session, edition, [bo], now=now(), contact=contact, contact_id=ana.id)
        make_proposal(session, make_call(session, now=now()), now=now(), contact_email=ANA["email"])
        token = token_of(ana)
    page = client.get(f"/registrations/{token}/erase")
    assert "Bo Kovač can only be reached at your address, so you cannot be erased yet." in page.text
    refused = page.form().submit()
    assert refused.status == 403 and "You are the only contact of people who take part." in refused.text
    with reading() as session:
        assert not session.scalars(select(Message).where(Message.kind == "erase-confirmation")).all()
    client.get("/my-data").form().fill(email=ANA["email"]).submit()
    assert client.get(f"{link_in(reading, 'my-data')}/erase").form().submit().status == 403
    with reading() as session:
        assert session.scalars(select(Proposal.contact_email)).all() == [ANA["email"]]


def test_whoever_asks_to_erase_too_often_is_asked_to_wait(app, writing, reading, client):
    token = registered(app, writing)
    form = client.get(f"/registrations/{token}/erase").form()
    with writing() as session:
        (one,) = session.scalars(select(Registration.id))
        for _ in range(LINK_LIMITS[0][0]):
            ask_to_erase(session, one, now())
    page = form.submit()
    assert page.status == 429 and page.form()


@pytest.mark.parametrize("token", ["wrong", "{token}x", "{token}"])
def test_a_link_that_does_not_come_from_the_email_erases_nothing(app, writing, client, token):
    """The link to one's own page is no proof of the address either."""
    token = token.format(token=registered(app, writing))
    assert client.get(f"/registrations/{token}/erase/confirm").status == 404


def test_known_and_unknown_addresses_get_the_same_answer(app, writing, reading, client):
    registered(app, writing)
    pages = []
    for address in ("ana@dofc.test", "nobody@dofc.test"):
        answer = client.get("/my-data").form().fill(email=address).submit()
        pages.append(answer.text)
        with reading() as session:
            assert len(session.scalars(select(Message).where(Message.kind == "my-data")).all()) == 1
    assert pages[0] == pages[1]


def test_the_page_that_erases_says_what_stays_of_a_proposal(app, writing, client):
    with writing() as session:
        call = make_call(session, now=now())
        make_proposal(session, call, now=now(), contact_email="ana@dofc.test", motivation="Because of the river")
        token = token_of_address("ana@dofc.test", now())
    page = client.get(f"/my-data/{token}/erase")
    assert "What you proposed, such as the organisation, venue, travel and motivation" in page.text
    # Neither holds for somebody who only proposed.
    assert "everything written" not in page.text and "That somebody from the same country" not in page.text
    # Nor is it one edition's.
    assert page.h1 == "Erase everything under your address?" and "from all editions" in page.text
    registered(app, writing)
    page = client.get(page.url)
    assert "everything written in the registration" in page.text and "What you proposed, such as" in page.text
    assert "That somebody from the same country registered" in page.text


def test_a_proposals_times_are_those_of_its_call_and_name_their_zone(writing, client):
    begun = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    with writing() as session:
        call = make_call(session, now=now(), zone="Asia/Kathmandu")
        proposal = make_proposal(session, call, now=now(), contact_email="ana@dofc.test")
        proposal.consented_at = begun
        token = token_of_address("ana@dofc.test", now())
    page = client.get(f"/my-data/{token}")
    assert "Times are Kathmandu time." in page.one("#proposals").parent.text
    assert "2 Dec 2026, 05:15" in page.text and "23:30" not in page.text


def test_all_editions_and_proposals_of_an_address_go_at_once(app, writing, reading, client):
    with writing() as session:
        for year in (2031, 2032):
            edition = make_edition(session, now=now(), year=year)
            make_registration(session, edition, now=now(), **ANA)
            make_registration(session, edition, now=now())
        call = make_call(session, now=now())
        contact = Contact("Anastasija Kovač", "ana@dofc.test", "en")
        group = make_group(session, edition, [someone("Eva", "eva@own.test")], now=now(), contact=contact).group
        old_links = [f"/groups/{token_of_group(group)}/"]
        proposal = make_proposal(session, call, now=now(), contact_email="ana@dofc.test")
        old_links.append(f"/hosting/proposals/{token_of_proposal(proposal)}/")
    client.get("/my-data").form().fill(email="ANA@dofc.test").submit()
    link = link_in(reading, "my-data")
    page = client.get(link)
    assert page.text.count("ana@dofc.test") > 2
    whole = client.get(f"{link}/my-data.json").data.decode()
    assert "2031" in whole and '"kept_in": "proposals"' in whole
    form = client.get(f"{link}/erase").form()
    form.submit()
    with reading() as session:
        assert sum(email == "" for email in session.scalars(select(Registration.email))) == 2
        assert faults(session) == []
        assert "ana@dofc.test" not in str([vars(one) for one in session.scalars(select(Message))])
    for page in (client.get(link), form.submit()):
        assert (page.status, page.h1) == (404, "We keep nothing under this address")
    assert [client.get(old).h1 for old in old_links] == ["The data has been erased"] * 2


def test_who_has_an_account_alone_is_led_to_its_data_behind_signing_in(app, writing, reading, client):
    with writing() as session:
        make_account(session, "ivo@dofc.test", "chair", name="Ivo Horák")
    client.get("/my-data").form().fill(email="ivo@dofc.test").submit()
    link = link_in(reading, "my-data")
    page = client.get(link)
    assert "Ivo" not in page.text and not page.all("a[href$=erase]")
    assert client.get(f"{link}/my-data.json").data.decode() == "[]"
    assert page.one("main a[href$='/sessions/my-data']")


def test_a_link_to_all_data_ends(app, writing, client):
    registered(app, writing)
    with app.app_context():
        token = token_of_address("ana@dofc.test", now().replace(year=now().year - 1))
        db.session.close()
    assert client.get(f"/my-data/{token}").status == 404


def test_the_form_says_how_long_things_are_kept_and_a_page_says_more(app, writing, client):
    with writing() as session:
        year = make_edition(session, now=now()).year
    assert "30 days after the conference" in client.get(f"/editions/{year}/register").text
    page = client.get("/privacy")
    assert "24 months" in page.text
    assert "Dietary needs" in page.text
