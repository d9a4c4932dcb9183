"""`flask privacy`: what is kept until when, the end of it, and erasing one person."""

import json
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.db import db, tried_again, unit_of_work
from dofc_events.organise.accounts.service import end_account
from dofc_events.privacy import service
from dofc_events.privacy.queries import ACCOUNT, people_called
from dofc_events.privacy.retention.service import Task, do_some, old_ones, tasks
from dofc_events.privacy.service import erase_again, keep_list, vanish

privacy = AppGroup("privacy", help="What is kept about people, and until when.")

AT = click.option("--at", help="As of this moment: ISO date or time; without an offset, in UTC. Otherwise now.")


@privacy.command("due")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@AT
def due(at: str | None, as_json: bool) -> None:
    """Say what is to be removed by when: numbers only."""
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
        word = "is due" if row["is_due"] else "on"
        click.echo(
            f"{row['year'] or 'network'} {row['period']} {row['kept_in']}: {row['number']} {word} {row['due_at']}"
        )


@privacy.command("run")
@AT
def run(at: str | None) -> None:
    """Remove what has been kept long enough, and erase again who had been erased before a restore."""
    moment = _moment(at)
    removed = _erase_again(moment)
    for task in [*tasks(db.session()), *old_ones(db.session(), moment)]:
        while number := _some(task, moment):
            removed += number
    vanish(db.session(), [])
    click.echo(f"Removed from {removed} rows." if removed else "Nothing is due.")


@privacy.command("erase")
@click.argument("reference")
def erase(reference: str) -> None:
    """Erase one person: a registration or proposal by its reference, account-12, or all that an address has.

    A live place is given up and passed on first, a proposal withdrawn, roles ended.
    """
    values = _erase(reference)
    if values is None:
        raise click.ClickException(f"Nobody has the reference {reference}.")
    vanish(db.session(), values)
    click.echo("Erased." if values else "That was erased before.")


@tried_again
def _some(task: Task, at: datetime) -> int:
    with unit_of_work() as session:
        return do_some(session, task, at)


@tried_again
def _erase_again(at: datetime) -> int:
    missing = keep_list(db.session())
    if not missing:
        return 0
    with unit_of_work() as session:
        values = erase_again(session, missing, COMMAND, at)
    vanish(db.session(), values)
    return len(missing)


@tried_again
def _erase(reference: str) -> list[str] | None:
    with unit_of_work() as session:
        found = people_called(session, reference)
        for one in found:
            if one.kind == ACCOUNT:
                end_account(session, one.id, COMMAND, now(), even_the_last=True)
        return service.erase(session, found, COMMAND, now()) if found else None


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not an ISO date or time: {error}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
