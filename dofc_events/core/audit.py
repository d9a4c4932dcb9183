"""The audit trail: who did what, when, to what. Written in the same transaction as the fact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from dofc_events.core.changes import Difference, changes_in
from dofc_events.core.db import Base, insert_row


@dataclass(frozen=True)
class Actor:
    """Who acts. `kind` is delegate, contact (of a group), account, command or worker.

    `name` is the reference or address that tells one delegate, contact or account from another.
    """

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


WORKER = Actor("worker")
COMMAND = Actor("command")
# People who ask for a link have not proved who they are.
VISITOR = Actor("visitor")


class AuditEntry(Base):
    """One act in the trail.

    `scope` (an edition) and `about` (a reference) are plain text, so that an entry outlives what it is about.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_about", "about", "id"), Index("ix_audit_entries_scope", "scope", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(320))
    act: Mapped[str] = mapped_column(String(60))
    scope: Mapped[str] = mapped_column(String(40), default="")
    about: Mapped[str] = mapped_column(String(40), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    @property
    def changes(self) -> Difference:
        """What the act changed, as {field: [before, after]}; empty if it does not say. Reads older entries, too."""
        return changes_in(self.act, self.details)


def record(
    session: Session, actor: Actor, now: datetime, act: str, *, scope: str = "", about: str = "", **details: Any
) -> None:
    """Add an entry to the trail, at `now` (aware).

    `details` must be what JSON can hold; `changes` among them, if there, is a Difference.
    """
    entry = AuditEntry(at=now, actor=str(actor), act=act, scope=scope, about=about, details=details)
    if session.new or session.dirty:
        # Not flushed one by one: an act on many people makes as many entries.
        session.add(entry)
    else:
        insert_row(session, entry)


def history_of(session: Session, about: str) -> list[AuditEntry]:
    """Everything that was done to `about`, oldest first."""
    return list(session.scalars(select(AuditEntry).where(AuditEntry.about == about).order_by(AuditEntry.id)))
