"""`flask mail`: the state of the outbox."""

import json

import click
from flask.cli import AppGroup

from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.db import db, tried_again, unit_of_work
from dofc_events.mail import outbox
from dofc_events.mail.queries import mail_health, messages_by_state
from dofc_events.mail.rules import MessageState

COUNTED = (MessageState.QUEUED, MessageState.SENDING, MessageState.SENT, MessageState.DEAD, MessageState.KEPT)

mail = AppGroup("mail", help="Emails that wait or are held.")


@mail.command("release")
@tried_again
def release() -> None:
    """Send the emails that were held after a restore."""
    with unit_of_work() as session:
        held = outbox.end_hold(session, "", COMMAND, now())
    click.echo("Emails are being sent again." if held else "No emails were held.")


@mail.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def status(as_json: bool) -> None:
    """Count the messages in each state, and say how old the oldest waiting one is."""
    counts = messages_by_state(db.session(), None)
    answer: dict[str, int | None] = {state.value: counts[state] for state in COUNTED}
    answer["oldest_queued_seconds"] = mail_health(db.session(), now()).oldest_seconds or 0
    click.echo(json.dumps(answer) if as_json else "\n".join(f"{name}: {value}" for name, value in answer.items()))
