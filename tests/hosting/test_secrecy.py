"""Until the ballot closes the site tells nobody how anybody votes, but of a ballot that they cast themselves."""

import re

import time_machine
from sqlalchemy import select

from dofc_events.core.db import db, unit_of_work
from dofc_events.hosting.models import Ballot, HostingCall, Proposal
from dofc_events.web import kept
from tests import rights
from tests.support.databases import close_connections, count_queries
from tests.support.factories import NOW

VOTED_ON = rights.YEAR_OF_CALL - 2
OWN_BALLOT = {("/hosting/vote/<token>", rights.HOLDER)}
BALLOTS = re.compile(r"\bballots\b")
TOKENS = re.compile(rb'name="(csrf_token|form_key)"[^>]*value="[^"]*"|csrf-token" content="[^"]*"|"free_disk_mb":\d+')


def test_no_answer_to_anybody_depends_on_how_members_have_voted(databases, tmp_path):
    """Everybody asks for every page; then each ballot says the opposite, and everybody asks again.

    Again, for the pages that asked for ballots, whoever opened them: nothing else is where an answer could know.
    """
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
        before: dict[tuple[str, str], bytes] = {}
        knowing = []
        for rule in [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]:
            # What one page keeps for another would be asked for only once.
            kept._rendered.cache_clear()
            with count_queries() as queries:
                before |= _answers(rule, browsers, values)
            if any(BALLOTS.search(query) for query in queries):
                knowing.append(rule)
        with app.app_context(), unit_of_work() as session:
            ballots = session.scalars(select(Ballot)).all()
            for ballot in ballots:
                ballot.ranking = ballot.ranking[::-1]
        after = {key: answer for rule in knowing for key, answer in _answers(rule, browsers, values).items()}
        with app.app_context():
            close_connections()
    assert ballots
    assert {key for key in after if before[key] != after[key]} == OWN_BALLOT


def _answers(rule, browsers, values) -> dict[tuple[str, str], bytes]:
    answers = {}
    for role, browser in browsers.items():
        answer = browser.get(rights.address_of(rule, values, role))
        answers[rule.rule, role] = TOKENS.sub(b"", answer.get_data())
        answer.close()
    return answers
