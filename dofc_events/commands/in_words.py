"""What a command that cannot do its work says: a sentence, and exit 1. Only what is a defect ends in a traceback."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from dofc_events.commands.check import schema_faults
from dofc_events.conference.service import (
    EditionArchived,
    EditionExists,
    EditionNotPublished,
    NoSuchEdition,
    NotReady,
    SettingsContradict,
)
from dofc_events.core.contained import TooBusy
from dofc_events.core.copying import CannotCopy
from dofc_events.core.db import NotKnownWhetherSaved, db, end_session, is_away, is_passing
from dofc_events.core.errors import ChangedMeanwhile, Refusal
from dofc_events.memory.rules import FaultKind, FileRefused
from dofc_events.organise.memory.network import texts
from dofc_events.places.service import CapacityBelowTaken
from dofc_events.privacy.erasing.service import StillContact
from dofc_events.trips.draw.service import AlreadyDrawn
from dofc_events.trips.sign_ups.service import NoSuchTrip

# A page says of a missing file that those it was sent are kept for a while.
FAULTS = texts.FAULTS | {FaultKind.FILE_MISSING: "A file of it is missing"}

SENTENCES: dict[type[BaseException], str] = {
    NoSuchEdition: "There is no edition for {}.",
    EditionExists: "There is an edition for {} already.",
    EditionArchived: "The edition of {} is archived: take it out of the archive before you change it.",
    EditionNotPublished: "The edition of {} is a draft, and only what was published can be archived.",
    CapacityBelowTaken: "These are fewer places than are in use: {}.",
    NoSuchTrip: "There is no learning trip {}.",
    AlreadyDrawn: "The draw has been published, so how seats are given can no longer change.",
    StillContact: "Other people can only be reached at this address: change their contact first.",
    TooBusy: "Other files are being read at this moment. Try again in a minute.",
    ChangedMeanwhile: "Somebody changed this at the same moment. Try again.",
    NotKnownWhetherSaved: "The database broke off while this was being saved. Look first whether it was.",
}


def in_words(command: click.Command) -> click.Command:
    """Let a command, or every command of a group, say in words what it cannot do."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            in_words(one)
    elif command.callback:
        command.callback = _saying(command.callback)
    return command


def _saying(act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def saying(*args: Any, **kwargs: Any) -> Any:
        try:
            return act(*args, **kwargs)
        except (Refusal, CannotCopy, ChangedMeanwhile, NotKnownWhetherSaved) as error:
            raise click.ClickException(_sentence(error)) from error
        except DBAPIError as error:
            if said := _of_database(error):
                raise click.ClickException(said) from error
            raise
        except OSError as error:
            raise click.ClickException(
                ": ".join(str(part) for part in (error.filename, error.strerror) if part)
            ) from error

    return saying


def _sentence(error: Exception) -> str:
    match error:
        case FileRefused(faults=faults):
            lines = [f"{fault.where}: {FAULTS[fault.kind]}".removeprefix(": ") for fault in faults]
            return "\n".join(["Nothing was imported.", *lines])
        case NotReady(missing=missing):
            return f"It cannot be published yet. Missing: {', '.join(missing).replace('_', ' ')}."
        case SettingsContradict(faults=faults):
            return f"These settings contradict each other: {', '.join(faults).replace('_', ' ')}."
    said = SENTENCES.get(type(error))
    return said.format(error) if said else str(error) or str(type(error).__doc__).partition("\n")[0]


def _of_database(error: DBAPIError) -> str | None:
    """What an operator can do about it; None if it is a defect."""
    said = str(error.orig).strip().partition("\n")[0]
    end_session()
    if is_away(error):
        return f"The database does not answer: {said}"
    try:
        faults = schema_faults(db.session())
    except DBAPIError:
        faults = []
    if faults:
        return faults[0]
    return f"The database does not take this now: {said}" if is_passing(error) else None
