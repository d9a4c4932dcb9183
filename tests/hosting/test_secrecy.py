"""Until the ballot closes the site tells nobody how anybody votes, but of a ballot that they cast themselves."""

import re

import time_machine
from sqlalchemy import select

from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.models import Ballot, HostingCall, Proposal
from tests import rights
from tests.support.factories import NOW

VOTED_ON = rights.YEAR_OF_CALL - 2
OWN_BALLOT = {("/hosting/vote/<token>", rights.HOLDER)}
TOKENS = re.compile(rb'name="(csrf_token|form_key)"[^>]*value="[^"]*"|csrf-token" content="[^"]*"|"free_disk_mb":\d+')


def test_no_answer_to_anybody_depends_on_how_members_have_voted(databases, tmp_path):
    """Everybody asks for every page; then each ballot says the opposite, and everybody asks again."""
    with rights.site_to_ask(databases, tmp_path) as app, time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
        with app.app_context():
            voted_on = db.session().scalars(select(HostingCall).where(HostingCall.year == VOTED_ON)).one()
            on_ballot = db.session().scalars(select(Proposal).where(Proposal.call_id == voted_on.id)).first()
        values |= {
            "/hosting/year": str(VOTED_ON),
            "/organise/hosting/calls/year": str(VOTED_ON),
            "/organise/hosting/proposals/reference": on_ballot.reference,
        }
        before = _everything(app, browsers, values)
        with app.app_context(), unit_of_work() as session:
            ballots = session.scalars(select(Ballot)).all()
            for ballot in ballots:
                ballot.ranking = ballot.ranking[::-1]
        after = _everything(app, browsers, values)
        with app.app_context():
            db.engine.dispose()
    assert ballots
    assert {key for key in before if before[key] != after[key]} == OWN_BALLOT


def _everything(app, browsers, values) -> dict[tuple[str, str], bytes]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    answers = {}
    for rule in rules:
        for role, browser in browsers.items():
            answer = browser.get(rights.address_of(rule, values, role))
            answers[rule.rule, role] = TOKENS.sub(b"", answer.get_data())
            answer.close()
    return answers
