"""Stores files in a bucket of S3-compatible storage, for sites on several machines. Loaded only on request."""

import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import IO, BinaryIO, TypeVar
from uuid import uuid4

import obstore
import structlog
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from dofc_events.config import Bucket
from dofc_events.core.files import CHUNK, LEFT_ALONE, FilesAway, Home, hash_of_file

# Whoever waits for a page does not wait longer for a storage that is silent; what is sent or read may take a while.
CONNECTING, ANSWERING = timedelta(seconds=3), timedelta(seconds=30)
RETRIES = {"max_retries": 2, "retry_timeout": timedelta(seconds=6)}
# Large files go in parts of this size, two at a time: so much is in memory.
PART, AT_ONCE = 8 * 1024 * 1024, 2
# Anybody may ask for health at any rate; the storage is asked only this often, in seconds.
ASK_EVERY = 5
# A backup marks that nothing is to be swept. If it is killed, its mark is ignored after this time.
MARK, MARK_HOLDS = "unswept", timedelta(hours=12)

T = TypeVar("T")

log = structlog.get_logger()


class Objects(Home):
    """Files in a bucket, or below a prefix of one. It connects when it is first used."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._store: S3Store | None = None
        self._process = 0
        self._answered, self._asked_at = True, -float(ASK_EVERY)

    def store_from(self, source: IO[bytes], now: datetime) -> str:
        content_hash = hash_of_file(source)
        stored_at = self._stored_at(content_hash)
        # An old file may be swept at this moment, so it is stored again.
        if stored_at is None or stored_at < now - LEFT_ALONE / 2:
            source.seek(0)
            _asked(lambda: obstore.put(self._now, content_hash, source, chunk_size=PART, max_concurrency=AT_ONCE))
        return content_hash

    def opened(self, content_hash: str) -> BinaryIO:
        # Libraries that read pictures need a file in which they can seek.
        file = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked for it closes it)
        try:
            for chunk in self.stream(content_hash):
                file.write(chunk)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def stream(self, content_hash: str) -> Iterator[bytes]:
        found = _asked(lambda: obstore.get(self._now, content_hash)).stream(CHUNK)
        return _in_words(found)

    def names(self) -> list[str]:
        return [name for name, _ in self._listed()]

    def remove(self, content_hash: str) -> None:
        with suppress(FileNotFoundError):
            _asked(lambda: obstore.delete(self._now, content_hash))

    def missing(self, named: Collection[str]) -> set[str]:
        return set(named) - set(self.names())

    def answers(self) -> bool:
        if time.monotonic() - self._asked_at >= ASK_EVERY:
            try:
                next(self._listed(MARK), None)
                self._answered = True
            except FilesAway as error:
                log.error("files_unreachable", error=error.strerror)
                self._answered = False
            self._asked_at = time.monotonic()
        return self._answered

    @contextmanager
    def unswept(self) -> Iterator[None]:
        mark = f"{MARK}/{uuid4()}"
        _asked(lambda: obstore.put(self._now, mark, b"unswept"))
        try:
            yield
        finally:
            # A mark that cannot be removed only delays sweeping.
            with suppress(FilesAway, FileNotFoundError):
                _asked(lambda: obstore.delete(self._now, mark))

    def sweep(self, named: Collection[str], now: datetime) -> int:
        if any(stored_at > now - MARK_HOLDS for _, stored_at in self._listed(MARK)):
            return 0
        oldest, removed = now - LEFT_ALONE, 0
        for name, stored_at in list(self._listed()):
            if name in named or stored_at >= oldest:
                continue
            # Somebody may have stored the same bytes since they were listed.
            stored_again_at = self._stored_at(name)
            if stored_again_at and stored_again_at < oldest:
                self.remove(name)
                removed += 1
        return removed

    @property
    def _now(self) -> S3Store:
        """This process's own connections; those made before a fork belong to the parent."""
        if self._store is None or self._process != os.getpid():
            bucket = self._bucket
            self._process = os.getpid()
            self._store = S3Store(
                bucket.name,
                prefix=bucket.prefix or None,
                endpoint=bucket.endpoint or None,
                region=bucket.region,
                access_key_id=bucket.key_id,
                secret_access_key=bucket.secret,
                virtual_hosted_style_request=not bucket.endpoint,
                client_options={
                    "connect_timeout": CONNECTING,
                    "timeout": ANSWERING,
                    "allow_http": bucket.endpoint.startswith("http://"),
                },
                retry_config=RETRIES,  # type: ignore[arg-type]
            )
        return self._store

    def _stored_at(self, name: str) -> datetime | None:
        try:
            return _asked(lambda: obstore.head(self._now, name))["last_modified"]
        except FileNotFoundError:
            return None

    def _listed(self, folder: str = "") -> Iterator[tuple[str, datetime]]:
        """The names and times of what is stored in a folder; without a folder, of our files alone."""
        for found in _in_words(_asked(lambda: obstore.list(self._now, folder or None))):
            for one in found:
                if folder or "/" not in one["path"]:
                    yield one["path"], one["last_modified"]


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except (FileNotFoundError, NotFoundError) as error:
        if "NoSuchBucket" in str(error):
            raise _away(error) from error
        raise FileNotFoundError(str(error).partition("\n")[0]) from error
    except BaseError as error:
        raise _away(error) from error


def _in_words(answers: Iterator[T]) -> Iterator[T]:
    while True:
        try:
            answer = next(answers)
        except StopIteration:
            return
        except BaseError as error:
            raise _away(error) from error
        yield bytes(answer) if isinstance(answer, obstore.Bytes) else answer  # type: ignore[misc]


def _away(error: Exception) -> FilesAway:
    """FilesAway with the first line of the library's error; the rest describes the library itself."""
    return FilesAway(0, str(error).strip().partition("\n")[0][:300])
