"""How the site is."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dofc_events.health.rules import LOW_DISK, Trouble
from dofc_events.mail.models import WorkerSign
from dofc_events.mail.queries import MailHealth, mail_health

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@dataclass(frozen=True)
class Health:
    """What health says while the database can be read. `free_disk_mb`: where uploads, and with SQLite all data, lie."""

    mail: MailHealth
    free_disk_mb: int
    files_answer: bool

    @property
    def troubles(self) -> list[Trouble]:
        found = {
            Trouble.WORKER_SILENT: self.mail.worker_is_silent,
            Trouble.MAIL_HELD: self.mail.held_since is not None,
            Trouble.MAIL_LATE: self.mail.is_late,
            Trouble.STEP_FAILED: self.mail.failed_step is not None,
            Trouble.MAIL_DEAD: self.mail.dead > 0,
            Trouble.FILES_UNREACHABLE: not self.files_answer,
            Trouble.DISK_LOW: self.free_disk_mb < LOW_DISK,
        }
        return [trouble for trouble, is_there in found.items() if is_there]


def health(session: Session, instance: Path, now: datetime, *, files_answer: bool) -> Health:
    """One look at everything."""
    # Made when something is first written there.
    there = next(path for path in (instance, *instance.parents) if path.exists())
    return Health(mail_health(session, now), shutil.disk_usage(there).free // 1_000_000, files_answer)


def site_metrics(session: Session, instance: Path, now: datetime, *, files_answer: bool) -> list[Metric]:
    """What monitoring reads of the whole site, whichever process is asked. Ages are 0 where there is nothing."""
    found = health(session, instance, now, files_answer=files_answer)
    mail = found.mail
    seen_before = (now - mail.worker_seen_at).total_seconds() if mail.worker_seen_at else None
    return [
        _gauge("dofc_database_up", "Whether the database answers.", 1),
        *_lock_waits(session),
        _gauge("dofc_mail_waiting", "Emails that are to be sent.", mail.waiting),
        _gauge("dofc_mail_oldest_seconds", "Age of the oldest email that is to be sent.", mail.oldest_seconds),
        _gauge(
            "dofc_mail_late_seconds", "How long nothing has been sent, although it should have been.", mail.late_seconds
        ),
        _gauge("dofc_mail_dead", "Emails that were given up.", mail.dead),
        _gauge("dofc_worker_silent", "Whether no worker has completed a round for two minutes.", mail.worker_is_silent),
        _gauge("dofc_worker_age_seconds", "Time since a worker last completed a round.", seen_before),
        _gauge("dofc_worker_step_failing", "Whether a step of the worker is failing.", mail.failed_step is not None),
        *_rounds(session),
        _gauge("dofc_files_up", "Whether the storage with the files answers.", found.files_answer),
        _gauge("dofc_disk_free_bytes", "Free space on the disk with the attachments.", found.free_disk_mb * 1_000_000),
    ]


def _gauge(name: str, words: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, words, value=float(value or 0))


DATABASE_DOWN = _gauge("dofc_database_up", "Whether the database answers.", 0)


def _lock_waits(session: Session) -> Iterable[Metric]:
    """SQLite's writers wait within their statements, and there alone it can be seen."""
    if session.get_bind().dialect.name == "postgresql":
        yield _gauge("dofc_database_lock_waits", "Sessions waiting for a lock.", session.scalar(_WAITING))


def _rounds(session: Session) -> Iterable[Metric]:
    """Of each worker that was there within the last day."""
    rounds = CounterMetricFamily("dofc_worker_rounds", "Rounds that were completed.", labels=["worker"])
    seconds = CounterMetricFamily("dofc_worker_round_seconds", "Total time that rounds took.", labels=["worker"])
    for sign in session.scalars(select(WorkerSign)):
        rounds.add_metric([sign.name], sign.rounds)
        seconds.add_metric([sign.name], sign.round_seconds)
    return rounds, seconds
