"""Whatever names something by a number, a reference or a hash finds it only where it belongs."""

import re
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from dofc_events.conference.queries import edition_by_year
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import db, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.groups.queries import token_of_group
from dofc_events.hosting import queries as proposal_links
from dofc_events.hosting.hand_over.service import ItemDetails, add_item
from dofc_events.hosting.models import HostingCall, Proposal
from dofc_events.hosting.rules import HandOverKind
from tests import rights
from tests.support.databases import dump
from tests.support.factories import NOW, make_account
from tests.support.groups import make_delegation
from tests.support.hosting import make_proposal
from tests.support.memory import make_outcome

OTHER_YEAR = "2031"
OF_EDITION = re.compile(r"/(organise/)?editions/<year:year>/.*<")
# What is in something else: the address of the one, with the number of what is in another.
WITHIN = {
    "/organise/editions/<year:year>/letters/<id:letter_id>/attachments/<id:attachment_id>",
    "/organise/editions/<year:year>/letters/<id:letter_id>/attachments/<id:attachment_id>/remove",
    "/organise/editions/<year:year>/hand-over/<id:item_id>/files/<id:file_id>",
    "/organise/editions/<year:year>/hand-over/<id:item_id>/files/<id:file_id>/remove",
    "/organise/editions/<year:year>/memory/outcomes/<slug>/files/<id:file_id>",
    "/organise/editions/<year:year>/memory/outcomes/<slug>/files/<id:file_id>/remove",
    "/organise/hosting/proposals/<reference>/files/<id:attachment_id>",
    "/organise/accounts/<id:account_id>/roles/<id:role_id>/end",
    "/outcomes/<slug>/files/<content_hash>",
    "/groups/<token>/invitations/<id:invitation_id>/remind",
    "/groups/<token>/invitations/<id:invitation_id>/take-back",
    "/groups/<token>/people/<reference>/replace",
    "/hosting/proposals/<token>/attachments/<id:attachment_id>",
    "/hosting/proposals/<token>/attachments/<id:attachment_id>/remove",
}


@pytest.fixture(scope="module")
def world(databases, tmp_path_factory) -> Any:
    with rights.site_to_ask(databases, tmp_path_factory.mktemp("others")) as app, time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
        with app.app_context(), unit_of_work() as session:
            elsewhere = values | _others(session)
        yield app, values, elsewhere, browsers


def _others(session: Session) -> dict[str, str]:
    """Another one of everything that something is in, and that anybody has the right to."""
    edition = edition_by_year(session, rights.YEAR)
    assert edition is not None
    group, _ = make_delegation(session, edition)
    call = session.scalars(select(HostingCall).where(HostingCall.year == rights.YEAR_OF_CALL)).one()
    proposal, outcome = make_proposal(session, call), make_outcome(session, edition, "Another memorandum")
    item = add_item(session, edition.id, HandOverKind.CONTACT, ItemDetails("The museum"), COMMAND, NOW)
    reviewed = select(Proposal.reference).where(Proposal.status == "shortlisted")
    return {
        "letter_id": str(rights._write_letter(session, edition)),
        "item_id": str(item.id),
        "/organise/editions/<year:year>/memory/outcomes/slug": outcome.slug,
        "/outcomes/slug": outcome.slug,
        "/organise/hosting/proposals/reference": session.scalars(reviewed).first(),
        "account_id": str(make_account(session).id),
        "/groups/token": token_of_group(group),
        "/hosting/proposals/token": proposal_links.token_of(proposal),
    }


def leaks(browser: FlaskClient, rule: Rule, address: str) -> list[str]:
    """What is answered otherwise than with 404; a form with its token also by saying that it is too late."""
    found = []
    for method in sorted((rule.methods or set()) & {"GET", "POST"}):
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/hosting/lost-link").text)
        assert token
        answer = browser.open(address, method=method, data={"csrf_token": token[1]})
        if answer.status_code not in ((404,) if method == "GET" else (303, 403, 404)):
            found.append(f"{method} {address}: {answer.status_code}")
        answer.close()
    return found


def test_nothing_of_an_edition_is_found_at_another_one(world):
    app, values, _elsewhere, browsers = world
    before, found = _rows(app), []
    rules = [rule for rule in app.url_map.iter_rules() if OF_EDITION.match(rule.rule)]
    for rule in rules:
        address = rights.address_of(rule, values | {"year": OTHER_YEAR}, rights.CHAIR)
        found += leaks(browsers[rights.CHAIR], rule, address)
    assert found == []
    assert len(rules) > 70 and _rows(app) == before, "nothing was done"


def test_nothing_is_found_in_something_that_it_is_not_in(world):
    app, values, elsewhere, browsers = world
    before, found = _rows(app), []
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule in WITHIN]
    for rule in rules:
        parent, _, child = rule.rule.rpartition("<")
        child = re.sub(r".*?(\w+)>.*", r"\1", child)
        role = rights.HOLDER if "<token>" in parent else rights.CHAIR
        right = rights.address_of(rule, values, role)
        mixed = {name: value for name, value in elsewhere.items() if not name.endswith(child)}
        mixed |= {name: value for name, value in values.items() if name.endswith(child)}
        address = rights.address_of(rule, mixed, role)
        assert address != right, rule
        found += leaks(browsers[role], rule, address)
    assert found == []
    assert len(rules) == len(WITHIN) and _rows(app) == before, "nothing was done"


def test_who_is_picked_by_a_reference_of_another_edition_is_nobody(world):
    app, values, _elsewhere, browsers = world
    with app.app_context():
        wanted = select(Registration.given_name).where(Registration.reference == values["reference"])
        name = db.session().scalars(wanted).one()
    for page in ("registrations.csv", "registrations/selected", "trips/cellars/people/selected"):
        shown = []
        for year in (str(rights.YEAR), OTHER_YEAR):
            path = f"/organise/editions/{year}/{page}?pick={values['reference']}&act=tag"
            shown.append(name in browsers[rights.CHAIR].get(path).text)
        assert shown == [True, False], page


def _rows(app: Flask) -> Any:
    return dump(app.extensions["dofc_events"].database_url)
