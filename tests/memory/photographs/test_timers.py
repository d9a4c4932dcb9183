"""What the worker does: a picture that kills its decoder is named, and takes nothing with it."""

import io
from datetime import timedelta

import pytest

from dofc_events.core import contained, files
from dofc_events.core.db import db, unit_of_work
from dofc_events.extensions import settings
from dofc_events.memory.photographs.encoding import queries as encoding
from dofc_events.memory.photographs.models import Photograph
from dofc_events.memory.photographs.queries import IN_HAND, photograph_hashes, photographs_of
from dofc_events.memory.photographs.rules import MAX_TRIES
from dofc_events.memory.photographs.service import Credits, Sent, add_photographs, take_in_hand
from dofc_events.memory.photographs.timers import prepare_photographs
from tests.support.factories import DELEGATE, NOW, make_edition
from tests.support.photographs import red

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def sent(app, writing):
    """`sent({"a.jpg": content})`: the edition to which these files were sent."""

    def sent(contents: dict[str, bytes]) -> int:
        with writing() as session:
            edition_id = make_edition(session).id
            kept = [
                Sent(name, len(content), files.store_from(settings().shared, io.BytesIO(content), NOW))
                for name, content in contents.items()
            ]
            add_photographs(session, edition_id, kept, Credits(), DELEGATE, NOW)
        return edition_id

    return sent


@pytest.fixture
def states(app, reading):
    def states(edition_id: int) -> dict[str, str]:
        with reading() as session:
            return {one.name: one.fault or one.state for one in photographs_of(session, edition_id)}

    return states


def test_a_picture_that_kills_its_decoder_is_named_and_the_next_one_is_prepared(app, sent, states, monkeypatch):
    monkeypatch.setattr(encoding, "ENCODER", "tests.support.deadly")
    edition_id = sent({"first.jpg": red() + b"deadly", "second.jpg": red(20, 20)})
    with app.app_context():
        while prepare_photographs(NOW):
            pass
    assert states(edition_id) == {"first.jpg": "too_costly", "second.jpg": "ready"}


def test_what_a_worker_died_over_is_taken_up_again_and_not_for_ever(app, sent, states):
    edition_id = sent({"a.jpg": red()})
    for number in range(MAX_TRIES):
        at = NOW + number * (IN_HAND + timedelta(seconds=1))
        with app.app_context(), unit_of_work() as session:
            take_in_hand(session, photographs_of(session, edition_id)[0].id, at)
        with app.app_context():
            prepare_photographs(at + timedelta(seconds=30))
        assert states(edition_id) == {"a.jpg": "waiting"}, "somebody else has it in hand"
    with app.app_context():
        prepare_photographs(at + IN_HAND + timedelta(seconds=1))
    assert states(edition_id) == {"a.jpg": "too_costly"}


def test_while_others_are_read_it_waits_its_turn_and_the_try_does_not_count(app, sent, states, monkeypatch):
    def busy(*_):
        raise contained.TooBusy

    edition_id = sent({"a.jpg": red()})
    with monkeypatch.context() as patched:
        patched.setattr(contained, "run_on_file", busy)
        with app.app_context():
            for _ in range(MAX_TRIES + 1):
                assert prepare_photographs(NOW) is False
    with app.app_context():
        prepare_photographs(NOW)
    assert states(edition_id) == {"a.jpg": "ready"}


def test_what_was_sent_is_no_longer_kept_once_it_is_ready(app, sent, states):
    source = files.hash_of(red())
    edition_id = sent({"a.jpg": red(), "b.jpg": b"\xff\xd8\xff nothing"})
    with app.app_context():
        assert source in photograph_hashes(db.session())
        while prepare_photographs(NOW):
            pass
        named = photograph_hashes(db.session())
        ready, broken = photographs_of(db.session(), edition_id)
        assert (ready.source_hash, broken.source_hash) == (source, None)
    assert source not in named and len(named) == 2
    assert states(edition_id) == {"a.jpg": "ready", "b.jpg": "broken"}


def test_a_file_that_was_lost_is_named(app, sent, states):
    edition_id = sent({"a.jpg": red()})
    with app.app_context():
        files.path_of(settings().instance, files.hash_of(red())).unlink()
        prepare_photographs(NOW)
    assert states(edition_id) == {"a.jpg": "lost"}


def test_one_that_was_deleted_meanwhile_is_prepared_for_nobody(app, sent, writing, monkeypatch):
    edition_id, run = sent({"a.jpg": red()}), contained.run_on_file

    def deleted(*arguments):
        run(*arguments)
        with app.app_context(), unit_of_work() as session:
            session.delete(photographs_of(session, edition_id)[0])

    monkeypatch.setattr(contained, "run_on_file", deleted)
    with app.app_context():
        prepare_photographs(NOW)
    with writing() as session:
        assert session.query(Photograph).count() == 0
