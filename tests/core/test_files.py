"""The homes of files promise the same: a directory, and a bucket of a real server of its protocol."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from dofc_events.config import Bucket
from dofc_events.core import files
from tests.support.objects import Storage

# A storage notes the time itself, so that tests of it go by the real clock.
NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=2)
LETTER = b"A letter of support"
NAME = files.hash_of(LETTER)


@pytest.fixture(scope="module")
def server():
    storage = Storage()
    yield storage
    storage.stop()


@pytest.fixture(params=["directory", "bucket", "prefix"])
def home(request, tmp_path):
    if request.param == "directory":
        return tmp_path
    return request.getfixturevalue("server").bucket("the/site" if request.param == "prefix" else "")


def test_what_is_stored_is_there_once_however_often_it_is_sent(home):
    for _twice in range(2):
        files.store(home, LETTER, NOW)
        assert files.store_from(home, io.BytesIO(LETTER), NOW) == NAME
    assert files.read(home, NAME) == LETTER
    assert b"".join(files.stream(home, NAME)) == LETTER
    with files.opened(home, NAME) as file:
        assert file.seek(-7, 2) and file.read() == b"support"
        assert file.fileno() > 0
    files.store(home, b"", NOW)
    assert files.read(home, files.hash_of(b"")) == b""


def test_large_files_go_in_parts(home):
    large = bytes(range(256)) * 70_000
    name = files.store_from(home, io.BytesIO(large), NOW)
    pieces = list(files.stream(home, name))
    assert b"".join(pieces) == large and max(map(len, pieces)) < 9 * 1024 * 1024


def test_what_is_not_there_is_said_at_once(home):
    for ask in (files.read, files.opened, files.stream):
        with pytest.raises(FileNotFoundError):
            ask(home, "0" * 64)
    files.store(home, LETTER, NOW)
    assert files.missing(home, [NAME, "0" * 64]) == {"0" * 64}


def test_sweep_removes_what_no_row_names_after_an_hour(home):
    files.store(home, LETTER, NOW)
    assert files.sweep(home, [], NOW + timedelta(minutes=59)) == 0
    assert files.sweep(home, [NAME], LATER) == 0
    assert files.sweep(home, [], LATER) == 1
    assert files.sweep(home, [], LATER) == 0
    assert files.missing(home, [NAME]) == {NAME}


def test_nothing_is_swept_while_a_backup_is_made(home):
    files.store(home, LETTER, NOW)
    with files.unswept(home):
        assert files.sweep(home, [], LATER) == 0
    assert files.read(home, NAME) == LETTER
    assert files.sweep(home, [], LATER) == 1


def test_what_lies_beside_in_the_bucket_is_none_of_ours(server):
    whole = server.bucket()
    inside = Bucket(whole.name, "the/site", whole.endpoint, whole.region, whole.key_id, whole.secret)
    files.store(inside, LETTER, NOW)
    assert files.sweep(whole, [], LATER) == 0
    assert files.read(inside, NAME) == LETTER


@pytest.mark.parametrize("key", ["unknown bucket", "nobody answers"])
def test_storage_that_does_not_serve_us_is_away(server, key):
    bucket = server.bucket()
    away = Bucket("none-of-ours", "", bucket.endpoint, bucket.region, "key", "secret")
    if key == "nobody answers":
        away = Bucket(bucket.name, "", "http://127.0.0.1:9", bucket.region, "key", "secret")
    for act in (
        lambda: files.store(away, LETTER, NOW),
        lambda: files.missing(away, [NAME]),
        lambda: files.unswept(away).__enter__(),
    ):
        with pytest.raises(files.FilesAway) as refused:
            act()
        assert "secret" not in str(refused.value)
    assert files.sweep(away, [], LATER) == 0
