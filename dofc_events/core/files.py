"""Stores files that people upload; each is named by the SHA-256 of its content.

The settings say where: in a directory (`instance/files/`, or one shared by several machines) or in a bucket of
S3-compatible storage (`core/objects.py`). A file's original name and its owner are in the table of the feature it
belongs to. Bytes are written before the row that names them; files that no row names are swept.
"""

import contextlib
import fcntl
import io
import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from pkgutil import resolve_name
from typing import IO, BinaryIO, cast

import structlog

from dofc_events.config import Bucket

# A file is written before the row that names it is committed, so new files are left alone this long.
LEFT_ALONE = timedelta(hours=1)
SWEEP_EVERY = timedelta(hours=1)
# How much of a file is in memory at once.
CHUNK = 256 * 1024
# The library behind it takes megabytes of every process: it is loaded where there is a bucket, and nowhere else.
OF_A_BUCKET = "dofc_events.core.objects:Objects"

Where = Path | Bucket

log = structlog.get_logger()


class FilesAway(OSError):
    """The storage cannot be reached, refuses access, or is full. The same may succeed in a minute."""


class Home(ABC):
    """A place where files are stored. Methods that use remote storage raise FilesAway."""

    @abstractmethod
    def store_from(self, source: IO[bytes], now: datetime) -> str:
        """Store an open file, read from its beginning, unless it is there already; returns its hash."""

    @abstractmethod
    def opened(self, content_hash: str) -> BinaryIO:
        """The bytes with that hash, as an open file with a descriptor. Raises FileNotFoundError."""

    @abstractmethod
    def stream(self, content_hash: str) -> Iterator[bytes]:
        """The bytes with that hash, in pieces. Raises FileNotFoundError when called, not while reading."""

    @abstractmethod
    def missing(self, named: Collection[str]) -> set[str]:
        """The hashes among these that have no bytes here."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether files can be added, as found within the last few seconds."""

    @abstractmethod
    def unswept(self) -> AbstractContextManager[None]:
        """Pause sweeping, so that every file that a row names during the block can be read until it ends."""

    @abstractmethod
    def sweep(self, named: Collection[str], now: datetime) -> int:
        """See the function `sweep`."""

    @abstractmethod
    def names(self) -> list[str]:
        """The hashes of all stored files."""

    @abstractmethod
    def remove(self, content_hash: str) -> None:
        """Remove a file if it is there, even if rows still name it."""

    def remove_with(self, named: Collection[str], texts: Collection[bytes]) -> int:
        """Remove the files that no row names and that contain one of these texts, however new; returns how many."""
        removed = 0
        for name in set(self.names()) - set(named):
            with contextlib.suppress(FileNotFoundError):
                content = b"".join(self.stream(name))
                if any(text in content for text in texts):
                    self.remove(name)
                    removed += 1
        return removed


@cache
def home_of(where: Where) -> Home:
    """The storage named in the settings; one object for each process."""
    return Directory(where) if isinstance(where, Path) else cast(Home, resolve_name(OF_A_BUCKET)(where))


def hash_of_file(source: IO[bytes]) -> str:
    """The SHA-256, in hexadecimal, of an open file, which is read from its beginning."""
    source.seek(0)
    digest = sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def hash_of(content: bytes) -> str:
    """The SHA-256 of these bytes, in hexadecimal."""
    return sha256(content).hexdigest()


def store(where: Where, content: bytes, now: datetime) -> None:
    """Store bytes unless they are there already. When this returns, they are safe on disk."""
    store_from(where, io.BytesIO(content), now)


def store_from(where: Where, source: IO[bytes], now: datetime) -> str:
    """As `store`, for an open file of any size, read from its beginning; returns its hash."""
    return home_of(where).store_from(source, now)


def read(where: Where, content_hash: str) -> bytes:
    """The bytes with that hash. Raises FileNotFoundError."""
    return b"".join(home_of(where).stream(content_hash))


def opened(where: Where, content_hash: str) -> BinaryIO:
    """The bytes with that hash, as an open file with a descriptor. Raises FileNotFoundError."""
    return home_of(where).opened(content_hash)


def stream(where: Where, content_hash: str) -> Iterator[bytes]:
    """The bytes with that hash, in pieces. Raises FileNotFoundError when called, not while reading."""
    return home_of(where).stream(content_hash)


def missing(where: Where, named: Collection[str]) -> set[str]:
    """The hashes among these that have no bytes here."""
    return home_of(where).missing(named)


def answers(where: Where) -> bool:
    """Whether files can be added, as found within the last few seconds."""
    return home_of(where).answers()


def unswept(where: Where) -> AbstractContextManager[None]:
    """Pause sweeping, so that every file that a row names during the block can be read until it ends."""
    return home_of(where).unswept()


def sweep(where: Where, named: Collection[str], now: datetime) -> int:
    """Remove the files that are not `named` and were stored more than LEFT_ALONE before `now`; returns how many.

    Anything that is not named by a hash is left alone. A file that cannot be removed is logged and left to the next
    sweep. Nothing is removed while a backup is being made.
    """
    try:
        return home_of(where).sweep(named, now)
    except OSError as error:
        log.error("not_swept", file="files", error=error.strerror or str(error))
        return 0


def is_hash(text: str) -> bool:
    """Whether a text has the form of a stored file's name."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def path_of(instance: Path, content_hash: str) -> Path:
    """Where a directory keeps the bytes with that hash."""
    return instance / "files" / content_hash


class Directory(Home):
    """Files in a directory of this machine, or in one that several machines share."""

    def __init__(self, instance: Path) -> None:
        self._instance = instance

    def store_from(self, source: IO[bytes], now: datetime) -> str:
        content_hash = hash_of_file(source)
        path = path_of(self._instance, content_hash)
        try:
            # Touching it is the only safe test: a sweep may come between a look and this.
            if not _touched(path, now):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._write(path, source, now)
        except OSError as error:
            raise FilesAway(error.errno, error.strerror, error.filename) from error
        return content_hash

    def opened(self, content_hash: str) -> BinaryIO:
        return path_of(self._instance, content_hash).open("rb")

    def stream(self, content_hash: str) -> Iterator[bytes]:
        return _in_chunks(self.opened(content_hash))

    def missing(self, named: Collection[str]) -> set[str]:
        return {one for one in named if not path_of(self._instance, one).exists()}

    def answers(self) -> bool:
        place = self._instance / "files"
        place = place if place.exists() else self._instance
        return place.is_dir() and os.access(place, os.W_OK | os.X_OK)

    @contextlib.contextmanager
    def unswept(self) -> Iterator[None]:
        with self._locked(fcntl.LOCK_SH):
            yield

    def sweep(self, named: Collection[str], now: datetime) -> int:
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                return self._sweep(named, (now - LEFT_ALONE).timestamp())
        except BlockingIOError:
            return 0

    def names(self) -> list[str]:
        return [path.name for path in (self._instance / "files").glob("*") if path.is_file()]

    def remove(self, content_hash: str) -> None:
        path_of(self._instance, content_hash).unlink(missing_ok=True)

    def _write(self, path: Path, source: IO[bytes], now: datetime) -> None:
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        try:
            with open(descriptor, "wb") as written:
                source.seek(0)
                shutil.copyfileobj(source, written, CHUNK)
                written.flush()
                os.fsync(written.fileno())
            os.utime(name, (now.timestamp(), now.timestamp()))
            # In one step, so that nobody reads half a file, and two who store the same bytes do not disturb each other.
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        directory = self._instance / "files"
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _sweep(self, named: Collection[str], oldest: float) -> int:
        removed = 0
        for path in (self._instance / "files").glob("*"):
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


def _touched(path: Path, now: datetime) -> bool:
    try:
        os.utime(path, (now.timestamp(), now.timestamp()))
    except FileNotFoundError:
        return False
    return True


def _in_chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _remove_older(path: Path, oldest: float) -> bool:
    """Remove a file if it is older than `oldest`; leave it if the same bytes are being stored again at this moment."""
    if path.stat().st_mtime >= oldest:
        return False
    aside = path.rename(path.with_name(f"{path.name}.swept"))
    if aside.stat().st_mtime >= oldest:
        aside.replace(path)
        return False
    aside.unlink()
    return True


def keep_private(instance: Path) -> None:
    """Make the directory, and let only its own user read it and what is directly in it.

    What belongs to another user stays as it is; `flask check` reports such a directory.
    """
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (instance, *instance.glob("*")):
        with contextlib.suppress(OSError):
            mode = path.lstat().st_mode
            if mode & 0o077 and not path.is_symlink():
                path.chmod(mode & 0o700)


def is_private(instance: Path) -> bool:
    """Whether nobody but the directory's own user can reach what is in it."""
    return not instance.stat().st_mode & 0o077


@contextlib.contextmanager
def for_us_alone() -> Iterator[None]:
    """Files made during the block can be read by no other user of this machine."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
