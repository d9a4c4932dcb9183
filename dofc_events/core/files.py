"""Files that people add: their bytes are in `instance/files/`, each file named by the SHA-256 of its content.

The original name of a file, and its owner, are in the table of the feature it belongs to.
"""

import os
import tempfile
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

# A file is written before the row that names it is committed: it is left alone this long, named or not.
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
    """The path of the bytes with that hash."""
    return instance / "files" / content_hash


def stored_before(instance: Path, now: datetime) -> dict[str, Path]:
    """All files that were stored more than LEFT_ALONE before `now`, by name: the hash, or what a crash left over."""
    files = (instance / "files").glob("*")
    oldest = (now - LEFT_ALONE).timestamp()
    return {path.name: path for path in files if path.stat().st_mtime < oldest}


def sweep(instance: Path, named: Collection[str], now: datetime) -> int:
    """Remove the files that no row names, and return their number."""
    left_over = [path for name, path in stored_before(instance, now).items() if name not in named]
    for path in left_over:
        path.unlink(missing_ok=True)
    return len(left_over)
