"""How the site is."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from dofc_events.health.rules import LOW_DISK, Trouble
from dofc_events.mail.queries import MailHealth, mail_health


@dataclass(frozen=True)
class Health:
    """What health says while the database can be read. `free_disk_mb`: where uploads, and with SQLite all data, lie."""

    mail: MailHealth
    free_disk_mb: int

    @property
    def troubles(self) -> list[Trouble]:
        found = {
            Trouble.WORKER_SILENT: self.mail.worker_is_silent,
            Trouble.MAIL_HELD: self.mail.held_since is not None,
            Trouble.MAIL_LATE: self.mail.is_late,
            Trouble.STEP_FAILED: self.mail.failed_step is not None,
            Trouble.MAIL_DEAD: self.mail.dead > 0,
            Trouble.DISK_LOW: self.free_disk_mb < LOW_DISK,
        }
        return [trouble for trouble, is_there in found.items() if is_there]


def health(session: Session, instance: Path, now: datetime) -> Health:
    """One look at everything."""
    # Made when something is first written there.
    there = next(path for path in (instance, *instance.parents) if path.exists())
    return Health(mail_health(session, now), shutil.disk_usage(there).free // 1_000_000)
