"""Photographs leave with the memory, and come back byte for byte; what somebody wants taken down stays hidden."""

import io

import pytest
from sqlalchemy import delete, select

from dofc_events.core.audit import COMMAND
from dofc_events.memory.photographs.exchange.service import photograph_rows
from dofc_events.memory.photographs.models import Photograph
from dofc_events.memory.photographs.queries import photograph_faults
from dofc_events.memory.service import export_memory, import_rows
from tests.support.factories import NOW, make_edition
from tests.support.photographs import SHOWN, make_photograph


@pytest.fixture
def gallery(session):
    edition = make_edition(session)
    make_photograph(session, edition, **SHOWN, is_cover=True, photographer="Ана", licence="CC-BY-4.0")
    make_photograph(session, edition)
    make_photograph(session, edition, **SHOWN, hidden_at=NOW)
    return edition


def exported(session) -> bytes:
    written = io.BytesIO()
    export_memory(session, written)
    return written.getvalue()


def test_photographs_are_the_same_after_they_were_loaded_into_an_empty_gallery(session, gallery):
    before, rows = exported(session), list(photograph_rows(session))
    assert before.count(b"\xff\xd8\xff") >= 2
    session.execute(delete(Photograph))
    session.expire_all()
    assert len(import_rows(session, {"photographs": rows}, COMMAND, NOW)) == 3
    assert import_rows(session, {"photographs": rows}, COMMAND, NOW) == []
    assert exported(session) == before and photograph_faults(session) == []
    public = [one.name for one in session.scalars(select(Photograph)) if one.is_public]
    assert len(public) == 1, "what is hidden until somebody decides stays with the organisers"


def test_a_file_publishes_nothing_without_the_statement_that_people_agreed(session, gallery):
    (row, *_) = photograph_rows(session)
    import_rows(session, {"photographs": [{**row, "people_agreed": False, "caption": "Other"}]}, COMMAND, NOW)
    changed = session.scalars(select(Photograph).where(Photograph.source_hash == row["source"])).one()
    assert (changed.caption, changed.is_public) == ("Other", False)
