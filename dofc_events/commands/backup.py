"""`flask backup` and `flask restore`: everything that people entered, their files too, in one file.

It is a ZIP archive of a SQLite database, whatever the site uses, and of the files by their hashes. So a backup of one
kind of database can be restored into the other.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import alembic.command
import click
from alembic.util import CommandError
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dofc_events.accounts.sessions import forget_all
from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.copying import (
    CannotCopy,
    Contents,
    contents_of,
    copy_all,
    engine_for,
    refuse_difference,
    snapshot,
    writing,
)
from dofc_events.core.db import db, writing_engine
from dofc_events.extensions import settings
from dofc_events.mail.outbox import hold
from dofc_events.privacy.erasing.queries import named_files

DATABASE, FILES = "dofc.sqlite", "files/"
NO_BACKUP = "{} is no backup of this site, or only a part of one."


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup(file: Path) -> None:
    """Write everything into FILE, as it is at one moment, then read it again and compare. The site can keep running."""
    if file.exists():
        raise click.ClickException(f"{file} already exists: choose another name.")
    part = file.with_name(f"{file.name}.part")
    with files.for_us_alone(), tempfile.TemporaryDirectory(dir=file.parent) as directory:
        try:
            with files.unswept(settings().shared):
                copied, missing = _pack(part, Path(directory) / DATABASE)
            _compare(part, Path(directory) / "again.sqlite", copied)
            part.rename(file)
        finally:
            part.unlink(missing_ok=True)
    for content_hash in missing:
        click.echo(f"file {content_hash}: a row refers to it, but it is missing", err=True)
    click.echo(f"{file}: {sum(contents.rows for contents in copied.values())} rows, read again and compared.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@with_appcontext
def restore(file: Path) -> None:
    """Put what `backup` wrote into the site's database, which is empty, and its files. Stop the site first.

    The outbox is held until somebody has looked at it, and everybody has to sign in again.
    """
    with files.for_us_alone(), tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / DATABASE
        with _opened(file) as archive:
            _unpack(archive, path)
            for name in archive.namelist():
                if name.startswith(FILES):
                    with archive.open(name) as packed_file:
                        _restore_file(packed_file, name.removeprefix(FILES))
        with _sqlite(path) as packed:
            _upgrade(packed)
            with snapshot(packed) as source, writing(writing_engine()) as target:
                copied = copy_all(source, target)
                refuse_difference(copied, contents_of(target))
                with Session(target) as session:
                    hold(session, COMMAND, now())
                    forget_all(session)
                    session.flush()
    click.echo(
        f"{sum(contents.rows for contents in copied.values())} rows restored and compared. No email will be sent"
        " until somebody has looked at the emails page and pressed “Deliver” there, or runs flask mail release."
    )


def _pack(part: Path, path: Path) -> tuple[dict[str, Contents], list[str]]:
    """Write the archive; what is in it, and which files it should have and cannot."""
    with _sqlite(path) as packed:
        with snapshot(db.engine) as source, writing(packed) as target:
            copied = copy_all(source, target)
        with Session(packed) as session:
            named = named_files(session)
    missing = []
    with part.open("xb") as written:
        with ZipFile(written, "w", ZIP_DEFLATED) as archive:
            archive.write(path, DATABASE)
            for content_hash in sorted(named):
                try:
                    content = files.stream(settings().shared, content_hash)
                except FileNotFoundError:
                    missing.append(content_hash)
                    continue
                # Pictures and documents are packed already.
                with archive.open(ZipInfo(FILES + content_hash), "w") as packed_file:
                    packed_file.writelines(content)
        os.fsync(written.fileno())
    return copied, missing


def _compare(part: Path, path: Path, copied: dict[str, Contents]) -> None:
    """Read an archive as `restore` would. Raises CannotCopy unless it has what was read from the site."""
    with _opened(part) as archive:
        _unpack(archive, path)
        for name in archive.namelist():
            if name.startswith(FILES):
                with archive.open(name) as packed_file:
                    _refuse_other_bytes(packed_file, name.removeprefix(FILES))
    with _sqlite(path) as packed_again, snapshot(packed_again) as source:
        refuse_difference(copied, contents_of(source))


def _unpack(archive: ZipFile, path: Path) -> None:
    with archive.open(DATABASE) as packed, path.open("xb") as written:
        shutil.copyfileobj(packed, written)


def _restore_file(packed: IO[bytes], content_hash: str) -> None:
    _refuse_other_bytes(packed, content_hash)
    with tempfile.TemporaryFile() as content:
        packed.seek(0)
        shutil.copyfileobj(packed, content)
        files.store_from(settings().shared, content, now())


def _refuse_other_bytes(packed: IO[bytes], content_hash: str) -> None:
    if files.hash_of_file(packed) != content_hash:
        raise CannotCopy(f"The file {content_hash} in it is damaged.")


def _upgrade(packed: Engine) -> None:
    """Bring what an earlier version wrote to this one's schema. Raises CannotCopy if it is of a later one."""
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["engine"] = packed
    try:
        alembic.command.upgrade(config, "head")
    except CommandError as error:
        raise CannotCopy(f"It was written by a later version of the site: {error}") from error


@contextmanager
def _sqlite(path: Path) -> Iterator[Engine]:
    with engine_for(f"sqlite:///{path}") as engine:
        yield engine


@contextmanager
def _opened(file: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(file) as archive:
            archive.getinfo(DATABASE)
            yield archive
    except (BadZipFile, KeyError, EOFError) as error:
        raise CannotCopy(NO_BACKUP.format(file)) from error
