"""Files that people add: their bytes, each file named by the SHA-256 of its content.

They lie in a directory, `files/` in `instance/` or where several machines share one, or in a bucket of a storage that
speaks S3 (`core/objects.py`), as the settings say. The original name of a file, and its owner, are in the table of the
feature it belongs to. Bytes are written before the row that names them; what no row names is swept.
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

# A file is written before the row that names it is committed: this long it is left alone, named or not.
LEFT_ALONE = timedelta(hours=1)
SWEEP_EVERY = timedelta(hours=1)
# How much of a file is in memory at once.
CHUNK = 256 * 1024
# The library behind it takes megabytes of every process: it is loaded where there is a bucket, and nowhere else.
OF_A_BUCKET = "dofc_events.core.objects:Objects"

Where = Path | Bucket

log = structlog.get_logger()


class FilesAway(OSError):
    """The storage does not answer, does not let us in, or is full: the same may succeed in a minute."""


class Home(ABC):
    """Where files lie. Whatever speaks to a storage raises FilesAway."""

    @abstractmethod
    def store_from(self, source: IO[bytes], now: datetime) -> str:
        """Keep what an open file has, from its beginning, unless it is there; returns its hash. Then it is safe."""

    @abstractmethod
    def opened(self, content_hash: str) -> BinaryIO:
        """The bytes of that hash as an open file of the system. Raises FileNotFoundError if they are not there."""

    @abstractmethod
    def stream(self, content_hash: str) -> Iterator[bytes]:
        """The bytes of that hash, piece by piece. Raises FileNotFoundError, at once, if they are not there."""

    @abstractmethod
    def missing(self, named: Collection[str]) -> set[str]:
        """Which of these hashes there are no bytes of."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether files can be added, as it was found within the last seconds."""

    @abstractmethod
    def unswept(self) -> AbstractContextManager[None]:
        """Meanwhile nothing is swept: whatever a row names, or named at some moment of it, is there to be read."""

    @abstractmethod
    def sweep(self, named: Collection[str], now: datetime) -> int:
        """See `sweep`."""

    @abstractmethod
    def names(self) -> list[str]:
        """The hashes of all files that are there."""

    @abstractmethod
    def remove(self, content_hash: str) -> None:
        """Remove a file, whatever names it, if it is there."""

    def remove_with(self, named: Collection[str], texts: Collection[bytes]) -> int:
        """Remove the files that no row names and that have one of these texts in them, at once; returns how many."""
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
    """The home that the settings ask for; one for each process."""
    return Directory(where) if isinstance(where, Path) else cast(Home, resolve_name(OF_A_BUCKET)(where))


def hash_of_file(source: IO[bytes]) -> str:
    """The name of what an open file has, which is read from its beginning."""
    source.seek(0)
    digest = sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def hash_of(content: bytes) -> str:
    """The name of a file with these bytes."""
    return sha256(content).hexdigest()


def store(where: Where, content: bytes, now: datetime) -> None:
    """Keep bytes, unless they are there. When it returns they are safe."""
    store_from(where, io.BytesIO(content), now)


def store_from(where: Where, source: IO[bytes], now: datetime) -> str:
    """As `store`, of an open file of any size, which is read from its beginning; returns its hash."""
    return home_of(where).store_from(source, now)


def read(where: Where, content_hash: str) -> bytes:
    """The bytes of that hash. Raises FileNotFoundError if they are not there."""
    return b"".join(home_of(where).stream(content_hash))


def opened(where: Where, content_hash: str) -> BinaryIO:
    """The bytes of that hash as an open file of the system. Raises FileNotFoundError if they are not there."""
    return home_of(where).opened(content_hash)


def stream(where: Where, content_hash: str) -> Iterator[bytes]:
    """The bytes of that hash, piece by piece. Raises FileNotFoundError, at once, if they are not there."""
    return home_of(where).stream(content_hash)


def missing(where: Where, named: Collection[str]) -> set[str]:
    """Which of these hashes there are no bytes of."""
    return home_of(where).missing(named)


def answers(where: Where) -> bool:
    """Whether files can be added, as it was found within the last seconds."""
    return home_of(where).answers()


def unswept(where: Where) -> AbstractContextManager[None]:
    """Meanwhile nothing is swept: whatever a row names, or named at some moment of it, is there to be read."""
    return home_of(where).unswept()


def sweep(where: Where, named: Collection[str], now: datetime) -> int:
    """Remove the files that no row names and that were stored more than LEFT_ALONE before `now`; returns how many.

    What is no file is none of ours. What cannot be removed is said, and left to the next sweep; so is everything while
    a backup is being made.
    """
    try:
        return home_of(where).sweep(named, now)
    except OSError as error:
        log.error("not_swept", file="files", error=error.strerror or str(error))
        return 0


def is_hash(text: str) -> bool:
    """Whether a text can be the name of a file here."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def path_of(instance: Path, content_hash: str) -> Path:
    """The path of the bytes with that hash, in a directory."""
    return instance / "files" / content_hash


class Directory(Home):
    """A directory of this machine, or one that several share."""

    def __init__(self, instance: Path) -> None:
        self._instance = instance

    def store_from(self, source: IO[bytes], now: datetime) -> str:
        content_hash = hash_of_file(source)
        path = path_of(self._instance, content_hash)
        try:
            # Nothing else says whether it is there: between a look and this, a sweep may have been.
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
            # All at once: nobody reads half a file, and two who store the same bytes do not meet.
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
    """Remove a file unless it is, or meanwhile became, younger: somebody may store the same bytes at this moment."""
    if path.stat().st_mtime >= oldest:
        return False
    aside = path.rename(path.with_name(f"{path.name}.swept"))
    if aside.stat().st_mtime >= oldest:
        aside.replace(path)
        return False
    aside.unlink()
    return True


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


@contextlib.contextmanager
def for_us_alone() -> Iterator[None]:
    """What is made meanwhile can be read by nobody else on this machine."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
