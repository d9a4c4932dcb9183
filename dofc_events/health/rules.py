"""What can be wrong with the site, and which of it means that it does not work."""

import enum
import re

# In megabytes: uploads, the database and its backup need some.
LOW_DISK = 500
# A database that was restarted is back by then, in seconds.
AWAY_AFTER = 60

_SECRET = re.compile(r"\S*(?:[@/]|\d+\.\d+\.\d+\.\d+|:[0-9a-f]*:)\S*", re.IGNORECASE)
LONGEST_REASON = 200


class Trouble(enum.StrEnum):
    """In the order in which somebody should see to it."""

    DATABASE_UNREACHABLE = "database_unreachable"
    DATABASE_NOT_WRITABLE = "database_not_writable"
    WORKER_SILENT = "worker_silent"
    MAIL_HELD = "mail_held"
    MAIL_LATE = "mail_late"
    STEP_FAILED = "step_failed"
    MAIL_DEAD = "mail_dead"
    FILES_UNREACHABLE = "files_unreachable"
    DISK_LOW = "disk_low"


FAILING = {
    Trouble.DATABASE_UNREACHABLE,
    Trouble.DATABASE_NOT_WRITABLE,
    Trouble.WORKER_SILENT,
    Trouble.MAIL_LATE,
}

SENTENCES = {
    Trouble.DATABASE_UNREACHABLE: "the database does not answer",
    Trouble.DATABASE_NOT_WRITABLE: "the database cannot be written",
    Trouble.WORKER_SILENT: "no worker has completed a round for two minutes",
    Trouble.MAIL_HELD: "emails are held after a restore, until somebody has looked at them",
    Trouble.MAIL_LATE: "no email has left for ten minutes, and some should have",
    Trouble.STEP_FAILED: "one of the worker's tasks fails",
    Trouble.MAIL_DEAD: "an email could not be delivered",
    Trouble.FILES_UNREACHABLE: "the storage with the files does not answer",
    Trouble.DISK_LOW: "the disk is nearly full",
}


def for_everybody(reason: str | None) -> str | None:
    """What a mail server answered, without mail addresses, links and network addresses: anyone may read it."""
    return _SECRET.sub("…", reason)[:LONGEST_REASON] if reason else None
