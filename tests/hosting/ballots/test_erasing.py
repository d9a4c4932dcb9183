"""How members voted is erased from the files of the database too."""

import time
from pathlib import Path

import pytest
from sqlalchemy import text

from dofc_events.core.audit import WORKER
from dofc_events.core.db import db, erase_deleted
from dofc_events.hosting.ballots.service import cast_ballot, close_ballot
from dofc_events.hosting.models import Ballot
from tests.support.hosting import (
    begin_ballot,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    shortlist_all,
)

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def files() -> bytes:
    """What is in the database's files, or in the table's."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            parts = [Path(f"{db.engine.url.database}{part}") for part in ("", "-wal")]
            return b"".join(part.read_bytes() for part in parts if part.exists())
        connection.execute(text("CHECKPOINT"))
        return bytes(connection.scalar(text("SELECT pg_read_binary_file(pg_relation_filepath('ballots'))")))


def test_rankings_are_in_no_file_after_the_count(app, writing):
    with writing() as session:
        call, member = make_call(session), make_member(session)
        person = make_representative(session, member)
        one, two = (make_proposal(session, call).reference for _ in range(2))
        shortlist_all(session, call)
        voter = begin_ballot(session, call)[member.slug]
        cast_ballot(session, voter.id, person.id, [two, one], WORKER, call.ballot_opens_at)
    ranking = f'["{two}", "{one}"]'.encode()
    with app.app_context():
        assert ranking in files()
    with writing() as session:
        close_ballot(session, call.id, WORKER, call.ballot_closes_at)
    with app.app_context():
        for _ in range(50):
            # What somebody, if only the database itself, is reading at that moment is kept until the next time.
            erase_deleted(Ballot)
            if ranking not in files():
                break
            time.sleep(0.1)
        assert ranking not in files()
