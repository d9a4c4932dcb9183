"""A proposal without its proposer: what was proposed stays, and what the network chose by."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import db
from dofc_events.extensions import settings
from dofc_events.hosting.models import Attachment, Proposal, Question
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.questions.service import answer_question, ask_question
from dofc_events.hosting.proposals.service import PROPOSER, answers_of, change_proposal
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.models import Message
from dofc_events.mail.rules import MessageState
from dofc_events.privacy.proposals.service import erase_proposer
from dofc_events.privacy.service import vanish
from dofc_events.web.attachments.reading.rules import checked
from tests.privacy.erasing.test_service import everything, found_in
from tests.support import uploads
from tests.support.databases import close_connections
from tests.support.factories import NOW, make_account
from tests.support.hosting import make_call, make_proposal, make_reviewer

OWN: dict[str, Any] = {
    "contact_name": "Zvonimira Quxlačić",
    "contact_email": "zvonimira@quxmail.test",
    "team": "Me and Brunhilda",
}
NAMED = {**OWN, "motivation": "Ask Zvonimira Quxlačić why", "city": "Zlín"}


def test_no_byte_of_a_proposer_is_left_and_the_proposal_stays(app, writing, database_url):
    with writing() as session:
        proposal = make_proposal(
            session, make_call(session), **OWN, motivation="Ask Zvonimira Quxlačić why", city="Zlín"
        )
        upload = checked("a.pdf", uploads.pdf())
        files.store(settings().shared, upload.content, NOW)
        add_attachment(session, proposal.id, upload, PROPOSER, NOW)
        ask_question(session, proposal.id, make_reviewer(session).id, "Is it dry?", COMMAND, NOW)
        answer_question(session, proposal.id, "Yes. zvonimira@quxmail.test", PROPOSER, NOW)
        proposal_id, reference, form_key = proposal.id, proposal.reference, proposal.form_key
    wanted = [OWN["contact_name"], OWN["contact_email"], "Brunhilda", form_key]
    with app.app_context():
        assert found_in(everything(app, database_url), wanted) == wanted
    with writing() as session:
        gone = erase_proposer(session, proposal_id, COMMAND, NOW, because="Asked")
    with app.app_context():
        vanish(db.session(), gone)
        close_connections()
        assert found_in(everything(app, database_url), wanted) == []
    with writing() as session:
        proposal = session.get_one(Proposal, proposal_id)
        assert (proposal.status, proposal.city, proposal.reference) == (ProposalStatus.WITHDRAWN, "Zlín", reference)
        assert [one.text for one in session.scalars(select(Question))] == ["Is it dry?", "Yes. (removed)"]
        assert session.scalars(select(Attachment)).all() == []
        assert erase_proposer(session, proposal_id, COMMAND, NOW) == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (ProposalStatus.DRAFT, []),
        (ProposalStatus.SUBMITTED, ["Withdrawn: the proposal of Brno Cluster"]),
        (ProposalStatus.WITHDRAWN, []),
    ],
)
def test_the_chair_is_told_of_what_an_erasure_withdraws_without_a_name(session, status, told):
    chair = make_account(session, role="chair")
    proposal = make_proposal(session, make_call(session), **OWN, organisation="Brno Cluster", status=status)
    erase_proposer(session, proposal.id, COMMAND, NOW)
    query = select(Message).where(Message.recipient == chair.email, Message.state != MessageState.WITHDRAWN)
    messages = session.scalars(query).all()
    assert [one.subject for one in messages] == told
    assert not any(value in one.text for one in messages for value in OWN.values() if value)


def test_addresses_of_co_hosts_go_with_the_proposer_and_their_names_stay(app, writing, database_url):
    typed = "Музеј Војводине (МВ), museum@quxhost.test\nLyon Cluster\nOpera <opera@quxhost.test>"
    with writing() as session:
        proposal = make_proposal(session, make_call(session), **OWN, co_hosts=f"Old, old@quxhost.test\n{typed}")
        changed = replace(answers_of(proposal), co_hosts=typed)
        change_proposal(session, proposal.id, changed, consent_text="", actor=PROPOSER, now=NOW)
        proposal_id = proposal.id
    addresses = ["museum@quxhost.test", "opera@quxhost.test", "old@quxhost.test"]
    with app.app_context():
        assert found_in(everything(app, database_url), addresses) == addresses
    with writing() as session:
        gone = erase_proposer(session, proposal_id, COMMAND, NOW)
    with app.app_context():
        vanish(db.session(), gone)
        close_connections()
        assert found_in(everything(app, database_url), addresses) == []
    with writing() as session:
        proposal = session.get_one(Proposal, proposal_id)
        assert proposal.co_hosts == "Музеј Војводине (МВ)\nLyon Cluster\nOpera"
        assert [one.name for one in proposal.asked_co_hosts] == proposal.co_hosts.splitlines()
