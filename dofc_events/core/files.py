"""Files that people add: their bytes are in `files/`, each file named by the SHA-256 of its content.

That is in `instance/`, or in the directory that several machines share.

The original name of a file, and its owner, are in the table of the feature it belongs to.
"""

import contextlib
import fcntl
import io
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import BinaryIO

import structlog

# A file is written before the row that names it is committed: this long it is left alone, named or not.
LEFT_ALONE = timedelta(hours=1)
SWEEP_EVERY = timedelta(hours=1)
# How much of a file is in memory at once.
CHUNK = 256 * 1024

log = structlog.get_logger()


def keep_private(instance: Path) -> None:
    """Make the directory, and let it and what is directly in it be read by its own user alone.

    What belongs to somebody else stays as it is; `flask check` says so of the directory.
    """
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (instance, *instance.glob("*")):
        with contextlib.suppress(OSError):
            mode = path.lstat().st_mode
            if mode & 0o077 and not path.is_symlink():
                path.chmod(mode & 0o700)


def is_private(instance: Path) -> bool:
    """Whether only the directory's own user gets to what is in it."""
    return not instance.stat().st_mode & 0o077


def hash_of(content: bytes) -> str:
    """The name of a file with these bytes."""
    return sha256(content).hexdigest()


def store(instance: Path, content: bytes, now: datetime) -> None:
    """Write bytes to the disk, unless they are there. When it returns they are safe."""
    store_from(instance, io.BytesIO(content), now)


def store_from(instance: Path, source: BinaryIO, now: datetime) -> str:
    """As `store`, of an open file of any size, which is read from its beginning; returns its hash."""
    source.seek(0)
    content_hash = file_digest(source, "sha256").hexdigest()
    path = path_of(instance, content_hash)
    try:
        # Nothing else says whether it is there: between a look and this, a sweep may have been.
        os.utime(path, (now.timestamp(), now.timestamp()))
        return content_hash
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with open(descriptor, "wb") as written:
            source.seek(0)
            shutil.copyfileobj(source, written, CHUNK)
            written.flush()
            os.fsync(written.fileno())
        os.utime(name, (now.timestamp(), now.timestamp()))
        # All at once: nobody reads half a file, and two who store the same bytes do not meet.
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return content_hash


def read(instance: Path, content_hash: str) -> bytes:
    """The bytes of that hash. Raises FileNotFoundError if they are not there."""
    return path_of(instance, content_hash).read_bytes()


def opened(instance: Path, content_hash: str) -> BinaryIO:
    """The bytes of that hash as an open file of the system. Raises FileNotFoundError if they are not there."""
    return path_of(instance, content_hash).open("rb")


def in_chunks(file: BinaryIO) -> Iterator[bytes]:
    """What an open file has, piece by piece; then it is closed."""
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def path_of(instance: Path, content_hash: str) -> Path:
    """The path of the bytes with that hash."""
    return instance / "files" / content_hash


@contextlib.contextmanager
def for_us_alone() -> Iterator[None]:
    """What is made meanwhile can be read by nobody else on this machine."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextlib.contextmanager
def unswept(instance: Path) -> Iterator[None]:
    """Meanwhile nothing is swept: whatever a row names, or named at some moment of it, is there to be read."""
    with _locked(instance, fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def _locked(instance: Path, how: int) -> Iterator[None]:
    directory = instance / "files"
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def sweep(instance: Path, named: Collection[str], now: datetime) -> int:
    """Remove the files that no row names and that were stored more than LEFT_ALONE before `now`; returns how many.

    What is no file is none of ours. What cannot be removed is said, and left to the next sweep; so is everything while
    a backup is being made.
    """
    try:
        with _locked(instance, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return _sweep(instance, named, now)
    except BlockingIOError:
        return 0
    except OSError as error:
        log.error("not_swept", file="files", error=error.strerror)
        return 0


def remove_with(instance: Path, named: Collection[str], texts: Collection[bytes]) -> int:
    """Remove the files that no row names and that have one of these texts in them, at once; returns how many."""
    removed = 0
    for path in (instance / "files").glob("*"):
        if path.name in named or not path.is_file():
            continue
        content = path.read_bytes()
        if any(text in content for text in texts):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _sweep(instance: Path, named: Collection[str], now: datetime) -> int:
    oldest, removed = (now - LEFT_ALONE).timestamp(), 0
    for path in (instance / "files").glob("*"):
        if path.name in named or not path.is_file():
            continue
        try:
            removed += _remove_older(path, oldest)
        except FileNotFoundError:
            # Another worker was quicker.
            continue
        except OSError as error:
            log.error("not_swept", file=path.name, error=error.strerror)
    return removed


def _remove_older(path: Path, oldest: float) -> bool:
    """Remove a file unless it is, or meanwhile became, younger: somebody may store the same bytes at this moment."""
    if path.stat().st_mtime >= oldest:
        return False
    aside = path.rename(path.with_name(f"{path.name}.swept"))
    if aside.stat().st_mtime >= oldest:
        aside.replace(path)
        return False
    aside.unlink()
    return True
