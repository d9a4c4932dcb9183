"""An account without its holder: what it did stays, as done by nobody that one could name."""

import pytest
from sqlalchemy import select

from dofc_events.accounts.models import Account
from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import COMMAND, Actor, AuditEntry
from dofc_events.core.db import db
from dofc_events.hosting.calls.service import start_review
from dofc_events.hosting.models import Review, Score
from dofc_events.hosting.reviews.service import Given, give_review
from dofc_events.letters.models import Letter
from dofc_events.privacy.accounts.service import StillHasRoles, erase_account
from dofc_events.privacy.service import vanish
from dofc_events.registration.notes.service import write_note
from tests.letters.conftest import write
from tests.privacy.erasing.test_service import everything, found_in
from tests.support.databases import close_connections
from tests.support.factories import NOW, make_edition, make_registration
from tests.support.hosting import make_call, make_proposal, make_reviewer


def test_no_byte_of_a_reviewer_is_left_and_the_review_stays(app, writing, database_url):
    with writing() as session:
        call = make_call(session)
        proposal = make_proposal(session, call)
        reviewer = make_reviewer(session, email="zvonimira@quxmail.test", name="Zvonimira Quxlačić")
        start_review(session, call.id, COMMAND, call.review_opens_at)
        given = {criterion.id: Given(3, "A dry hall") for criterion in call.criteria}
        actor = Actor("account", reviewer.email)
        give_review(session, proposal.id, reviewer.id, given, actor, call.review_opens_at)
        edition = make_edition(session)
        write_note(session, make_registration(session, edition).id, "Owes", actor, NOW)
        session.get_one(Letter, write(session, edition)).written_by = reviewer.email
        wanted, account_id, number = [reviewer.email, reviewer.name], reviewer.id, len(call.criteria)
        with pytest.raises(StillHasRoles):
            erase_account(session, account_id, COMMAND, NOW)
        reviewer.roles[0].ends_at = NOW
    with app.app_context():
        assert found_in(everything(app, database_url), wanted) == wanted
    with writing() as session:
        gone = erase_account(session, account_id, COMMAND, NOW)
    with app.app_context():
        vanish(db.session(), gone)
        close_connections()
        assert found_in(everything(app, database_url), wanted) == []
    with writing() as session:
        assert session.scalars(select(Review.account_id)).all() == [account_id]
        assert session.scalars(select(Score.note)).all() == ["A dry hall"] * number
        assert session.scalar(select(AuditEntry.actor).where(AuditEntry.act == "note_changed")) == "account:(removed)"
        assert session.get_one(Account, account_id).roles[0].role == RoleName.BOARD
