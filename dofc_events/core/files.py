"""Files that people add: their bytes lie under `instance/files/`, each named by the SHA-256 of what is in it.

What somebody called such a file, and whose it is, stands in the table of the feature that it belongs to.
"""

import os
import tempfile
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

# A file is written before the row that names it is committed: this long it is left alone, named or not.
LEFT_ALONE = timedelta(hours=1)
SWEEP_EVERY = timedelta(hours=1)


def hash_of(content: bytes) -> str:
    """The name of a file with these bytes."""
    return sha256(content).hexdigest()


def store(instance: Path, content: bytes, now: datetime) -> None:
    """Write bytes to the disk, unless they are there. When it returns they are safe."""
    path = path_of(instance, hash_of(content))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        # All at once: nobody reads half a file, and two who store the same bytes do not meet.
        Path(written.name).replace(path)
    os.utime(path, (now.timestamp(), now.timestamp()))


def read(instance: Path, content_hash: str) -> bytes:
    """The bytes of that hash. Raises FileNotFoundError if they are not there."""
    return path_of(instance, content_hash).read_bytes()


def path_of(instance: Path, content_hash: str) -> Path:
    """Where the bytes of that hash lie."""
    return instance / "files" / content_hash


def stored_before(instance: Path, now: datetime) -> dict[str, Path]:
    """All files that were stored more than LEFT_ALONE before `now`, by name: the hash, or what a crash left over."""
    files = (instance / "files").glob("*")
    oldest = (now - LEFT_ALONE).timestamp()
    return {path.name: path for path in files if path.stat().st_mtime < oldest}


def sweep(instance: Path, named: Collection[str], now: datetime) -> int:
    """Remove the files that no row names, and return how many those were."""
    left_over = [path for name, path in stored_before(instance, now).items() if name not in named]
    for path in left_over:
        path.unlink(missing_ok=True)
    return len(left_over)
