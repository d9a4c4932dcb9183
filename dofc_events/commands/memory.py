"""`flask memory`: the network's whole memory as one file, and back."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.db import db, end_session, tried_again, unit_of_work
from dofc_events.extensions import settings
from dofc_events.memory.queries import Change
from dofc_events.memory.reading.queries import read_file
from dofc_events.memory.service import changes_by, export_memory, import_rows, keep_files, rows_in

memory = AppGroup("memory", help="What the network keeps: editions, outcomes, documents.")


@memory.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def export_(file: Path) -> None:
    """Write the whole memory into FILE. The site can keep running."""
    if file.exists():
        raise click.ClickException(f"{file} already exists: choose another name.")
    part = file.with_name(f"{file.name}.part")
    try:
        with files.for_us_alone(), files.unswept(settings().shared), part.open("xb") as written:
            rows, named = export_memory(db.session(), written)
            written.flush()
            os.fsync(written.fileno())
        part.rename(file)
    except FileNotFoundError as error:
        raise click.ClickException(
            f"{error.filename}: a row names this file, but it is missing from the disk. Nothing was exported."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{file}: {rows} rows and {named} files.")


@memory.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@with_appcontext
@tried_again
def import_(file: Path, dry_run: bool) -> None:
    """Import FILE, an exported memory or a history in YAML. What the file leaves out stays unchanged."""
    with file.open("rb") as opened:
        read = read_file(opened)
        rows = rows_in(db.session(), read)
        changes = changes_by(db.session(), rows)
        end_session()
        keep_files(opened, read, changes, now(), only_look=dry_run)
        if not dry_run:
            with unit_of_work() as session:
                import_rows(session, rows, COMMAND, now(), seen=changes)
    for change in changes:
        for line in _lines(change):
            click.echo(line)
    if not changes:
        click.echo("Nothing to change.")
    elif dry_run:
        click.echo(f"{len(changes)} changes. Nothing has been changed yet: leave out --dry-run to import them.")
    else:
        click.echo(f"{len(changes)} changes imported.")


def _lines(change: Change) -> Iterator[str]:
    if change.is_new:
        yield f"{change.part.name} {change.key}: new"
        return
    for name, (before, after) in change.fields.items():
        said = [json.dumps(value, ensure_ascii=False) for value in (before, after)]
        yield f"{change.part.name} {change.key}: {name}: {said[0]} -> {said[1]}"
