"""`flask privacy`: what is kept until when, the end of it, and erasing one person."""

import json
from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from dofc_events.accounts.models import Account
from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import audit_name
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.db import db, tried_again, unit_of_work
from dofc_events.delegates.models import Registration
from dofc_events.hosting.queries import proposal_by_reference
from dofc_events.organise.accounts.service import end_account
from dofc_events.privacy.accounts.service import erase_account
from dofc_events.privacy.erasing.service import erase_registration
from dofc_events.privacy.proposals.service import erase_proposer
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
    """Erase one person: the reference of a registration or proposal, or an account (its address, or account-12).

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
        found = session.scalar(select(Registration.id).where(Registration.reference == reference.upper()))
        if found is not None:
            return erase_registration(session, found, COMMAND, now())
        proposal = proposal_by_reference(session, reference.upper())
        if proposal is not None:
            return erase_proposer(session, proposal.id, COMMAND, now())
        account = _account(session, reference)
        if account is None:
            return None
        end_account(session, account.id, COMMAND, now(), even_the_last=True)
        return erase_account(session, account.id, COMMAND, now())


def _account(session: Session, reference: str) -> Account | None:
    if "@" in reference:
        return account_by_email(session, reference)
    found = (a for a in session.scalars(select(Account)) if audit_name(a.id) == reference)
    return next(found, None)


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not an ISO date or time: {error}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
