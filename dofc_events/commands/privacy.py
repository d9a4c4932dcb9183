"""`flask privacy`: what is kept until when, the end of it, and erasing one person."""

import json
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.db import db, room_for_others, tried_again, unit_of_work
from dofc_events.extensions import settings
from dofc_events.organise.accounts.service import end_account
from dofc_events.privacy import service
from dofc_events.privacy.erasing.queries import named_files
from dofc_events.privacy.queries import ACCOUNT, Found, people_called
from dofc_events.privacy.retention.service import Keys, Task, do_some, old_ones, tasks

privacy = AppGroup("privacy", help="What is kept about people, and until when.")

AT = click.option("--at", help="As of this moment: ISO date or time; without an offset, in UTC. Otherwise now.")


@privacy.command("due")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@AT
def due(at: str | None, as_json: bool) -> None:
    """Say how much is due to be removed, and when: numbers only."""
    moment, session = _moment(at), db.session()
    rows = [
        {
            "year": task.year or None,
            "period": task.period.value,
            "kept_in": task.kept_in,
            "due_at": task.due_at.isoformat(),
            "is_due": task.is_due(moment),
            "number": number,
        }
        for task in [*tasks(session), *old_ones(session, moment)]
        if (number := task.count(session))
    ]
    if as_json:
        click.echo(json.dumps({"at": moment.isoformat(), "due": rows}))
        return
    for row in rows:
        when = "due since" if row["is_due"] else "due at"
        where = f"{row['year'] or 'network'} {row['period']} {row['kept_in']}"
        click.echo(f"{where}: {row['number']} {when} {row['due_at']}")


@privacy.command("run")
@AT
def run(at: str | None) -> None:
    """Remove what has been kept long enough, and erase again everybody who was erased before a restore."""
    moment = _moment(at)
    removed = _erase_again(moment)
    for task in [*tasks(db.session()), *old_ones(db.session(), moment)]:
        done: Keys = ()
        while done := _some(task, moment, done):
            removed += len(done)
    named = named_files(db.session())
    service.vanish(db.session(), [])
    files.sweep(settings().shared, named, now())
    click.echo(f"Removed from {removed} rows." if removed else "Nothing is due.")


@privacy.command("erase")
@click.argument("reference")
def erase(reference: str) -> None:
    """Erase one person: a registration or proposal by its reference, account-12, or everything about an address.

    First a place that is still held goes to the next in line, a proposal is withdrawn, and roles end.
    """
    found = people_called(db.session(), reference)
    if not found:
        raise click.ClickException(f"Nobody has the reference {reference}.")
    service.refuse_contacts(db.session(), found, now())
    values = [value for one in found for value in _one(one)]
    service.vanish(db.session(), values)
    click.echo("Erased." if values else "This has already been erased.")


@tried_again
def _some(task: Task, at: datetime, done: Keys) -> Keys:
    with room_for_others(), unit_of_work() as session:
        return do_some(session, task, at, done)


def _erase_again(at: datetime) -> int:
    missing = service.keep_list(db.session())
    found = service.erased_before(db.session(), missing)
    for one in found:
        # A role that the backup gave back ends first.
        _one(one)
    if missing:
        _remember(missing, at)
    return len(found)


@tried_again
def _remember(missing: set[str], at: datetime) -> None:
    with unit_of_work() as session:
        service.remember_erased(session, missing, at)


def _one(one: Found) -> list[str]:
    if one.kind == ACCOUNT:
        _end(one)
    return _erased(one)


@tried_again
def _end(one: Found) -> None:
    with unit_of_work() as session:
        end_account(session, one.id, COMMAND, now(), even_the_last=True)


@tried_again
def _erased(one: Found) -> list[str]:
    with unit_of_work() as session:
        return service.erase(session, one, COMMAND, now())


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not an ISO date or time: {error}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
