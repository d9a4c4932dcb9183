"""The flask commands and the worker."""

from flask import Flask

from dofc_events.commands import accounts, backup, check, data, demo, edition, mail, memory, privacy, worker
from dofc_events.commands.in_words import in_words

COMMANDS = [
    in_words(command)
    for command in (
        accounts.accounts,
        backup.backup,
        backup.restore,
        check.check,
        data.data,
        demo.history,
        demo.demo,
        edition.edition,
        mail.mail,
        memory.memory,
        privacy.privacy,
        worker.worker,
    )
]


def register(app: Flask) -> None:
    """Add every command of ours to `flask --app wsgi`."""
    for command in COMMANDS:
        app.cli.add_command(command)
